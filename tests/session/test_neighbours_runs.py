"""Bets with plugins that change how tests run: time limits, event loops, repetitions, and all plugins together."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from pytest_bets.hooks.judging import judge_run
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.neighbours import (
    BY_NODE,
    FAILED,
    OUTCOMES,
    RESULTS,
    TRIPPED,
    UNMET,
    judged,
    needs,
    write_three,
)
from tests.helpers.results import journal, known, records
from tests.helpers.terminal import outcomes


def verdict(bet: str = "1_first") -> str | None:
    """Return the verdict on record."""
    found: str | None = records(RESULTS)[bet]["verdict"]
    return found


SLOW = (
    'from pathlib import Path\ntime.sleep(30 if part == 2 and not Path("quick").exists() else 0)\nreturn {"gain": part}'
)


@needs("pytest_timeout")
def test_a_cell_over_its_time_limit_voids_the_bet(bet: WriteBet, run: Run) -> None:
    """It has no measurement, and the reason names the limit."""
    bet(body=SLOW, above="import time", markers={"timeout": "0.3"})
    shown = run("-p", "pytest_timeout", expect=FAILED)
    assert outcomes(shown) == "1 failed, 3 passed, 3 skipped"
    void = "1 of 4 cells crashed: experiment[2]: Failed: Timeout (>0.3s) from pytest-timeout."
    assert (verdict(), records(RESULTS)["1_first"]["void"]) == (None, void)


@needs("pytest_timeout")
@pytest.mark.parametrize("limit", [{"timeout": "0.3"}, {"timeout": "0.3, method='thread'"}], ids=["signal", "thread"])
def test_the_judging_of_a_bet_is_no_part_of_the_time_of_its_last_cell(
    bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch, limit: dict[str, str]
) -> None:
    """It may take longer than a cell: luck is simulated then, and the record is written."""

    def slow(*arguments: Any) -> Any:
        time.sleep(0.6)
        return judge_run(*arguments)

    monkeypatch.setattr("pytest_bets.hooks.session.judge_run", slow)
    bet(markers={**limit})
    assert outcomes(run("-p", "pytest_timeout")) == "7 passed"
    assert verdict() == "PASS"


@needs("pytest_timeout")
def test_a_time_limit_that_ends_the_process_leaves_the_finished_cells(
    bet: WriteBet, pytester: pytest.Pytester, run: Run
) -> None:
    """The method `thread` ends pytest itself. --bets-resume runs what is left."""
    bet(body=SLOW, above="import time")
    options = ("--timeout", "0.5", "--timeout-method", "thread", "-p", "no:cacheprovider")
    ended = pytester.runpytest_subprocess("-p", "pytest_bets.plugin", "-p", "pytest_timeout", *options)
    assert ended.ret == 1
    assert "Timeout" in ended.stderr.str() + ended.stdout.str()
    assert not (RESULTS / "1_first.json").exists()
    Path("quick").touch()
    assert outcomes(run("--bets-resume")) == "7 passed"
    (line,) = journal(RESULTS)
    assert (verdict(), line["resumed"]) == ("PASS", 1)


@needs("pytest_benchmark")
@pytest.mark.filterwarnings("ignore:Benchmarks are automatically disabled")
def test_a_benchmark_within_an_experiment_is_measured_and_shown(
    bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its table has a row a cell. With workers benchmark switches itself off, and the bet is void."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # these tests may run in a worker
    body = 'benchmark.pedantic(sum, args=([1],), rounds=3)\nreturn {"gain": part, "mean": benchmark.stats.stats.mean}'
    bet(body=body, arguments="part, benchmark")
    shown = run("-p", "pytest_benchmark.plugin")
    assert verdict() == "PASS"
    assert sorted(re.findall(r"^(experiment\[\d\]) ", shown, re.MULTILINE)) == [
        f"experiment[{n}]" for n in (1, 2, 3, 4)
    ]
    assert all(cell["measured"]["mean"] > 0 for cell in records(RESULTS)["1_first"]["cells"])
    shown = run("-p", "pytest_benchmark.plugin", "-n", "2", "--bets-results", "there", expect=FAILED)
    reason = "experiment[1]: pytest-benchmark is off under -n: run without -n, or use time.perf_counter()"
    assert records(Path("there"))["1_first"]["void"] == f"4 of 4 cells crashed: {reason}"


@needs("pytest_asyncio")
@pytest.mark.parametrize(
    ("mode", "marks", "workers"),
    [("strict", {"asyncio": ""}, ()), ("strict", {"asyncio": ""}, ("-n", "2")), ("auto", {}, ())],
    ids=["strict", "strict, two workers", "auto"],
)
def test_an_asynchronous_experiment_runs_under_pytest_asyncio(
    bet: WriteBet, run: Run, mode: str, marks: dict[str, str], workers: tuple[str, ...]
) -> None:
    """With its marker, or in the mode in which it takes every coroutine."""
    bet(
        body='await asyncio.sleep(0)\nreturn {"gain": part}',
        above="import asyncio",
        markers={**marks},
        function="async def experiment",
    )
    Path("pytest.ini").write_text(f"[pytest]\nasyncio_mode = {mode}\nasyncio_default_fixture_loop_scope = function\n")
    assert outcomes(run("-p", "pytest_asyncio.plugin", *workers)) == "7 passed"
    assert verdict() == "PASS"


@needs("anyio.pytest_plugin", "trio")
def test_anyio_without_a_backend_is_refused_with_the_fixture_to_write(bet: WriteBet, run: Run) -> None:
    """It would run each cell on asyncio and on trio. With the fixture, the bet runs on the one that it names."""
    anyio = ("-p", "anyio.pytest_plugin")
    body = 'await anyio.sleep(0)\nreturn {"gain": part}'
    bet(body=body, above="import anyio", markers={"anyio": ""}, function="async def experiment")
    shown = run(*anyio, expect=FAILED)
    assert "bet_1_first.py: its cells were not run: anyio runs it once for each backend" in shown
    assert 'a fixture `anyio_backend` that returns "asyncio" or "trio"' in shown
    assert not RESULTS.exists()
    fixture = 'import anyio\n@pytest.fixture\ndef anyio_backend():\n    return "trio"\n'
    bet(body=body, above=fixture, markers={"anyio": ""}, function="async def experiment")
    assert outcomes(run(*anyio)) == "7 passed"


@needs("pytest_mock")
def test_a_mock_ends_with_its_cell(bet: WriteBet, run: Run) -> None:
    """What judges and writes the bet sees nothing of it."""
    body = 'mocker.patch("json.dumps", return_value="mocked")\nmocker.patch("os.replace", side_effect=OSError)\n'
    bet(body=f'{body}return {{"gain": part}}', arguments="part, mocker")
    assert outcomes(run("-p", "pytest_mock")) == "7 passed"
    assert verdict() == "PASS"


@needs("pytest_retry")
@pytest.mark.parametrize(
    ("settings", "options", "named"),
    [
        ("", ("--retries", "2"), "--retries"),
        ("retries = 2", (), "the setting retries = 2, which --retries 0 overrides,"),
    ],
    ids=["option", "setting"],
)
def test_pytest_retry_is_refused(bet: WriteBet, run: Run, settings: str, options: tuple[str, ...], named: str) -> None:
    """As pytest-rerunfailures is."""
    bet(body="raise AssertionError")
    Path("pytest.ini").write_text(f"[pytest]\n{settings}\n")
    shown = run("-p", "pytest_retry.retry_plugin", *options, expect=FAILED)
    assert f"bet_1_first.py: its cells were not run: {named} does not go with bets: running until it passes" in shown
    assert not RESULTS.exists()


@needs("pytest_repeat")
def test_pytest_repeat_is_refused(bet: WriteBet, run: Run) -> None:
    """Repetitions are declared."""
    bet()
    shown = run("-p", "pytest_repeat", "--count", "2", expect=FAILED)
    assert "the parameter `__pytest_repeat_step_number` multiplies the cells" in shown
    assert "@pytest.mark.replicate(n) declares repetitions" in shown


def test_hypothesis_within_an_experiment_works(bet: WriteBet, run: Run) -> None:
    """The function that it calls many times is one of the experiment's own."""
    body = """
        seen = []
        @settings(max_examples=5, database=None, derandomize=True)
        @given(strategies.integers())
        def holds(number): seen.append(number)
        holds()
        return {"gain": len(seen)}
    """
    bet(body=body, above="from hypothesis import given, settings, strategies")
    assert outcomes(run("-p", "_hypothesis_pytestplugin")) == "7 passed"
    assert records(RESULTS)["1_first"]["cells"][0]["measured"] == {"gain": 5}


