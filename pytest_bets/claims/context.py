"""What a block says of bets, read together with what stands around it: headings, lists, tables."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from pytest_bets.claims.block import BREAK, Block
from pytest_bets.claims.clauses import sentences
from pytest_bets.claims.fold import Folded, Token, fold, tokens
from pytest_bets.claims.lexicon import LEADING_WORDS, PAST, soft, word, words
from pytest_bets.claims.mentions import Finder, Mention
from pytest_bets.claims.standing import Sayings, title
from pytest_bets.claims.tables import Column, cells, columns, numbered
from pytest_bets.claims.unbound import Unbound
from pytest_bets.claims.verdicts import Claim

_PLANNED: Final = words(
    "plan plans planned planning future next upcoming will would shall intend intends intended propose "
    "proposes proposed todo going yet later draft drafted reserve reserved scheduled idea ideas could might "
    "should tomorrow pending open roadmap proposal backlog want hope consider considering someday eventually "
    "written exist exists declare start begin preparation soon coming declared"
)
_NAMING: Final = re.compile(r"(?i)bet|\d_|\A\W*\d+\W*(?:\0|\Z)|\0\W*\w+\W*(?:\0|\Z)")
"""What a block that names a bet has: the word, an id with its number, or a cell of one word."""
_TITLE_WORDS: Final = LEADING_WORDS | words("bets bet following these those our claims list we here")
_RELEASE: Final = re.compile(
    r"\W*(?i:version|release) v?\d+(?:\.\d+)*\W*|"
    r"\W*(?:version |release )?\[?v?\d+(?:\.\d+)+[\w.-]*\]?(?:\W+\(?\d{4}-\d\d-\d\d\)?)?\W*|\W*\d{4}-\d\d(?:-\d\d)?\W*"
)
_NEAR: Final = 20
"""The maximum number of bets before and after a value that are compared with it."""
_QUANTITIES: Final = words("one two three four five six some both neither former latter respectively most half")


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
    gone: frozenset[str] = frozenset()
    columns: Sequence[Column] = ()

    def __post_init__(self) -> None:
        self.starts, self.ends = sentences(self.tokens)
        self.at = [self.folded.index[token.start] for token in self.tokens]
        self.breaks = [at for at, token in enumerate(self.tokens) if token.kind == "break"]
        self._sayings: Sayings | None = None

    @cached_property
    def own(self) -> list[Mention]:
        """The bets of this catalogue that the block names, in order."""
        return [mention for mention in self.mentions if mention.certain and not mention.others]

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
            token.low in _PLANNED for token in self.tokens[max(start, mention.first - 60) : min(end, mention.last + 60)]
        )

    def says(self, names: Collection[str], gone: Collection[str]) -> bool:
        """Return whether the block, or the heading above, says that the claim of a bet is gone."""
        if self.gone & set(gone):
            return True
        if self._sayings is None:
            marked = None if self.mentions else Mention(list(names), 0, 0)  # the bet of a marked value
            self._sayings = Sayings(self.tokens, self.mentions, self.subject or marked)
        return self._sayings.says(names, gone) or self._cell(gone)

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
        if not self.own:
            other = self.heading and not set(self.heading) & set(names)
            return self.heading[0] if other else None
        here = bisect_left(self.at, at)
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


@dataclass
class _Frame:
    """A heading, or a paragraph that leads to a list: its bets, or the verdict of the bets below it."""

    level: int
    bets: list[str]
    allowed: frozenset[str]
    text: str
    gone: frozenset[str]
    planned: bool
    dated: bool


class Context:
    """The headings above a block, the paragraph that leads to it, and the list items around it."""

    def __init__(self) -> None:
        self.headings: list[_Frame] = []
        self.intro: _Frame | None = None
        self.title: _Frame | None = None
        self.items: dict[int, Said] = {}
        self.titles: dict[int, _Frame] = {}
        self.heads: dict[int, list[Column]] = {}

    def add(self, block: Block, said: Said) -> None:
        """Take note of a block for those that follow."""
        if block.kind == "list item":
            self.items[id(block)] = said
            self.titles[id(block)] = _frame(block, said)
        elif block.kind == "heading":
            while self.headings and self.headings[-1].level >= block.level:
                self.headings.pop()
            self.headings.append(_frame(block, said))
            self.intro = self.title = None
        elif block.kind == "paragraph":
            alone = len(said.mentions) == 1 and len(said.tokens) < 12 and not said.claims and said.mentions[0].first < 3
            self.title = (
                _frame(block, said) if alone and not any(token.kind == "end" for token in said.tokens) else None
            )
            ends = said.folded.text.rstrip().endswith(":")
            self.intro = _frame(block, said) if ends else None

    def frames(self, block: Block) -> list[_Frame]:
        """Return what leads to a block, the nearest first."""
        outer = self.titles.get(id(block.around)) if block.around else None
        if outer and outer.allowed:
            return [outer, *reversed(self.headings)]
        intro = [self.intro] if self.intro and block.kind in ("list item", "table row") else []
        intro += [self.title] if self.title and block.kind != "heading" else []
        return [*intro, *reversed(self.headings)]

    def bets(self, block: Block) -> list[str]:
        """Return the bets that a block without any is about."""
        around = block.around
        for _ in range(100):
            if around is None:
                break
            outer = self.items.get(id(around))
            named = _named(outer.mentions) if outer else []
            if named:
                return named
            around = around.around
        return next((frame.bets for frame in self.frames(block) if frame.bets), [])

    def columns(self, block: Block, finder: Finder) -> list[Column]:
        """Return the columns of the table of a row."""
        if block.header is None:
            return []
        if id(block.header) not in self.heads:
            self.heads[id(block.header)] = columns(block.header.text, finder)
        return self.heads[id(block.header)]


def _named(mentions: Sequence[Mention]) -> list[str]:
    return [name for mention in mentions if mention.certain and not mention.others for name in mention.bets]


def _frame(block: Block, said: Said) -> _Frame:
    named = _named(said.mentions)
    allowed: frozenset[str] = frozenset()
    if not said.mentions and len(said.tokens) < 12:
        words = [token for token in said.tokens if token.kind not in ("sign", "end")]
        found = [token for token in words if token.kind == "verdict" or soft(token.low)]
        rest = [token for token in words if token not in found]
        if len(found) == 1 and all(token.low in _TITLE_WORDS for token in rest):
            verdict = found[0]
            allowed = (
                frozenset({word(verdict.text).partition(",")[0]}) if verdict.kind == "verdict" else soft(verdict.low)
            )
    planned = any(token.low in _PLANNED for token in said.tokens[:12])
    dated = bool(_RELEASE.fullmatch(said.folded.text))
    bets = named if len(said.mentions) == 1 or block.kind != "heading" else []
    return _Frame(block.level, bets, allowed, said.folded.text.strip(), title(said.folded.text), planned, dated)


def read(block: Block, context: Context, finder: Finder) -> Said:
    """Read what a block says."""
    folded = fold(block.text)
    frames = context.frames(block)
    about = context.bets(block)
    if (
        not about
        and block.kind != "heading"
        and block.header is None
        and not block.comments
        and not _NAMING.search(folded.text)
    ):
        head = len(folded.text) < 200 and (block.kind == "list item" or folded.text.rstrip().endswith(":"))
        return Said(folded, tokens(folded.text) if head else (), [], [])
    items = tokens(folded.text)
    mentions = finder.find(folded.text, items)
    heads = context.columns(block, finder)
    row = cells(items) if block.kind == "table row" else []
    listed: list[Mention] = []
    if row:
        taken = {at for mention in mentions for at in range(mention.first, mention.last + 1)}
        among = any("bet" in frame.text.lower() for frame in frames)
        found = numbered(items, row, heads, finder, among_bets=among)
        listed = [mention for mention in found if mention.first not in taken]
        mentions += listed
        mentions.sort(key=lambda mention: mention.first)
    reader = Unbound(folded.text, items, mentions)
    said = Said(folded, items, mentions, reader.bound(), columns=heads)
    for mention in mentions:
        mention.certain = mention.certain and not _in_code(block, said, mention)
        mention.certain = mention.certain or _is_linked(block, said, mention) or _is_alone(said, mention, row, finder)
    if row:
        alone = {mention.first for mention in listed}
        sure = (
            mention for mention in mentions if mention.certain or mention.first in alone or _is_full_id(mention, finder)
        )
        said.subject = next((mention for mention in sure if not mention.others), None)
        if block.header is not None or len(mentions) == 1:
            said.claims += _row_claims(reader, said, row, heads)
    said.claims += reader.continued([mention for mention in mentions if mention.certain])
    said.claims += reader.alike(said.claims, mentions)
    said.claims += reader.everyone([str(number) for number in finder.numbers])
    own = [
        mention for mention in mentions if mention.certain or _is_full_id(mention, finder) or mention is said.subject
    ]
    said.claims += _under_heads(said, row, heads)
    if own:
        said.claims += [_several(said, claim) for claim in reader.loose(own)]
        said.claims += _listed(block, said, frames)
    elif not mentions and about:
        said.claims += reader.about(about)
    for claim in said.claims:
        claim.mention.certain = True
    said.mentions = [mention for mention in mentions if mention.certain]
    said.planned = any(frame.planned for frame in frames)
    said.gone = frozenset().union(*(frame.gone for frame in frames))
    said.heading = next((frame.bets for frame in frames if frame.bets), [])
    if any(frame.dated for frame in frames):
        said.claims = [_dated(said, claim) for claim in said.claims]
    return said


def _row_claims(reader: Unbound, said: Said, row: Sequence[tuple[int, int]], heads: Sequence[Column]) -> list[Claim]:
    """Return the claims of the cells that have a verdict and nothing else."""
    found: list[tuple[Column | None, Claim]] = []
    label = " ".join(token.low for token in said.tokens[slice(*row[0])])
    if label in ("strict", "lenient", "catastrophic", "control", "premise", "null"):
        return []
    for index, (first, end) in enumerate(row):
        head = heads[index] if index < len(heads) else None
        words = [at for at in range(first, end) if items_count(said.tokens[at])]
        if len(words) != 1 or words[0] in reader.used or words[0] in reader.inside:
            continue
        token = said.tokens[words[0]]
        if token.kind != "verdict" and not soft(token.low):
            continue
        if token.kind == "sign" and head and not head.verdict and not head.bets:
            continue
        if head and head.bets and said.subject is None:
            claim = reader.said(Mention(list(head.bets), words[0], words[0]), words[0])
            found.append((head, replace(claim, dated=_is_release(said, row))))
        elif said.subject is not None:
            found.append((head, reader.said(said.subject, words[0])))
        reader.used.add(words[0])
    own = [(head, claim) for head, claim in found if not (head and head.other and not head.verdict)]
    labelled = [claim for head, claim in own if head and (head.verdict or (head.bets and said.subject is None))]
    claims = labelled or [claim for _, claim in own]
    if len(claims) > 1 and not labelled:
        allowed = frozenset().union(*(claim.allowed for claim in claims))
        return [replace(claims[0], allowed=allowed, exact="", bound=False)]
    return claims


def _under_heads(said: Said, row: Sequence[tuple[int, int]], heads: Sequence[Column]) -> list[Claim]:
    """Return the claims of a table whose columns are called by verdicts, on the bets in their cells."""
    claimed = {claim.mention.first for claim in said.claims}
    found = []
    for (first, end), head in zip(row, heads, strict=False):
        inside = [mention for mention in said.mentions if first <= mention.first < end and mention.certain]
        if head.allowed:
            found += [Claim(mention, head.allowed, mention.first) for mention in inside if mention.first not in claimed]
    return found


def _is_release(said: Said, row: Sequence[tuple[int, int]]) -> bool:
    """Return whether the first cell of a row is a version or a date."""
    first, end = row[0]
    return first < end and bool(
        _RELEASE.fullmatch(said.folded.text[said.tokens[first].start : said.tokens[end - 1].end])
    )


def items_count(token: Token) -> bool:
    """Return whether a token is a word of a cell, a verdict, or a sign that stands for one."""
    return token.kind in ("word", "verdict") or bool(soft(token.low)) or token.text == "\ufffc"


def _several(said: Said, claim: Claim) -> Claim:
    """Mark a claim of several bets of which the sentence says how many it is of."""
    start = said.starts[claim.first]
    words = said.tokens[max(start, claim.first - 30) : claim.first + 8]
    several = len(claim.mention.bets) > 1 and any(token.low in _QUANTITIES for token in words)
    return replace(claim, several=several)


def _listed(block: Block, said: Said, frames: Sequence[_Frame]) -> list[Claim]:
    """Return the claim of a heading or a paragraph on the bet that an item below it begins with."""
    allowed, text = next(((frame.allowed, frame.text) for frame in frames[:1] if frame.allowed), (frozenset(), ""))
    first = said.mentions[0]
    begins = all(token.kind == "sign" for token in said.tokens[: first.first])
    claimed = any(claim.mention.first <= first.first <= claim.mention.last for claim in said.claims)
    if not allowed or first.others or claimed or not begins:
        return []
    rest = len(said.tokens) - first.last - 1
    if block.kind not in ("list item", "table row", "heading") and rest > 3:
        return []
    return [Claim(first, allowed, first.first, under=text)]


def _dated(said: Said, claim: Claim) -> Claim:
    between = said.tokens[max(min(claim.mention.first, claim.first), claim.first - 40) : claim.first + 1]
    return replace(claim, dated=claim.dated or any(token.low in PAST for token in between))


def _in_code(block: Block, said: Said, mention: Mention) -> bool:
    at = said.span(mention.first)[0]
    index = bisect_right(block.codes, (at, len(block.places))) - 1  # the last one that starts before it
    return index >= 0 and at < block.codes[index][1]


def _is_linked(block: Block, said: Said, mention: Mention) -> bool:
    if not block.links or len(block.links) > 2000:
        return False
    at = said.place(block, mention.first)
    return any(start <= at < end for start, end in block.links)


def _is_alone(said: Said, mention: Mention, row: Sequence[tuple[int, int]], finder: Finder) -> bool:
    """Return whether a mention by id is the whole content of its cell."""
    named = said.tokens[mention.first].low in ("bet", "bets") or _is_full_id(mention, finder)
    around = next(((first, end) for first, end in row if first <= mention.first < end), None)
    if not named or around is None:
        return False
    rest = [at for at in range(*around) if not mention.first <= at <= mention.last]
    return all(said.tokens[at].kind == "sign" and said.tokens[at].text != "\ufffc" for at in rest)


def _is_full_id(mention: Mention, finder: Finder) -> bool:
    return all(name in finder.ids and name[0].isdigit() and "_" in name for name in mention.bets)
