"""A sample: how far a cell is at one moment, as the process that runs it sends it to the one that judges.

It is sent as one JSON text over the link that these processes have: a channel of a worker, or an event of an engine.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_bets.diagnostics import MisfitError
from pytest_bets.record.decode import decode
from pytest_bets.record.encode import encode

Value = float | str


@dataclass(frozen=True)
class Bar:
    """A loop that runs: `done` of `total` steps in `seconds`; `total` is None where it is not known."""

    label: str
    done: int
    total: float | None
    seconds: float


@dataclass(frozen=True)
class Sample:
    """How far a cell is after `seconds`: its loops, the outer one first, and the last value of each name.

    `host` is where it runs, `worker` the process; they are empty where another process fills them in.
    """

    cell: str
    seconds: float
    bars: tuple[Bar, ...]
    values: Mapping[str, Value]
    host: str = ""
    worker: str = ""

    @property
    def steps(self) -> tuple[Any, ...]:
        """What makes a sample worth sending: all but the time."""
        return self.cell, tuple((bar.label, bar.done, bar.total) for bar in self.bars), tuple(self.values.items())


def dump(sample: Sample) -> str:
    """Return a sample as JSON."""
    return json.dumps(encode(sample))


def load(text: str) -> Sample | None:
    """Return the sample in a JSON text; None where it is none: another version of this package may have sent it."""
    try:
        return decode(Sample, json.loads(text))
    except (MisfitError, ValueError, TypeError, KeyError, AttributeError):
        return None
