"""Serving: a session in a child process, which runs the cells that its supervisor names, one after another."""

import json
import os
import queue
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import pytest

from pytest_bets.code.index import CodeIndex
from pytest_bets.engines.plan import Plan, read_plan
from pytest_bets.hooks import xdist
from pytest_bets.hooks.measuring import ATTRIBUTE
from pytest_bets.hooks.pytest_private import config_from, run_session, tear_down_all
from pytest_bets.record import environment as machine
from pytest_bets.record.cell import ENVIRONMENT, decode_cell, encode_cell
from pytest_bets.values import canonical

_ABSENT: Final = ("pytest-retry", "pytest_retry.retry_plugin")
"""Plugins that fail in a worker whose controller is not xdist's: pytest-retry asks for the port of its server."""


def serve(events: int) -> None:
    """Run a session that serves the cells that are named on the standard input."""
    commands = os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # a cell that reads its input must not read commands
    os.close(nothing)
    plan = read_plan(commands.readline().decode())
    output = os.fdopen(events, "wb", buffering=0)
    sys.argv = ["pytest", *plan.files]
    options = dict(plan.options)
    if plan.temporary:
        options["basetemp"] = os.path.join(plan.temporary, f"child{os.getpid()}")  # noqa: PTH118
    plugins = (*(f"no:{name}" for name in _ABSENT), *plan.plugins)
    arguments = [*(part for name in plugins for part in ("-p", name)), *plan.files]
    config = config_from(options, arguments)
    serving = Serving(config, plan, _Commands(commands), output)
    xdist.become_worker(config, plan.sent, serving.progressed if plan.watched else None)
    config.pluginmanager.register(serving, "bets-serving")
    serving.send("pid", str(os.getpid()))
    sys.exit(run_session(config))


class _Commands:
    """The lines of the standard input. When it ends, the supervisor is gone, and this process ends at once."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._source:
            self._lines.put(line.decode())
        os.killpg(0, signal.SIGKILL)

    def next(self) -> str:
        """Wait for the next line; it is empty where the supervisor wants this process to end."""
        return self._lines.get().strip()


class _Next(pytest.Item):
    """Stands for the next cell: what the session has set up stays, what a module has set up is torn down."""

    def runtest(self) -> None:
        """Run nothing."""


class Serving:
    """Runs the cells that are asked for, and sends their reports."""

    def __init__(self, config: pytest.Config, plan: Plan, commands: _Commands, output: BinaryIO) -> None:
        self.config = config
        self.plan = plan
        self.commands = commands
        self.output = output
        self.items: dict[str, pytest.Item] = {}
        self.errors: dict[str, str] = {}
        """Why a file was not collected, by its node id."""
        self.checked: dict[tuple[str, str], str] = {}
        """Why the cells of a file cannot run here, empty where they can."""
        self.modules: Sequence[str] = ()
        """The packages that the code of the running cell imports."""
        self._lock = threading.Lock()

    def send(self, kind: str, text: str = "") -> None:
        """Send a message to the supervisor."""
        line = json.dumps([kind, text])
        with self._lock:
            self.output.write(line.encode() + b"\n")

    def progressed(self, text: str) -> None:
        """Send how far the running cell is."""
        self.send("progress", text)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note why a file could not be collected."""
        if report.failed:
            self.errors[report.nodeid] = report.longreprtext

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None, None, None]:
        """Keep every item that was collected, before other plugins leave some out: the controller has selected."""
        self.items = {item.nodeid: item for item in items}
        yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run cells until there are no more."""
        self.send("ready")
        following = _Next.from_parent(session, name="next")
        while line := self.commands.next():
            work = json.loads(line)
            self.modules = work["modules"]
            refused = self._refused(work)
            if refused:
                self.send("impossible", refused)
                continue
            self.send("begun", self._place())
            item = self.items[work["cell"]]
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            session.shouldstop = session.shouldfail = False
            self.send("done")
        error = tear_down_all(session)
        if error:
            self.send("teardown", error)
        return True

    def _place(self) -> str:
        """Return how much was printed before the cell begins, where -s shows what it prints."""
        if self.plan.options.get("capture") != "no":
            return ""
        sys.stdout.flush()
        return str(os.lseek(1, 0, os.SEEK_CUR))

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self) -> tuple[str, str, str]:
        """Print no outcome: with -s the log of this process is shown where the session prints them."""
        return "", "", ""

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Send a report, when the other plugins have seen it."""
        if self.plan.mixed and ATTRIBUTE in report.__dict__:
            report.__dict__[ATTRIBUTE] = self._with_environment(report.__dict__[ATTRIBUTE])
        data = self.config.hook.pytest_report_to_serializable(config=self.config, report=report)
        self.send("report", json.dumps(data, default=str))

    def pytest_warning_recorded(
        self, warning_message: warnings.WarningMessage, when: str, nodeid: str, location: object
    ) -> None:
        """Send a warning of a cell; the controller has collected, too, and has those of the collection."""
        if when == "runtest":
            self.send("warning", json.dumps(_warning(warning_message, nodeid, location)))

    def _with_environment(self, data: str) -> str:
        """Return the data of a cell with the Python and the packages that it was measured with."""
        cell = decode_cell(data)
        environment = {**machine.python(), "packages": machine.packages(self.modules)}
        compute = {**cell.compute, ENVIRONMENT: canonical(environment)}
        own = cell.cell
        return encode_cell(cell.index, cell.of, compute, own.params, own.measured, cell.loaded, cell.sweep)

    def _refused(self, work: Mapping[str, Any]) -> str:
        """Return why a cell cannot run here: the node lacks it, or has other code, packages or another Python."""
        key = work["file"], work["code"]
        if key not in self.checked:
            self.checked[key] = self._differs(work)
        if self.checked[key] or work["cell"] in self.items:
            return self.checked[key]
        prefix = work["cell"].partition("::")[0]
        found = next((text for nodeid, text in self.errors.items() if nodeid == prefix), "")
        what = f"collecting its file failed there:\n{found}" if found else "its file has other cells there"
        return f"the node {socket.gethostname()} lacks this cell: {what}"

    def _differs(self, work: Mapping[str, Any]) -> str:
        host = socket.gethostname()
        if work["code"]:
            index = CodeIndex(Path(self.plan.project), [Path(path) for path in self.plan.search])
            code = index.code(Path(self.plan.top) / work["file"]).digest
            if code != work["code"]:
                return (
                    f"the node {host} has other code: the digest of this bet's code is {code[:12]} there, and "
                    f"{work['code'][:12]} here. Do not edit the code of a bet while it runs."
                )
        if self.plan.mixed:
            return ""
        here = {**machine.python(), **machine.packages(work["modules"])}
        expected = {**self.plan.python, **(work["packages"] or {})}
        wrong = [
            f"{name} {here.get(name, 'is missing')} (here {version})"
            for name, version in expected.items()
            if here.get(name) != version
        ]
        if wrong:
            return (
                f"the node {host} has another environment: {', '.join(wrong)}. Install the same there, or allow it "
                "with --bets-mixed: then the record names every environment."
            )
        return ""


def _warning(message: warnings.WarningMessage, nodeid: str, location: object) -> dict[str, Any]:
    category = message.category
    return {
        "text": str(message.message),
        "module": category.__module__,
        "category": category.__qualname__,
        "filename": message.filename,
        "lineno": message.lineno,
        "nodeid": nodeid,
        "location": location,
    }
