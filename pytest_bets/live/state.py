"""The state of a session that runs, from its lines."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from pytest_bets.live.lines import (
    BetLine,
    ClosedLine,
    CountLine,
    EndedLine,
    FailureLine,
    LiveLine,
    RunningLine,
    Series,
    SessionLine,
    VerdictLine,
)

_SERIES: Final = 120
"""How many values of a curve are kept; then every second one goes."""
_FAILURES: Final = 50
"""How many failures are kept."""


@dataclass
class BetState:
    """A bet of the session."""

    bet: BetLine
    count: CountLine
    verdict: str = ""

    @property
    def is_done(self) -> bool:
        """Whether no cell is left."""
        return bool(self.verdict) or self.count.done >= self.bet.cells

    @property
    def seconds(self) -> float | None:
        """How long a cell takes: as in this session, else as before; None where nothing is known."""
        ran = self.count.done - self.count.reused
        return self.count.seconds / ran if ran > 0 else self.bet.seconds


@dataclass
class Curve:
    """The values of one name in a cell that runs, evenly over its time: of so many lines, one of every so many."""

    every: int = 1
    lines: int = 0
    values: list[float] = field(default_factory=list)

    def add(self, value: float) -> None:
        """Add the value of another line."""
        if self.lines % self.every == 0:
            self.values.append(value)
        self.lines += 1
        if len(self.values) > _SERIES:
            self.values = self.values[::2]
            self.every *= 2


@dataclass
class State:
    """What is known of a session."""

    session: SessionLine | None = None
    bets: dict[str, BetState] = field(default_factory=dict)
    running: dict[str, RunningLine] = field(default_factory=dict)
    curves: dict[str, dict[str, Curve]] = field(default_factory=dict)
    """The values of the cells that run, by cell and name."""
    failures: list[FailureLine] = field(default_factory=list)
    closed: ClosedLine | None = None
    slots: int = 1
    """How many cells ran at the same time, at most."""

    def take(self, line: LiveLine) -> None:
        """Take a line."""
        match line:
            case SessionLine():
                self.session = line
            case BetLine():
                self.bets[line.bet] = BetState(line, CountLine("count", line.bet, 0, 0, 0, 0.0))
            case CountLine() if line.bet in self.bets:
                self.bets[line.bet].count = line
            case VerdictLine() if line.bet in self.bets:
                self.bets[line.bet].verdict = line.verdict
            case RunningLine():
                self._run(line)
            case EndedLine():
                self.running.pop(line.cell, None)
                self.curves.pop(line.cell, None)
            case FailureLine():
                self.failures = [*self.failures[1 - _FAILURES :], line]
            case ClosedLine():
                self.closed = line
                self.running.clear()

    def _run(self, line: RunningLine) -> None:
        self.running[line.cell] = replace(line, series={}) if line.series else line
        self.slots = max(self.slots, len(self.running))
        curves = self.curves.setdefault(line.cell, {})
        for name, series in line.series.items():
            curves[name] = Curve(series.every, series.lines, list(series.values))
        for name, value in line.values.items():
            if isinstance(value, int | float) and name not in line.series:
                curves.setdefault(name, Curve()).add(value)

    def lines(self) -> Iterator[LiveLine]:
        """Yield lines that give this state."""
        if self.session:
            yield self.session
        for bet in self.bets.values():
            yield bet.bet
            yield bet.count
            if bet.verdict:
                yield VerdictLine("verdict", bet.bet.bet, bet.verdict)
        for cell, line in self.running.items():
            curves = self.curves.get(cell, {}).items()
            series = {name: Series(curve.every, curve.lines, tuple(curve.values)) for name, curve in curves}
            yield replace(line, series=series)
        yield from self.failures
        if self.closed:
            yield self.closed

    @property
    def done(self) -> int:
        """How many bets have no cell left."""
        return sum(bet.is_done for bet in self.bets.values())

    @property
    def cells(self) -> tuple[int, int, int]:
        """How many cells are done, how many there are, and how many of those that are done broke."""
        bets = self.bets.values()
        return sum(b.count.done for b in bets), sum(b.bet.cells for b in bets), sum(b.count.broken for b in bets)


@dataclass(frozen=True)
class Log:
    """The file with what a failed attempt at a cell has printed, and its last lines."""

    file: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """A session whose file was read, and whether it runs; `silent` are the seconds since its last sign."""

    state: State
    runs: bool
    silent: float
    logs: tuple[Log, ...] = ()


def state_of(lines: Iterable[LiveLine | None]) -> State:
    """Return the state after these lines; those that cannot be read are left out."""
    state = State()
    for line in lines:
        if line is not None:
            state.take(line)
    return state
