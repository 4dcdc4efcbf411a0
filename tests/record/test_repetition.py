"""Repeated runs: what only reproduced the record, what drew seeds of its own, and what differs to the bit."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_bets.bet.parse import read
from pytest_bets.record import repetition
from pytest_bets.record.build import build, journal_line
from pytest_bets.record.codec import rows_of
from pytest_bets.record.line import Replicated, RunLine
from pytest_bets.record.record import CodeDefinitions, Environment, Record, Registration
from pytest_bets.record.repetition import counted, differences, kinds
from pytest_bets.record.summary_model import RunCounts
from pytest_bets.record.verdict import Cell, judge
from pytest_bets.render.runs import history_lines, history_words, runs_words
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.results import strict

SOURCE = '''"""Gain.

Hypothesis: it gains.
Strict: above 3.
Lenient: above 2.
Catastrophic: below 1.
Run: pytest
"""
import pytest

@pytest.mark.strict("mean(gain) > 3")
@pytest.mark.lenient("mean(gain) > 2")
@pytest.mark.catastrophic("mean(gain) < 1")
def experiment(): ...
'''


def record(gain: float = 4.0, seconds: float = 1.0) -> Record:
    bet = read(SOURCE, "bets/bet_7_gain.py")
    assert bet
    cells = (Cell({}, {"gain": gain, "seconds": seconds}),)
    environment = Environment("3.11", "Linux", {}, "cpu", 1, None, None)
    return build(
        bet,
        judge(bet.criteria, cells),
        cells,
        registration=Registration("unknown", None),
        code=CodeDefinitions("c", {}),
        environment=environment,
    )


def run(of: Record, **parts: Any) -> RunLine:
    line = journal_line(of, rows_of(of), record_sha256=None, time="T", host="a", seconds=1, previous=None)
    return replace(line, **parts)


WROTE = run(record(), record="f" * 64)
OTHER = run(record(math.nextafter(4.0, 5)), host="b")
"""The same verdict, and the last bit of the gain is another."""


def test_runs_of_one_pair_are_the_record_or_reproduce_it_or_differ() -> None:
    """Measurements are compared to the bit by their hash; runs of other code, bets and declarations are not meant."""
    void = run(record(), verdict=None, void="1 of 1 cells crashed")
    journal = [WROTE, run(record()), OTHER, run(record(), code="d"), run(record(), bet="8_other"), void]
    assert [kind for _, kind in kinds(journal, record())] == ["record", "reproduced", "differs"]
    assert counted(journal, record()) == RunCounts(6, 3, 3, 1, 0)
    assert counted([run(record(), verdict="FAIL"), WROTE], record()) == RunCounts(2, 2, 1, 1, 0)
    assert counted([], record()) == RunCounts(0, 0, 0, 0, 0)


def test_the_record_is_the_run_that_wrote_it() -> None:
    """Wherever its line stands after a merge; where no line says so, the first is meant."""
    assert [kind for _, kind in kinds([run(record()), WROTE], record())] == ["reproduced", "record"]
    assert [kind for _, kind in kinds([OTHER, run(record())], record())] == ["record", "differs"]


def test_a_run_that_drew_seeds_of_its_own_is_a_replication(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is neither reproduced nor different: other seeds measure other numbers."""
    monkeypatch.setattr(repetition, "draw", lambda line: int(line.host == "b"))
    assert [kind for _, kind in kinds([WROTE, run(record()), OTHER], record())] == [
        "record",
        "reproduced",
        "replicated",
    ]
    assert counted([WROTE, run(record()), OTHER], record()) == RunCounts(3, 3, 3, 1, 1)


def replication(number: int, gain: float, **parts: Any) -> RunLine:
    return run(record(gain), replication=Replicated(number, None, None, fresh=True), **parts)


def test_the_second_run_of_a_replication_repeats_the_first() -> None:
    """Two branches that each ran the next one, and were merged, drew the same seeds: they are one replication."""
    lines = [WROTE, replication(1, 5.0), replication(1, 5.0), replication(2, 5.0), replication(1, 6.0, host="b")]
    expected = ["record", "replicated", "reproduced", "replicated", "differs"]
    assert [kind for _, kind in kinds(lines, record())] == expected
    assert counted(lines, record()) == RunCounts(5, 5, 5, 1, 2)
    shown = list(history_lines(record(), lines))
    assert "      strict mean(gain) > 3: 6.0, the first run of this replication has 5.0" in shown
    assert shown[-1] == "      measured on b, the first run of this replication ran on a"


