"""The drawing of a criterion: value, thresholds and margin stand where the numbers are."""

import math
import re
from xml.etree import ElementTree

import pytest

from pytest_bets.bet.declaration import Criterion
from pytest_bets.record.verdict import Cell, Judged, judge
from pytest_bets.report.criterion import criterion_figures
from pytest_bets.sentence.parse import parse


def judged(*criteria: tuple[str, str], values: tuple[float, ...]) -> tuple[tuple[Judged, ...], list[Cell]]:
    cells = [Cell({"seed": place}, {"a": value}) for place, value in enumerate(values)]
    return judge([Criterion(tier, parse(text), 1) for tier, text in criteria], cells).criteria, cells


def percents(svg: str, class_: str, attribute: str) -> list[float]:
    root = ElementTree.fromstring(svg)
    found = [
        node for node in root.iter() if class_ in node.attrib.get("class", "").split() and attribute in node.attrib
    ]
    return [float(node.attrib[attribute].removesuffix("%")) for node in found]


TIERS = (("strict", "count(a > 0) >= 3"), ("lenient", "count(a > 0) >= 2"), ("catastrophic", "count(a > 0) < 1"))


def test_value_and_thresholds_stand_on_one_axis() -> None:
    """The axis of a count goes from none to all cells."""
    (figure,) = criterion_figures(*judged(*TIERS, values=(1, 1, -1, -1)))
    (value,) = percents(figure.svg, "value", "x1")
    strict, lenient, catastrophic = percents(figure.svg, "threshold", "x1")
    assert value == lenient
    assert math.isclose(strict - lenient, lenient - catastrophic, abs_tol=0.01)
    width = (strict - lenient) * 4  # of the axis from 0 to 4
    assert 80 < width < 94
    assert math.isclose(value, 50, abs_tol=0.01)


def test_the_margin_is_a_line_from_value_to_threshold() -> None:
    """Its class says on which side it is; so do the words, for those who see no colour."""
    (figure,) = criterion_figures(*judged(*TIERS, values=(1, 1, -1, -1)))
    root = ElementTree.fromstring(figure.svg)
    margins = [node.attrib for node in root.iter("line") if "margin" in node.attrib["class"].split()]
    assert [item["class"].split()[-1] for item in margins] == ["bad", "good", "good"]
    assert [item["x1"] for item in margins] == ["50%"] * 3
    assert [item["x2"] for item in margins] == [f"{at:.5g}%" for at in percents(figure.svg, "threshold", "x1")]
    assert "Strict >= 3: not met, margin \u22121." in figure.text
    assert "Lenient >= 2: met, margin 0." in figure.text
    assert "Catastrophic < 1: clear, margin +1." in figure.text


@pytest.mark.parametrize(
    ("tier", "sentence", "side"),
    [
        ("strict", "mean(a) >= 2", "right"),
        ("strict", "mean(a) < 2", "left"),
        ("control", "mean(a) <= 2", "left"),
        ("catastrophic", "mean(a) > 2", "left"),
        ("catastrophic", "mean(a) <= 2", "right"),
    ],
)
def test_the_filled_part_is_where_a_tier_speaks_for_the_claim(tier: str, sentence: str, side: str) -> None:
    """For a catastrophic sentence that is where it is not met."""
    (figure,) = criterion_figures(*judged((tier, sentence), values=(1, 2)))
    (x,), (width,) = percents(figure.svg, "wanted", "x"), percents(figure.svg, "wanted", "width")
    (at,) = percents(figure.svg, "threshold", "x1")
    assert math.isclose(x if side == "right" else x + width, at, abs_tol=0.01)


@pytest.mark.parametrize(("value", "shown"), [(math.nan, "undefined"), (math.inf, "inf"), (-math.inf, "-inf")])
def test_a_value_that_is_no_finite_number_is_said(value: float, shown: str) -> None:
    """NaN has no mark on the axis; infinity stands at its end."""
    (figure,) = criterion_figures(*judged(("strict", "mean(a) >= 2"), values=(value,)))
    assert figure.text.startswith(f"Measured {shown}.")
    assert bool(percents(figure.svg, "value", "x1")) is not math.isnan(value)
    assert not re.search(r'"[^"]*nan', figure.svg)


def test_each_left_side_has_a_figure_with_its_data() -> None:
    """A sentence that cannot be read, of a record from elsewhere, has none."""
    criteria, cells = judged(*TIERS, ("control", "max(a) <= 9"), values=(1, 2, 3))
    foreign = Judged("strict", "import os", 1.0, 1.0, True, 0.0)
    found = criterion_figures([*criteria, foreign], cells)
    assert [(figure.name, figure.title) for figure in found] == [
        ("criterion-1", "count(a > 0)"),
        ("criterion-2", "max(a)"),
    ]
    assert found[1].rows == [("control", "max(a) <= 9", 3.0, 9, True, 6.0)]
