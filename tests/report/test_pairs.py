"""What sentences compare, cell by cell."""

import math
from dataclasses import replace

import pytest

from pytest_bets.record.record import Record
from pytest_bets.record.verdict import Cell, Judged
from pytest_bets.report.pairs import pair_panels
from tests.helpers.sites import cells, declaration, record_of

RECORD = record_of(declaration(1)[0], cells(3))


def judged(*sentences: str) -> Record:
    found = [Cell({"seed": n}, {"a": n, "b": 2.0 * n, "c": n > 1, "d": "x"}) for n in range(3)]
    criteria = tuple(Judged("strict", text, 1.0, 1.0, True, 0.0) for text in sentences)
    return replace(RECORD, cells=tuple(found), criteria=criteria)


@pytest.mark.parametrize(
    ("sentence", "name", "values"),
    [
        ("count(a < b) >= 1", "a \u2212 b", [0.0, -1.0, -2.0]),
        ("groups(seed, median(b) > median(a)) >= 1", "b \u2212 a", [0.0, 1.0, 2.0]),
        ("max(b / a) <= 1", "b / a", [math.nan, 2.0, 2.0]),
        ("mean(a) / mean(b) <= 1", "a / b", [math.nan, 0.5, 0.5]),
    ],
)
def test_compared_columns_are_subtracted_and_divided_ones_divided(
    sentence: str, name: str, values: list[float]
) -> None:
    """Within a cell; a division by zero is undefined."""
    ((_, panel),) = pair_panels(judged(sentence))
    assert [column.name for column in panel.columns] == [name]
    assert repr(panel.columns[0].values) == repr(values)


@pytest.mark.parametrize(
    "sentence", ["count(a < 1) >= 1", "count(c == a) >= 1", "sum(a) / sum(b) >= 1", "count(d == 'x') >= 1"]
)
def test_what_is_no_pair_of_numbers_has_no_panel(sentence: str) -> None:
    """Numbers, truths, texts and sums are compared with nothing."""
    assert pair_panels(judged(sentence)) == []


def test_a_pair_has_the_tiers_that_read_it() -> None:
    """It is drawn once."""
    ((kind, panel),) = pair_panels(RECORD)
    assert (kind, panel.roles) == ("difference", ("strict, lenient, catastrophic", "control"))
    assert pair_panels(judged("import os")) == []