def test_a_difference_is_shown_to_the_last_bit() -> None:
    """A float by its shortest digits; NaN is NaN; a sentence that the record lacks is none."""
    assert differences(OTHER, WROTE) == [
        f"{tier} mean(gain) {bound}: 4.000000000000001, the record has 4.0"
        for tier, bound in (("strict", "> 3"), ("lenient", "> 2"), ("catastrophic", "< 1"))
    ]
    undefined = run(record(math.nan))
    assert differences(undefined, undefined) == []
    assert differences(OTHER, replace(WROTE, criteria=())) == []


@pytest.mark.parametrize(
    ("runs", "summary", "page"),
    [
        (RunCounts(0, 0, 0, 0, 0), "0", "no run in the journal"),
        (RunCounts(1, 0, 0, 0, 0), "0 judged; 1 more of other code, or without a verdict", "1 run; 0 of the record's"),
        (RunCounts(1, 1, 1, 0, 0), "1", "1 run"),
        (RunCounts(2, 2, 2, 1, 0), "2, reproduced 1 of 1", "2 runs; reproduced 1 of 1"),
        (RunCounts(3, 3, 3, 0, 0), "3, reproduced 0 of 2", "3 runs; reproduced 0 of 2"),
        (RunCounts(2, 2, 1, 0, 0), "1 of 2 agree, reproduced 0 of 1", "2 runs; 1 of 2 agree; reproduced 0 of 1"),
        (RunCounts(4, 4, 4, 1, 2), "4, reproduced 1 of 1, replicated 2", "4 runs; reproduced 1 of 1, replicated 2"),
        (RunCounts(2, 2, 2, 0, 1), "2, replicated 1", "2 runs; replicated 1"),
        (
            RunCounts(5, 2, 2, 1, 0),
            "2, reproduced 1 of 1; 3 more of other code, or without a verdict",
            "5 runs; 2 of the record's declaration and code came to a verdict; reproduced 1 of 1",
        ),
    ],
)
def test_runs_in_words(runs: RunCounts, summary: str, page: str) -> None:
    """`of` counts the runs that had the record's seeds; the record's own run reproduces nothing."""
    assert runs_words(runs) == summary
    assert history_words(runs).startswith(page)


def test_a_page_says_of_each_run_what_it_is_and_where_it_differs() -> None:
    """On which host, and where only a measurement that no sentence reads is another."""
    slower = run(record(seconds=2.0))
    lines = list(history_lines(record(), [run(record(), code="d"), WROTE, run(record()), OTHER, slower]))
    assert lines == [
        "  T  PASS  strict 4  (1.0 s, a)",
        "  T  PASS  strict 4  (1.0 s, a)  record",
        "  T  PASS  strict 4  (1.0 s, a)  reproduced",
        "  T  PASS  strict 4  (1.0 s, b)  other measurements",
        "      strict mean(gain) > 3: 4.000000000000001, the record has 4.0",
        "      lenient mean(gain) > 2: 4.000000000000001, the record has 4.0",
        "      catastrophic mean(gain) < 1: 4.000000000000001, the record has 4.0",
        "      measured on b, the record ran on a",
        "  T  PASS  strict 4  (1.0 s, a)  other measurements",
        "      every sentence has the same value to the bit",
        "      measured on the same host",
    ]
    assert list(history_lines(None, [WROTE])) == ["  T  PASS  strict 4  (1.0 s, a)"]


def test_the_summary_says_that_a_second_run_reproduced_the_first(bet: WriteBet, run: Run) -> None:
    """And that this is no new evidence; a single run needs no such word."""
    bet()
    run()
    assert "Reproduced" not in Path("results/SUMMARY.md").read_text(encoding="utf-8")
    run()
    page = Path("results/SUMMARY.md").read_text(encoding="utf-8")
    assert "| 2, reproduced 1 of 1 |" in page
    assert "is no new evidence on the claim" in page
    (row,) = strict(Path("results/SUMMARY.json").read_bytes())["bets"]
    assert row["runs"] == {"total": 2, "same": 2, "agreed": 2, "reproduced": 1, "replicated": 0}
