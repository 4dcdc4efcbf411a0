"""A tier's outcome reaches all that listen to items: Allure, editors, and plugins that map node ids."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.results import records
from tests.helpers.terminal import outcomes

FAILED = pytest.ExitCode.TESTS_FAILED
MODES = pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["plain", "distributed"])
EXPECTED = {
    ("bet_1_first.py", "strict"): "passed",
    ("bet_1_first.py", "lenient"): "passed",
    ("bet_1_first.py", "catastrophic"): "passed",
    ("bet_2_second.py", "strict"): "skipped",
    ("bet_2_second.py", "lenient"): "passed",
    ("bet_2_second.py", "catastrophic"): "passed",
    ("bet_3_third.py", "strict"): "skipped",
    ("bet_3_third.py", "lenient"): "skipped",
    ("bet_3_third.py", "catastrophic"): "failed",
}


@pytest.fixture
def catalogue(bet: WriteBet) -> None:
    """Write a PASS, a LENIENT and a catastrophe."""
    bet()
    bet("bet_2_second.py", body='return {"gain": part - 2}')
    bet("bet_3_third.py", body='return {"gain": -part}')


@MODES
@pytest.mark.usefixtures("catalogue")
def test_allure_shows_each_tier_as_it_was_judged(run: Run, arguments: tuple[str, ...]) -> None:
    """The last result of a tier is the judgement; under xdist a worker writes an earlier one, which says skipped."""
    pytest.importorskip("allure_pytest")
    run("-p", "allure_pytest.plugin", "--alluredir", "allure", *arguments, expect=FAILED)
    last: dict[tuple[str, str], tuple[int, str, str]] = {}
    for path in Path("allure").glob("*-result.json"):
        result: dict[str, Any] = json.loads(path.read_text())
        module, _, name = result["fullName"].partition("#")
        if name != "experiment":
            seen = (result["start"], result["status"], result.get("statusDetails", {}).get("message", ""))
            last[f"{module}.py", name] = max(last.get((f"{module}.py", name), (0, "", "")), seen)
    assert {key: status for key, (_, status, _) in last.items()} == EXPECTED
    assert "catastrophic tripped: count(gain > 0) < 1 (measured 0" in last["bet_3_third.py", "catastrophic"][2]
    assert "strict not met: count(gain > 0) >= 3 (measured 2" in last["bet_2_second.py", "strict"][2]


ADAPTER = """
# Listens as an editor's test adapter does: an item's path comes from its protocol, and each node has one outcome.
import json
import pathlib

import pytest

paths, seen, sent = {}, set(), []

def send(nodeid, outcome):
    path = paths.get(nodeid, pathlib.Path.cwd())
    name = "::".join([str(path), *nodeid.split("::")[1:]])
    if name not in seen:
        seen.add(name)
        sent.append([name, outcome])

@pytest.hookimpl(hookwrapper=True, trylast=True)
def pytest_runtest_protocol(item):
    paths[item.nodeid] = item.path
    yield

@pytest.hookimpl(hookwrapper=True, trylast=True)
def pytest_report_teststatus(report):
    if report.when == "call" or (report.when == "setup" and report.skipped):
        send(report.nodeid, report.outcome)
    yield

def pytest_exception_interact(node, call):
    if hasattr(node, "nodeid") and call.when == "call":
        send(node.nodeid, "failed" if call.excinfo.typename == "AssertionError" else "error")

def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        pathlib.Path("sent.json").write_text(json.dumps(sent))
"""


@MODES
@pytest.mark.usefixtures("catalogue")
def test_an_editor_gets_one_outcome_for_each_tier_in_its_tree(run: Run, arguments: tuple[str, ...]) -> None:
    """By the tier's file and name, as the editor discovered it."""
    Path("conftest.py").write_text(ADAPTER)
    run(*arguments, expect=FAILED)
    sent = [(Path(name.partition("::")[0]), name.partition("::")[2], outcome) for name, outcome in json.loads(
        Path("sent.json").read_text()
    )]  # fmt: skip
    tiers = {(path.name, name): outcome for path, name, outcome in sent if "[" not in name}
    assert tiers == EXPECTED
    assert {path.parent for path, name, _ in sent if "[" not in name} == {Path.cwd()}


LISTENER = """
import os
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call" and "[" not in item.name:
        name = f"made_gw_{os.getpid()}" if hasattr(item.config, "workerinput") else "made_main"
        with open(name, "a") as file:
            file.write(f"{item.path.name} {item.name} {report.outcome}\\n")
    return report
"""


@MODES
@pytest.mark.usefixtures("catalogue")
def test_a_hook_around_the_report_of_a_tier_sees_its_outcome(run: Run, arguments: tuple[str, ...]) -> None:
    """As dashboards of one's own have it; where a worker runs the item it says skipped, and never passed."""
    Path("conftest.py").write_text(LISTENER)
    run(*arguments, expect=FAILED)
    made = Path("made_main").read_text().splitlines()
    assert sorted(made) == sorted(f"{file} {tier} {outcome}" for (file, tier), outcome in EXPECTED.items())
    on_workers = [line for path in Path().glob("made_gw*") for line in path.read_text().splitlines()]
    assert {line.split()[2] for line in on_workers} == ({"skipped"} if arguments else set())


