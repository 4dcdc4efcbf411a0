"""Runs of bets in a real MLflow: a server on the loopback, and a local database."""

import json
import math
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.fixtures import WriteBet
from tests.helpers.results import journal, records
from tests.helpers.trackers import interpreter, needs, run, session

pytestmark = needs("mlflow")
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # it takes seven processes
}
BODY = 'return {"gain": part, "loss": [3, 2.5, part], "odd": float("nan"), "ok": part > 1, "note": "so"}'
READ = """
import json, mlflow
from mlflow import MlflowClient
client, found = MlflowClient(), {}
for experiment in client.search_experiments():
    runs = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time"])
    found[experiment.name] = {"tags": experiment.tags, "runs": [
        {"name": run.info.run_name, "status": run.info.status, "start": run.info.start_time, "end": run.info.end_time,
         "params": run.data.params, "tags": run.data.tags,
         "metrics": {key: [(item.step, item.value) for item in client.get_metric_history(run.info.run_id, key)]
                     for key in run.data.metrics},
         "record": mlflow.artifacts.load_text(run.info.artifact_uri + "/record.json")
                   if experiment.name != "Default" else None} for run in runs]}
print("FOUND", json.dumps(found))
"""


@dataclass
class Server:
    """A server of MLflow with a store of its own."""

    process: "subprocess.Popen[bytes]"
    uri: str
    folder: Path

    def stop(self) -> None:
        """Kill it with all its workers."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server; the tests that kill it come last."""
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [interpreter("mlflow"), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += [
        "--workers",
        "1",
        "--backend-store-uri",
        f"sqlite:///{folder}/store.db",
        "--artifacts-destination",
        "kept",
    ]
    with (folder / "log").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=output, start_new_session=True, env={**os.environ, **QUIET}
        )
    made = Server(process, f"http://127.0.0.1:{port}", folder)
    try:
        _wait(made)
        shutil.copy(folder / "store.db", folder / "empty.db")
        yield made
    finally:
        made.stop()


