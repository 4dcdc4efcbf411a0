"""The drawing of declarations and runs over time."""

from xml.etree import ElementTree

from pytest_bets.report.timeline import Dates, timeline_figure

DAY = 86_400.0
HOUR = 3_600.0


def points(svg: str, class_: str) -> list[float]:
    root = ElementTree.fromstring(svg)
    return [float(node.attrib["x"][:-1]) for node in root.iter("use") if class_ in node.attrib["class"].split()]


def test_a_declaration_stands_before_the_runs_that_followed_it() -> None:
    """On one axis for all bets."""
    figure = timeline_figure(
        [Dates("1_a", DAY, (2 * DAY, 3 * DAY)), Dates("2_b", None, (2 * DAY,)), Dates("3_c", None, ())]
    )
    assert figure is not None
    (declared,), ran = points(figure.svg, "declared"), points(figure.svg, "ran")
    assert declared < ran[0] < ran[1]
    assert ran[2] == ran[0]
    assert abs((ran[1] - ran[0]) - (ran[0] - declared)) < 0.01
    assert figure.rows[0] == ("1_a", "declared", "1970-01-02 00:00")
    assert "1970-01-03" in figure.svg


def test_without_a_date_there_is_no_figure() -> None:
    """And of many bets, the last sixty are drawn."""
    assert timeline_figure([Dates("1_a", None, ())]) is None
    figure = timeline_figure([Dates(f"{number}_a", DAY, ()) for number in range(100)])
    assert figure is not None
    assert len(points(figure.svg, "declared")) == 60
    assert len(figure.rows) == 100


def test_an_axis_without_a_midnight_has_times() -> None:
    """All runs of a first day."""
    figure = timeline_figure([Dates("1_a", 10 * HOUR, (11 * HOUR,))])
    assert figure is not None
    ticks = [node.text for node in ElementTree.fromstring(figure.svg).iter("text")]
    assert ticks[:2] == ["1970-01-01 09:00", "1970-01-01 12:00"]


def test_a_name_that_is_cut_shows_it() -> None:
    """A number is short."""
    figure = timeline_figure([Dates("dropout_in_winter", DAY, ()), Dates("7_dropout_in_winter", DAY, ())])
    assert figure is not None
    ticks = [node.text for node in ElementTree.fromstring(figure.svg).iter("text")]
    assert ticks[-2:] == ["dropout_i...", "7"]
