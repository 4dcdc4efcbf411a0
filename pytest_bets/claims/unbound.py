"""Verdicts that no form binds to a bet next to them: of `it`, of the heading above, of all bets, of the sentence."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from pytest_bets.claims.claim import Claim
from pytest_bets.claims.lexicon import (
    DENIALS,
    EARLIER,
    EVERYONE,
    EXCEPT,
    LEADING_WORDS,
    SMALL,
    SOFT,
    denied,
    word,
    words,
)
from pytest_bets.claims.mentions import Mention
from pytest_bets.claims.predicates import Predicates

_SINGULAR: Final = words("the a an another our my their its each every one that")
"""Words that lead to something that `it` may be."""

_NEAREST: Final = 6
"""The maximum number of words from `all bets` to a bet that is left out."""
_TOO: Final = (["too"], ["also"], ["as", "well"])
_DID_NOT: Final = (["did", "not"], ["didn't"], ["does", "not"], ["doesn't"], ["was", "not"], ["is", "not"])


class Unbound(Predicates):
    """Reads claims that need more than the words next to a bet; call `bound` first."""

    def continued(self, mentions: Sequence[Mention]) -> list[Claim]:
        """Return claims whose subject is a bet that was named before: `It passed.`, `The bet failed.`"""
        found, cursor = [], 0
        previous: Mention | None = None
        again = {at + 1 for at, token in enumerate(self.tokens) if token.low in (";", "and", "but", ",")}
        for start in sorted(again | set(self.starts)):
            while cursor < len(mentions) and mentions[cursor].last < start:
                previous, cursor = self.main(mentions[cursor]), cursor + 1
            last = self._pronoun(start)
            if previous is None or last is None or len(previous.bets) > 1:
                continue
            claim = self.after(Mention(list(previous.bets), start, last, others=previous.others))
            if claim and (last > start or _good(claim)) and claim.first not in self.used:
                self.used.add(claim.first)
                found.append(claim)
        return found

    def _pronoun(self, start: int) -> int | None:
        low = [token.low for token in self.tokens[start : start + 2]]
        if low[:1] in (["it"], ["this"]) and low[1:] not in (["bet"], ["claim"]):
            return start
        if low in (
            ["the", "bet"],
            ["this", "bet"],
            ["the", "claim"],
            ["this", "claim"],
            ["the", "verdict"],
            ["its", "verdict"],
        ):
            return start + 1
        return None

    def about(self, bets: Sequence[str]) -> list[Claim]:
        """Return the claims of a block that names no bet, on those that it is about."""
        found = self._of_it(bets) if len(bets) == 1 else []
        taken = {claim.first for claim in found}
        leading = True
        for at, token in enumerate(self.tokens):
            mention = Mention(list(bets), at, at)
            if at in taken:
                leading = False
                continue
            if token.kind == "verdict" and (token.text[:4].isupper() or leading):
                if not self.is_no_claim(at) and not self.is_counted(at) and not self.is_explained(at):
                    claim = self.said(mention, at)
                    found.append(replace(claim, bound=leading, maybe=not leading and self.supposes(at)))
            elif leading and SOFT.get(token.low) and self.is_said(mention, at):
                found.append(self.said(mention, at))
            leading = leading and (token.low in LEADING_WORDS or token.kind == "sign" or token.low in ("bet", "claim"))
        return found

    def _of_it(self, bets: Sequence[str]) -> list[Claim]:
        """Return the claims of sentences that begin with a bet that is not named: `The bet passed.`."""
        found = []
        singular = next((at for at, token in enumerate(self.tokens) if token.low in _SINGULAR), len(self.tokens))
        for start in sorted(set(self.starts)):
            low = [token.low for token in self.tokens[start : start + 2]]
            labelled = low in (["verdict", ":"], ["outcome", ":"], ["result", ":"])
            last = start if labelled else self._pronoun(start)
            if last is None:
                continue
            claim = self.after(Mention(list(bets), start, last))
            if claim and (labelled or last > start or (start <= singular and _good(claim))):
                self.used.add(claim.first)
                found.append(claim)
        return found

    def alike(self, claims: Sequence[Claim], mentions: Sequence[Mention]) -> list[Claim]:
        """Return the claims that repeat the one before, or deny it: `and so did bet 6`, `bet 6 did not`."""
        found = []
        ordered = sorted(claims, key=lambda claim: claim.first)
        firsts = [claim.first for claim in ordered]
        for mention in mentions:
            before = [token.low for token in self.tokens[max(0, mention.first - 2) : mention.first]]
            after = self.tokens[mention.last + 1 : mention.last + 4]
            said = [token.low for token in after if token.kind == "word"]
            ends = len(said) == len(after) or after[len(said)].kind != "word"
            repeats = before[:1] in (["so"], ["as"], ["neither"], ["nor"]) and before[1:] in (
                ["did"],
                ["has"],
                ["does"],
                ["is"],
            )
            index = bisect_left(firsts, mention.first) - 1
            if index < 0:
                continue
            last = ordered[index]
            same = ends and last.mention.last < mention.first and self.starts[last.first] == self.starts[mention.first]
            if repeats or (same and said in _TOO and before[-1:] in (["and"], [","], [";"])):
                found.append(replace(last, mention=mention))
            elif same and said in _DID_NOT:
                allowed = last.allowed if last.negated else denied(last.allowed)
                found.append(replace(last, mention=mention, allowed=allowed, exact="", negated=True))
        return found

    def everyone(self, bets: Sequence[str]) -> list[Claim]:
        """Return claims of all bets: `all bets passed`, `none of our bets failed`."""
        found = []
        begins = [token.start for token in self.tokens]
        for match in islice(EVERYONE.finditer(self.text), 20):
            first, last = bisect_left(begins, match.start()), bisect_left(begins, match.end()) - 1
            count = match["count"] or str(len(bets))
            if last in self.inside or int(SMALL.get(count.lower(), count)) != len(bets):
                continue
            claim = self.after(Mention(list(bets), first, self._past_exceptions(last), everyone=True))
            if claim and claim.first not in self.used:
                self.used.add(claim.first)
                claim = self.without(claim)
                negated = replace(claim, allowed=denied(claim.allowed), exact="", negated=True)
                found.append(negated if match["none"] else claim)
        return found

    def _past_exceptions(self, last: int) -> int:
        """Return the last token of what is left out right after a token: `all bets except bet 5 and bet 6`."""
        index = bisect_left(self.mentions, last, key=lambda mention: mention.first)
        while index in self.excepted and self.mentions[index].first - last <= _NEAREST:
            mention = self.mentions[index]
            between = " ".join(token.low for token in self.tokens[last + 1 : mention.first])
            if not EXCEPT.fullmatch(between.lstrip(", ")) and between not in ("and", ",", "or", "but"):
                break
            last, index = mention.last, index + 1
        return last

    def loose(self, usable: Sequence[Mention]) -> list[Claim]:
        """Return a claim for every verdict in capitals that no form binds, of the bets that it may be of."""
        found: list[Claim] = []
        cursor = 0
        for at, token in enumerate(self.tokens):
            while cursor < len(usable) and usable[cursor].last < at:
                cursor += 1
            if token.kind != "verdict" or at in self.used or not token.text[:4].isupper():
                continue
            if not usable or self.is_no_claim(at) or self.is_counted(at) or self.is_explained(at):
                continue
            start, end = self.starts[at], self.ends[at]
            before = usable[cursor - 1] if cursor else None
            main = self.main(before) if before else None
            before = main if main and self.begins.get(main.first) not in self.claimed else before
            after = usable[cursor] if cursor < len(usable) else None
            if after and after.first - at in (2, 3) and self.tokens[at + 1].low in ("in", "for", "of", "on"):
                mention = after
            elif before and before.first >= start:
                mention = before
            elif after and after.last < end:
                mention = after
            else:
                mention = before or after or usable[0]
            near = [item.low for item in self.tokens[max(start, at - 3) : at]]
            near = near[near.index(":") + 1 :] if ":" in near else near
            negated = bool(set(near) & {*DENIALS, "avoided", "escaped", "avoid", "avoids"}) or any(
                item.endswith("n't") for item in near
            )
            exact = word(token.text)
            allowed = frozenset({exact.partition(",")[0]})
            past, dated = self.is_past(mention, at) if mention.first < at else (False, False)
            past = past or bool(set(near[-2:] if near[-1:] in (["a"], ["an"]) else near[-1:]) & {*EARLIER, "from"})
            found.append(
                Claim(
                    mention,
                    denied(allowed) if negated else allowed,
                    at,
                    bound=False,
                    capital=True,
                    negated=negated,
                    past=past,
                    dated=dated,
                    maybe=self.supposes(at),
                )
            )
        return found


def _good(claim: Claim) -> bool:
    """Return whether a claim of `it` is of a bet: a word like `failed` is said of anything."""
    return "PASS" in claim.allowed or claim.capital