def test_given_on_an_experiment_is_a_collection_error(bet: WriteBet, run: Run) -> None:
    """Hypothesis would refuse what the experiment returns, cell by cell."""
    given = "@given(n=strategies.integers())\ndef experiment"
    bet(above="from hypothesis import given, strategies", arguments="part, n", function=given)
    shown = run(expect=pytest.ExitCode.INTERRUPTED)
    assert "Hypothesis' @given runs the experiment many times, and a cell is one run" in shown
    assert "expected: @given on a function inside the experiment, which the experiment calls" in shown


TOGETHER = (
    "pytest_html", "pytest_jsonreport", "pytest_cov", "pytest_reportlog", "pytest_sugar", "pytest_timeout",
    "pytest_benchmark", "pytest_asyncio", "pytest_mock", "pytest_split", "pytest_instafail", "allure_pytest",
    "teamcity", "pytest_retry", "pytest_repeat", "pytest_rerunfailures", "pytest_randomly", "anyio", "xdist",
)  # fmt: skip
REPORTS = (
    *("--html", "report.html", "--json-report", "--report-log", "log.jsonl", "--alluredir", "allure"),
    *("--cov", ".", "--cov-report", "json", "--junitxml", "junit.xml", "--timeout", "60", "--instafail"),
)


@needs(*TOGETHER)
@pytest.mark.parametrize("how", [(), ("-n", "2"), ("--bets-on", "local=2")], ids=["plain", "two workers", "an engine"])
def test_all_plugins_together_change_no_verdict_and_no_byte(
    bet: WriteBet, run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, how: tuple[str, ...]
) -> None:
    """Each as it is when it is installed, in a random order, with a report of every kind."""
    write_three(bet)
    run("--bets-results", "alone", expect=FAILED)
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    Path("pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    shown = pytester.runpytest_subprocess("-p", "no:cacheprovider", *REPORTS, *how)
    assert shown.ret == FAILED, shown.stdout.str()
    assert outcomes(shown.stdout.str()) == "1 failed, 19 passed, 3 unmet"
    judged(known(Path("alone")))
    document = json.loads(Path(".report.json").read_bytes())
    assert {test["nodeid"]: test["outcome"] for test in document["tests"] if test["nodeid"] in BY_NODE} == BY_NODE
    logged = [json.loads(line) for line in Path("log.jsonl").read_bytes().splitlines()]
    assert {line["nodeid"]: line["outcome"] for line in logged if line.get("when") == "call"}.items() >= BY_NODE.items()
    assert last_in_allure() == OUTCOMES
    page = Path("report.html").read_text(encoding="utf-8")
    assert TRIPPED.partition(":")[0] in page
    assert UNMET.partition(":")[0] in page
    assert Path("junit.xml").read_text(encoding="utf-8").count("<testcase ") == 23
    measured = json.loads(Path("coverage.json").read_bytes())["files"]["bet_1_first.py"]
    assert measured["missing_lines"] == []


def last_in_allure() -> dict[str, dict[str, str]]:
    """Return the last status of every tier."""
    found: dict[tuple[str, str], tuple[int, str]] = {}
    for path in Path("allure").glob("*-result.json"):
        result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        module, _, name = result["fullName"].partition("#")
        if module.startswith("bet_") and name != "experiment":
            key = f"{module}.py", name
            found[key] = max(found.get(key, (0, "")), (result["start"], result["status"]))
    tiers: dict[str, dict[str, str]] = {}
    for (file, tier), (_, status) in found.items():
        tiers.setdefault(file, {})[tier] = status
    return tiers
