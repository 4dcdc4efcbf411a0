"""A benchmark that is off measures nothing, and its `stats` are None: the error says what to do."""

import pytest

from tests.helpers.fixtures import Run, WriteBet

FAILED = pytest.ExitCode.TESTS_FAILED
FIXTURE = """
import pytest
from types import SimpleNamespace

@pytest.fixture
def benchmark():
    return SimpleNamespace(disabled={off}, stats=None)
"""
UNDER_N = "pytest-benchmark is off under -n: run without -n, or use time.perf_counter()"
OFF = "pytest-benchmark is off: leave out --benchmark-disable, or use time.perf_counter()"


@pytest.mark.parametrize(
    ("processes", "value"),
    [
        ((), "benchmark.stats.stats.mean"),
        ((), 'benchmark.stats["mean"]'),
        ((), "benchmark.stats"),
        (("-n", "2"), "benchmark.stats.stats.mean"),
    ],
    ids=["attribute", "item", "None itself", "two processes"],
)
def test_the_reason_of_the_void_run_says_what_to_do(
    bet: WriteBet,
    run: Run,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    value: str,
    processes: tuple[str, ...],
) -> None:
    """The error of Python alone, that None has no such attribute, would send the reader to the wrong place."""
    monkeypatch.setenv("COLUMNS", "200")
    pytester.makeconftest(FIXTURE.format(off=True))
    bet(body=f'return {{"gain": {value}}}', arguments="benchmark, part")
    shown = run(*processes, expect=FAILED)
    hint = UNDER_N if processes else OFF
    assert f"4 of 4 cells crashed: experiment[1]: {hint}" in shown
    assert shown.count(f"{hint}.") == 1


@pytest.mark.parametrize(
    ("off", "arguments", "body"),
    [
        (True, "part", "None.x"),
        (True, "benchmark, part", "raise RuntimeError"),
        (True, "benchmark, part", "raise TypeError('a part')"),
        (False, "benchmark, part", "benchmark.stats.mean"),
    ],
    ids=["another None", "another error", "another type", "it is on"],
)
def test_any_other_error_is_its_own(
    bet: WriteBet, run: Run, pytester: pytest.Pytester, off: bool, arguments: str, body: str
) -> None:
    """Only a benchmark that is off and was not read explains it."""
    pytester.makeconftest(FIXTURE.format(off=off))
    bet(body=body, arguments=arguments)
    assert "pytest-benchmark" not in run(expect=FAILED)
