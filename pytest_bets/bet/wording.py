"""How a section words its numbers: which way each is compared, and which are only sizes of something else.

English has no end of phrases, so nothing is refused for one that is not known here: only a number that the text
compares the other way than the marker does, and a number that counts something else where the text compares another.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from math import isclose
from typing import Final, Literal

from pytest_bets.bet.docstring import numbers_in
from pytest_bets.sentence.ast import Number, Sentence, subnodes

Way = Literal["up", "down"]

_MOST: Final = 200
"""The most numbers of a text that is read: the time that it takes is bounded."""
_WAYS: Final[Mapping[str, Way | None]] = {">": "up", ">=": "up", "<": "down", "<=": "down", "==": None}
_OTHER: Final[Mapping[Way, Way]] = {"up": "down", "down": "up"}
_NEAR: Final = 48
"""The number of characters around a number that are read."""
_FILLER: Final = r"(?:about |roughly |a (?:share|mean|median|total|factor|margin) of |by )?"
_SIGN: Final = r"(?:[-\u2212+]|minus |negative )?$"
_AFFIRMED: Final = r"(?<!no )(?<!not )(?<!n't )"
_UP: Final = (
    r"at least|at minimum|a minimum of|(?:no|not) (?:fewer|less|lower|smaller|worse) than|not (?:below|under)"
    rf"|{_AFFIRMED}(?:(?:more|greater|higher|larger|bigger) than(?: or equal to)?|above|exceeds?|exceeding)|>=?|≥|⩾"
)
_DOWN: Final = (
    r"at most|at maximum|a maximum of|(?:no|not) (?:more|greater|higher|larger|bigger) than|not (?:above|over|exceed)"
    r"|(?:does|do|must|may|can|will) not exceed|no longer than"
    rf"|{_AFFIRMED}(?:(?:fewer|less|lower|smaller) than(?: or equal to)?|below)|<=?|≤|⩽"
)
_UP_BEFORE: Final = re.compile(rf"(?:^|[\s(])(?:{_UP})\s*{_FILLER}{_SIGN}", re.IGNORECASE)
_DOWN_BEFORE: Final = re.compile(rf"(?:^|[\s(])(?:{_DOWN})\s*{_FILLER}{_SIGN}", re.IGNORECASE)
_UP_AFTER: Final = re.compile(
    r"(?:\s+[\w-]+)?\s+or (?:more|better|higher|above|over)\b|\s*\+(?=[\s.,;)]|$)", re.IGNORECASE
)
_DOWN_AFTER: Final = re.compile(r"(?:\s+[\w-]+)?\s+or (?:less|fewer|lower|below)\b", re.IGNORECASE)
_NEGATED: Final = re.compile(
    r"\b(?:not|no|never|none|nor|neither|cannot|without|unless|until|fails?|failing|lacks?|misses|missing|short|hardly"
    r"|\w+n't)\b(?! (?:fewer|less|lower|smaller|worse|more|greater|higher|larger|bigger|longer|below|above|under|over"
    r"|exceed)\b)[^.;:]*$",
    re.IGNORECASE,
)
_COUNTED: Final = re.compile(
    r"(?:^|[\s(])(?:on|with|after|using|across|per|during|from|given) (?:all |any |each |the |only )?$",
    re.IGNORECASE,
)
"""The number is the size of something that the sentence is about: `on 1 machine`, `after 100 steps`."""
_APART: Final = re.compile(
    r"(?:(?:^|[\s(])(?:after|using|during|given)|[,;(:]\s*(?:on|with|across|from)) (?:all |any |each |the |only )?$",
    re.IGNORECASE,
)
_WHOLE: Final = re.compile(
    r"(?:\d|\b(?:any|none|half|most|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|percent)|%|\))"
    r"(?: [\w-]+)? (?:out )?of (?:the |its |these |those |all )?$",
    re.IGNORECASE,
)
"""The number is the whole of which another one is a part: `12 of 15`."""
_MINUS: Final = re.compile(r"\b(?:minus|negative) $", re.IGNORECASE)
_TURNED_BEFORE: Final = re.compile(r"\bworse than [^.;:]*$", re.IGNORECASE)
_TURNED_AFTER: Final = re.compile(
    r"[^.,;:]*?\b(?:below|under|lower|less|fewer|smaller|worse|behind|down)\b", re.IGNORECASE
)
"""The number may be how far something lies below: `no worse than 0.1 below` is -0.1 or more."""
_PART: Final = re.compile(r"\s*(?:%|percent|per cent)?(?: [\w-]+)? (?:out )?of (?:the |its |all )?(?:\d|\w+\b)")
"""The number is the part: `12 of 15`."""
_ALL: Final = re.compile(r"\b(?:all|each of|every one of|exactly)(?: of)?(?: the| its| these)? $", re.IGNORECASE)


@dataclass(frozen=True)
class Stated:
    """A number in a text.

    `way` is the way that the words compare it, None where they do not say; `negative` whether it has a minus sign, and
    `turned` whether it may be the distance of something below; `compared` whether it is the subject of a
    comparison, or of `all 4`; `aside` whether it may be the size of something else, `apart` whether it surely is.
    """

    values: tuple[float, ...]
    way: Way | None
    negative: bool
    turned: bool
    compared: bool
    aside: bool
    apart: bool


def contradiction(text: str, sentences: Sequence[Sentence], sentence: Sentence) -> str | None:
    """Return why a text that states the threshold of a sentence says something else; None if it does not.

    `sentences` are all of the tier; the text's white space must be folded.
    """
    found = stated(text)
    own = [number for number in found if _is(number, sentence.threshold)]
    ways = {_way_to(sentence, number) for number in own} - {None}
    wanted = _WAYS[sentence.operator]
    others = {_like(sentence, each) for each in sentences if _alike(each.threshold, sentence.threshold)}
    if wanted and ways and wanted not in ways and not ways & others:
        if {number.way for number in own} - {None} == {wanted}:
            return "without its minus sign" if sentence.threshold < 0 else "with a minus sign"
        says = "a lower bound" if ways == {"up"} else "an upper bound"
        return f"as {says}, the marker as {'a lower' if wanted == 'up' else 'an upper'} one"
    if own and all(number.apart for number in own):
        return "as the size of something else"
    if own and all(number.aside for number in own):
        judged = [threshold for each in sentences for threshold in (each.threshold, *_within(each))]
        for number in found:
            if number.compared and not number.aside and not any(_is(number, threshold) for threshold in judged):
                return "as the size of something else, and compares another number"
    return None


def _way_to(sentence: Sentence, number: Stated) -> Way | None:
    """Return the way that a number compares the value: a fall of at least 0.1 is a change of -0.1 or less."""
    if number.negative == (sentence.threshold < 0) or number.way is None:
        return number.way
    return None if number.turned else _OTHER[number.way]


def _like(sentence: Sentence, other: Sentence) -> Way | None:
    """Return the way of another sentence with the same threshold, or with the same one without its sign."""
    way = _WAYS[other.operator]
    return way if way is None or (sentence.threshold < 0) == (other.threshold < 0) else _OTHER[way]


def _within(sentence: Sentence) -> Iterator[float]:
    """Yield the numbers inside the value of a sentence."""
    yield from (node.value for node in subnodes(sentence.value) if isinstance(node, Number))


def _is(number: Stated, threshold: float) -> bool:
    return any(_alike(value, threshold) for value in number.values)


def _alike(one: float, other: float) -> bool:
    return isclose(abs(one), abs(other), rel_tol=1e-12)


@lru_cache(maxsize=64)
def stated(text: str) -> tuple[Stated, ...]:
    """Return the numbers that a text states, in their order; none of a text that has more than any prose."""
    found = tuple(islice(numbers_in(text), _MOST + 1))
    return tuple(_stated(text, found)) if len(found) <= _MOST else ()


def _stated(text: str, found: Sequence[tuple[tuple[float, ...], int, int]]) -> Iterator[Stated]:
    for values, start, end in found:
        before, after = text[max(0, start - _NEAR) : start], text[end : end + _NEAR]
        if _UP_BEFORE.search(before):
            way: Way | None = "up"
        elif _DOWN_BEFORE.search(before):
            way = "down"
        else:
            way = "up" if _UP_AFTER.match(after) else "down" if _DOWN_AFTER.match(after) else None
        part = bool(_PART.match(after))
        compared = way is not None or part or bool(_ALL.search(before))
        aside = bool(_WHOLE.search(before)) or (not compared and bool(_COUNTED.search(before)))
        apart = not compared and bool(_APART.search(before))
        sure = None if way and _NEGATED.search(before) else way
        negative = values[0] < 0 or bool(_MINUS.search(before))
        turned = bool(_TURNED_BEFORE.search(before) or _TURNED_AFTER.match(after))
        yield Stated(tuple(map(abs, values)), sure, negative, turned, compared, aside or apart, apart)
