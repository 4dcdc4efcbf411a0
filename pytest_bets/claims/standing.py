"""Decide whether a block says about a bet that its claim is retracted or withdrawn.

    Bet 37 was retracted    the retracted bet 37    we withdrew bet 38    bet 37's claim has been overturned
    Bet 37: FAIL, and retracted by bet 46    Bet 37 (retracted)    Bet 37 shows it. It was retracted.

The words must be of that bet: its number, `it`, `the claim` and the like are their subject or their object. A denial, a
possibility, a question, and words of something else do not count.
"""

import re
from collections.abc import Collection, Sequence
from typing import Final

from pytest_bets.claims.clauses import sentences
from pytest_bets.claims.fold import Token
from pytest_bets.claims.lexicon import words
from pytest_bets.claims.mentions import Mention

_WORDS: Final = {
    "retracted": re.compile(r"retract(?:s|ed|ion)?|overturn(?:s|ed)?"),
    "withdrawn": re.compile(r"withdraw(?:s|n|al)?|withdrew"),
}
_DENIED: Final = words(
    "not no never nobody none neither nor cannot nothing without hardly unless if whether would should could "
    "might may must will can almost nearly yet refuse refuses refused refusing deny denies denied reject "
    "rejects rejected demand demands demanded calls called call rumour rumours rumor allegedly supposedly "
    "falsely wrongly threatened lifted reversed undone unfounded survive survives survived escape escaped "
    "avoid avoids avoided against instead unlike far resist resists resisted wanted tried"
)
_DOUBTED: Final = words(
    "want wants wanted wish wishes nobody deny denies denied false untrue rumour rumours if whether unless wrongly"
)
"""Words before a bet that take back what is said after it."""
_LEADING: Final = words(
    "one two three of among our to stands claimed forced was is are were be been being has have had since "
    "later now then also both all since thus therefore hence already finally soon today again so here too "
    "fully formally publicly afterwards eventually subsequently itself but and yet though although however s "
    "a the s still must considered regarded"
)
_RESUMES: Final = words("was is has it were are had since now later therefore this the")
_AUXILIARY: Final = words("was is are were be been being")
_AFTER_NOUN: Final = words("followed follows of by came notice")
_BEGINNING: Final = words("and but so since as because that yet now then while why when though although how if")
_WHICH: Final = frozenset({"which", "that", "who"})
_PRONOUNS: Final = words("it this that they both these those latter former")
_NOUNS: Final = words("claim claims bet bets result results finding findings hypothesis headline conclusion statement")
_OWN: Final = words("the this that its their these those our s published headline original whole of")
_OURS: Final = words("we i authors author us lab")
_CONSIDERED: Final = words("considered regarded")
_SINCE: Final = words("since now later therefore thus already finally")
_OBJECT: Final = words("the claim claims of our my result results finding headline for : now since")
_TITLE: Final = re.compile(
    r"(?i)\W*(?:the )?(?:(?:bets|claims) (?:that (?:were|are|have been) )?)?(retracted|withdrawn)"
    r"(?:,? (?:or|and) (retracted|withdrawn))?(?: (?:bets|claims))?\W*"
)


def title(text: str) -> frozenset[str]:
    """Return what a heading or a table's column says about all bets below it: retracted, withdrawn, or nothing."""
    match = _TITLE.fullmatch(text)
    return frozenset(word.lower() for word in match.groups() if word) if match else frozenset()


