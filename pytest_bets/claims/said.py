"""What one block of a page says: its mentions, its claims, and where they stand."""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from pytest_bets.claims.block import BREAK, Block
from pytest_bets.claims.claim import Claim
from pytest_bets.claims.clauses import sentences
from pytest_bets.claims.fold import Folded, Token
from pytest_bets.claims.lexicon import DATED, words
from pytest_bets.claims.mentions import Mention
from pytest_bets.claims.standing import Sayings
from pytest_bets.claims.tables import Column, cells

PLANNED: Final = words(
    "plan plans planned planning future next upcoming will would shall intend intends intended propose "
    "proposes proposed todo going yet later draft drafted reserve reserved scheduled idea ideas could might "
    "should tomorrow pending open roadmap proposal backlog want hope consider considering someday eventually "
    "written exist exists declare start begin preparation soon coming declared"
)
_NEAR: Final = 20
"""The maximum number of bets before and after a value that are compared with it."""


@dataclass
class Said:
    """What one block says: its mentions, its claims, and where they stand."""

    folded: Folded
    tokens: Sequence[Token]
    mentions: list[Mention]
    claims: list[Claim]
    subject: Mention | None = None
    heading: list[str] = field(default_factory=list)
    planned: bool = False
    dated: bool = False
    gone: frozenset[str] = frozenset()
    columns: Sequence[Column] = ()
    passing: Collection[int] = ()
    """The first tokens of the bets that are named in passing."""

    def __post_init__(self) -> None:
        self.starts, self.ends = sentences(self.tokens)
        self.at = [self.folded.index[token.start] for token in self.tokens]
        self.breaks = [at for at, token in enumerate(self.tokens) if token.kind == "break"]
        self._sayings: Sayings | None = None

    @cached_property
    def own(self) -> list[Mention]:
        """The bets of this catalogue that the block names, in order."""
        return [mention for mention in self.mentions if mention.certain and not mention.others]

    @property
    def subjects(self) -> list[str]:
        """The names of the bets that the block is about: all but those in passing."""
        return [name for mention in self.own if mention.first not in self.passing for name in mention.bets]

    @cached_property
    def firsts(self) -> list[int]:
        """The first tokens of these bets."""
        return [mention.first for mention in self.own]

    @cached_property
    def named(self) -> frozenset[str]:
        """The names of these bets."""
        return frozenset(name for mention in self.own for name in mention.bets)

    def place(self, block: Block, token: int) -> int:
        """Return where a token stands in the source."""
        return block.places[self.span(token)[0]]

    def span(self, token: int) -> tuple[int, int]:
        """Return where a token stands in the block's text."""
        return self.folded.span(self.tokens[token].start, self.tokens[token].end)

    def sentence(self, claim: Claim) -> int:
        """Return the first token of the sentence of a claim, and of its bet; a row is one sentence."""
        first = min(claim.mention.first, claim.first)
        here = bisect_left(self.firsts, first)
        named = here < len(self.firsts) and self.firsts[here] == claim.mention.first
        named = named or not here  # otherwise it is a claim of `it`, or one that follows another sentence
        return 0 if self.subject else self.starts[first if named else self.firsts[here - 1]]

    def together(self, claim: Claim) -> list[Mention]:
        """Return the bets near a claim in its sentence or row."""
        first, last = self.sentence(claim), max(claim.mention.last, claim.first)
        end = len(self.tokens) if self.subject else self.ends[last]
        low, high = bisect_left(self.firsts, first), bisect_left(self.firsts, end)
        here = bisect_left(self.firsts, claim.mention.first)
        return self.own[max(low, here - _NEAR) : min(high, here + _NEAR)]

    def quote(self, block: Block, claim: Claim) -> str:
        """Return the words of a claim."""
        start, end = self.span(claim.first)
        first = self.span(claim.mention.first)[0]
        last = self.span(claim.mention.last)[1]
        whole = block.text[min(first, start) : max(last, end)]
        if claim.mention.first == claim.first:
            called = "" if not claim.mention.bets else f"Bet {claim.mention.bets[0]}: "
            return f'"{called}{block.text[start:end]}"'
        if BREAK in whole or len(whole) > 160:
            return f'"Bet {", ".join(claim.mention.bets[:9])}: {block.text[start:end]}"'
        return f'"{whole}"'

    def is_planned(self, mention: Mention) -> bool:
        """Return whether a bet is named as one that does not exist yet."""
        if self.planned:
            return True
        start, end = self.starts[mention.first], self.ends[mention.first]
        return any(
            token.low in PLANNED for token in self.tokens[max(start, mention.first - 60) : min(end, mention.last + 60)]
        )

    def says(self, names: Collection[str], gone: Collection[str]) -> bool:
        """Return whether the block, or the heading above, says that the claim of a bet is gone."""
        return bool(self.gone & set(gone)) or self._of(names).says(names, gone) or self._cell(gone)

    def retracters(self, names: Collection[str]) -> list[Mention]:
        """Return the bets that are said to retract a bet's claim; none where the block speaks of an earlier day."""
        return [] if self.dated or DATED.search(self.folded.text) else self._of(names).retracters(names)

    def _of(self, names: Collection[str]) -> Sayings:
        if self._sayings is None:
            marked = None if self.mentions else Mention(list(names), 0, 0)  # the bet of a marked value
            self._sayings = Sayings(self.tokens, self.mentions, self.subject or marked)
        return self._sayings

    def _cell(self, gone: Collection[str]) -> bool:
        """Return whether a row says yes in a column that is called `retracted`."""
        if not any(column.gone & set(gone) for column in self.columns):
            return False
        for (first, end), column in zip(cells(self.tokens), self.columns, strict=False):
            words = [token.low for token in self.tokens[first:end]]
            if column.gone & set(gone) and words and words[0] in ("yes", "y", "true", "x", "✓", "✔", "✅", "by"):
                return True
        return False

    def beside(self, at: int, names: Collection[str]) -> str | None:
        """Return the bet that the text names at a value of the bet with these names, if it is another one."""
        here = bisect_left(self.at, at)
        if not self.own:
            breaks = bisect_left(self.breaks, here)
            around = (self.columns[breaks].bets if breaks < len(self.columns) else ()) or self.heading
            return None if not around or set(around) & set(names) else around[0]
        if self.subject is not None:
            return self._in_row(here, names)
        inside = here if here < len(self.tokens) and self.tokens[here].kind not in ("end", "break") else here - 1
        start, end = (self.starts[inside], self.ends[inside]) if inside >= 0 else (0, 0)
        low, middle, high = (bisect_left(self.firsts, token) for token in (start, here, max(here, end)))
        before, after = self.own[low:middle][-_NEAR:], self.own[middle:high][:_NEAR]
        if not before and not after:
            last = self.own[max(0, low - 1)]
            return None if set(last.bets) & set(names) or self.named & set(names) else last.bets[0]
        if any(set(mention.bets) & set(names) for mention in before):
            return None
        fitting = next((mention for mention in after if set(mention.bets) & set(names)), None)
        if not before and set(self.heading) & set(names):
            return None
        if not before and low and set(self.own[low - 1].bets) & set(names):
            return None
        if (
            before
            and self.named & set(names)
            and any(token.text == ";" for token in self.tokens[before[-1].last : here])
        ):
            return None
        if fitting is None:
            return (before or after)[-1].bets[0]
        between = [token.low for token in self.tokens[max(here, fitting.first - 2) : fitting.first]]
        tied = bool(set(between) & {"in", "for", "of", "by", "from", "with", "at", "("})
        return None if tied or not before else before[-1].bets[0]

    def _in_row(self, here: int, names: Collection[str]) -> str | None:
        row = self.named
        breaks = bisect_left(self.breaks, here)
        head = self.columns[breaks].bets if breaks < len(self.columns) else ()
        if (row | set(head)) & set(names) or self.subject is None:
            return None
        return self.subject.bets[0]
