"""What is wrong with a declaration, said so that it can be mended at once."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

_LINE_END: Final = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Fault:
    """One thing wrong in one place.

    `line` counts from 1; `text` is what stands there; `suggestion` is the nearest right form, or empty.
    """

    file: str
    line: int
    problem: str
    text: str = ""
    expected: str = ""
    suggestion: str = ""

    def __str__(self) -> str:
        """Give the fault as `file:line: problem` with the text at fault and what to do, a line each."""
        lines = [f"{self.file}:{self.line}: {self.problem}"]
        lines += [f"    {line}" for line in self.text.splitlines()]
        if self.expected:
            lines.append(f"  expected: {self.expected}")
        if self.suggestion:
            lines.append(f"  did you mean: {self.suggestion}")
        return "\n".join(lines)


class DeclarationError(ValueError):
    """A bet file whose declaration cannot be judged; `faults` names every reason."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, faults)))


class Faults:
    """The faults of one file, gathered so that all are told at once."""

    def __init__(self, file: str, source: str) -> None:
        self.file = file
        self.source = source
        self.found: list[Fault] = []

    def add(self, line: int, problem: str, expected: str = "", suggestion: str = "", text: str | None = None) -> None:
        """Note a fault on a line, whose source is shown unless `text` is given."""
        stands = self.lines[line - 1].strip() if text is None and 0 < line <= len(self.lines) else text or ""
        self.found.append(Fault(self.file, line, problem, stands, expected, suggestion))

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the source, which most files need not be split into."""
        return _LINE_END.split(self.source)

    def raise_any(self) -> None:
        """Raise what was found, in the order of the lines."""
        if self.found:
            raise DeclarationError(sorted(self.found, key=lambda fault: fault.line))


def nearest(word: str, candidates: Iterable[str]) -> str:
    """Return the candidate most like `word`, or an empty string when none is near."""
    names = list(candidates)
    folded = {name.casefold(): name for name in names}
    matches = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else ""
