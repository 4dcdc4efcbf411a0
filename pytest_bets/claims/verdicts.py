"""Find what a block says about the verdicts of bets.

The documented forms bind a verdict to the bet before it, with any emphasis and links:

    Bet 46: PASS      Bet 46 (LENIENT)      Bet 46 is void      Bet 46's verdict: FAIL, catastrophic
    Bets 11, 15 and 45: PASS      Bet 6 (two layers): PASS      bet 6 passed      bet 6 did not fail

A verdict in capitals that no form binds is attributed to the bets of its sentence, or to the last ones before it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pytest_bets.claims.asides import FARTHEST, asides, exceptions, is_relative
from pytest_bets.claims.claim import Claim
from pytest_bets.claims.fold import Token
from pytest_bets.claims.following import Following
from pytest_bets.claims.lexicon import LEADING_SIGNS, denied, soft, words
from pytest_bets.claims.mentions import Mention

_BETWEEN_SIGNS: Final = LEADING_SIGNS - {",", ")", "]"}
_BETWEEN: Final = words("for in of on our by are is")
_BESIDE: Final = words("unlike like with than after besides despite beyond to before")
_LISTING: Final = words("that which bets these following ones")
_ALONE: Final = (
    *(["and"], ["&"], ["/"], ["+"], ["or"], ["nor"]),
    *(["as", "well", "as"], [",", "as", "well", "as"], ["together", "with"], ["along", "with"]),
)
"""What may stand between two bets that share a verdict."""
_DOING: Final = words("we i have has successfully")


class Reader(Following):
    """Reads the claims of one block from its tokens and mentions."""

    def __init__(self, text: str, tokens: Sequence[Token], mentions: Sequence[Mention]) -> None:
        super().__init__(text, tokens, mentions)
        self.used: set[int] = set()
        self.hosts = asides(tokens, self.mentions, self.starts)
        self.excepted = dict.fromkeys(exceptions(tokens, self.mentions))
        self.left_out: dict[int, set[str]] = {}
        for mention in (self.mentions[index] for index in self.excepted):
            self.left_out.setdefault(self.starts[mention.first], set()).update(mention.bets)
        self.claimed: set[int] = set()

    def bound(self) -> list[Claim]:
        """Return the claims in forms that bind a verdict to bets."""
        claims: list[Claim] = []
        for index, mention in enumerate(self.mentions):
            if mention.first in self.used or (claims and claims[-1].mention.last >= mention.last):
                continue
            following = self.tokens[mention.last + 1] if mention.last + 1 < len(self.tokens) else None
            if index in self.excepted and following and following.kind != "sign":
                continue
            host = self.hosts.get(index)
            if host is not None and host not in self.claimed and (outer := self._outer(index, host)):
                claims += [part for claim in outer for part in self._apportioned(claim)]
                self.claimed.add(host)
                continue
            claim = self._within(mention) or self._before(mention, tied=True)
            claim = claim or (mention.longer and self.after(mention.longer)) or self.after(mention)
            claim = claim or self._before(mention)
            if claim is None or claim.first in self.used:
                continue
            if claim.mention is mention.longer:
                mention.bets, mention.last = claim.mention.bets, claim.mention.last
            whole = self._chain(index)
            chained = range(max(0, index - 50), index + 1)
            self.claimed.update(at for at in chained if self.mentions[at].first >= whole.first)
            if whole.first and self.tokens[whole.first - 1].low == "neither":
                claim = replace(claim, allowed=denied(claim.allowed), exact="", negated=True)
            claims += self._apportioned(replace(claim, mention=whole))
            again = Mention(list(whole.bets), whole.first, claim.first, others=whole.others)
            if claim.past and (later := self.after(again)):
                self.used.add(later.first)
                claims.append(replace(later, past=False))
        return [self.without(claim) for claim in claims]

    def without(self, claim: Claim) -> Claim:
        """Return a claim of several bets without those that its sentence leaves out: `except bet 6`."""
        mention = claim.mention
        out = self.left_out.get(self.starts[claim.first])
        if not out or len(mention.bets) == 1 or self.begins.get(mention.first) in self.excepted:
            return claim
        return replace(claim, mention=replace(mention, bets=[name for name in mention.bets if name not in out]))

    def main(self, mention: Mention) -> Mention:
        """Return the bet that a sentence with this bet is about: another one if it is named in passing."""
        host = self.hosts.get(self.begins.get(mention.first, -1))
        return mention if host is None else self.mentions[host]

    def _outer(self, index: int, host: int) -> list[Claim]:
        """Return the claims after a mention in passing, of its host if no word ties them to the mention itself."""
        mention, whole = self.mentions[index], self._chain(host)
        at = mention.last + 1
        clause = is_relative(self.tokens, self.mentions[host])
        if at >= len(self.tokens) or is_relative(self.tokens, mention):
            return []
        if self.tokens[at].kind != "sign" and not clause:
            return []
        between = self.tokens[max(whole.last, mention.first - FARTHEST) : mention.first]
        opened = "(" in [token.text for token in (*between, self.tokens[at])]
        close = self._closing(mention.last) if opened else None
        own = self.after(mention)
        found = [own] if own and close and own.first < close else []
        last = close if found and close else mention.last
        claim = self.after(Mention(list(whole.bets), whole.first, last, whole.certain, whole.others))
        return [*found, replace(claim, mention=whole)] if claim else found

    def _within(self, mention: Mention) -> Claim | None:
        """Return the claim between the word `bets` and its numbers: `bets that passed: 5 and 6`."""
        for at in range(mention.first + 1, min(mention.first + 5, mention.last)):
            if self.tokens[at].kind == "verdict" or soft(self.tokens[at].low):
                return self.said(mention, at)
        return None

    def _apportioned(self, claim: Claim) -> list[Claim]:
        """Give each of several bets its own verdict, where there are as many: `bets 5 and 6: PASS and FAIL`."""
        self.used.add(claim.first)
        bets, verdicts, at = claim.mention.bets, [claim.first], claim.first + 1
        while claim.capital and len(verdicts) < len(bets) <= 50 and at < len(self.tokens):
            if self.tokens[at].kind == "verdict":
                verdicts.append(at)
            elif self.tokens[at].low not in (",", "and", "/", "&"):
                break
            at += 1
        if len(verdicts) == 1 or len(verdicts) != len(bets):
            return [claim]
        self.used.update(verdicts)
        first, last = claim.mention.first, claim.mention.last
        parts = zip(bets, verdicts, strict=True)
        return [self.said(Mention([bet], first, last, others=claim.mention.others), verdict) for bet, verdict in parts]

    def _chain(self, index: int) -> Mention:
        """Join mentions that share a verdict, as in `bet 5 and bet 6 passed`."""
        last = self.mentions[index]
        bets, first, commas = list(last.bets), last.first, False
        for at in range(index - 1, max(0, index - 50) - 1, -1):
            before = self.mentions[at]
            between = [token.low for token in self.tokens[before.last + 1 : first]]
            alone = between in _ALONE or (between == [","] and index > 0)
            if not (alone or (commas and between == [",", "and"])) or before.others or at in self.hosts:
                break
            if between == [","] and before.first and self.tokens[before.first - 1].low in _BESIDE:
                break
            commas = commas or between == [","]
            bets, first = [*before.bets, *bets], before.first
        if first == last.first:
            return last
        return Mention(bets, first, last.last, last.certain, last.others)

    def _before(self, mention: Mention, *, tied: bool = False) -> Claim | None:
        """Return the claim of a verdict right before a mention: `PASS: bets 5 and 6`, `we passed bet 6`.

        Where it must be `tied`, a colon, a bracket or a word like `for` is between them.
        """
        at, low = mention.first - 1, mention.first - 5
        if at >= 0 and self.tokens[at].kind == "sign" and soft(self.tokens[at].text) and not tied:
            return self._sign(mention, at)
        while at >= 0 and at > low and (self.tokens[at].text in _BETWEEN_SIGNS or self.tokens[at].low in _BETWEEN):
            at -= 1
        between = [token.low for token in self.tokens[at + 1 : mention.first]]
        if at < 0 or at in self.used or at in self.inside or (tied and not {*between} & {"for", "in", "on", ":", "("}):
            return None
        token, before = self.tokens[at], self.tokens[at - 1].low if at else ""
        if token.kind == "verdict" and self._starts(at) and not self.is_no_claim(at) and not self.is_explained(at):
            return self.said(mention, at)
        if before in _LISTING and ":" in between and (token.kind == "verdict" or soft(token.low)):
            return self.said(mention, at)
        direct = between in ([], [":"], ["our"])
        titled = token.text[0].isupper() and (between or self.tokens[mention.first].low == "bets")
        if token.low in ("pass", "passed", "passing", "fail", "failed") and direct:
            return self.said(mention, at) if before in _DOING or (titled and self._starts(at)) else None
        return None

    def _starts(self, at: int) -> bool:
        """Return whether a line, a sentence or, after another bet, a new part of a list starts at a token."""
        if at == 0 or self.tokens[at - 1].kind in ("end", "break") or self.tokens[at - 1].text in "*•-–":
            return True
        last = at - 1
        while last > max(0, at - 4) and self.tokens[last].text in (",", ")"):
            last -= 1
        return self.tokens[at - 1].low in (",", "and", ";", "but") and (last in self.inside or at - 2 in self.inside)

    def _sign(self, mention: Mention, at: int) -> Claim | None:
        """Return the claim of a sign at the start of a line, as in `✅ Bet 6`."""
        after = self.tokens[mention.last + 1] if mention.last + 1 < len(self.tokens) else None
        starts = at == 0 or self.tokens[at - 1].kind in ("end", "break")
        if not starts or (after and after.kind != "end" and after.text not in (":", "–", "—", "(", ",")):
            return None
        return self.said(mention, at)
