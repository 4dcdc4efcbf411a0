"""Every error of the package, the faults of a bet file, and the wording they share.

BetsError
├── DeclarationError       a bet file cannot be judged; it lists every fault
├── SentenceError          a text is not a sentence
│   └── JoinedError        several sentences are written as one
├── EvaluationError        a sentence cannot be computed from these cells
├── SimulationError        the function `world` of a bet cannot be simulated
├── UnfoldableError        the value of an expression is not known without running the file
├── MeasurementError       an experiment returned something other than measured values
├── RecordError            a record or a journal line cannot be read
├── MisfitError            a JSON value is not of the type that its place has
├── RefusedError           a record cannot be upgraded
├── HistoryError           git cannot give the history
├── EvidenceError          there is no history to audit
├── PageError              a write-up cannot be read
│   └── NoReaderError      there is no reader for this kind of write-up
├── ProjectError           the project cannot be located
├── CommandError           a command was used wrongly
├── ExtraError             a library of an extra is not installed
├── EngineError            an engine cannot run a cell
└── UndeterminedError      a command cannot determine its answer
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final

_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_MAX_TEXT: Final = 2000
"""The maximum number of characters of the source that a fault shows."""
MAX_FAULTS: Final = 100
"""The maximum number of faults in one file that an error lists; nothing is looked for after them."""
_MOST_CANDIDATES: Final = 1000
_FORM: Final = 'a value, one of >= > <= < ==, and a number, as in "mean(gain) >= 0.1"'


class BetsError(Exception):
    """The base of every error of this package; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class Fault:
    """One fault in one place.

    `line` counts from 1, `text` is the source at fault, `suggestion` is the nearest right form or empty.
    """

    file: str
    line: int
    problem: str
    text: str = ""
    expected: str = ""
    suggestion: str = ""

    def __str__(self) -> str:
        """Return `file:line: problem`, the text at fault and what to do, one per line."""
        lines = [f"{self.file}:{self.line}: {self.problem}"]
        lines += [f"    {line}" for line in self.text.splitlines()]
        if self.expected:
            lines.append(f"  expected: {self.expected}")
        if self.suggestion:
            lines.append(f"  did you mean: {self.suggestion}")
        return "\n".join(lines)


class DeclarationError(BetsError):
    """A bet file cannot be judged; `faults` lists every reason."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, faults)))


class SentenceError(BetsError):
    """A text is not a sentence: the problem, what was expected, the nearest right form, and where."""

    def __init__(self, problem: str, expected: str = _FORM, suggestion: str = "", column: int | None = None) -> None:
        self.problem, self.expected, self.suggestion, self.column = problem, expected, suggestion, column
        super().__init__(problem)


class JoinedError(SentenceError):
    """Several sentences are written as one: `parts` are the sentences, `word` joins them, `and` or `or`."""

    def __init__(self, problem: str, word: str, parts: Sequence[str], column: int | None = None) -> None:
        self.word, self.parts, self.many = word, tuple(parts), count_word(len(parts))
        several = f" {word} ".join(f'"{part}"' for part in parts)
        super().__init__(problem, "one comparison in a sentence", f"{self.many} sentences: {several}", column)


class EvaluationError(BetsError):
    """A sentence cannot be computed from these cells; the message gives the name at fault."""


class SimulationError(BetsError):
    """The function `world` of a bet cannot be simulated; the message says why."""


class UnfoldableError(BetsError):
    """The value of an expression is not known without running the file."""


class MeasurementError(BetsError):
    """An experiment returned something other than measured values; the message gives the key and the type."""


class RecordError(BetsError):
    """A record or a journal line cannot be read."""


class ExtraError(BetsError, ImportError):
    """A library of one of the extras of pytest-bets is not installed."""

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(f"{library} is not installed: pip install 'pytest-bets[{extra}]', or {library} alone")


class MisfitError(BetsError):
    """A JSON value is not of the type that its place has; the message is `path: expected X, got Y`.

    `found` is the value as JSON, or nothing.
    """

    def __init__(self, expected: str, found: str) -> None:
        self.expected = expected
        self.found = found
        self.path = ""
        super().__init__(expected, found)

    def within(self, step: str | int) -> "MisfitError":
        """Return the error as seen from the value around: one step is added before the path."""
        name = f"[{step}]" if isinstance(step, int) else step
        self.path = f"{name}{'' if self.path[:1] in ('', '[') else '.'}{self.path}"
        return self

    def __str__(self) -> str:
        """Return where the value is, what was expected there and what was found."""
        return f"`{self.path}`: expected {self.expected}, got {self.found}"


class RefusedError(BetsError):
    """A record cannot be upgraded."""


class HistoryError(BetsError):
    """Git cannot give the history; the message is git's own."""


class EvidenceError(BetsError):
    """There is no history to audit."""


class PageError(BetsError):
    """A write-up cannot be read as text; the message gives the file and the byte at fault."""


class NoReaderError(PageError):
    """There is no reader for this kind of file, or it is not installed."""


class ProjectError(BetsError):
    """The project cannot be located; the message gives the file or folder at fault."""


class CommandError(BetsError):
    """A command was used wrongly (exit status 2)."""


class EngineError(BetsError):
    """An engine cannot run a cell, or cannot be reached; the message says what was asked and what there is."""


class UndeterminedError(BetsError):
    """A command cannot determine its answer (exit status 3); the message says what is missing."""


class Faults:
    """The faults of one file, collected so that one error reports all of them."""

    def __init__(self, file: str, source: str) -> None:
        self.file = file
        self.source = source
        self.found: list[Fault] = []

    def add(self, line: int, problem: str, expected: str = "", suggestion: str = "", text: str | None = None) -> None:
        """Add a fault; `text` defaults to the source of the line."""
        if text is None:
            text = self.lines[line - 1].strip() if 0 < line <= len(self.lines) else ""
        text = text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}..."
        self.found.append(Fault(self.file, line, problem, text, expected, suggestion))
        if len(self.found) == MAX_FAULTS:
            self.found.append(Fault(self.file, line, f"this is the fault number {MAX_FAULTS}; there may be more"))
            self.raise_any()

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the source, split only when a fault needs them."""
        return _LINE_END.split(self.source)

    def raise_any(self) -> None:
        """Raise the faults in line order, if there are any."""
        if self.found:
            raise DeclarationError(sorted(self.found, key=lambda fault: fault.line))


def nearest(word: str, candidates: Iterable[str]) -> str:
    """Return the candidate most like `word`, or an empty string if none is near."""
    import difflib  # slow, and most sessions suggest nothing

    names = list(islice(candidates, _MOST_CANDIDATES))  # each comparison takes some microseconds
    folded = {name.casefold(): name for name in names}
    matches = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else ""


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Return the end of a message that suggests the nearest candidate, empty if none is near."""
    near = nearest(word, candidates)
    return f"; did you mean {near}?" if near else ""


def count_noun(count: int, noun: str) -> str:
    """Return a count with its noun: `1 bet`, `3 bets`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def count_word(count: int) -> str:
    """Return a small count as a word, and any other in digits."""
    return {2: "two", 3: "three"}.get(count, str(count))