class Sayings:
    """What one block says about claims that are gone."""

    def __init__(self, tokens: Sequence[Token], mentions: Sequence[Mention], subject: Mention | None) -> None:
        """Read a block; `subject` is the bet of a table row."""
        self.tokens, self.mentions, self.subject = tokens, mentions, subject
        self.starts, self.ends = sentences(tokens)
        self.of = {at: mention for mention in mentions for at in range(mention.first, mention.last + 1)}
        self.preceding: list[Mention | None] = []
        last: Mention | None = None
        for at in range(len(tokens)):
            self.preceding.append(last)
            last = self.of.get(at, last)

    def says(self, names: Collection[str], gone: Collection[str]) -> bool:
        """Return whether the block says it of the bet that has these names."""
        return any(
            any(_WORDS[state].fullmatch(token.low) for state in gone) and self._is_of(at, names)
            for at, token in enumerate(self.tokens)
            if token.kind == "word" and at not in self.of
        )

    def retracters(self, names: Collection[str]) -> list[Mention]:
        """Return the bets that are said to retract it: `bet 37, retracted by bet 46`, `bet 46 retracts bet 37`."""
        found = []
        for at, token in enumerate(self.tokens[:-1]):
            if at in self.of or not _WORDS["retracted"].fullmatch(token.low) or not self._is_of(at, names):
                continue
            by = self.of.get(at + 2) if self.tokens[at + 1].low == "by" else None
            if by is None and self._object(at, self.ends[at]):
                by = self.of.get(at - 1)
            found += [by] if by and by.certain and not by.others else []
        return found

    def _is_of(self, at: int, names: Collection[str]) -> bool:
        start, end = self.starts[at], self.ends[at]
        if end < len(self.tokens) and "?" in self.tokens[end].text:
            return False
        clause = self._clause(at, start)
        words = [token.low for token in self.tokens[clause : min(end, at + 12)]]
        denied = _DENIED - {"must"} if self.tokens[at - 1].low in _CONSIDERED else _DENIED
        if any(word in denied or word.endswith("n't") for word in self._own(clause, at)):
            return False
        if self._is_doubted(clause, start):
            return False
        if self.tokens[at].low in ("retraction", "withdrawal"):
            following = self.tokens[at + 1] if at + 1 < len(self.tokens) else None
            if following is not None and following.kind == "word" and following.low not in _AFTER_NOUN:
                return False
            if set(words) & _DENIED and not (following and following.text == ":"):
                return False
        named = self._object(at, end) or self._subject(at, start)
        return bool(named and set(named.bets) & set(names))

    def _is_doubted(self, clause: int, start: int) -> bool:
        """Return whether the words before a bet take back what is said after it: `who wants bet 37 retracted`."""
        for here in range(clause - 1, max(start, clause - 12) - 1, -1):
            if self.tokens[here].text == ",":
                return False
            if self.tokens[here].low in _DOUBTED:
                return True
        return False

    def _own(self, clause: int, at: int) -> list[str]:
        """Return the words of the clause before the word, and the one after it."""
        return [token.low for token in self.tokens[clause : at + 2]]

    def _clause(self, at: int, start: int) -> int:
        """Return where the clause of a word begins: after a sign that separates, or a bet and its verdict."""
        for here in range(at - 1, max(start, at - 60) - 1, -1):
            token = self.tokens[here]
            if token.low in ("and", "but", "so", ",") and self.tokens[here + 1].low in _RESUMES:
                return here + 1
            if token.text in (";", ":", "(", ")", "—", "–") or token.kind == "verdict" or here in self.of:
                return here + 1
        return max(start, at - 60)

    def _object(self, at: int, end: int) -> Mention | None:
        """Return the bet that is retracted by someone: `we retracted the claim of bet 37`, `the retracted bet 37`."""
        here = at + 1
        by = self.of.get(at - 1)
        if here < end and self.tokens[here].low == "it" and by is not None:
            return self.preceding[by.first]  # `bet 5 passed, but bet 6 retracted it`
        if self._is_that_claim(here, end) and {token.low for token in self.tokens[max(0, at - 3) : at]} & _OURS:
            return self.preceding[at]
        if (
            here < end
            and self.tokens[here].low in ("it", "them")
            and at
            and self.tokens[at - (2 if self.tokens[at - 1].low in _SINCE else 1)].low in {*_OURS, "have"}
        ):
            return self.preceding[at] or self._following(at)
        while here < min(end, at + 6) and here not in self.of and self.tokens[here].low in _OBJECT:
            here += 1
        if here >= end or here not in self.of:
            return None
        start = self.starts[at]
        before = [token.low for token in self.tokens[max(start, at - 3) : at]]
        doer = not before or before[-1] in {
            *_OURS,
            *_WHICH,
            "this",
            "our",
            "my",
            "have",
            "has",
            "and",
            "the",
            "since",
            "now",
            "was",
            "a",
        }
        doer = doer or before[-2:] in (["had", "to"], ["us", "to"]) or self.tokens[at - 1].kind == "verdict"
        mention = self.of.get(at - 1)
        adverb = bool(before) and before[-1].endswith("ly")
        return self.of[here] if doer or adverb or mention or self.tokens[at - 1].kind == "sign" else None

    def _is_that_claim(self, here: int, end: int) -> bool:
        """Return whether `that claim` or the like, and nothing of it, follows."""
        low = [token.low for token in self.tokens[here : min(end, here + 3)]]
        return low[:1] in (["that"], ["this"], ["the"]) and low[1:] in (["claim"], ["claim", ","], ["claim", ";"])

    def _subject(self, at: int, start: int) -> Mention | None:
        """Return the bet that the word is said of, from the words before it."""
        if self.subject and self.tokens[at].text[0].isupper():
            return self.preceding[at] or self.subject
        if self.tokens[at].low.endswith(("s", "w")):
            return None  # `withdrew` and `retracts` say what someone does
        here, joined, passive = at - 1, False, self.tokens[at].low in ("retraction", "withdrawal")
        while here >= start and here not in self.of:
            token = self.tokens[here]
            low = token.low
            passive = passive or low in _AUXILIARY
            if low in _NOUNS and not joined:
                alone = here == start or self.tokens[here - 1].kind == "sign"
                return self._noun(here, start) if passive or alone else None
            if low in ("latter", "former") and passive:
                return self.preceding[here]
            if low in _PRONOUNS and not (passive and self._begins(here, start)):
                return None
            if token.text == ")" and (opened := self._opened(here, start)):
                here = opened - 1
                continue
            if low in _PRONOUNS and not (low == "that" and here - 1 in self.of):
                return self.preceding[here] or self.subject
            if token.text == "(":
                inner = self.of.get(here - 1) or self.subject
                return inner or (self.preceding[here] if self.tokens[here - 1].kind in ("verdict", "end") else None)
            if low in _WHICH:
                return self.of.get(here - 1) or (self.of.get(here - 2) if self.tokens[here - 1].text in ",)" else None)
            if not (low in _LEADING or low.endswith("ly") or token.kind in ("sign", "verdict")):
                return self._coordinated(start) if joined else None
            if low == "," and (outer := self._apposition(here, start)):
                return outer
            joined = joined or low in ("and", "but", "yet", "though")
            here -= 1
        if here in self.of:
            mention = self.of[here]
            by = mention.first > start and self.tokens[mention.first - 1].low == "by"
            return self._coordinated(start) if joined and by else mention
        return self.preceding[at] or self.subject or self._following(at)

    def _begins(self, here: int, start: int) -> bool:
        """Return whether a pronoun is the subject of a clause, and not what a verb before it is about."""
        return (
            here == start
            or here - 1 in self.of
            or self.tokens[here - 1].kind == "sign"
            or self.tokens[here - 1].low in _BEGINNING
        )

    def _opened(self, close: int, start: int) -> int | None:
        """Return the bracket that a bracket closes."""
        return next((at for at in range(close - 1, max(start, close - 30), -1) if self.tokens[at].text == "("), None)

    def _apposition(self, comma: int, start: int) -> Mention | None:
        """Return the bet before an apposition: `the result of bet 37, a sixfold win, was retracted`."""
        for here in range(comma - 1, max(start, comma - 12), -1):
            if self.tokens[here].text == ",":
                return self.of.get(here - 1)
        return None

    def _noun(self, here: int, start: int) -> Mention | None:
        before = here - 1
        while before >= start and before not in self.of and self.tokens[before].low in _OWN | {"'", "’", "-"}:
            before -= 1
        if before in self.of:
            return self.of[before]
        alone = before < start or self.tokens[before].kind != "word" or self.tokens[before].low in _LEADING
        whose = self.tokens[here - 1].low if here > start else ""
        if not alone or whose == "their":
            return None
        return self.preceding[here] or self.subject

    def _coordinated(self, start: int) -> Mention | None:
        """Return the subject of the sentence: `Bet 37 claimed a win, and was retracted`."""
        here = start
        while (
            here < len(self.tokens)
            and here not in self.of
            and (self.tokens[here].low in ("the", "our", "claim", "of") or self.tokens[here].kind == "sign")
        ):
            here += 1
        return self.of.get(here)

    def _following(self, at: int) -> Mention | None:
        return next((self.of[here] for here in range(at + 1, min(at + 40, self.ends[at])) if here in self.of), None)
