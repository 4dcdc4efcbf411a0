"""The drawing of the cells: means and intervals by their definition."""

import math
from dataclasses import replace
from statistics import mean, stdev
from xml.etree import ElementTree

from pytest_bets.record.verdict import Cell
from pytest_bets.report.cells import cells_figures
from tests.helpers.sites import HOSTILE, cells, declaration, record_of

BET = declaration(1)[0]


def places(svg: str, tag: str, class_: str, attribute: str) -> list[float]:
    root = ElementTree.fromstring(svg)
    found = [node for node in root.iter(tag) if class_ in node.attrib["class"].split()]
    return [float(node.attrib[attribute].removesuffix("%")) for node in found]


def test_means_and_intervals_are_those_of_the_definition() -> None:
    """A 95 % t interval over the cells of a part: with four degrees of freedom 2.776 standard errors."""
    _, figure = cells_figures(record_of(BET, cells(15)))
    own = [cell.measured["norm"] for cell in cells(15) if cell.params["part"] == "docs"]
    values = [value for value in own if isinstance(value, float)]
    half = 2.7764451 * stdev(values) / math.sqrt(5)
    ends = f"{mean(values) - half:.4g} to {mean(values) + half:.4g}"
    assert f"part docs, norm: mean {mean(values):.4g} (95 % interval {ends}) of 5 cells." in figure.text


def test_every_cell_is_a_point_on_the_side_where_its_value_is() -> None:
    """A larger value stands higher; the mean lies within the points."""
    _, figure = cells_figures(record_of(BET, cells(15)))
    norm, placebo = places(figure.svg, "use", "s0", "y"), places(figure.svg, "use", "s2", "y")
    assert len(norm) == len(placebo) == 15
    assert all(low > high for low, high in zip(norm, placebo, strict=True))  # places grow downwards
    assert len(places(figure.svg, "line", "mean", "y1")) == 9
    assert len(figure.rows) == 15
    assert list(figure.header) == ["part", "seed", "norm", "full", "placebo"]


def test_infinity_is_beyond_the_axis_and_nan_is_not_drawn() -> None:
    """Both are said, and neither spoils a mean without a word."""
    found = cells(15)
    for place, value in ((0, math.inf), (1, math.nan), (2, -math.inf)):
        found[place] = Cell(found[place].params, {**found[place].measured, "norm": value})
    _, figure = cells_figures(record_of(BET, found))
    assert len(places(figure.svg, "use", "s0", "y")) == 14
    assert ">inf</text>" in figure.svg
    assert ">-inf</text>" in figure.svg
    assert "Undefined and not drawn: 1 value." in figure.note
    assert "nan" not in figure.svg.replace("undefined", "")
    assert "part functions, norm: mean undefined of 5 cells" in figure.text


def test_many_cells_are_drawn_as_means() -> None:
    """A page must not grow with the number of cells; the data is whole."""
    many = [Cell({"part": n % 3, "seed": n}, {"norm": n / 7, "full": n / 5, "placebo": 1.0}) for n in range(600)]
    _, figure = cells_figures(replace(record_of(BET, cells(1)), cells=tuple(many)))
    assert "<use" not in figure.svg
    assert "the CSV has all" in figure.note
    assert len(figure.rows) == 600
    assert len(figure.svg) < 20_000


def test_the_difference_of_each_cell_stands_on_its_side_of_zero() -> None:
    """So that the claim, and its control, can be seen beside each other."""
    figure, _ = cells_figures(record_of(BET, cells(9)))
    assert figure.title == "Difference in each cell: norm \u2212 full, placebo \u2212 full by part"
    (zero,) = places(figure.svg, "line", "axis", "y1")
    norm, placebo = places(figure.svg, "use", "s0", "y"), places(figure.svg, "use", "s1", "y")
    assert sum(y > zero for y in norm) == 9  # places grow downwards
    assert all(y < zero for y in placebo)
    assert figure.note.startswith("At 0 both are equal.")


def test_texts_of_parameters_are_texts() -> None:
    """A parameter can hold anything."""
    _, figure = cells_figures(record_of(BET, cells(15, HOSTILE)))
    tags = {node.tag for node in ElementTree.fromstring(figure.svg).iter()}
    assert tags == {"svg", "title", "desc", "line", "text", "use"}


def test_truths_are_drawn_as_0_and_1() -> None:
    """And a name that some cells lack leaves the others."""
    found = [Cell({"seed": n}, {"norm": n > 1, "full": 1, "placebo": n}) for n in range(4)]
    _, figure = cells_figures(replace(record_of(BET, cells(1)), cells=tuple(found)))
    low, also, high, too = places(figure.svg, "use", "s0", "y")
    assert low == also > high == too
    assert [row[1] for row in figure.rows] == [False, False, True, True]
    assert cells_figures(replace(record_of(BET, cells(1)), cells=())) == []
