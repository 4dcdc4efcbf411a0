"""The docstring of a bet file: a title line and named sections."""

import inspect
import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

REQUIRED: Final = ("Hypothesis", "Strict", "Lenient", "Catastrophic", "Run")
OPTIONAL: Final = ("Control", "Premise", "Known", "Scope", "Null", "Odds")
SECTIONS: Final = (*REQUIRED, *OPTIONAL)

_HEADER: Final = re.compile(r"([A-Z][A-Za-z]*):(?:\s+(.*))?$")
_LOOKALIKE: Final = re.compile(r"[\s>#*_`+-]*([A-Za-z]+)[*_`]*\s*(?::|$)")
"""The start of a line that may be a misspelled header: in lower case, indented, in a list or emphasised."""
_CONTEXT: Final = 40
"""The number of characters around a word that decide whether it is a number."""
_PERCENT: Final = r"\s*(%|percent\b|per cent\b)?"
_NUMBER: Final = re.compile(
    rf"(?<![\w.])([-\u2212+]?(?:\d{{1,3}}(?:,\d{{3}})+|\d+(?:_\d+)*)?(?:\.\d+|(?<=\d))(?:[eE][-+]?\d+)?){_PERCENT}"
)
_NAMES: Final = (
    *("zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_WORDS: Final = {word: number for number, word in enumerate(_NAMES)}
_WORD: Final = re.compile(rf"(?<![\w-])({'|'.join(_WORDS)})(?![\w-]){_PERCENT}", re.IGNORECASE)
_QUANTITIES: Final = {"never": 0.0, "none": 0.0, "half": 0.5, "twice": 2.0}
_QUANTITY: Final = re.compile(rf"(?<![\w-])(?<!and a )({'|'.join(_QUANTITIES)})(?![\w-])", re.IGNORECASE)
_PART_BEFORE: Final = re.compile(r"\b(?:\w+ty|(?:hundred|thousand|million)(?: and)?|point) $", re.IGNORECASE)
_PART_AFTER: Final = re.compile(
    r" (?:hundred|thousand|million|billion|dozen|point|and a|hal(?:f|ves)|third|quarter|fifth|sixth|seventh|eighth"
    r"|ninth|tenth|hundredth|thousandth)s?\b",
    re.IGNORECASE,
)
"""The word is part of another number: `twenty two`, `two thirds`."""
_COUNT_BEFORE: Final = re.compile(r"\b(?:least|most|than|exactly|only|above|below|over|under) $", re.IGNORECASE)
_COUNT_AFTER: Final = re.compile(r" (?:of|out of|in)\b", re.IGNORECASE)
"""The word `one` is a number here; elsewhere it is a pronoun."""


@dataclass(frozen=True)
class Section:
    """A named section: its text with white space folded, and its first line in the docstring, from 0."""

    name: str
    text: str
    line: int


@dataclass(frozen=True)
class Docstring:
    """A docstring's title, text and sections in order; `offset` is the number of lines before the title."""

    title: str
    text: str
    sections: tuple[Section, ...]
    offset: int = 0

    def section(self, name: str) -> Section | None:
        """Return the first section of that name."""
        return next((section for section in self.sections if section.name == name), None)

    def lookalike(self, name: str) -> int | None:
        """Return the line in the docstring, from 0, that may be a misspelled header of that section."""
        for line, text in enumerate(self.text.splitlines()):
            match = _LOOKALIKE.match(text)
            if match and match[1].casefold() == name.casefold() and not _HEADER.match(text):
                return line + self.offset
        return None

    def section_text(self, name: str) -> str:
        """Return the text of the section of that name, or an empty string."""
        section = self.section(name)
        return section.text if section else ""


def read(raw: str) -> Docstring:
    """Split a docstring, as written in the source, into title and sections."""
    text = inspect.cleandoc(raw)
    offset = len(raw) - len(raw.lstrip("\n"))
    lines = text.splitlines() or [""]
    sections: list[tuple[str, list[str], int]] = []
    for number, line in enumerate(lines[1:], start=1):
        header = _HEADER.match(line)
        if header:
            sections.append((header[1], [header[2] or ""], number + offset))
        elif sections:
            sections[-1][1].append(line)
    folded = tuple(Section(name, " ".join(" ".join(body).split()), line) for name, body, line in sections)
    return Docstring(lines[0].strip(), text, folded, offset)


def states(text: str, threshold: float) -> bool:
    """Return whether the text states the threshold: 12 as 12 or twelve, 0.8 as 0.8 or 80 %, -0.1 as -0.1 or 0.1.

    Its white space must be folded.
    """
    numbers, sought = _numbers(text), abs(threshold)
    first, end = bisect_left(numbers, sought * (1 - 2e-12)), bisect_right(numbers, sought * (1 + 2e-12))
    return any(math.isclose(number, sought, rel_tol=1e-12) for number in numbers[first:end])


@lru_cache(maxsize=16)
def _numbers(text: str) -> tuple[float, ...]:
    """Return the absolute values of the numbers in a text, sorted."""
    return tuple(sorted(abs(value) for values, _, _ in numbers_in(text) for value in values))


def numbers_in(text: str) -> Iterator[tuple[tuple[float, ...], int, int]]:
    """Yield each number in a text with its place: its value, and of a percentage the share, too."""
    for match in _NUMBER.finditer(text):
        number = float(match[1].replace(",", "").replace("\u2212", "-"))
        yield (number, number / 100) if match[2] else (number,), match.start(), match.end(2 if match[2] else 1)
    for match in _WORD.finditer(text):
        start, end = match.span(1)
        if _is_number(match[1], text[max(0, start - _CONTEXT) : start], text[end : end + _CONTEXT]):
            number = _WORDS[match[1].lower()]
            yield (number, number / 100) if match[2] else (number,), start, match.end(2 if match[2] else 1)
    for match in _QUANTITY.finditer(text):
        yield (_QUANTITIES[match[1].lower()],), match.start(), match.end()


def _is_number(word: str, before: str, after: str) -> bool:
    """Return whether a word from zero to twelve is a whole number here, not part of another."""
    if _PART_BEFORE.search(before) or _PART_AFTER.match(after):
        return False
    return word.lower() != "one" or bool(_COUNT_BEFORE.search(before) or _COUNT_AFTER.match(after))
