"""The gate: which tiers turn the session red."""

import itertools

import pytest

from pytest_bets.record.gate import gated
from pytest_bets.record.verdict import Verdict, void

EVERY = {"strict", "lenient", "catastrophic", "control"}
PASS, LENIENT, FAIL = Verdict("PASS"), Verdict("LENIENT"), Verdict("FAIL")
CATASTROPHE = Verdict("FAIL", catastrophic=True)
VOID = void("a cell crashed")


@pytest.mark.parametrize(
    ("gate", "tiers"),
    [
        ("strict", EVERY),
        ("lenient", {"lenient", "catastrophic", "control"}),
        ("catastrophic", {"catastrophic"}),
        ("none", set()),
    ],
)
def test_a_named_gate_takes_its_tier_and_what_is_below(gate: str, tiers: set[str]) -> None:
    """A bar includes every lower one, whatever was selected and recorded."""
    assert gated(gate, EVERY, FAIL, None) == tiers
    assert gated(gate, {"strict"}, FAIL, PASS) == tiers


@pytest.mark.parametrize(
    ("selected", "tiers"),
    [
        (EVERY, {"catastrophic"}),
        ({"strict", "lenient"}, {"lenient", "catastrophic", "control"}),
        ({"strict"}, EVERY),
        ({"strict", "control"}, EVERY),
        ({"strict", "catastrophic"}, {"catastrophic"}),
        ({"lenient"}, {"lenient", "catastrophic", "control"}),
        ({"control"}, {"lenient", "catastrophic", "control"}),
        ({"control", "premise"}, {"lenient", "catastrophic", "control"}),
        ({"strict", "premise"}, EVERY),
        ({"premise"}, {"catastrophic"}),
        ({*EVERY, "premise"}, {"catastrophic"}),
    ],
)
def test_auto_is_the_lowest_bar_among_the_selected_tiers(selected: set[str], tiers: set[str]) -> None:
    """So a whole catalogue is red on a catastrophe alone, and `-m strict` where strict is not met."""
    assert gated("auto", selected, FAIL, None) == tiers


def test_regression_gates_what_is_worse_than_the_record() -> None:
    """PASS, LENIENT, FAIL, catastrophe, void: each step down is red, an equal or better verdict is not."""
    ranked = [PASS, LENIENT, FAIL, CATASTROPHE, VOID]
    for (better, one), (worse, other) in itertools.product(enumerate(ranked), repeat=2):
        assert gated("regression", EVERY, other, one) == (EVERY if worse > better else set())


def test_regression_gates_nothing_without_a_record() -> None:
    """A bet that was never recorded has nothing to fall behind."""
    assert gated("regression", EVERY, CATASTROPHE, None) == set()
