"""The known error of a verdict: by luck, by absence, by design, or not known."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bets.chance.luck import luck
from pytest_bets.chance.result import Luck
from pytest_bets.record.known_error import KnownError, known_error, telling
from pytest_bets.record.verdict import Cell, judge
from pytest_bets.render.luck import error_words
from tests.helpers.nulls import bet, none, swap

SAME = {"same": 0.5, "won": True, "faults": 0, "tries": 5}
ROWS = [{"seed": i, "a": i + 0.25, "b": i + 0.5 + i / 64, **SAME} for i in range(4)]
SEEDS = [{"seed": i} for i in range(4)]


def found(
    strict: str | Sequence[str], *nulls: object, sweep: Sequence[str] = ("seed",), verdict: str | None = None
) -> KnownError | None:
    declared = bet(strict, *nulls)  # type: ignore[arg-type]
    cells = [Cell(cell, row) for cell, row in zip(SEEDS, ROWS, strict=True)]
    result = judge(declared.criteria, cells)
    lucky = luck(declared, SEEDS, ROWS)
    return known_error(verdict or result.verdict, lucky, result.criteria, dict.fromkeys(sweep, 1), cells)  # type: ignore[arg-type]


def test_luck_is_the_largest_chance_of_the_tier_of_the_verdict() -> None:
    """Strict for a PASS, lenient for a LENIENT, nothing for a FAIL."""
    assert found("count(a < b) >= 4", swap()) == KnownError("luck", 1 / 16, False, 4, ("seed",))
    assert found("count(a < b) >= 4", swap(), verdict="LENIENT") == KnownError("luck", 15 / 16, False, 4, ("seed",))
    assert found("count(a < b) >= 4", swap(), verdict="FAIL") is None


def test_a_null_whose_chance_is_not_known_leaves_nothing_known() -> None:
    """One of two nulls would flatter."""
    unknown = Luck((luck(bet("count(a < b) >= 4", swap()), SEEDS, ROWS).swaps[0],), ())  # type: ignore[union-attr]
    broken = Luck((*unknown.swaps, type(unknown.swaps[0])(("a", "c"), ("seed",), 4, 0, None, None, (), "strings")), ())
    assert known_error("PASS", unknown, (), {}, ()) is not None
    assert known_error("PASS", broken, (), {}, ()) is None


def test_an_absence_has_the_largest_limit() -> None:
    """For a PASS alone: where there was a fault there is no such limit."""
    error = found("sum(faults) == 0", none("sum(tries)"), none("count(faults >= 0)"))
    assert error is not None
    assert (error.kind, error.tries) == ("absence", 4)
    assert error_words("PASS", error) == "faults: at most 53 % (0 of 4)"
    assert found("sum(faults) == 0", none(), verdict="LENIENT") is None


@pytest.mark.parametrize(
    ("strict", "sweep", "rate"),
    [
        ("low(b - a) > 0", ["seed"], 0.025),
        ("high(a - b) <= 0", ["seed"], 0.025),
        ("low(b - a, 0.9) > 0", ["seed"], 0.05),
        (["low(b - a, 0.9) > 0", "high(a - b) < 0"], ["seed"], 0.05),
        ("low(b - a) > 0", ["seed", "part"], None),
        ("low(b - a) > 0", ["seed, part"], None),
        ("low(b - a) > 0", ["pytest_generate_tests"], None),
        ("high(b - a) > 0", ["seed"], None),
        (["low(b - a) > 0", "mean(b - a) > 0"], ["seed"], None),
        ("low(b - a) - 1 > -9", ["seed"], None),
        ("low(a < b) > 0.5", ["seed"], None),
        ("high(not (a < b)) < 0.5", ["seed"], None),
        ("low(won) > 0.5", ["seed"], None),
        ("low(same) > 0", ["seed"], None),
        ("low(b - a + same) > 0", ["seed"], 0.025),
        (["low(b - a) > 0", "low(same) > 0"], ["seed"], None),
    ],
)
def test_an_interval_errs_by_design(strict: str | list[str], sweep: list[str], rate: float | None) -> None:
    """Where every strict sentence bounds the right end, over independent cells that did not all measure the same."""
    error = found(strict, sweep=sweep)
    assert (error.rate if error else None) == rate


@given(
    st.lists(st.tuples(st.sampled_from([0.5, 1, True, False]), st.sampled_from([0.5, 2])), min_size=1, max_size=5),
    st.sampled_from(["low(a) > 0", "high(b) < 9", "low(a) > 0.5", "low(a - b) > -9", "mean(a) > 0"]),
    st.sampled_from(["low(b) > 0", "low(a * b) > -9", "max(a) > 0"]),
)
def test_a_header_has_the_cells_that_decide_whether_an_interval_has_a_width(
    values: list[tuple[float, float]], one: str, other: str
) -> None:
    """What a summary reads of a record gives the known error of all cells."""
    cells = [Cell({"seed": i}, {"a": a, "b": b}) for i, (a, b) in enumerate(values)]
    criteria = judge(bet([one, other]).criteria, cells).criteria
    few = telling(criteria, cells)
    assert few[0] == cells[0]
    assert len(few) <= 3
    expected = known_error("PASS", None, criteria, {"seed": 5}, cells)
    assert known_error("PASS", None, criteria, {"seed": 5}, few) == expected


@pytest.mark.parametrize(
    ("verdict", "error", "words"),
    [
        ("PASS", None, "not known"),
        ("LENIENT", None, "not known"),
        ("FAIL", None, ""),
        (None, None, ""),
        ("FAIL", KnownError("luck", 0.1, False, 3, ("part",)), ""),
        ("PASS", KnownError("luck", 0.125, False, 3, ("part",), alike=True), "luck: 1 in 8 (3 parts, alike)"),
        ("PASS", KnownError("luck", 3e-4, True, 30, ("cell",)), "luck: at most 1 in 3,300 (30 cells)"),
        ("PASS", KnownError("interval", 0.025, False), "2.5 % by design"),
    ],
)
def test_a_known_error_is_said_in_a_few_words(verdict: str | None, error: KnownError | None, words: str) -> None:
    """Never beside a FAIL, and never 0."""
    assert error_words(verdict, error) == words
