"""A run of a bet as trackers of experiments have it: parameters, tags, and metrics with steps."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pytest_bets.export.event import RunInfo
from pytest_bets.record.record import Record
from pytest_bets.record.verdict import Judged
from pytest_bets.report.words import seconds
from pytest_bets.values import spelled

CURVE_POINTS: Final = 20_000
"""How many points of curves are tracked of a run: a server takes them one by one. The record has them all."""
LONGEST: Final = 5_000
"""Characters of a parameter or a tag. MLflow takes no more than 6,000 and 5,000."""


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a metric."""

    name: str
    value: float
    step: int


@dataclass(frozen=True, slots=True)
class Tracked:
    """A run of a bet. `start` and `end` are milliseconds since 1970; `sentences` has the value and margin of each."""

    bet: str
    title: str
    name: str
    judged: bool
    start: int
    end: int
    params: Mapping[str, str]
    tags: Mapping[str, str]
    sentences: Mapping[str, float]
    points: tuple[Point, ...]


def tracked(record: Record, run: RunInfo) -> Tracked:
    """Return the run of a record.

    The step of a measured number is the place of its cell in the sweep; that of a point of a curve, its place in it.
    """
    verdict = record.verdict or "void"
    end = seconds(run.time) or 0.0
    return Tracked(
        bet=record.id,
        title=record.bet.title,
        name=f"{verdict} {run.time}",
        judged=record.verdict is not None,
        start=round((end - run.seconds) * 1000),
        end=round(end * 1000),
        params={name: _short(value) for name, value in _params(record)},
        tags={name: _short(value) for name, value in _tags(record, run) if value},
        sentences=dict(_sentences(record)),
        points=tuple(_points(record)),
    )


def _params(record: Record) -> Iterator[tuple[str, str]]:
    """Yield the sweep and the constants; the name of a constant is in capitals, so the two differ."""
    for name, value in (*record.declaration.sweep.items(), *record.declaration.constants.items()):
        source = value.get("source") if isinstance(value, dict) and len(value) == 1 else None
        yield name, source if isinstance(source, str) else json.dumps(spelled(value), ensure_ascii=False)


def _tags(record: Record, run: RunInfo) -> Iterator[tuple[str, str]]:
    environment = record.environment
    yield "verdict", record.verdict or "void"
    yield "void", record.void or ""
    yield "catastrophic", _word(record.catastrophic)
    yield "noise_floor", _word(record.noise_floor)
    yield "registered", record.registration.state
    yield "digest", record.declaration.digest
    yield "code", record.code.digest
    yield "commit", environment.commit or ""
    yield "dirty", _word(environment.dirty)
    yield "host", run.host
    yield "title", record.bet.title
    yield "hypothesis", record.declaration.hypothesis
    yield "file", record.bet.file
    yield "pilot", _word(record.pilot or None)
    yield "replication", str(run.replication or "")
    yield "incomplete", run.incomplete or ""
    for number, item in _numbered(record):
        yield number, item.sentence


def _sentences(record: Record) -> Iterator[tuple[str, float]]:
    for name, item in _numbered(record):
        yield f"{name}/value", item.value
        yield f"{name}/margin", item.margin


def _numbered(record: Record) -> Iterator[tuple[str, Judged]]:
    """Yield the judged sentences, each with its name: its tier, and its number in the tier."""
    counts: dict[str, int] = {}
    for item in record.criteria:
        counts[item.tier] = counts.get(item.tier, 0) + 1
        yield f"{item.tier}.{counts[item.tier]}", item


def _points(record: Record) -> Iterator[Point]:
    """Yield the numbers of each cell, then its curves, as long as there are not too many points."""
    left = CURVE_POINTS
    for index, cell in enumerate(record.cells):
        for name, value in cell.measured.items():
            if isinstance(value, bool | int | float):
                yield Point(name, float(value), index)
            elif isinstance(value, list | tuple) and len(value) <= left:
                left -= len(value)
                for step, entry in enumerate(value):
                    yield Point(f"{name}/cell {index}", float(entry), step)


def _word(value: bool | None) -> str:
    return "" if value is None else str(value).lower()


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
