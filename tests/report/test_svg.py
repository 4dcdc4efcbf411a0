"""Drawings are well-formed, and no text of a stranger acts in them."""

from xml.etree import ElementTree

from pytest_bets.report.svg import bar, drawing, element, line, lines_in, point, text
from tests.helpers.sites import HOSTILE


def test_texts_and_attributes_are_escaped() -> None:
    """The text is there as text: no element and no attribute comes from it."""
    parts = [text(HOSTILE, 1, 2), point(0, 1, 2, "", HOSTILE), element("g", data_name=HOSTILE + "\" onload='x'")]
    root = ElementTree.fromstring(drawing("a", HOSTILE, HOSTILE, 100, parts))
    assert {node.tag for node in root.iter()} == {"svg", "title", "desc", "text", "use", "g"}
    assert {name for node in root.iter() for name in node.attrib} == {
        *("class", "role", "width", "height", "aria-labelledby", "id", "x", "y", "text-anchor", "href", "data-name")
    }
    shown = HOSTILE.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
    assert [root.findtext(name) for name in ("title", "desc", "text", "use/title")] == [shown] * 4


def test_a_drawing_has_its_title_and_its_text() -> None:
    """Screen readers find both by their ids."""
    root = ElementTree.fromstring(drawing("cells-1", "norm", "norm: mean 3.", 50, []))
    ids = {node.attrib["id"]: node.text for node in root if "id" in node.attrib}
    assert [ids[name] for name in root.attrib["aria-labelledby"].split()] == ["norm", "norm: mean 3."]
    assert root.attrib["role"] == "img"


def test_places_across_are_in_percent() -> None:
    """So that a drawing has no width of its own; places down are in pixels."""
    assert line(1, 2, 30.5, 4, "grid") == '<line x1="1%" y1="2" x2="30.5%" y2="4" class="grid"/>'
    assert bar(40, 10, 5, 12, "track") == '<rect x="10%" y="5" width="30%" height="12" class="track"/>'
    assert 'points="0,0 1000,500"' in lines_in(10, 90, 0, 100, [([(0, 0), (1000, 500)], "curve")])
