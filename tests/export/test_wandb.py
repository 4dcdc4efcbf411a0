"""Runs of bets in wandb, offline: the files that it writes are read back."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.fixtures import WriteBet
from tests.helpers.results import records
from tests.helpers.trackers import needs, run, session

pytestmark = needs("wandb")
READ = """
import json, sys
from wandb.proto import wandb_internal_pb2 as messages

def records(path):
    # blocks of 32,768 bytes; before each part its checksum, length, and kind: whole, first, middle or last
    data, place, parts = open(path, "rb").read(), 7, b""
    while place + 7 <= len(data):
        if 32768 - place % 32768 < 7:
            place += 32768 - place % 32768
            continue
        length, kind = int.from_bytes(data[place + 4 : place + 6], "little"), data[place + 6]
        parts += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):
            yield messages.Record.FromString(parts)
            parts = b""

found = {"history": []}
def values(items):
    return {item.key or ".".join(item.nested_key): json.loads(item.value_json) for item in items}
for record in records(sys.argv[1]):
    if record.HasField("run") and "run" not in found:
        run = record.run
        found["run"] = {"project": run.project, "group": run.run_group, "name": run.display_name, "notes": run.notes,
                        "tags": list(run.tags), "config": values(run.config.update)}
    if record.HasField("history"):
        found["history"].append(values(record.history.item))
    if record.HasField("summary"):
        found.setdefault("summary", {}).update(values(record.summary.update))
    if record.HasField("exit"):
        found["exit"] = record.exit.exit_code
print("FOUND", json.dumps(found))
"""


def read(path: Path) -> Any:
    """Return what an offline run has."""
    shown = run("wandb", "-c", READ, str(path), variables={})
    return json.loads(next(line for line in shown.splitlines() if line.startswith("FOUND"))[5:])


def test_an_offline_run_has_everything(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """A run for each bet, with parameters, tags, cells by step, sentences, and the record as a file."""
    bet(body='return {"gain": part, "loss": [3, 2.5], "odd": float("nan"), "ok": part > 1}', above="STEPS = 5")
    bet("bet_2_second.py", 'return {"gain": -part}', title="A second claim.")
    names = ("bet_1_first.py", "bet_2_second.py", "--bets-gate", "none", "-n", "2", "-W", "error")
    shown = session("wandb", *names, variables={"WANDB_MODE": "offline"})
    assert "Exported to wandb (project bets): 2 runs." in shown
    files = sorted(pytester.path.glob("wandb/offline-run-*/*.wandb"))
    found = {run["run"]["group"]: run for run in map(read, files)}
    assert sorted(found) == ["1_first", "2_second"]
    first = found["1_first"]
    assert (first["run"]["project"], first["run"]["notes"]) == ("bets", "A first claim.")
    assert first["run"]["tags"] == ["PASS", "unknown"]
    assert first["run"]["name"].startswith("PASS 20")
    assert {"STEPS": "5", "part": "[1, 2, 3, 4]"}.items() <= first["run"]["config"].items()
    steps = [{key: value for key, value in row.items() if key in ("gain", "ok")} for row in first["history"]]
    assert steps == [{"gain": part, "ok": float(part > 1)} for part in (1, 2, 3, 4)]
    assert [row.get("loss/cell 2") for row in first["history"]] == [3.0, 2.5, None, None]
    record = records(pytester.path / "results")["1_first"]
    assert first["summary"]["strict.1/value"] == 4
    assert first["summary"]["digest"] == record["declaration"]["digest"]
    assert (first["exit"], found["2_second"]["summary"]["verdict"]) == (0, "FAIL")
    kept = {path.read_text() for path in pytester.path.glob("wandb/offline-run-*/files/record.json")}
    assert kept == {path.read_text() for path in pytester.path.glob("results/[12]_*.json")}


def test_without_a_key_the_session_warns_and_does_not_wait(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """A tracker that cannot be used changes no exit status."""
    bet()
    home = {"HOME": str(pytester.path), "NETRC": "nowhere", "WANDB_API_KEY": "", "WANDB_MODE": "online"}
    shown = session("wandb", "bet_1_first.py", variables={**home, "WANDB_BASE_URL": "http://127.0.0.1:9"})
    assert "Not exported to wandb: 1 run (1), whose results are written as ever:" in shown
    assert list(records(pytester.path / "results")) == ["1_first"]
