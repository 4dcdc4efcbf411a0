"""Find what a block says of the verdicts of bets.

The documented forms bind a verdict to the bet before it, with any emphasis and links:

    Bet 46: PASS      Bet 46 (LENIENT)      Bet 46 is void      Bet 46's verdict: FAIL, catastrophic
    Bets 11, 15 and 45: PASS      Bet 6 (two layers): PASS      bet 6 passed      bet 6 did not fail

A verdict in capitals that no form binds is attributed to the bets of its sentence, or to the last ones before it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pytest_bets.claims.fold import Token
from pytest_bets.claims.mentions import SMALL, Mention

ALL: Final = frozenset({"PASS", "LENIENT", "FAIL", "void", "never run"})
_GOOD: Final = frozenset({"PASS", "LENIENT"})
_BAD: Final = frozenset({"FAIL"})
_SOFT: Final = {
    **dict.fromkeys(("pass", "passes", "passed", "passing"), frozenset({"PASS"})),
    **dict.fromkeys(
        ("succeed", "succeeds", "succeeded", "success", "successful", "confirmed", "validated", "vindicated", "proven"),
        _GOOD,
    ),
    **dict.fromkeys(("✅", "✔", "✓", "☑", "👍", "white_check_mark", "heavy_check_mark"), _GOOD),
    **dict.fromkeys(("holds", "stands", "upheld", "true", "right"), _GOOD),
    "lenient": frozenset({"LENIENT"}),
    **dict.fromkeys(
        ("fail", "fails", "failed", "failing", "failure", "falsified", "refuted", "disproved", "disproven"), _BAD
    ),
    **dict.fromkeys(("❌", "✗", "✘", "✖", "👎", "cross_mark", "negative_squared_cross_mark"), _BAD),
}
_ACTIVE: Final = frozenset(
    {
        "true",
        "right",
        "upheld",
        "confirmed",
        "validated",
        "vindicated",
        "proven",
        "falsified",
        "refuted",
        "disproved",
        "disproven",
    }
)
"""Words of what was done to a bet, which need `was`: a bet that confirmed another says nothing of itself."""
_SHORT: Final = frozenset({"holds", "stands", "true", "right"})
"""Words that say a verdict only at the end of a clause."""
FILLER: Final = frozenset(
    "s verdict outcome result status is was are were be been being has have had still now a an the as again also too both "
    "all each then later indeed which that who came comes come out ended ends end up turned turns got gets received counts "
    "rated judged scored recorded remains stays stayed gave gives yields yielded it its just did does do overall strict run "
    "therefore thus so since today classed graded marked declared considered deemed called first initially originally".split()
)
_CLOSE: Final = frozenset("s verdict is was still now a an".split())
"""The words that may lead from an id that is a word of prose to its verdict."""
_PHRASES: Final = (
    "in the end",
    "after all",
    "at last",
    "at first",
    "in fact",
    "of course",
    "as expected",
    "once more",
    "as a",
    "by now",
)
_SIGNS: Final = frozenset(":–—-−=→⇒>([\"'“”‘’*_|,✅✔☑🎉<«»)]➜➔➡")
_NOT: Final = frozenset("not never no cannot neither nor hardly nothing none".split())
_MAYBE: Final = frozenset(
    "would could might may can should must will if unless whether expected predicted ought shall to".split()
)
_HYPOTHETICAL: Final = frozenset(
    "would could might may if unless whether needs need needed requires required means meant than instead without short "
    "threshold bar criterion criteria tier tiers expected predicted published like counts when whenever "
    "hoped hope hopes wanted aimed between begins starts fewer".split()
)
_NEEDED: Final = frozenset("need needs needed require requires required missed misses short".split())
_EXPLAINS: Final = frozenset(
    "means mean requires needs stands would if is criterion criteria threshold tier tiers bar".split()
)
_OBJECT: Final = frozenset("of in for from under during by than with as on to".split())
_HEADS: Final = frozenset("claim verdict result outcome hypothesis status".split())
_FOLLOW: Final = frozenset(
    "on in at by with after again too also and but for because as since under every only even though although despite "
    "without when while once twice our its the all both each any today now here this last yesterday muster".split()
)
_CRITERIA: Final = re.compile(
    r"(?:\w+\W+){0,3}?(?:criteri\w+|tiers?|bars?|tests?|thresholds?|hurdles?)\b", re.IGNORECASE
)
_QUANTITY: Final = frozenset({*SMALL, *"some most half few many several a".split()})
PAST: Final = frozenset("was were had been passed failed came got ended turned".split())
_ONCE: Final = frozenset("first initially originally previously formerly earlier once before until".split())
_EVERYONE: Final = re.compile(
    r"(?i)\b(?:(?:all|every|each|none)(?: of)?(?: our| the)? bets?(?: of ours)?|no bet)\b(?! (?:that|which|who|are|were|has|have) )"
)
_DATED: Final = re.compile(
    r"\bv\d+(?:\.\d+)*\b|\b\d+\.\d+\.\d+\b|\b(?:19|20)\d\d-\d\d(?:-\d\d)?\b|\b(?:version|release) \d"
)


@dataclass(frozen=True)
class Claim:
    """What is said of the bets of a mention: the verdicts that it allows, and the words that say it.

    `exact` is the whole verdict where it has a second part, as in `FAIL, catastrophic`. `bound` is false where no form
    ties the words to the bets, `capital` is true for a documented verdict. A `past` claim is of an earlier verdict, a
    `dated` one says of when. `several` tells that it is of some of the bets, `under` is the heading that says it.
    """

    mention: Mention
    allowed: frozenset[str]
    first: int
    exact: str = ""
    bound: bool = True
    capital: bool = False
    negated: bool = False
    past: bool = False
    dated: bool = False
    maybe: bool = False
    several: bool = False
    under: str = ""


def soft(text: str) -> frozenset[str]:
    """Return the verdicts that an ordinary word in lower case, or a sign, allows; nothing for any other."""
    return _SOFT.get(text, frozenset())


def word(verdict: str) -> str:
    """Return a written verdict in the words of the records: PASSED is PASS, VOID is void."""
    base, comma, tail = verdict.partition(", ")
    base = re.sub(r"\s+(?!RUN|run)", "", base)
    for known in ("PASS", "FAIL"):
        base = known if base.startswith(known) else base
    return (base if base in ("PASS", "FAIL", "LENIENT") else " ".join(base.lower().split())) + comma + tail


def sentences(tokens: Sequence[Token]) -> tuple[list[int], list[int]]:
    """Return, for each token, the first token of its sentence and the token that ends it."""
    starts, start = [], 0
    for at, token in enumerate(tokens):
        starts.append(start)
        if token.kind in ("end", "break"):
            start = at + 1
    ends, end = [0] * len(tokens), len(tokens)
    for at in range(len(tokens) - 1, -1, -1):
        end = at if tokens[at].kind in ("end", "break") else end
        ends[at] = end
    return starts, ends


class Reader:
    """Reads the claims of one block from its tokens and mentions."""

    def __init__(self, text: str, tokens: Sequence[Token], mentions: Sequence[Mention]) -> None:
        self.text, self.tokens, self.mentions = text, tokens, list(mentions)
        self.at_first = {mention.first: mention for mention in self.mentions}
        self.last_of: dict[int, Mention] = {mention.last: mention for mention in self.mentions}
        self.used: set[int] = set()
        self.inside = {token for mention in self.mentions for token in range(mention.first, mention.last + 1)}
        self.starts, self.ends = sentences(tokens)
        self.hypothetical: dict[int, bool] = {}

    # -- forms that bind ---------------------------------------------------------------------------------------------

    def bound(self) -> list[Claim]:
        """Return the claims in forms that bind a verdict to bets."""
        claims: list[Claim] = []
        for index, mention in enumerate(self.mentions):
            if mention.first in self.used or (claims and claims[-1].mention.last >= mention.last):
                continue
            claim = (
                self._within(mention)
                or self._before(mention, tied=True)
                or (mention.longer and self._after(mention.longer))
            )
            claim = claim or self._after(mention) or self._before(mention)
            if claim is None:
                continue
            if claim.mention is mention.longer:
                mention.bets, mention.last = claim.mention.bets, claim.mention.last
            whole = self._chain(index)
            if whole.first and self.tokens[whole.first - 1].low == "neither":
                claim = replace(claim, allowed=ALL - claim.allowed, exact="", negated=True)
            claims += self._apportioned(replace(claim, mention=whole))
            if claim.past and (
                later := self._after(Mention(list(whole.bets), whole.first, claim.first, others=whole.others))
            ):
                self.used.add(later.first)
                claims.append(replace(later, past=False))
        return claims

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
        for before in reversed(self.mentions[max(0, index - 50) : index]):
            between = [token.low for token in self.tokens[before.last + 1 : first]]
            alone = between in (["and"], ["&"], ["/"], ["+"], ["or"], ["nor"]) or (between == [","] and index > 0)
            if not (alone or (commas and between == [",", "and"])) or before.others:
                break
            commas = commas or between == [","]
            bets, first = [*before.bets, *bets], before.first
        if first == last.first:
            return last
        return Mention(bets, first, last.last, last.certain, last.others)

    def _after(self, mention: Mention) -> Claim | None:
        """Follow the words after a mention up to a verdict, as long as they only lead to it."""
        at, flags, signs = mention.last + 1, {"negated": False, "maybe": False, "past": False}, False
        commas, was = 0, False
        known = mention.certain or any(name[0].isdigit() for name in mention.bets)
        for _ in range(40):
            if at >= len(self.tokens):
                return None
            token = self.tokens[at]
            if at in self.inside:
                return None
            if token.kind == "verdict":
                if self._is_no_claim(at):
                    return None
                return self._claim(mention, at, flags, signs=signs)
            if token.kind in ("end", "break"):
                return None
            low = token.low
            if low in _SOFT and self._is_soft(mention, at, signs=signs, was=was):
                if low not in FILLER or low in _SOFT:
                    return self._claim(mention, at, flags, signs=signs)
            phrase = next((phrase for phrase in _PHRASES if self.text.startswith(phrase, token.start)), "")
            if phrase:
                flags["past"] = flags["past"] or phrase == "at first"
                at += len(phrase.split())
            elif token.text == "(":
                close = self._closing(at)
                inner = self.tokens[at + 1] if at + 1 < len(self.tokens) else token
                if inner.kind == "verdict" or inner.low in _SOFT or inner.low in FILLER or inner.low in _NOT:
                    at, signs = at + 1, True
                elif close:
                    at = close + 1
                else:
                    return None
            elif commas == 0 and token.text in (",", "–", "—"):
                commas, signs = commas + 1, signs or token.text != ","
                at = self._past_apposition(at)
            elif token.text in _SIGNS or (token.kind == "sign" and not token.text.isascii() and token.text != "\ufffc"):
                signs, at = True, at + 1
            elif low in _NOT or low.endswith("n't"):
                flags["negated"], at = True, at + 1
            elif low in _MAYBE:
                flags["maybe"], at = True, at + 1
            elif (low in FILLER or (low.endswith("ly") and low.isalpha())) and (known or low in _CLOSE):
                was = was or low in ("was", "is", "been", "were", "are", "be", "got")
                flags["past"] = flags["past"] or low in _ONCE or low in ("previously", "formerly")
                at += 1
            else:
                return None
        return None

    def _past_apposition(self, at: int) -> int:
        """Return what follows a comma, or the next comma where words of an apposition lie between."""
        following = self.tokens[at + 1] if at + 1 < len(self.tokens) else None
        if following and (following.kind == "verdict" or following.low in _SOFT):
            return at + 1
        for close in range(at + 1, min(at + 16, len(self.tokens))):
            token = self.tokens[close]
            if token.kind in ("end", "break", "verdict") or close in self.inside:
                break
            if token.text == self.tokens[at].text:
                after = self.tokens[close + 1] if close + 1 < len(self.tokens) else token
                leads = after.kind == "verdict" or after.low in _SOFT or after.low in FILLER
                return close + 1 if leads else at + 1
        return at + 1

    def _closing(self, at: int) -> int | None:
        for close in range(at + 1, min(at + 60, len(self.tokens))):
            if self.tokens[close].text == ")":
                return close
            if self.tokens[close].kind == "break":
                return None
        return None

    def _before(self, mention: Mention, *, tied: bool = False) -> Claim | None:
        """Return the claim of a verdict right before a mention: `PASS: bets 5 and 6`, `we passed bet 6`."""
        at = mention.first - 1
        steps = 0
        if at >= 0 and self.tokens[at].kind == "sign" and soft(self.tokens[at].text) and not tied:
            return self._sign(mention, at)
        while (
            at >= 0
            and steps < 4
            and (
                self.tokens[at].text in _SIGNS - {",", ")", "]"}
                or self.tokens[at].low in ("for", "in", "of", "on", "our", "by", "are", "is")
            )
        ):
            at, steps = at - 1, steps + 1
        if at < 0 or at in self.used or at in self.inside:
            return None
        token = self.tokens[at]
        between = {token.low for token in self.tokens[at + 1 : mention.first]}
        if tied and not between & {"for", "in", "on", ":", "("}:
            return None
        before_all = at - 1
        while before_all > 0 and self.tokens[before_all].text in ",)":
            before_all -= 1
        starts = at == 0 or self.tokens[at - 1].kind in ("end", "break") or self.tokens[at - 1].text in "*•-–"
        starts = starts or (self.tokens[at - 1].low in (",", "and", ";", "but") and before_all in self.inside)
        flags = {"negated": False, "maybe": False, "past": False}
        if token.kind == "verdict" and starts and not self._is_no_claim(at) and not self._is_explained(at):
            return self._claim(mention, at, flags, signs=True)
        before = self.tokens[at - 1].low if at else ""
        listed = before in ("that", "which", "bets", "these", "following", "ones") and ":" in between
        if listed and (token.kind == "verdict" or soft(token.low)):
            return self._claim(mention, at, flags, signs=True)
        said = token.low in ("pass", "passed", "passing", "fail", "failed")
        direct = (
            steps == 0
            or (steps == 1 and self.tokens[at + 1].text == ":")
            or (steps == 1 and self.tokens[at + 1].low == "our")
        )
        if (
            said
            and direct
            and (
                before in ("we", "i", "have", "has", "successfully")
                or (starts and token.text[0].isupper() and (steps or self.tokens[mention.first].low == "bets"))
            )
        ):
            return self._claim(mention, at, flags, signs=True)
        return None

    def _sign(self, mention: Mention, at: int) -> Claim | None:
        """Return the claim of a sign at the start of a line, as in `✅ Bet 6`."""
        after = self.tokens[mention.last + 1] if mention.last + 1 < len(self.tokens) else None
        starts = at == 0 or self.tokens[at - 1].kind in ("end", "break")
        if not starts or (after and after.kind != "end" and after.text not in (":", "–", "—", "(", ",")):
            return None
        return self._claim(mention, at, {"negated": False, "maybe": False, "past": False}, signs=True)

    def _is_soft(self, mention: Mention, at: int, *, signs: bool, was: bool) -> bool:
        """Return whether an ordinary word says the verdict of a mention that leads to it."""
        token = self.tokens[at]
        following = self.tokens[at + 1] if at + 1 < len(self.tokens) else None
        after = self.tokens[at + 2] if at + 2 < len(self.tokens) else None
        if token.low in _ACTIVE and not was and not signs:
            return False
        if token.kind == "sign":
            return following is None or following.kind != "verdict"
        if self._is_question(at) or self._is_condition(mention.first):
            return False
        before = self.tokens[mention.first - 1].low if mention.first else ""
        if before in ("the", "our") and mention.first > 1:
            before = self.tokens[mention.first - 2].low
        if not signs and before in _OBJECT:
            head = self.tokens[mention.first - 2].low if mention.first > 1 else ""
            if head not in _HEADS:
                return False
        return self._may_end(at, following, after)

    def _may_end(self, at: int, following: Token | None, after: Token | None) -> bool:
        """Return whether what follows a word like `passed` leaves it a verdict: not in `passed through`."""
        if following is None or following.kind in ("end", "break", "verdict"):
            return True
        if self.tokens[at].low in _SHORT:
            return following.text in (",", ";", ")")
        if following.kind == "sign":
            return not (following.start == self.tokens[at].end and following.text in "-@/=" and after is not None)
        won = self.tokens[at].low.startswith("pass")
        if following.low in ("on", "in", "for", "at", *(() if won else ("by", "with"))) and after is not None:
            return not (after.text[0].isdigit() or after.low in _QUANTITY)
        if following.low in ("the", "its", "all", "every", "each", "any", "both", "our"):
            rest = self.text[following.start : following.start + 80]
            match = _CRITERIA.match(rest)
            return bool(match) and not re.search(
                r"(?i)control|premise|catastroph|lenient|null", match[0] if match else ""
            )
        return following.low in _FOLLOW or following.low.endswith("ly")

    def _claim(self, mention: Mention, at: int, flags: dict[str, bool], *, signs: bool) -> Claim:
        token = self.tokens[at]
        capital = token.kind == "verdict"
        exact = word(token.text) if capital else ""
        allowed = frozenset({exact.partition(",")[0]}) if capital else _SOFT[token.low]
        if flags["negated"]:
            allowed = ALL - allowed
        past, dated = self._is_past(mention, at)
        return Claim(
            mention,
            allowed,
            at,
            exact if "," in exact and not flags["negated"] else "",
            bound=not (capital and flags["maybe"]),
            capital=capital,
            negated=flags["negated"],
            past=past or flags["past"],
            dated=dated,
            maybe=flags["maybe"],
        )

    def _is_past(self, mention: Mention, at: int) -> tuple[bool, bool]:
        """Return whether a claim is of an earlier verdict, and whether it says of which version or date."""
        low = [token.low for token in self.tokens[at + 1 : at + 4]]
        once = low[:2] == ["at", "first"] or bool(set(low[:1]) & _ONCE) or low[:2] in (["in", "v0"], ["in", "version"])
        start = self.starts[min(mention.first, at)]
        between = {token.low for token in self.tokens[max(mention.first, at - 40) : at + 1]}
        begin = self.tokens[min(mention.first, at)].start
        line = self.text[max(self.tokens[start].start, begin - 200) : begin]
        end = min(at + 8, len(self.tokens))
        tail = self.text[self.tokens[at].end : self.tokens[end - 1].end] if end > at + 1 else ""
        dated = bool(
            _DATED.search(line) or re.match(rf"\s*,?\s*\(?(?:in|until|before|at|as of|on) (?:{_DATED.pattern})", tail)
        )
        return once, dated and bool(between & PAST or re.search(r"\b(?:was|were|had)\b", line))

    # -- sentences ---------------------------------------------------------------------------------------------------

    def _supposes(self, at: int) -> bool:
        """Return whether the sentence of a token says what would be, or explains a verdict."""
        start = self.starts[at]
        if start not in self.hypothetical:
            self.hypothetical[start] = any(token.low in _HYPOTHETICAL for token in self.tokens[start : self.ends[at]])
        return self.hypothetical[start]

    def _is_question(self, at: int) -> bool:
        end = self.ends[at]
        return end < len(self.tokens) and "?" in self.tokens[end].text

    def _is_condition(self, at: int) -> bool:
        start = self.starts[at]
        words = [token.low for token in self.tokens[max(start, at - 3) : at]]
        return bool(
            set(words) & {"if", "whether", "unless", "suppose", "until", "when", "whenever", "before", "should", "had"}
        )

    def _is_no_claim(self, at: int) -> bool:
        """Return whether a verdict is one of several to choose from, part of another word, or counted."""
        token = self.tokens[at]
        after = self.tokens[at + 1] if at + 1 < len(self.tokens) else None
        before = self.tokens[at - 1] if at else None
        if self._is_of_tier(at):
            return True
        if after and after.start == token.end and after.text in ("-", "@", "/") and at + 2 < len(self.tokens):
            return True
        if before and before.end == token.start and before.text in ("-", "/", "@"):
            return True
        return self._is_choice(at)

    def _is_of_tier(self, at: int) -> bool:
        """Return whether a verdict is of one tier or of the control, as in `control: PASS`."""
        here = at - 1
        while here > max(0, at - 5) and (
            self.tokens[here].kind == "sign" or self.tokens[here].low in ("is", "was", "tier", "criterion")
        ):
            here -= 1
        label = self.tokens[here].low if here >= 0 else ""
        if label == "strict":
            return word(self.tokens[at].text) != "PASS"
        return label in ("control", "premise", "null", "lenient", "catastrophic", "baseline")

    def _is_choice(self, at: int) -> bool:
        """Return whether a verdict is in a list like `PASS, LENIENT or FAIL`."""
        low, high, joints, names = at, at, set(), {word(self.tokens[at].text)}
        for step in (1, -1):
            here = at
            for _ in range(12):
                joint = here + step
                while (
                    0 <= joint < len(self.tokens)
                    and abs(joint - here) < 6
                    and (
                        self.tokens[joint].text in (",", "/", '"', "“", "”", "'")
                        or self.tokens[joint].low in ("or", "and", "a", "nor", "versus", "vs")
                    )
                ):
                    joints.add(self.tokens[joint].low)
                    joint += step
                if abs(joint - here) < 2 or not 0 <= joint < len(self.tokens) or self.tokens[joint].kind != "verdict":
                    break
                names.add(word(self.tokens[joint].text))
                here = joint
            low, high = min(low, here), max(high, here)
        return len(names) > 1 and (
            "or" in joints or "nor" in joints or "versus" in joints or "vs" in joints or len(names) > 2
        )

    # -- verdicts that no form binds ---------------------------------------------------------------------------------

    def said(self, mention: Mention, at: int) -> Claim:
        """Return the claim of a verdict, a word or a sign that is known to be of a mention."""
        return self._claim(mention, at, {"negated": False, "maybe": False, "past": False}, signs=True)

    def continued(self, mentions: Sequence[Mention]) -> list[Claim]:
        """Return claims whose subject is a bet that was named before: `It passed.`, `The bet failed.`"""
        found, cursor = [], 0
        previous: Mention | None = None
        again = {at + 1 for at, token in enumerate(self.tokens) if token.low in (";", "and", "but", ",")}
        for start in sorted(again | set(self.starts)):
            while cursor < len(mentions) and mentions[cursor].last < start:
                previous, cursor = mentions[cursor], cursor + 1
            last = self._pronoun(start)
            if previous is None or last is None or len(previous.bets) > 1:
                continue
            claim = self._after(Mention(list(previous.bets), start, last, others=previous.others))
            good = claim and ("PASS" in claim.allowed or claim.capital or last > start)
            if claim and good and claim.first not in self.used:
                self.used.add(claim.first)
                found.append(claim)
        return found

    def everyone(self, bets: Sequence[str]) -> list[Claim]:
        """Return claims of all bets: `all bets passed`, `none of our bets failed`."""
        found = []
        for match in _EVERYONE.finditer(self.text):
            last = next((at for at, token in enumerate(self.tokens) if token.end == match.end()), None)
            if last is None or last in self.inside:
                continue
            first = next(at for at, token in enumerate(self.tokens) if token.end > match.start())
            claim = self._after(Mention(list(bets), first, last, everyone=True))
            if claim and claim.first not in self.used:
                self.used.add(claim.first)
                none = match[0].lower().startswith("no")
                found.append(replace(claim, allowed=ALL - claim.allowed, exact="", negated=True) if none else claim)
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
        found = []
        leading = True
        for at, token in enumerate(self.tokens):
            mention = Mention(list(bets), at, at)
            if token.kind == "verdict" and (token.text[:4].isupper() or leading):
                if not self._is_no_claim(at) and not self._is_counted(at) and not self._is_explained(at):
                    claim = self.said(mention, at)
                    found.append(replace(claim, bound=leading, maybe=not leading and self._supposes(at)))
            elif leading and _SOFT.get(token.low) and self._is_soft(mention, at, signs=at > 0, was=True):
                found.append(self.said(mention, at))
            leading = leading and (token.low in FILLER or token.kind == "sign" or token.low in ("bet", "claim"))
        return found

    def loose(self, usable: Sequence[Mention]) -> list[Claim]:
        """Return a claim for every verdict in capitals that no form binds, of the bets that it may be of."""
        found: list[Claim] = []
        cursor = 0
        for at, token in enumerate(self.tokens):
            while cursor < len(usable) and usable[cursor].last < at:
                cursor += 1
            if token.kind != "verdict" or at in self.used or not token.text[:4].isupper():
                continue
            if not usable or self._is_no_claim(at) or self._is_counted(at) or self._is_explained(at):
                continue
            start, end = self.starts[at], self.ends[at]
            before = usable[cursor - 1] if cursor else None
            after = usable[cursor] if cursor < len(usable) else None
            if before and before.first >= start:
                mention = before
            elif after and after.last < end:
                mention = after
            else:
                mention = before or after or usable[0]
            near = [item.low for item in self.tokens[max(start, at - 3) : at]]
            negated = bool(set(near) & {*_NOT, "avoided", "escaped", "avoid", "avoids"}) or any(
                item.endswith("n't") for item in near
            )
            exact = word(token.text)
            allowed = frozenset({exact.partition(",")[0]})
            past, dated = self._is_past(mention, at) if mention.first < at else (False, False)
            past = past or bool(set(near[-2:]) & {*_ONCE, "from"})
            found.append(
                Claim(
                    mention,
                    ALL - allowed if negated else allowed,
                    at,
                    bound=False,
                    capital=True,
                    negated=negated,
                    past=past,
                    dated=dated,
                    maybe=self._supposes(at),
                )
            )
        return found

    def _is_explained(self, at: int) -> bool:
        """Return whether the words around a verdict say what it means or needs, or that it was missed."""
        before = {token.low for token in self.tokens[max(self.starts[at], at - 12) : at]}
        following = self.tokens[at + 1].low if at + 1 < len(self.tokens) else ""
        low = [token.low for token in self.tokens[max(self.starts[at], at - 6) : at]]
        counted = (
            "would" in low
            and any(word.isdecimal() for word in low[: low.index("would")])
            and at - len(low) not in self.inside
        )
        return bool(before & _NEEDED) or following in _EXPLAINS or counted

    def _is_counted(self, at: int) -> bool:
        """Return whether a verdict is counted, as in `17 PASS, 3 LENIENT`."""
        before = self.tokens[at - 1] if at else None
        return bool(
            before
            and before.kind == "word"
            and (before.text.isdecimal() or before.low in SMALL)
            and at - 1 not in self.inside
        )
