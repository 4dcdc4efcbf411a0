"""Verdicts that a predicate of the bet says: `met its strict criterion`, `is in the noise`, `compares X and passed`."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pytest_bets.claims.claim import Claim
from pytest_bets.claims.lexicon import ALL, NOISE, NOISY, SOFT, words
from pytest_bets.claims.mentions import Mention
from pytest_bets.claims.verdicts import Reader

_LONGEST: Final = 14
"""The maximum number of words between a bet and a verdict after its predicate."""
_TIER: Final = re.compile(
    r"\s(?:(?:has|have|clearly|only just|just)\s)?(?:(?P<met>met|meets)|missed|misses|(?:did|does) not meet)"
    r"\s(?:(?:its|the|our|their)\s)?(?P<tier>strict|lenient)(?:\s(?:criteri(?:on|a)|tier|bar|threshold))?\b"
)
_NOISE: Final = re.compile(r"\s(?:is|was|ended|landed)\s(?:still\s)?in\sthe\snoise\b")
_GONE: Final = re.compile(
    r"\s(?:is|was|were|are|(?:has|have|had)\s(?:since\s)?been)\s(?:(?:now|since|later|then)\s)?(?:retracted|withdrawn|overturned)"
    r"(?=[.;:)!]|\sby\s(?:our\s)?bets?\b|\s*\Z)"
)
_OTHER: Final = words("which that who whose what how where when while whether if because although than not n't")
"""Words after which the verdict may be of something else."""


class Predicates(Reader):
    """Reads what predicates say of bets that no form has given a verdict."""

    def predicated(self, claims: Sequence[Claim]) -> list[Claim]:
        """Return the claims of bets that are the subject of a sentence, and have none of these `claims`."""
        claimed = {at for claim in claims for at in range(claim.mention.first, claim.mention.last + 1)}
        found = []
        for index, mention in enumerate(self.mentions):
            if not mention.certain or not self._is_subject(mention):
                continue
            if claim := self._retraction(mention):
                found.append(claim)
                continue
            claim = self._tier(mention)
            if claim is None and mention.first not in claimed:
                claim = self._noise(mention) or self._coordinated(index)
            if claim and claim.first not in self.used:
                self.used.add(claim.first)
                found.append(claim)
        return found

    def _is_subject(self, mention: Mention) -> bool:
        """Return whether a sentence begins with a mention, or goes on with it: `..., and bet 6 met its strict bar`."""
        before = self.tokens[max(self.starts[mention.first], mention.first - 3) : mention.first]
        if self.is_question(mention.first):
            return False
        return all(token.kind == "sign" or token.low in ("our", "the", "this", "and", "but") for token in before)

    def _tier(self, mention: Mention) -> Claim | None:
        match = _TIER.match(self.text, self.tokens[mention.last].end)
        if match is None:
            return None
        last = self._last(mention, match)
        following = self.tokens[last + 1].low if last + 1 < len(self.tokens) else ""
        if self.is_part(last) or following in _OTHER:
            return None
        better = frozenset({"PASS"} if match["tier"] == "strict" else {"PASS", "LENIENT"})
        allowed = better | {NOISY} if match["met"] else ALL - better
        return self._predicate(mention, last, allowed)

    def _retraction(self, mention: Mention) -> Claim | None:
        match = _GONE.match(self.text, self.tokens[mention.last].end)
        return replace(self._predicate(mention, self._last(mention, match), ALL), gone=True) if match else None

    def _noise(self, mention: Mention) -> Claim | None:
        match = _NOISE.match(self.text, self.tokens[mention.last].end)
        return self._predicate(mention, self._last(mention, match), frozenset({NOISE})) if match else None

    def _last(self, mention: Mention, match: re.Match[str]) -> int:
        """Return the last token of a match after a mention."""
        return next(at for at in range(mention.last, len(self.tokens)) if self.tokens[at].end >= match.end())

    def _predicate(self, mention: Mention, last: int, allowed: frozenset[str]) -> Claim:
        past, dated = self.is_past(mention, last)
        return Claim(mention, allowed, last, past=past, dated=dated)

    def _coordinated(self, index: int) -> Claim | None:
        """Return the claim after a predicate: `and passed`, `: passed` or `(passed)`, where a clause ends."""
        mention = self.mentions[index]
        following = self.mentions[index + 1].first if index + 1 < len(self.mentions) else len(self.tokens)
        end = min(mention.last + 2 + _LONGEST, self.ends[mention.last], following)
        for at in range(mention.last + 2, end):
            token, before = self.tokens[at], self.tokens[at - 1].low
            if token.kind == "verdict" or before in _OTHER or before.endswith("n't"):
                return None
            if token.low in SOFT:
                after = self.tokens[at + 1] if at + 1 < len(self.tokens) else None
                closes = after is None or after.kind == "end" or after.text in (")" if before == "(" else ";")
                led = before in ("and", ":", "(") and token.low in ("passed", "failed", "succeeded")
                return self.said(mention, at) if led and closes and not self.is_of_tier(at) else None
        return None
