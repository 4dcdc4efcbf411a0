"""The drawing of the runs."""

import math
from dataclasses import replace
from xml.etree import ElementTree

from pytest_bets.record.build import journal_line
from pytest_bets.record.codec import cell_row
from pytest_bets.record.line import RunLine
from pytest_bets.report.forest import run_figures
from tests.helpers.sites import HOSTILE, cells, declaration, record_of


def run(wins: int, host: str = "a", day: int = 1) -> RunLine:
    record = record_of(declaration(1)[0], cells(wins))
    rows = [cell_row(cell) for cell in record.cells]
    time = f"2026-01-{day:02d}T12:00:00Z"
    return journal_line(record, rows, record_sha256=None, time=time, host=host, seconds=2.0, previous=None)


def points(svg: str) -> list[float]:
    return [float(node.attrib["x"].removesuffix("%")) for node in ElementTree.fromstring(svg).iter("use")]


def test_each_run_is_a_row_with_its_value() -> None:
    """With host, code, verdict and the line of the journal; equal values stand below each other."""
    figure, _ = run_figures([(3, run(13)), (5, run(10, "b", 2)), (9, run(13, "c", 3))])
    first, second, third = points(figure.svg)
    assert first == third > second
    assert "2026-01-02 b, code 00000000, LENIENT, line 5: 10." in figure.text
    assert [row[0] for row in figure.rows] == [3, 5, 9]
    assert figure.title == "count(norm < full) over 3 runs"


def test_the_thresholds_of_all_tiers_are_lines() -> None:
    """At the value of each."""
    figure, _ = run_figures([(1, run(12))])
    root = ElementTree.fromstring(figure.svg)
    bounds = [node.attrib["x1"] for node in root.iter("line") if node.attrib["class"] == "bound"]
    assert len(bounds) == 3
    assert float(bounds[-1].removesuffix("%")) == points(figure.svg)[0]


def test_each_value_that_a_sentence_compares_has_a_figure() -> None:
    """Of every tier, as `pytest-bets history` has them; those of strict come first."""
    control, *others = reversed(run(12).criteria)
    line = replace(run(12), criteria=(control, *others))
    assert [figure.title for figure in run_figures([(1, line)])] == [
        "count(norm < full) over 1 run",
        "count(placebo < full) over 1 run",
    ]


def test_the_last_of_many_runs_are_drawn() -> None:
    """The data has all; no run has no figure."""
    figure, _ = run_figures([(number, run(12)) for number in range(1, 101)])
    assert len(points(figure.svg)) == 30
    assert len(figure.rows) == 100
    assert "line 71: 12." in figure.text
    assert "line 70:" not in figure.text
    assert figure.note == "The last 30 of 100 runs are drawn; the CSV has all."
    assert run_figures([]) == []


def test_an_undefined_value_and_a_hostile_host_are_texts() -> None:
    """NaN is said and not drawn."""
    line = run(12, HOSTILE)
    odd = replace(line, criteria=tuple(replace(item, value=math.nan) for item in line.criteria))
    figure, _ = run_figures([(1, odd)])
    assert points(figure.svg) == []
    assert figure.text.endswith("line 1: undefined.")
    assert {node.tag for node in ElementTree.fromstring(figure.svg).iter()} == {"svg", "title", "desc", "line", "text"}
