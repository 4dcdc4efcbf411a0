"""The badge of a catalogue."""

import json
from dataclasses import replace

from pytest_bets.record.summary_model import Counts
from pytest_bets.render.badge import badge

NOTHING = Counts(*[0] * 10)


def test_a_badge_has_the_form_of_an_endpoint() -> None:
    """Schema version, label, message and colour; the same counts give the same bytes."""
    counts = replace(NOTHING, bets=32, PASS=17, LENIENT=3, FAIL=12)
    assert badge(counts) == (
        '{\n "schemaVersion": 1,\n "label": "bets",\n "message": "17 PASS, 3 LENIENT, 12 FAIL",\n "color": "blue"\n}\n'
    )


def test_a_falsified_bet_does_not_make_it_red() -> None:
    """It is a result; claims that are gone and void records are counted."""
    shown = json.loads(badge(replace(NOTHING, bets=4, FAIL=2, catastrophic=1, void=1, retracted=1, withdrawn=1)))
    assert shown["message"] == "0 PASS, 0 LENIENT, 2 FAIL, 1 void, 2 claims gone"
    assert shown["color"] == "blue"


def test_a_catalogue_without_results_says_so() -> None:
    """In grey; void records are results without a verdict."""
    assert json.loads(badge(replace(NOTHING, bets=3, never_run=3))) == {
        "schemaVersion": 1,
        "label": "bets",
        "message": "no bet was run",
        "color": "lightgrey",
    }
    void = json.loads(badge(replace(NOTHING, void=3)))
    assert (void["message"], void["color"]) == ("0 PASS, 0 LENIENT, 0 FAIL, 3 void", "blue")