SHOWN = """
import pathlib

def pytest_runtest_logreport(report):
    if report.when == "call" and report.skipped:
        assert isinstance(report.longrepr, tuple) and len(report.longrepr) == 3
        with pathlib.Path("texts").open("a") as file:
            file.write(f"{report.nodeid} {report.longreprtext}\\n")
"""


@MODES
@pytest.mark.usefixtures("catalogue")
def test_a_skipped_tier_has_its_reason_as_its_text(run: Run, arguments: tuple[str, ...]) -> None:
    """Pages and documents of other plugins show the text; the tuple that pytest reads is there, too."""
    Path("conftest.py").write_text(SHOWN)
    options = ("bet_2_second.py", "bet_3_third.py", *arguments)
    run("--deselect", "bet_3_third.py::experiment[1]", *options)
    unmet = "bet_2_second.py::strict strict not met: count(gain > 0) >= 3 (measured 2, threshold 3, margin -1)"
    unjudged = [f"bet_3_third.py::{tier} not judged: 1 of 4 cells did not run" for tier in ("strict", "lenient")]
    texts = Path("texts").read_text().splitlines()
    assert {unmet, *unjudged} <= set(texts)
    assert not [text for text in texts if text.endswith(")") and "bet_2_second.py'" in text]


def test_a_tier_fails_without_a_traceback_and_with_its_sentence_in_the_summary(bet: WriteBet, run: Run) -> None:
    """What a reader needs is the sentence and what was measured, not this plugin's code."""
    bet(body='return {"gain": -part}')
    shown = run(expect=FAILED)
    assert "catastrophic tripped: count(gain > 0) < 1 (measured 0, threshold 1, margin -1)\nclaim: A first" in shown
    assert "Traceback" not in shown
    assert "pytest_bets" not in shown
    assert "FAILED bet_1_first.py::catastrophic - catastrophic tripped: count(gain" in shown


def test_a_fixture_that_breaks_after_the_last_tier_keeps_its_traceback(bet: WriteBet, run: Run) -> None:
    """The module's teardown happens in a tier's item, and is an error as anywhere."""
    bet(above='@pytest.fixture(scope="module", autouse=True)\ndef held():\n    yield\n    raise RuntimeError("leak")\n')
    shown = run(expect=FAILED)
    assert 'raise RuntimeError("leak")' in shown
    assert outcomes(shown) == "7 passed, 1 error"
    assert records(Path("results"))["1_first"]["verdict"] == "PASS"


LOOP = """
def pytest_runtestloop(session):
    # a loop of its own, which runs the last item first
    if hasattr(session.config, "workerinput") or session.config.getoption("collectonly"):
        return None
    items = session.items[::-1]
    for index, item in enumerate(items):
        nextitem = items[index + 1] if index + 1 < len(items) else None
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)
    return True
"""


@pytest.mark.usefixtures("catalogue")
def test_tiers_whose_turn_comes_before_their_cells_are_run_again(run: Run) -> None:
    """Whatever loop a plugin brings, each tier is reported once, and its last report is the judgement."""
    expected = outcomes(run(expect=FAILED))
    Path("conftest.py").write_text(LOOP + LISTENER)
    assert outcomes(run(expect=FAILED)) == expected
    made = [line.split() for line in Path("made_main").read_text().splitlines()]
    assert {(file, tier): outcome for file, tier, outcome in made} == EXPECTED


@pytest.mark.usefixtures("catalogue")
def test_a_shuffled_session_runs_tiers_after_their_cells(run: Run) -> None:
    """So that a listener sees the verdict when the tier's item runs, and nothing before."""
    Path("conftest.py").write_text("def pytest_collection_modifyitems(items): items.reverse()\n" + LISTENER)
    shown = run("-v", expect=FAILED)
    order = [line.partition(" ")[0] for line in shown.splitlines() if line.startswith("bet_1_first.py::")]
    assert order[:4] == [f"bet_1_first.py::experiment[{part}]" for part in (4, 3, 2, 1)]
    assert sorted(order[4:]) == sorted(f"bet_1_first.py::{tier}" for tier in ("strict", "lenient", "catastrophic"))
    made = Path("made_main").read_text().splitlines()
    assert sorted(made) == sorted(f"{file} {tier} {outcome}" for (file, tier), outcome in EXPECTED.items())


def test_the_progress_ends_at_100_per_cent(bet: WriteBet, run: Run) -> None:
    """An error that no item makes counts as one more item."""
    Path("pytest.ini").write_text("[pytest]\nbets_registration = require\n")
    bet()
    shown = run(expect=FAILED)
    assert "ssssEsss" in shown
    assert "[100%]" in shown
    assert "[114%]" not in shown
