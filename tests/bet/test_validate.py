"""Checks of one cell's measurements against the sentences: what would be an error over all cells is one here."""

import pytest

from pytest_bets.bet.declaration import Criterion
from pytest_bets.bet.validate import check_row
from pytest_bets.diagnostics import EvaluationError
from pytest_bets.sentence.evaluate import value
from pytest_bets.sentence.parse import parse

LISTED = "`gain` is a list, and a sentence compares numbers and strings"


def criteria(*sentences: str) -> list[Criterion]:
    return [Criterion("strict", parse(sentence), 1) for sentence in sentences]


@pytest.mark.parametrize(
    ("sentence", "row", "problem"),
    [
        ("mean(gain) >= 1", {"gain": [1, 2]}, LISTED),
        ("mean(gain > 1) >= 1", {"gain": [1, 2]}, LISTED),
        ("mean(loss) - 2 * sum(-gain) >= 1", {"gain": [], "loss": 1}, LISTED),
        ("groups(part, mean(gain) > 1) >= 1", {"gain": [1], "part": 1}, LISTED),
        ("mean(gain) >= 1", {"gain": "x"}, "'x' is a string, and `mean(...)` needs a number"),
        ("mean(gain + 1) >= 1", {"gain": "x"}, "'x' is a string, and `+` needs a number"),
        ("count(gain > 1) >= 1", {"gain": "x"}, "`'x' > 1.0` compares a number with a string"),
        ("count(gain == 'x') >= 1", {"gain": 1}, "`1.0 == 'x'` compares a number with a string"),
        ("count(gain < 'x') >= 1", {"gain": "y"}, "`'y' < 'x'`: strings are compared with == and != alone"),
        ("mean(gain) >= 1", {"gain": None}, "`gain` is a NoneType, and a sentence compares numbers and strings"),
        ("mean(gain) >= 1", {"gian": 1}, "`gain` was not measured; the names are gian; did you mean gian?"),
        ("gain >= 1", {"gain": "x"}, "'x' is a string, and `gain` needs a number"),
    ],
)
def test_a_row_that_no_run_could_judge_is_named_with_its_sentence(
    sentence: str, row: dict[str, object], problem: str
) -> None:
    """The words are those of the void verdict that the whole run would have."""
    assert check_row(criteria("mean(other) >= 0", sentence), {"other": 1, **row}) == (
        f'strict "{sentence}": {problem.replace("names are gian", "names are gian, other")}'
    )
    with pytest.raises(EvaluationError):
        value(parse(sentence), [row, row])


@pytest.mark.parametrize(
    ("sentence", "row"),
    [
        ("mean(gain) >= 1", {"gain": float("nan")}),
        ("mean(gain) >= 1", {"gain": True, "curve": [1, 2], "note": "text"}),
        ("mean(1 / gain) >= 1", {"gain": 0}),
        ("low(gain) >= 1", {"gain": 1}),
        ("std(gain) >= 1", {"gain": 1}),
        ("count(kind == 'x') >= 1", {"kind": "y"}),
        ("groups(part, median(gain) < 1) >= 1", {"gain": float("inf"), "part": "a"}),
    ],
)
def test_a_row_that_can_be_judged_has_no_problem(sentence: str, row: dict[str, object]) -> None:
    """NaN, infinity and what is undefined for a single cell are values of a run; unread names may hold anything."""
    assert check_row(criteria(sentence), row) is None
