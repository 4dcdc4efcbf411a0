"""The drawing of lists."""

import math
from dataclasses import replace
from xml.etree import ElementTree

from pytest_bets.record.record import Record
from pytest_bets.record.verdict import Cell
from pytest_bets.report.curves import curve_figures
from tests.helpers.sites import cells, declaration, record_of

RECORD = record_of(declaration(1)[0], cells(12))


def with_lists(*lists: tuple[float, ...]) -> Record:
    return replace(RECORD, cells=tuple(Cell({"seed": n}, {"loss": values}) for n, values in enumerate(lists)))


def points(svg: str) -> list[list[tuple[float, float]]]:
    lines = [node.attrib["points"] for node in ElementTree.fromstring(svg).iter("polyline")]
    return [[(float(x), float(y)) for x, y in (pair.split(",") for pair in line.split())] for line in lines]


def test_a_curve_goes_from_the_first_entry_to_the_last() -> None:
    """Across in thousandths of the width, and lower values lower."""
    (figure,) = curve_figures(with_lists((4.0, 3.0, 2.0)))
    (curve,) = points(figure.svg)
    assert [x for x, _ in curve] == [0, 500, 1000]
    assert curve[0][1] < curve[1][1] < curve[2][1]
    assert math.isclose(curve[1][1], 500, abs_tol=1)
    assert figure.rows == [("loss", 1, "seed=0", 1, 4.0), ("loss", 1, "seed=0", 2, 3.0), ("loss", 1, "seed=0", 3, 2.0)]


def test_what_is_not_finite_breaks_a_curve() -> None:
    """It is in the data."""
    (figure,) = curve_figures(with_lists((1.0, math.nan, 2.0, 3.0, math.inf), (math.nan,)))
    assert [len(curve) for curve in points(figure.svg)] == [2, 2]
    assert len(figure.rows) == 6
    assert "nan" not in figure.svg.replace("undefined", "")


def test_long_and_many_curves_are_thinned_and_this_is_said() -> None:
    """The last entry is always drawn."""
    (figure,) = curve_figures(with_lists(*(tuple(map(float, range(5000))) for _ in range(100))))
    assert len(points(figure.svg)) == 50
    assert all(len(curve) <= 201 and curve[-1][0] == 1000 for curve in points(figure.svg))
    assert figure.note == "50 of 100 curves are drawn; the CSV has all."


def test_without_lists_there_is_no_figure() -> None:
    """An empty list is none."""
    assert curve_figures(with_lists((), ())) == []
