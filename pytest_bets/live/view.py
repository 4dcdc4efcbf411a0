"""What `pytest-bets watch` shows of the sessions of a folder of results, as values; `--json` prints them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pytest_bets.live.left import cell_left, time_left
from pytest_bets.live.lines import RunningLine
from pytest_bets.live.sample import Bar, Value
from pytest_bets.live.state import BetState, Found, Log, State

WATCH_SCHEMA: Final = "pytest-bets/watch/1"


@dataclass(frozen=True)
class BetView:
    """A bet of a session: all its cells are done, or run, or are queued."""

    bet: str
    title: str
    cells: int
    done: int
    running: int
    queued: int
    broken: Annotated[int, "How many of the cells that are done broke."]
    verdict: Annotated[str, "In the words of the closing table; empty until the bet is judged."]


@dataclass(frozen=True)
class CellView:
    """A cell that runs."""

    bet: str
    cell: str
    host: str
    worker: Annotated[str, "The worker with -n; empty where there is none."]
    seconds: Annotated[float, "How long it has run."]
    left: Annotated[float | None, "The seconds left, as far as its loops and earlier runs say."]
    bars: Annotated[tuple[Bar, ...], "The loops that run, the outer one first."]
    values: Annotated[Mapping[str, Value], "The last value of each name."]
    series: Annotated[Mapping[str, tuple[float, ...]], "Values over its time, the oldest first."]


@dataclass(frozen=True)
class FailureView:
    """A cell that broke, and why."""

    bet: str
    cell: str
    why: str


@dataclass(frozen=True)
class SessionView:
    """A session of pytest.

    `state` is `runs`; `ended`, with its exit status; or `died`, where its process is gone and did not say so.
    """

    state: Literal["runs", "ended", "died"]
    host: str
    process: int
    command: str
    seconds: Annotated[float, "How long it has run, or ran."]
    silent: Annotated[float, "The seconds since its last sign."]
    status: Annotated[int | None, "The exit status of pytest; null if it has not ended."]
    left: Annotated[float | None, "The seconds left; null if nothing is known."]
    whole: Annotated[bool, "Whether the time left covers all cells: of some, nothing may be known."]
    bets: tuple[BetView, ...]
    running: tuple[CellView, ...]
    failures: tuple[FailureView, ...]
    logs: Annotated[
        tuple[Log, ...], "What failed attempts have printed, where an engine runs the cells: the last first."
    ]


@dataclass(frozen=True)
class Document:
    """The sessions of a folder of results."""

    schema: Literal["pytest-bets/watch/1"]
    results: str
    sessions: Annotated[tuple[SessionView, ...], "Those that run first, then the others, the latest first."]


def document(results: str, found: Iterable[Found], now: float) -> Document:
    """Return what there is to see at this time, in seconds since 1970."""
    return Document(WATCH_SCHEMA, results, tuple(_session(one, now) for one in found))


def _session(found: Found, now: float) -> SessionView:
    state = found.state
    assert state.session is not None  # noqa: S101  # others are not found
    left = time_left(state, now) if found.runs else None
    running = state.running.values() if found.runs else ()
    end = now if found.runs else now - found.silent
    counts: dict[str, int] = {}
    for line in running:
        counts[line.bet] = counts.get(line.bet, 0) + 1
    return SessionView(
        state="runs" if found.runs else "died" if state.closed is None else "ended",
        host=state.session.host,
        process=state.session.process,
        command=state.session.command,
        seconds=max(0.0, (state.closed.time if state.closed else end) - state.session.since),
        silent=max(0.0, found.silent),
        status=state.closed.status if state.closed else None,
        left=left.seconds if left else None,
        whole=left.whole if left else False,
        bets=tuple(_bet(bet, counts.get(name, 0)) for name, bet in state.bets.items()),
        running=tuple(_cell(state, line, now) for line in sorted(running, key=lambda line: line.since)),
        failures=tuple(FailureView(line.bet, line.cell, line.why) for line in state.failures),
        logs=found.logs,
    )


def _bet(bet: BetState, running: int) -> BetView:
    done = bet.count.done
    queued = max(0, bet.bet.cells - done - running)
    return BetView(bet.bet.bet, bet.bet.title, bet.bet.cells, done, running, queued, bet.count.broken, bet.verdict)


def _cell(state: State, line: RunningLine, now: float) -> CellView:
    usual = state.bets[line.bet].seconds if line.bet in state.bets else None
    return CellView(
        bet=line.bet,
        cell=line.cell,
        host=line.host,
        worker=line.worker,
        seconds=max(0.0, now - line.since),
        left=cell_left(line, now, usual),
        bars=line.bars,
        values=line.values,
        series={name: tuple(curve.values) for name, curve in state.curves.get(line.cell, {}).items()},
    )
