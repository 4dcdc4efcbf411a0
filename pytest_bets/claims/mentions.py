"""Find the bets that a block names: numbers, ids, lists and ranges of them.

    Bet 46    bets 11, 15 and 45    Bets 5-7    bet no. 6    Bet #6    bet dropout    [46_norm](46_norm.json)

An id may be an ordinary word, so it counts only with a verdict, as the text of a link, or alone in a cell of a table.
A bet of others is named as such, where the reader sees it: "their bet 6", "Smith's bet 6", "bet 6 (not ours)", "bet 6
of another catalogue", "bet 6 in Smith et al.".
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pytest_bets.claims.fold import Token
from pytest_bets.claims.lexicon import SMALL, words

_BETTORS: Final = words(
    "i we you they he she who people nobody anyone everyone somebody i'd we'd you'd they'd i'll we'll would "
    "will could can should must might may never don't didn't won't wouldn't not"
)
_UNITS: Final = words(
    "dollar dollars euro euros pound pounds cent cents buck bucks coin coins chip chips yen percent per times "
    "years days weeks months hours minutes seconds million billion thousand k usd eur to that on points "
    "people of"
)
_AMOUNTS: Final = words("a minimum maximum min max every any each single")
_THEIR: Final = words("their theirs another other other's others' rivals' rival's somebody's someone's")
_NOT_OTHERS: Final = words("today's yesterday's bet's project's our's it's that's here's let's what's there's")
_ELSEWHERE: Final = re.compile(
    r"\s*[,(]?\s*(?:not\ (?:one\ of\ )?(?:ours|our\ own|our\ bets?)\b"
    r"|(?:of|in|from|by)\ (?:an)?(?:other|a\ different|their|someone\ else's|somebody\ else's)\b"
    r"|(?:of|in|from|by)\ [A-Z][\w-]+\ et\ al\b"
    r"|(?:of|in|from|by)\ (?:the\ )?(?!Git)[A-Z][\w-]*(?:\ [A-Z][\w-]*){0,3}(?:'s)?\ "
    r"(?:catalogue|catalog|paper|project|group|lab|team|collection)\b)"
)
_LEADS: Final = words(
    "that which have has all are is were passed failed pass fail passes fails passing failing falsified"
)
_JOINTS: Final = frozenset({",", "/", "&", "+", "and", "or", "nor", "plus"})
_TO: Final = frozenset({"-", "–", "—", "−", "‐", "‑", "to", "through", "thru", "till", "until", "…", "..", "..."})
_MARKS: Final = frozenset({"#", "°", ".", "(", "[", '"', "'", "“", "‘", "«", "_", "-", "‐", "‑", ":", "="})
_ROMAN: Final = re.compile(r"(?P<ten>X{0,3})(?P<five>IX|IV|V)?(?P<one>I{0,3})")
_NUMBERED: Final = re.compile(r"(?i)bets?([_-]?)0*(\d{1,9})")


@dataclass
class Mention:
    """Bets named together: numbers or ids, and the first and last token.

    `certain` is false for a form that counts only with a verdict. `others` says that they are bets of others,
    `everyone` that they are all bets, as in `all bets passed`.
    """

    bets: list[str]
    first: int
    last: int
    certain: bool = True
    others: bool = False
    everyone: bool = False
    ranges: list[tuple[int, int]] = field(default_factory=list)
    longer: "Mention | None" = None
    """The same with more bets, as in `Bet 5, 6: PASS`, which holds if a verdict follows."""


class Finder:
    """Finds mentions in tokens; `ids` are the ids of the bets, `numbers` the ids by number."""

    def __init__(self, numbers: Mapping[int, str], ids: Collection[str]) -> None:
        self.numbers = sorted(numbers)
        self.known = frozenset(str(number) for number in numbers)
        self.ids = frozenset(ids)
        self.all = [*(str(number) for number in self.numbers), *sorted(self.ids - set(numbers.values()))]

    def find(self, text: str, tokens: Sequence[Token]) -> list[Mention]:
        """Return the mentions in a block, in order."""
        found: list[Mention] = []
        at = 0
        while at < len(tokens):
            mention = self._at(text, tokens, at) or (self._continued(tokens, at) if found else None)
            if mention is None:
                at += 1
                continue
            found.append(mention)
            at = mention.last + 1
        return found

    def _at(self, text: str, tokens: Sequence[Token], at: int) -> Mention | None:
        token = tokens[at]
        if token.kind != "word":
            return None
        if numbered := _NUMBERED.fullmatch(token.text):
            certain = bool(numbered[1])
            return Mention([numbered[2]], at, at, certain) if numbered[2] in self.known or certain else None
        if token.low not in ("bet", "bets"):
            bare = re.sub(r"['’]s$", "", token.text).removeprefix("bet_")
            return (
                Mention([bare], at, at, certain=False)
                if bare in self.ids and bare[0].isdigit() and "_" in bare
                else None
            )
        if at and tokens[at - 1].end == token.start and tokens[at - 1].text in "-‐‑_":
            return None
        mention = self._list(tokens, at, several=token.low == "bets")
        if mention is None or self._is_verb(tokens, at, mention) or _is_count(tokens, at, mention):
            return None
        mention.others = self._is_of_others(text, tokens, at, mention)
        if mention.longer:
            mention.longer.others = mention.others
        return mention

    def _continued(self, tokens: Sequence[Token], at: int) -> Mention | None:
        """Return numbers that go on with a list of verdicts: `bets 5 and 7: PASS, 6 and 46: FAIL`."""
        if not at or tokens[at - 1].text not in (",", ";") or tokens[at - 2].kind != "verdict":
            return None
        first = self._item(tokens, at)
        if first is None or first[0] not in self.known:
            return None
        mention = self._rest(tokens, Mention([first[0]], at, first[1]))
        following = tokens[mention.last + 1 : mention.last + 3]
        return mention if [token.kind for token in following] == ["sign", "verdict"] else None

    def _list(self, tokens: Sequence[Token], at: int, *, several: bool) -> Mention | None:
        """Read numbers or ids after the word `bet`."""
        start, certain = at + 1, True
        if several:
            start = self._led(tokens, start)
        while start < len(tokens) and (
            tokens[start].low in ("no", "nr", "n", "nos", "number", "numbers", "id", "ids", "num")
            or (tokens[start].text in _MARKS and start - at < 4)
        ):
            certain = certain and tokens[start].text not in (":", "=", "-", "_", "‐", "‑")
            start += 1
        first = self._item(tokens, start)
        if first is None:
            return None
        certain = certain and not (several and start == at + 2 and tokens[at + 1].text in (":", "="))
        mention = Mention([first[0]], at, first[1], certain and first[2])
        longer = self._rest(tokens, mention)
        counted = longer.last + 1 < len(tokens) and tokens[longer.last + 1].kind == "verdict"
        if start > at + 1 and tokens[start - 1].text in (":", "=") and several and counted:
            return None  # a count: `32 bets: 17 PASS`
        if several or longer.ranges:
            return longer
        mention.longer = longer if longer.last > mention.last else None
        return mention

    def _led(self, tokens: Sequence[Token], start: int) -> int:
        """Return where the list begins in `bets that passed: 5 and 6`."""
        for here in range(start, min(start + 5, len(tokens) - 1)):
            if tokens[here].text == ":" and self._item(tokens, here + 1):
                return here + 1
            if tokens[here].text == "," and here == start:
                return here + 1
            if tokens[here].kind != "verdict" and tokens[here].low not in _LEADS:
                break
        return start

    def cell(self, tokens: Sequence[Token], first: int, end: int) -> Mention | None:
        """Return the bets that a cell of a column of bets begins with, and the words that may follow."""
        while first < end and tokens[first].kind == "sign":
            first += 1
        item = self._item(tokens[:end], first) if first < end else None
        if item is None:
            return None
        mention = self._rest(tokens[:end], Mention([item[0]], first, item[1], certain=False))
        following = tokens[mention.last + 1] if mention.last + 1 < end else None
        return mention if following is None or following.kind == "sign" else None

    def _rest(self, tokens: Sequence[Token], first: Mention) -> Mention:
        """Read on after the first bet of a list."""
        longer = Mention(list(first.bets), first.first, first.last, first.certain)
        while len(longer.bets) < 10_000:
            at = longer.last + 1
            joint = tokens[at].low if at < len(tokens) else ""
            if (
                joint in _TO
                and (item := self._item(tokens, at + 1))
                and item[0].isdecimal()
                and longer.bets[-1].isdecimal()
            ):
                low, high = int(longer.bets[-1]), int(item[0])
                if low >= high:
                    break
                longer.ranges.append((low, high))
                inside = [str(number) for number in self.numbers if low < number < high]
                longer.bets += [*inside, item[0]]
                longer.last = item[1]
                continue
            if joint not in _JOINTS:
                break
            if joint == "," and at + 1 < len(tokens) and tokens[at + 1].low in ("and", "or", "&"):
                at += 1
            item = self._item(tokens, at + 1)
            if item is None or self._counts(tokens, item[1]):
                break
            longer.bets.append(item[0])
            longer.certain = longer.certain and item[2]
            longer.last = item[1]
        return longer

    def _item(self, tokens: Sequence[Token], at: int) -> tuple[str, int, bool] | None:
        """Return a number or an id, its last token, and whether it is certain to name a bet."""
        if at < len(tokens) and tokens[at].text == "#":
            at += 1
        if at >= len(tokens) or tokens[at].kind != "word":
            return None
        text = tokens[at].text
        if text.isdecimal() and len(text) <= 9:
            following = tokens[at + 1] if at + 1 < len(tokens) else None
            if following and following.start == tokens[at].end:
                after = tokens[at + 2] if at + 2 < len(tokens) else None
                decimal = (
                    (following.text == "." or (following.text == "," and after and after.text not in self.known))
                    and after
                    and after.start == following.end
                    and after.text[0].isdigit()
                )
                if following.text in ("%", "@") or decimal:
                    return None
            close = at + 1 if following and following.text in (")", "]", '"', "”", "’", "»", "'") else at
            opened = tokens[at - 1].text in ("(", "[", '"', "“", "‘", "«", "'")
            return str(int(text)), close if opened else at, True
        bare = re.sub(r"['’]s$", "", text)
        following = tokens[at + 1] if at + 1 < len(tokens) else None
        if bare in self.ids and not (following and following.text == "-" and following.start == tokens[at].end):
            return bare, at, False
        if text.lower() in SMALL and str(SMALL[text.lower()]) in self.known:
            return str(SMALL[text.lower()]), at, False
        if roman := _ROMAN.fullmatch(text):
            number = sum(value * len(roman[name]) for name, value in (("ten", 10), ("one", 1)))
            number += {"": 0, "V": 5, "IX": 9, "IV": 4}[roman["five"] or ""]
            if number > 1 and str(number) in self.known:
                return str(number), at, False
        return None

    def _counts(self, tokens: Sequence[Token], at: int) -> bool:
        """Return whether a number is a count: `12 of 15 cells`."""
        following = tokens[at + 1] if at + 1 < len(tokens) else None
        return following is not None and (
            following.low
            in ("of", "out", "cells", "runs", "seeds", "steps", "wins", "users", "more", "other", "others")
            or following.low in _UNITS - {"to", "that", "on"}
        )

    def _is_verb(self, tokens: Sequence[Token], at: int, mention: Mention) -> bool:
        """Return whether `bet` is the verb, as in `I bet 100 dollars`."""
        before = tokens[at - 1] if at else None
        after = tokens[mention.last + 1] if mention.last + 1 < len(tokens) else None
        known = all(name in self.known or name in self.ids for name in mention.bets)
        if tokens[at].text == "bet" and before and before.low in _BETTORS:
            return True
        if before and before.low in _AMOUNTS and not (known and tokens[at].text == "bets"):
            return True
        if before and before.low == "to" and not known:
            return True
        amount = after is not None and after.low in _UNITS
        if amount and after is not None and after.low == "of":
            following = tokens[mention.last + 2] if mention.last + 2 < len(tokens) else None
            amount = not known and following is not None and following.text[0].isdigit()
        if amount and after is not None and after.low in ("to", "that", "on", "per", "of"):
            return not known and tokens[at].text == "bet"
        return amount and (not known or tokens[at].text == "bet")

    def _is_of_others(self, text: str, tokens: Sequence[Token], at: int, mention: Mention) -> bool:
        for before in reversed(tokens[max(0, at - 3) : at]):
            if before.kind != "word" and before.text not in ("'", "’"):
                break
            if before.low in _THEIR or before.low in ("rivals", "others"):
                return True
            if before.low.endswith(("'s", "s'")) and before.text[0].isupper() and before.low not in _NOT_OTHERS:
                return True
        return bool(_ELSEWHERE.match(text, tokens[mention.last].end))


def _is_count(tokens: Sequence[Token], at: int, mention: Mention) -> bool:
    """Return whether the word counts bets and a comma ends the count, as in `32 bets, 21 at risk`."""
    amount = tokens[at - 1].text if at else ""
    led = at + 1 < len(tokens) and tokens[at + 1].text == ","
    return led and amount.isdecimal() and int(amount) != len(mention.bets)
