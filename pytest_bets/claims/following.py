"""Follow the words after a bet up to the verdict that they lead to, word by word."""

from collections.abc import Sequence

from pytest_bets.claims.asides import is_closed
from pytest_bets.claims.block import CODE
from pytest_bets.claims.claim import Claim, Way
from pytest_bets.claims.clauses import Clauses
from pytest_bets.claims.fold import Token
from pytest_bets.claims.lexicon import (
    CLOSE_WORDS,
    DENIALS,
    DONE_TO,
    EARLIER,
    FALSIFIED,
    HEADS,
    LEADING_SIGNS,
    LEADING_WORDS,
    MODALS,
    NOISY,
    PHRASES,
    PREPOSITIONS,
    SOFT,
    WAS,
    denied,
    word,
)
from pytest_bets.claims.mentions import Mention


class Following(Clauses):
    """Reads what the words after a mention say of it."""

    def __init__(self, text: str, tokens: Sequence[Token], mentions: Sequence[Mention]) -> None:
        super().__init__(text, tokens, mentions)
        self.begins = {mention.first: index for index, mention in enumerate(self.mentions)}

    def after(self, mention: Mention) -> Claim | None:
        """Return the claim that the words after a mention lead to, if they do nothing else."""
        way = Way(mention.last + 1)
        known = mention.certain or any(name[0].isdigit() for name in mention.bets)
        for _ in range(40):
            token = self.tokens[way.at] if way.at < len(self.tokens) else None
            if token is None or way.at in self.inside or token.kind in ("end", "break"):
                return None
            if token.kind == "verdict":
                return None if self.is_no_claim(way.at) else self._claim(mention, way.at, way)
            if token.low in SOFT and self._is_soft(mention, way):
                return self._claim(mention, way.at, way)
            if not (self._step_sign(way, token) if token.kind == "sign" else self._step_word(way, token, known=known)):
                return None
        return None

    def _step_sign(self, way: Way, token: Token) -> bool:
        """Go past a sign, words in brackets, or an apposition; return whether the way goes on."""
        if token.text == "(":
            close = self._closing(way.at)
            inner = self.tokens[way.at + 1] if way.at + 1 < len(self.tokens) else token
            if inner.kind == "verdict" or inner.low in SOFT or inner.low in LEADING_WORDS or inner.low in DENIALS:
                way.at, way.signs = way.at + 1, True
            else:
                named = self.begins.get(way.at + 1)
                way.at = (close or way.at) + 1
                if named is not None and is_closed(self.tokens, self.mentions[named]):
                    return False  # `alpha beats beta of bet 1 (bet 3): FAIL`
            return close is not None
        if way.commas == 0 and token.text in (",", "–", "—"):
            way.commas, way.signs = 1, way.signs or token.text != ","
            way.at = self._past_apposition(way.at)
            return True
        way.signs, way.at = True, way.at + 1
        return token.text in LEADING_SIGNS or not (token.text.isascii() or token.text == CODE)

    def _step_word(self, way: Way, token: Token, *, known: bool) -> bool:
        """Go past a word that leads to a verdict; return whether the way goes on."""
        low = token.low
        phrase = next((phrase for phrase in PHRASES if self.text.startswith(phrase, token.start)), "")
        way.at += len(phrase.split()) or 1
        way.past = way.past or phrase == "at first" or low in EARLIER
        way.was = way.was or low in WAS
        if phrase:
            return True
        if low in DENIALS or low.endswith("n't"):
            way.negated = True
            return True
        if low in MODALS:
            denied = [token.low for token in self.tokens[way.at : way.at + 2]] == ["not", "be"]
            way.maybe = way.maybe or not (low == "could" and denied)
            return True
        return (low in LEADING_WORDS or (low.endswith("ly") and low.isalpha())) and (known or low in CLOSE_WORDS)

    def _past_apposition(self, at: int) -> int:
        """Return what follows a comma, or the next comma where words of an apposition lie between."""
        following = self.tokens[at + 1] if at + 1 < len(self.tokens) else None
        if following and (following.kind == "verdict" or following.low in SOFT):
            return at + 1
        for close in range(at + 1, min(at + 16, len(self.tokens))):
            token = self.tokens[close]
            if token.kind in ("end", "break", "verdict") or close in self.inside:
                break
            if token.text == self.tokens[at].text:
                after = self.tokens[close + 1] if close + 1 < len(self.tokens) else token
                leads = after.kind == "verdict" or after.low in SOFT or after.low in LEADING_WORDS
                return close + 1 if leads else at + 1
        return at + 1

    def _closing(self, at: int) -> int | None:
        for close in range(at + 1, min(at + 60, len(self.tokens))):
            if self.tokens[close].text == ")":
                return close
            if self.tokens[close].kind == "break":
                return None
        return None

    def _is_soft(self, mention: Mention, way: Way) -> bool:
        """Return whether an ordinary word says the verdict of a mention that leads to it."""
        at, signs = way.at, way.signs
        token = self.tokens[at]
        following = self.tokens[at + 1] if at + 1 < len(self.tokens) else None
        after = self.tokens[at + 2] if at + 2 < len(self.tokens) else None
        if token.low in DONE_TO and not way.was and not signs:
            return False
        if token.kind == "sign":
            return following is None or following.kind in ("end", "break", "sign")
        if self.is_question(at) or self.is_condition(mention.first):
            return False
        before = self.tokens[mention.first - 1].low if mention.first else ""
        if before in ("the", "our") and mention.first > 1:
            before = self.tokens[mention.first - 2].low
        joined = [item.low for item in self.tokens[max(0, mention.first - 3) : mention.first]] == ["as", "well", "as"]
        if not signs and before in PREPOSITIONS and not joined:
            head = self.tokens[mention.first - 2].low if mention.first > 1 else ""
            if head not in HEADS:
                return False
        return self.may_end(at, following, after)

    def _claim(self, mention: Mention, at: int, way: Way) -> Claim:
        token = self.tokens[at]
        capital = token.kind == "verdict"
        exact = word(token.text) if capital else ""
        allowed = frozenset({exact.partition(",")[0]}) if capital else SOFT[token.low]
        allowed = frozenset({"LENIENT"}) if not capital and self.is_lenient(at) else allowed
        if not capital and self.is_strict(at):  # which a LENIENT bet misses, and one in the noise may meet
            allowed |= {NOISY} if "PASS" in allowed else {"LENIENT"}
        apart = allowed <= {"FAIL", FALSIFIED} and "," not in exact and self.is_catastrophic(at)
        exact = "FAIL, catastrophic" if apart else exact
        past, dated = self.is_past(mention, at)
        return Claim(
            mention,
            denied(frozenset() if apart else allowed) if way.negated else allowed,
            at,
            exact if "," in exact and not way.negated else "",
            apart=apart,
            bound=not (capital and way.maybe),
            capital=capital,
            negated=way.negated,
            past=past or way.past,
            dated=dated,
            was=bool({token.low for token in self.tokens[max(0, at - 12) : at]} & {"was", "were", "had", "used"}),
            maybe=way.maybe,
        )

    def said(self, mention: Mention, at: int) -> Claim:
        """Return the claim of a verdict, a word or a sign that is known to be of a mention."""
        return self._claim(mention, at, Way(at))

    def is_said(self, mention: Mention, at: int) -> bool:
        """Return whether an ordinary word says the verdict of a mention that is understood."""
        return self._is_soft(mention, Way(at, signs=at > 0, was=True))
