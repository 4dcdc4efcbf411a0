"""What plugins that report show of bets: pytest-html, json-report, Allure, TeamCity, coverage and others."""

import html
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.neighbours import BY_NODE, FAILED, OUTCOMES, RESULTS, TRIPPED, UNMET, judged, needs, write_three
from tests.helpers.results import known

MODES = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["plain", "two workers"])
HTML = ("-p", "pytest_metadata.plugin", "-p", "pytest_html.plugin", "--html", "report.html")
JSON = ("-p", "pytest_metadata.plugin", "-p", "pytest_jsonreport.plugin", "--json-report")
Alone = dict[str, bytes]


@pytest.fixture
def alone(bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch) -> Alone:
    """Write three bets and return what a session without neighbours writes of them; its results are gone."""
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "TEAMCITY_VERSION"):
        monkeypatch.delenv(name, raising=False)
    write_three(bet)
    run(expect=FAILED)
    held = known(RESULTS)
    shutil.rmtree(RESULTS)
    return held


def rows(page: Path) -> dict[str, tuple[str, str]]:
    """Return the result and the log of every row of a page of pytest-html."""
    blob = re.search(r'data-jsonblob="([^"]*)"', page.read_text(encoding="utf-8"))
    assert blob
    tests: dict[str, list[dict[str, Any]]] = json.loads(html.unescape(blob[1]))["tests"]
    return {name: (row["result"], html.unescape(row["log"])) for name, (row,) in tests.items()}


@needs("pytest_html", "pytest_metadata")
@MODES
def test_html_has_a_row_an_item_and_the_reason_of_an_unmet_tier(
    alone: Alone, run: Run, workers: tuple[str, ...]
) -> None:
    """The reason is a sentence, and no tuple of a path, a line and a text."""
    run(*HTML, *workers, expect=FAILED)
    judged(alone)
    found = rows(Path("report.html"))
    assert {name: result.lower() for name, (result, _) in found.items() if name in BY_NODE} == BY_NODE
    assert found["bet_2_second.py::strict"] == ("Skipped", f"{UNMET}\n")
    assert found["bet_3_third.py::catastrophic"][1].startswith(f"{TRIPPED}\nclaim: A first claim.")


@needs("pytest_jsonreport", "pytest_metadata")
@MODES
def test_json_report_has_outcomes_of_its_own_schema_alone(alone: Alone, run: Run, workers: tuple[str, ...]) -> None:
    """An unmet tier is skipped there, in the rows and in the counts."""
    run(*JSON, *workers, expect=FAILED)
    judged(alone)
    document = json.loads(Path(".report.json").read_text(encoding="utf-8"))
    tests = {test["nodeid"]: test for test in document["tests"]}
    assert {name: test["outcome"] for name, test in tests.items() if name in BY_NODE} == BY_NODE
    assert document["summary"] == {"passed": 19, "skipped": 3, "failed": 1, "total": 23, "collected": 23}
    assert document["exitcode"] == 1
    assert tests["bet_2_second.py::strict"]["call"]["longrepr"] == UNMET
    assert tests["bet_3_third.py::catastrophic"]["call"]["longrepr"].startswith(TRIPPED)


@needs("pytest_jsonreport", "pytest_metadata")
def test_json_report_without_its_tests_has_the_counts(alone: Alone, run: Run) -> None:
    """A session of passed items stays as it is, and so does a report that is a summary alone."""
    assert alone
    run(*JSON, "--json-report-summary", expect=FAILED)
    assert json.loads(Path(".report.json").read_text(encoding="utf-8"))["summary"]["skipped"] == 3
    run(*JSON, "bet_1_first.py")
    assert "skipped" not in json.loads(Path(".report.json").read_text(encoding="utf-8"))["summary"]


