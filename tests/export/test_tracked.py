"""A run of a bet as trackers of experiments have it."""

import math
from dataclasses import replace

import pytest

from pytest_bets.export import tracked as module
from pytest_bets.export.event import RunInfo
from pytest_bets.export.tracked import Point, Tracked, tracked
from pytest_bets.record.record import Record
from pytest_bets.record.verdict import Cell
from tests.helpers.sites import cells, declaration, record_of

INFO = RunInfo("2026-03-01T12:00:00Z", "host-a", 90.5, None, in_journal=True, wrote_record=True)


def record(*measured: dict[str, object]) -> Record:
    """Return a judged record, with other cells."""
    return replace(
        record_of(declaration(46)[0], cells(5)), cells=tuple(Cell({"part": "docs"}, cell) for cell in measured)
    )


def export(*measured: dict[str, object]) -> Tracked:
    return tracked(record(*measured), INFO)


def test_numbers_have_the_step_of_their_cell() -> None:
    """Booleans are 0 and 1, NaN and infinity stay, strings are no metrics."""
    found = export({"norm": 1, "ok": True}, {"norm": math.inf, "ok": False, "note": "so"}, {"norm": math.nan})
    assert found.points[:4] == (
        Point("norm", 1.0, 0),
        Point("ok", 1.0, 0),
        Point("norm", math.inf, 1),
        Point("ok", 0.0, 1),
    )
    assert math.isnan(found.points[4].value)
    assert len(found.points) == 5


def test_a_curve_has_the_steps_of_its_points() -> None:
    """Each cell has a curve of its own."""
    found = export({"loss": [3, 2.5]}, {"loss": [4.0]})
    assert found.points == (Point("loss/cell 0", 3.0, 0), Point("loss/cell 0", 2.5, 1), Point("loss/cell 1", 4.0, 0))


def test_curves_that_are_too_long_are_left_out_and_numbers_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """The record has them."""
    monkeypatch.setattr(module, "CURVE_POINTS", 3)
    found = export({"loss": [1, 2]}, {"loss": [3, 4], "norm": 5}, {"loss": [6]})
    assert [point.name for point in found.points] == ["loss/cell 0", "loss/cell 0", "norm", "loss/cell 2"]


def test_parameters_are_the_sweep_and_the_constants() -> None:
    """A constant that is no literal is its source text."""
    found = export({"norm": 1}).params
    assert found == {"SIZE": '"tiny"', "replicate": "5", "part": '["functions", "docs", "comments"]'}
    built = record({"norm": 1})
    built.declaration.constants["RATES"] = {"source": "(1, len(SIZE))"}  # type: ignore[index]
    assert tracked(built, INFO).params["RATES"] == "(1, len(SIZE))"


def test_tags_say_what_the_record_says() -> None:
    """Verdict, registration, digests and commit; what is not known is left out."""
    found = export({"norm": 1})
    assert found.tags["verdict"] == "FAIL"
    assert found.tags["registered"] == "unknown"
    assert found.tags["strict.1"] == "count(norm < full) >= 12"
    assert len(found.tags["digest"]) == len(found.tags["code"]) == 64
    assert not {"void", "pilot", "replication", "incomplete"} & found.tags.keys()
    assert found.sentences["strict.1/value"] == 5.0
    assert found.sentences["strict.1/margin"] == -7.0


def test_a_run_without_a_verdict_says_why() -> None:
    """It is a failed run for a tracker, and no FAIL."""
    void = replace(record({"norm": 1}), verdict=None, void="1 of 15 cells crashed", criteria=())
    found = tracked(void, replace(INFO, incomplete="2 of 15 cells did not run", replication=3))
    assert (found.judged, found.name) == (False, "void 2026-03-01T12:00:00Z")
    assert (found.tags["void"], found.tags["replication"]) == ("1 of 15 cells crashed", "3")
    assert found.tags["incomplete"] == "2 of 15 cells did not run"


def test_a_run_has_its_time() -> None:
    """In milliseconds, from the first cell to the last."""
    found = export({"norm": 1})
    assert (found.end, found.end - found.start) == (1772366400000, 90500)


def test_a_long_text_is_cut() -> None:
    """Servers refuse it."""
    found = tracked(replace(record({"norm": 1}), void="x" * 9000), INFO)
    assert len(found.tags["void"]) == module.LONGEST
    assert found.tags["void"].endswith("...")
