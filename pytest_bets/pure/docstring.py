"""The docstring of a bet file: a title line, then named sections, which are what people read."""

import inspect
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

REQUIRED: Final = ("Hypothesis", "Strict", "Lenient", "Catastrophic", "Run")
OPTIONAL: Final = ("Control", "Scope")
SECTIONS: Final = (*REQUIRED, *OPTIONAL)

_HEADER: Final = re.compile(r"([A-Z][A-Za-z]*):(?:\s+(.*))?$")
_NUMBER: Final = re.compile(
    r"(?<![\w.])([-\u2212+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+|(?<=\d))(?:[eE][-+]?\d+)?)\s*(%|percent\b|per cent\b)?"
)


@dataclass(frozen=True)
class Section:
    """A named section: its text with white space folded, and the line in the docstring (from 0) where it begins."""

    name: str
    text: str
    line: int


@dataclass(frozen=True)
class Docstring:
    """A docstring's title, text, and sections in the order in which they stand."""

    title: str
    text: str
    sections: tuple[Section, ...]

    def section(self, name: str) -> Section | None:
        """Return the first section of that name."""
        return next((section for section in self.sections if section.name == name), None)

    def prose(self, name: str) -> str:
        """Return the text of the section of that name, or an empty string."""
        section = self.section(name)
        return section.text if section else ""


def read(raw: str) -> Docstring:
    """Split a docstring, as it stands in the source, into title and sections."""
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
    folded = tuple(Section(name, " ".join(" ".join(said).split()), line) for name, said, line in sections)
    return Docstring(lines[0].strip(), text, folded)


def states(prose: str, threshold: float) -> bool:
    """Tell whether the prose names the threshold in digits: 12 as 12, 0.8 as 0.8 or 80 %, -0.1 as -0.1 or 0.1."""
    return any(math.isclose(abs(number), abs(threshold), rel_tol=1e-12) for number in _numbers(prose))


def _numbers(prose: str) -> Iterator[float]:
    for digits, percent in _NUMBER.findall(prose):
        number = float(digits.replace(",", "").replace("\u2212", "-"))
        yield number
        if percent:
            yield number / 100