@needs("pytest_sugar")
@MODES
def test_sugar_shows_an_unmet_tier_as_skipped(
    alone: Alone, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    """It asks no other plugin for letters. What the bets say is below, as ever."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    plugins = ("-p", "pytest_bets.plugin", "-p", "pytest_sugar", *(("-p", "xdist") if workers else ()))
    shown = pytester.runpytest_subprocess(*plugins, "--force-sugar", "-p", "no:cacheprovider", *workers)
    assert shown.ret == FAILED
    judged(alone)
    shown.stdout.fnmatch_lines(["3_third   FAIL, catastrophic *", "*19 passed", "*1 failed", "*3 skipped"])
    assert shown.stdout.str().count(TRIPPED) == 1


@needs("pytest_instafail")
def test_instafail_shows_a_catastrophe_when_it_is_judged(alone: Alone, run: Run) -> None:
    """Before the items that follow."""
    shown = run("-p", "pytest_instafail", "--instafail", expect=FAILED)
    judged(alone)
    assert shown.index(TRIPPED) < shown.index("test_beside.py ..") < shown.index("= bets =")


@needs("teamcity.pytest_plugin")
@MODES
def test_teamcity_and_pycharm_get_each_tier_once(alone: Alone, run: Run, workers: tuple[str, ...]) -> None:
    """A test that is started, then failed or ignored where it is not passed, and finished."""
    shown = run("-p", "teamcity.pytest_plugin", "--teamcity", *workers, expect=FAILED)
    judged(alone)
    found = re.findall(r"##teamcity\[(test\w+) .*?name='(bet_\w+)\.(\w+)", shown)
    ended = {"passed": [], "skipped": ["testIgnored"], "failed": ["testFailed"]}
    for file, tiers in OUTCOMES.items():
        for tier, outcome in tiers.items():
            kinds = [kind for kind, module, name in found if (f"{module}.py", name) == (file, tier)]
            assert kinds == ["testStarted", *ended[outcome], "testFinished"], (file, tier)
    assert f"details='{TRIPPED}|nclaim: A first claim.'" in shown
    assert f"message='{UNMET}'" in shown


@needs("pytest_reportlog")
@MODES
def test_reportlog_has_one_call_an_item(alone: Alone, run: Run, workers: tuple[str, ...]) -> None:
    """Each line is JSON."""
    run("-p", "pytest_reportlog.plugin", "--report-log", "log.jsonl", *workers, expect=FAILED)
    judged(alone)
    lines = [json.loads(line) for line in Path("log.jsonl").read_text(encoding="utf-8").splitlines()]
    calls = [line for line in lines if line.get("when") == "call" and line["nodeid"] in BY_NODE]
    assert {line["nodeid"]: line["outcome"] for line in calls} == BY_NODE
    assert len(calls) == len(BY_NODE)
    unmet = next(line for line in calls if line["nodeid"] == "bet_2_second.py::strict")
    assert unmet["longrepr"][2].endswith(UNMET)


@needs("pytest_github_actions_annotate_failures")
def test_the_plugin_for_annotations_adds_one_to_ours(alone: Alone, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both stand at the tier's first sentence."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # that plugin is silent in a worker
    shown = run("-p", "pytest_github_actions_annotate_failures.plugin", expect=FAILED)
    judged(alone)
    line = Path("bet_3_third.py").read_text(encoding="utf-8").partition("@pytest.mark.catastrophic")[0].count("\n") + 1
    found = re.findall(r"::error file=(\S+?),line=(\d+)", shown)
    assert found == [("bet_3_third.py", str(line))] * 2


LAB = "def halved(part):\n    return part / 2\n\ndef unused():\n    return None\n"
ON_ENGINE = ("--bets-on", "local=1")


@needs("pytest_cov")
@pytest.mark.parametrize("how", [(), ("-n", "2"), ON_ENGINE], ids=["plain", "two workers", "on an engine"])
def test_coverage_sees_the_experiment_and_what_it_calls(
    bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, how: tuple[str, ...]
) -> None:
    """In every process: on an engine, coverage's own setting `patch = subprocess` measures the children."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    bet(body='return {"gain": halved(part)}', above="from lab import halved")
    Path("lab.py").write_text(LAB)
    Path(".coveragerc").write_text("[run]\npatch = subprocess\nparallel = true\n")
    options = ("--cov", ".", "--cov-report", "json", "-p", "no:cacheprovider", *how)
    plugins = ("-p", "pytest_bets.plugin", "-p", "pytest_cov.plugin", *(("-p", "xdist") if "-n" in how else ()))
    assert pytester.runpytest_subprocess(*plugins, *options).ret == pytest.ExitCode.OK
    assert json.loads((RESULTS / "1_first.json").read_bytes())["verdict"] == "PASS"
    files = json.loads(Path("coverage.json").read_bytes())["files"]
    assert files["bet_1_first.py"]["missing_lines"] == []
    assert files["lab.py"]["missing_lines"] == [5]