def _wait(server: Server) -> None:
    until = time.monotonic() + 200
    while time.monotonic() < until:
        assert server.process.poll() is None, (server.folder / "log").read_text()
        with suppress(OSError), urllib.request.urlopen(f"{server.uri}/health", timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(0.2)
    raise AssertionError((server.folder / "log").read_text())


def run_and_read(uri: str, *arguments: str, status: int = 0) -> tuple[str, Any]:
    """Run a session that exports; return what it printed, and what the store then has, by experiment.

    All in one process, because MLflow takes seconds to import.
    """
    plugins = ("-p", "pytest_bets.plugin", "-p", "no:cacheprovider", "--bets-export", "mlflow")
    code = f"import sys, pytest\nstatus = pytest.main(sys.argv[1:])\n{READ}\nsys.exit(int(status))"
    variables = {"MLFLOW_TRACKING_URI": uri, **QUIET}
    shown = run("mlflow", "-c", code, *plugins, *arguments, variables=variables, status=status)
    found = next(line for line in shown.splitlines() if line.startswith("FOUND"))
    return " ".join(shown.split()), json.loads(found[5:])


def test_a_server_has_an_experiment_a_bet_and_a_run_a_run(
    bet: WriteBet, pytester: pytest.Pytester, server: Server
) -> None:
    """Two sessions of two bets, one of them on two workers: everything is there, and is what the records say."""
    bet(body=BODY, above="STEPS = 5")
    bet("bet_2_second.py", 'return {"gain": -part}', title="A second claim.")
    names = ("bet_1_first.py", "bet_2_second.py", "--bets-gate", "none")
    variables = {"MLFLOW_TRACKING_URI": server.uri, **QUIET}
    assert "2 runs." in session("mlflow", *names, "-n", "2", variables=variables)
    shown, found = run_and_read(server.uri, *names)
    assert f"Exported to mlflow ({server.uri}): 2 runs." in shown
    written = records(pytester.path / "results")
    assert {name: len(item["runs"]) for name, item in found.items()} == {"Default": 0, "1_first": 2, "2_second": 2}
    assert found["1_first"]["tags"]["title"] == "A first claim."
    for name, record in written.items():
        first, again = found[name]["runs"]
        assert (first["tags"]["verdict"], first["status"]) == (record["verdict"], "FINISHED")
        assert first["tags"]["digest"] == record["declaration"]["digest"]
        assert first["tags"]["code"] == record["code"]["digest"]
        assert first["record"] == (pytester.path / f"results/{name}.json").read_text()
        assert again["metrics"].keys() == first["metrics"].keys()
    run_of_first = found["1_first"]["runs"][0]
    assert run_of_first["metrics"]["gain"] == [[0, 1.0], [1, 2.0], [2, 3.0], [3, 4.0]]
    assert run_of_first["metrics"]["ok"] == [[0, 0.0], [1, 1.0], [2, 1.0], [3, 1.0]]
    assert run_of_first["metrics"]["loss/cell 3"] == [[0, 3.0], [1, 2.5], [2, 4.0]]
    assert run_of_first["metrics"]["strict.1/value"] == [[0, 4.0]]
    assert all(math.isnan(value) for _, value in run_of_first["metrics"]["odd"])
    assert run_of_first["params"] == {"STEPS": "5", "part": "[1, 2, 3, 4]"}
    assert run_of_first["tags"]["registered"] == "unknown"
    times = [line["time"] for line in journal(pytester.path / "results") if line["bet"] == "1_first"]
    assert [run["name"] for run in found["1_first"]["runs"]] == [f"PASS {time}" for time in times]


def test_a_local_database_needs_no_server(bet: WriteBet, server: Server) -> None:
    """A void run is a failed one, and an experiment that uses MLflow keeps its own run."""
    shutil.copy(server.folder / "empty.db", "store.db")  # to make one takes MLflow many seconds
    bet(body='mlflow.log_metric("own", part, step=part)\nreturn {"gain": part}', above="import mlflow")
    bet("bet_2_broken.py", "return {'gain': [][part]}", title="A second claim.")
    found = run_and_read("sqlite:///store.db", "bet_1_first.py", "bet_2_broken.py", status=1)[1]
    (own,) = found["Default"]["runs"]
    assert own["metrics"] == {"own": [[part, float(part)] for part in (1, 2, 3, 4)]}
    assert (own["status"], own["params"]) == ("RUNNING", {})  # the exporter has not ended it
    assert [run["status"] for run in found["1_first"]["runs"]] == ["FINISHED"]
    assert [run["status"] for run in found["2_broken"]["runs"]] == ["FAILED"]
    assert "4 of 4 cells crashed" in found["2_broken"]["runs"][0]["tags"]["void"]


def test_a_server_that_dies_in_a_session_loses_no_record(
    bet: WriteBet, pytester: pytest.Pytester, server: Server
) -> None:
    """The first bet was exported, the others are named, and the session passes, even where warnings are errors."""
    pytester.makeconftest(
        f"""
        import os, signal, time

        def pytest_bets_judged(record):
            if record.id == "1_first":
                os.killpg({server.process.pid}, signal.SIGKILL)
        """
    )
    for number, name in enumerate(("first", "second", "third"), start=1):
        bet(f"bet_{number}_{name}.py", title=f"Claim {name}.")
    files = [f"bet_{number}_{name}.py" for number, name in enumerate(("first", "second", "third"), start=1)]
    variables = {"MLFLOW_TRACKING_URI": server.uri, **QUIET}
    started = time.monotonic()
    shown = session("mlflow", *files, "-W", "error", variables=variables)
    assert "Not exported to mlflow: 2 runs (2, 3), whose results are written as ever:" in shown
    assert "ExportWarning: bets are no longer exported to mlflow in this session" in shown
    assert f"Exported to mlflow ({server.uri}): 1 run." in shown
    assert [line["verdict"] for line in journal(pytester.path / "results")] == ["PASS"] * 3
    assert time.monotonic() - started < 100
