"""One bet as its page shows it: whatever a record holds, there is a page."""

import math
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_bets.bet.declaration import Criterion
from pytest_bets.record.build import journal_line
from pytest_bets.record.codec import cell_row
from pytest_bets.record.record import Record
from pytest_bets.record.verdict import Cell, judge
from pytest_bets.report.pages import Pages
from pytest_bets.report.view import BetView
from pytest_bets.sentence.parse import parse
from tests.helpers.sites import HOSTILE, cells, declaration, record_of, source_of

BET = declaration(1)[0]
VALUES = st.one_of(
    st.floats(), st.integers(), st.integers(10**300, 10**320), st.booleans(), st.text(max_size=3), st.just(-0.0)
)


def view_of(record: Record) -> BetView:
    rows = [cell_row(cell) for cell in record.cells]
    run = journal_line(
        record, rows, record_sha256=None, time="2026-01-01T00:00:00Z", host="a", seconds=1.0, previous=None
    )
    source = source_of([record], [run], [BET])
    return BetView(source.summary.bets[0], source)


@pytest.fixture(scope="module")
def pages() -> Pages:
    """Return the templates."""
    pytest.importorskip("jinja2", reason="the site needs the extra `report`")
    return Pages("1.0")


@given(
    st.lists(
        st.tuples(VALUES, VALUES, st.lists(st.floats() | st.integers(0, 10**320), max_size=4)), min_size=1, max_size=6
    )
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
def test_whatever_is_measured_can_be_drawn(values: list[tuple[object, object, list[float]]]) -> None:
    """Every drawing is well-formed, and no place in it is NaN or beyond the drawing."""
    found = tuple(
        Cell({"part": n % 2, "seed": n}, {"norm": a, "full": b, "placebo": a, "loss": tuple(c)})
        for n, (a, b, c) in enumerate(values)
    )
    record = replace(record_of(BET, cells(3)), cells=found)
    for figures in view_of(record).figures.values():
        for figure in figures:
            for node in ElementTree.fromstring(figure.svg).iter():
                for key in ("x", "x1", "x2", "width"):
                    if node.attrib.get(key, "").endswith("%"):
                        assert -1 <= float(node.attrib[key][:-1]) <= 101
                for key in ("y", "y1", "y2"):
                    assert math.isfinite(float(node.attrib.get(key, "0")))


@given(st.floats(), st.sampled_from([">=", ">", "<=", "<"]), st.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=40, deadline=None, database=None)
def test_whatever_is_judged_can_be_drawn(value: float, operator: str, threshold: float) -> None:
    """Both ends of the floats, on both sides."""
    found = [Cell({"seed": n}, {"norm": value}) for n in range(2)]
    judged = judge([Criterion("strict", parse(f"mean(norm) {operator} {threshold!r}"), 1)], found)
    record = replace(record_of(BET, cells(3)), cells=tuple(found), criteria=judged.criteria)
    (figure,) = view_of(record).figures["criteria"]
    for node in ElementTree.fromstring(figure.svg).iter():
        assert all(-1 <= float(text[:-1]) <= 101 for key, text in node.attrib.items() if text.endswith("%"))


def test_a_void_record_says_why(pages: Pages) -> None:
    """It has no drawing of criteria, and no number to make up for it."""
    record = replace(record_of(BET, cells(3)), verdict=None, void=f"a cell crashed {HOSTILE}", criteria=(), cells=())
    view = view_of(record)
    text = pages.bet(view, {}).decode()
    assert "No verdict: a cell crashed" in text
    assert "No sentence was judged." in text
    assert "There is no verdict that luck could have given." in text
    assert "No null was declared" not in text
    assert "No null was declared" in pages.bet(view_of(record_of(BET, cells(13))), {}).decode()
    assert (view.badge, view.figures["criteria"], view.figures["cells"]) == ("void", [], [])


def test_a_run_without_a_verdict_is_not_said_to_be_of_other_code(pages: Pages) -> None:
    """It may be the run that the record is of."""
    void = replace(record_of(BET, cells(3)), verdict=None, void="a cell crashed", criteria=())
    assert "<td>void</td><td>no verdict</td>" in pages.bet(view_of(void), {}).decode()
    view = view_of(void)
    ((number, run),) = view.runs
    assert view.to_record(number, replace(run, code="1" * 64)) == "other code or declaration"
    assert view_of(record_of(BET, cells(3))).to_record(number, run) == "record"


def test_the_control_is_the_noise_floor(pages: Pages) -> None:
    """A bet without one says so."""
    view = view_of(record_of(BET, cells(13)))
    assert [figure.title for figure in view.figures["floor"]] == ["count(placebo < full)"]
    both = [("strict", "max(norm) > 1"), ("control", "max(norm) < 9"), ("control", "max(full) < 9")]
    criteria = [Criterion(tier, parse(text), 1) for tier, text in both]
    record = replace(record_of(BET, cells(13)), criteria=judge(criteria, cells(13)).criteria)
    assert [figure.title for figure in view_of(record).figures["floor"]] == ["max(full)"]
    bare = replace(BET, criteria=tuple(item for item in BET.criteria if item.tier != "control"))
    text = pages.bet(view_of(record_of(bare, cells(13))), {}).decode()
    assert "No control was declared: this verdict is not compared with noise." in text
    assert "none: no control was declared" in text


def test_a_premise_is_no_noise_floor(pages: Pages) -> None:
    """One that is not met is all that was judged, and why there is no verdict."""
    judged = judge([Criterion("premise", parse("max(full) > 99"), 1)], cells(3))
    void = replace(record_of(BET, cells(3)), verdict=None, void=judged.void, criteria=judged.criteria, noise_floor=None)
    view = view_of(void)
    assert [[figure.title for figure in view.figures[part]] for part in ("criteria", "floor")] == [["max(full)"], []]
    assert "No sentence was judged." not in pages.bet(view, {}).decode()


def test_the_commands_can_be_copied() -> None:
    """A folder may have a space in its name; where there is no verdict, none is judged again."""
    record = record_of(BET, cells(3))
    assert view_of(record).commands == f"pytest {BET.file}\npytest {BET.file} --bets-replay"
    view = view_of(replace(record, verdict=None, void="a cell crashed"))
    assert view.commands == f"pytest {BET.file}"
    spaced = BetView(replace(view.row, file="my bets/bet_1_made.py"), view.source)
    assert spaced.commands == "pytest 'my bets/bet_1_made.py'"
    assert BetView(replace(view.row, file=None), view.source).commands == ""


def test_a_single_cell_is_no_cells(pages: Pages) -> None:
    """Nor a single file files; its source is a line."""
    record = replace(record_of(BET, cells(3)), cells=tuple(cells(3)[:1]))
    text = pages.bet(view_of(record), {}).decode()
    assert '1 cell. Source: <a href="../records/1_made.json">results/1_made.json</a>:' in text
    assert re.findall(r"\b1 (?:cells|files|packages|runs)\b", text) == []


def test_text_that_is_no_unicode_is_written(pages: Pages, tmp_path: Path) -> None:
    """JSON can hold half of a surrogate pair."""
    record = replace(record_of(BET, cells(3)), void="\ud800", verdict=None)
    (tmp_path / "page.html").write_bytes(pages.bet(view_of(record), {}))
    assert "\\ud800" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_tags_follow_from_the_row() -> None:
    """The index filters by them."""
    assert view_of(record_of(BET, cells(13))).tags == ["registration unknown", "stands", "at risk"]
    known = replace(BET, docstring=replace(BET.docstring, text=f"{BET.docstring.text}\nKnown: a theorem."))
    assert "declaration changed" in view_of(record_of(replace(known, replicate=4), cells(5))).tags
