"""Exporting: runs go to trackers of experiments as they are judged. A tracker that fails changes no exit status."""

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Final, Protocol

import pytest

from pytest_bets.diagnostics import ExtraError, count_noun, did_you_mean
from pytest_bets.export.event import RunInfo
from pytest_bets.export.tracked import Tracked, tracked
from pytest_bets.record.codec import cell_row, dump
from pytest_bets.record.record import Record
from pytest_bets.render.words import listed

EXPORTERS: Final = ("mlflow", "wandb")


class ExportWarning(pytest.PytestWarning):
    """Runs of bets were not exported; their records are not affected."""


class Exporter(Protocol):
    """A tracker of experiments; `where` says which server, file or project it writes to."""

    where: str

    def export(self, run: Tracked, record: str) -> None:
        """Write one run, and its record as JSON."""


@dataclass
class _State:
    """What became of an exporter in this session; `exporter` is None until the first run, and after a failure."""

    exporter: Exporter | None = None
    where: str = ""
    written: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    error: str = ""


def check(names: Sequence[str]) -> None:
    """Check the names of exporters before anything runs.

    Raises:
        pytest.UsageError: if there is no such exporter, or its library is not installed.

    """
    for name in names:
        if name not in EXPORTERS:
            expected = f"expected {' or '.join(EXPORTERS)}"
            raise pytest.UsageError(f"--bets-export {name}: {expected}{did_you_mean(name, EXPORTERS)}")
        found = find_spec(name)
        if found is None or found.origin is None:  # wandb leaves a folder of that name in the working folder
            raise pytest.UsageError(f"--bets-export {name}: {ExtraError(name, name)}")


class Exporting:
    """Gives each judged run to the exporters of this session."""

    def __init__(self, config: pytest.Config, names: Sequence[str]) -> None:
        self.config = config
        self._states = {name: _State() for name in names}

    @pytest.hookimpl(tryfirst=True)  # an error in another implementation keeps no run from being exported
    def pytest_bets_judged(self, record: Record, run: RunInfo) -> None:
        """Export a run."""
        text = dump(record, [cell_row(cell) for cell in record.cells]).decode()
        for name, state in self._states.items():
            if not state.error:
                self._export(name, state, tracked(record, run), text)
            if state.error:
                state.left.append(record.id)

    def _export(self, name: str, state: _State, run: Tracked, record: str) -> None:
        try:
            with warnings.catch_warnings():  # the project may make warnings errors, and these are not its own
                warnings.simplefilter("ignore")
                if state.exporter is None:
                    state.exporter = _made(name)
                    state.where = _without_password(state.exporter.where)
                state.exporter.export(run, record)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a library may end the program, or have its tasks cancelled
            state.error = _without_password(f"{type(error).__name__}: {error}").rstrip(". \n")
            self._warn(f"bets are no longer exported to {name} in this session: {state.error}")
        else:
            state.written.append(run.bet)

    def _warn(self, text: str) -> None:
        """Show a warning that no filter turns into an error: the verdicts are what decides the exit status."""
        message = warnings.WarningMessage(ExportWarning(text), ExportWarning, "pytest-bets", 1, line="")
        self.config.hook.pytest_warning_recorded.call_historic(
            kwargs={
                "warning_message": message,
                "when": "runtest",
                "nodeid": "",
                "location": None,
            }
        )

    def lines(self) -> Iterator[str]:
        """Yield what was exported, and what was not."""
        for name, state in self._states.items():
            if state.written:
                yield f"Exported to {name} ({state.where}): {count_noun(len(state.written), 'run')}."
            if state.left:
                bets = f"{count_noun(len(state.left), 'run')} ({listed(state.left)})"
                yield f"Not exported to {name}: {bets}, whose results are written as ever: {state.error}."


def _without_password(text: str) -> str:
    """Return a text with no user and password in its addresses: logs of CI are public."""
    return re.sub(r"(?<=://)[^/@\s]+@", "", text)


def _made(name: str) -> Exporter:
    makers: dict[str, Callable[[], Exporter]] = {"mlflow": _mlflow, "wandb": _wandb}
    return makers[name]()


def _mlflow() -> Exporter:
    from pytest_bets.export.mlflow import Mlflow

    return Mlflow()


def _wandb() -> Exporter:
    from pytest_bets.export.wandb import Wandb

    return Wandb()
