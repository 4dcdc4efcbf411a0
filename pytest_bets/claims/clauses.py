"""Sentences and clauses: whether a word in them says a verdict at all."""

import re
from collections.abc import Sequence

from pytest_bets.claims.block import CODE
from pytest_bets.claims.fold import Token
from pytest_bets.claims.lexicon import (
    COUNTERFACTUAL,
    CRITERIA,
    DATED,
    EARLIER,
    ENDING_WORDS,
    EXPLAINS,
    FOLLOWING_WORDS,
    HYPOTHETICAL,
    LENIENTLY,
    NEEDED,
    PART,
    PAST,
    QUANTITIES,
    SMALL,
    word,
)
from pytest_bets.claims.mentions import Mention


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


class Clauses:
    """The sentences of a block."""

    def __init__(self, text: str, tokens: Sequence[Token], mentions: Sequence[Mention]) -> None:
        self.text, self.tokens, self.mentions = text, tokens, list(mentions)
        self.inside = {token for mention in self.mentions for token in range(mention.first, mention.last + 1)}
        self.starts, self.ends = sentences(tokens)
        self.hypothetical: dict[int, bool] = {}

    def supposes(self, at: int) -> bool:
        """Return whether the sentence of a token says what would be, or explains a verdict."""
        start = self.starts[at]
        if start not in self.hypothetical:
            self.hypothetical[start] = any(token.low in HYPOTHETICAL for token in self.tokens[start : self.ends[at]])
        return self.hypothetical[start]

    def is_question(self, at: int) -> bool:
        """Return whether a token is in a question."""
        end = self.ends[at]
        return end < len(self.tokens) and "?" in self.tokens[end].text

    def is_condition(self, at: int) -> bool:
        """Return whether the words before a token make a condition, as in `if bet 6 fails`."""
        start = self.starts[at]
        words = [token.low for token in self.tokens[max(start, at - 3) : at]]
        return bool(
            set(words) & {"if", "whether", "unless", "suppose", "until", "when", "whenever", "before", "should", "had"}
        )

    def is_no_claim(self, at: int) -> bool:
        """Return whether a verdict is one of several to choose from, part of another word, or counted."""
        token = self.tokens[at]
        after = self.tokens[at + 1] if at + 1 < len(self.tokens) else None
        before = self.tokens[at - 1] if at else None
        if self.is_of_tier(at) or self.is_counterfactual(at):
            return True
        if after and after.start == token.end and after.text in ("-", "@", "/") and at + 2 < len(self.tokens):
            return True
        if before and before.end == token.start and before.text in ("-", "/", "@"):
            return True
        return self.is_choice(at)

    def is_counterfactual(self, at: int) -> bool:
        """Return whether a verdict is one that would have been: `it would have been a clear PASS`."""
        before = [token.low for token in self.tokens[max(self.starts[at], at - 6) : at]]
        return bool(COUNTERFACTUAL.search(" ".join(before)))

    def is_of_tier(self, at: int) -> bool:
        """Return whether a verdict is of one tier or of the control, as in `control: PASS`."""
        here = at - 1
        while here > max(0, at - 5) and (
            self.tokens[here].kind == "sign" or self.tokens[here].low in ("is", "was", "tier", "criterion")
        ):
            here -= 1
        label = self.tokens[here].low if here >= 0 else ""
        if label == "strict":
            return word(self.tokens[at].text) != "PASS"
        if label == "catastrophic" and here == at - 1:
            return False
        return label in ("control", "premise", "null", "lenient", "catastrophic", "baseline")

    def is_choice(self, at: int) -> bool:
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

    def is_explained(self, at: int) -> bool:
        """Return whether the words around a verdict say what it means or needs, or that it was missed."""
        before = {token.low for token in self.tokens[max(self.starts[at], at - 12) : at]}
        following = self.tokens[at + 1].low if at + 1 < len(self.tokens) else ""
        low = [token.low for token in self.tokens[max(self.starts[at], at - 6) : at]]
        counted = (
            "would" in low
            and any(word.isdecimal() for word in low[: low.index("would")])
            and at - len(low) not in self.inside
        )
        return bool(before & NEEDED) or following in EXPLAINS or counted

    def is_counted(self, at: int) -> bool:
        """Return whether a verdict is counted, as in `17 PASS, 3 LENIENT`."""
        before = self.tokens[at - 1] if at else None
        return bool(
            before
            and before.kind == "word"
            and (before.text.isdecimal() or before.low in SMALL)
            and at - 1 not in self.inside
        )

    def may_end(self, at: int, following: Token | None, after: Token | None) -> bool:
        """Return whether what follows a word like `passed` leaves it a verdict: not in `passed through`."""
        if following is None or following.kind in ("end", "break", "verdict"):
            return True
        if self.tokens[at].low in ENDING_WORDS:
            return following.text in (",", ";", ")")
        if following.text == CODE:
            return False
        if following.kind == "sign":
            return not (following.start == self.tokens[at].end and following.text in "-@/=" and after is not None)
        if following.low == "to" and self.tokens[at].low == "failed" and after and after.low == "pass":
            return at + 3 >= len(self.tokens) or self.tokens[at + 3].kind != "word"
        won = self.tokens[at].low.startswith("pass")
        if following.low in ("on", "in", "for", "at", *(() if won else ("by", "with"))) and after is not None:
            counted = after.text[0].isdigit() or after.low in QUANTITIES
            return not self.is_part(at) if won or PART.match(self.text, following.start) else not counted
        if following.low in ("the", "its", "all", "every", "each", "any", "both", "our"):
            rest = self.text[following.start : following.start + 80]
            match = CRITERIA.match(rest)
            return bool(match) and not re.search(
                r"(?i)control|premise|catastroph|lenient|null", match[0] if match else ""
            )
        return following.low in FOLLOWING_WORDS or following.low.endswith("ly")

    def is_part(self, at: int) -> bool:
        """Return whether the words after a token make its verdict one of some cells: `failed in 3 of 15 cells`."""
        part = PART.match(self.text[self.tokens[at].end : self.tokens[at].end + 80].lstrip())
        if part is None:
            return False
        won, whole = (SMALL.get(text.lower(), text) for text in (part["won"] or "", part["all"] or part["over"] or ""))
        return not (str(won).isdecimal() and str(whole).isdecimal() and int(won) >= int(whole))

    def is_lenient(self, at: int) -> bool:
        """Return whether a word for PASS is of the lenient tier alone: `passed leniently`."""
        return self.tokens[at].low.startswith("pass") and bool(LENIENTLY.match(self.text, self.tokens[at].end))

    def is_strict(self, at: int) -> bool:
        """Return whether a word like `passed` is said of the strict tier: `failed its strict criterion`."""
        rest = self.text[self.tokens[at].end : self.tokens[at].end + 80].lstrip()
        match = CRITERIA.match(rest)
        return match is not None and "strict" in match[0].lower().split()

    def is_catastrophic(self, at: int) -> bool:
        """Return whether a FAIL is called catastrophic: `FAIL (catastrophic)`, `failed catastrophically`."""
        after = [token.low for token in self.tokens[at + 1 : at + 4]]
        before = self.tokens[at - 1].low if at else ""
        return before == "catastrophic" or after == ["(", "catastrophic", ")"] or after[:1] == ["catastrophically"]

    def is_past(self, mention: Mention, at: int) -> tuple[bool, bool]:
        """Return whether a claim is of an earlier verdict, and whether it says about which version or date."""
        low = [token.low for token in self.tokens[at + 1 : at + 4]]
        once = (
            low[:2] == ["at", "first"] or bool(set(low[:1]) & EARLIER) or low[:2] in (["in", "v0"], ["in", "version"])
        )
        start = self.starts[min(mention.first, at)]
        between = {token.low for token in self.tokens[max(mention.first, at - 40) : at + 1]}
        begin = self.tokens[min(mention.first, at)].start
        line = self.text[max(self.tokens[start].start, begin - 200) : begin]
        end = min(at + 8, len(self.tokens))
        tail = self.text[self.tokens[at].end : self.tokens[end - 1].end] if end > at + 1 else ""
        dated = bool(
            DATED.search(line)
            or re.match(
                rf"\s*,?\s*\(?(?:in|until|before|at|as of|on) (?:{DATED.pattern.removeprefix('(?i)')})",
                tail,
                re.IGNORECASE,
            )
        )
        return once, dated and bool(between & PAST or re.search(r"\b(?:was|were|had)\b", line))
