"""The drawing of the challenges."""

from xml.etree import ElementTree

from pytest_bets.record.standing import ChallengeEnd
from pytest_bets.record.summary import overview
from pytest_bets.report.graph import edges, graph_figure
from tests.helpers.sites import cells, declaration, record_of


def rows(wins: int, doubters: int) -> tuple[list[tuple[str, str, ChallengeEnd]], str]:
    bets = [declaration(1)[0], *(declaration(number, challenges=1)[0] for number in range(2, 2 + doubters))]
    records = [record_of(bet, cells(wins if bet.number != 1 else 15)) for bet in bets]
    found = overview(records, [], bets).bets
    figure = graph_figure(found)
    return edges(found), figure.svg if figure else ""


def test_each_challenge_is_an_edge_with_its_end() -> None:
    """The challenger is left, the claim right."""
    found, svg = rows(5, 2)
    assert found == [("2_made", "1_made", "retracts"), ("3_made", "1_made", "retracts")]
    root = ElementTree.fromstring(svg)
    assert [node.attrib["class"] for node in root.iter("line")] == ["edge retracts"] * 2
    assert [node.text for node in root.iter("text")][2:] == ["2 FAIL", "3 FAIL", "1 PASS"]
    assert "2: retracts, against 1." in (root.findtext("desc") or "")


def test_a_challenge_that_was_met_is_drawn_as_that() -> None:
    """The claim survives."""
    found, svg = rows(13, 1)
    assert [end for _, _, end in found] == ["survived"]
    assert 'class="edge survived"' in svg


def test_without_a_challenge_there_is_no_figure() -> None:
    """And of many, the first sixty are drawn."""
    assert rows(13, 0) == ([], "")
    found, svg = rows(13, 80)
    assert (len(found), svg.count("<line")) == (80, 60)
