"""The author's forecast: three percentages that a score can be given for."""

import pytest

from pytest_bets.audit.change import shown
from pytest_bets.bet.diff import changes
from pytest_bets.diagnostics import DeclarationError
from tests.helpers.example import EXAMPLE, of

GOOD = "PASS 70 %, LENIENT 20 %, FAIL 10 %"


def declared(odds: str) -> str:
    return EXAMPLE.replace("Run:", f"Odds: {odds}\nRun:")


@pytest.mark.parametrize(
    "odds", [GOOD, GOOD + ".", "FAIL 10%, PASS 70%,\n    LENIENT 20%", "PASS: 70 %, LENIENT: 20 %, FAIL: 10 %"]
)
def test_a_forecast_is_three_percentages(odds: str) -> None:
    """In any order."""
    assert of(declared(odds)).odds == {"PASS": 70.0, "LENIENT": 20.0, "FAIL": 10.0}


@pytest.mark.parametrize(
    ("odds", "problem"),
    [
        ("PASS 70 %, LENIENT 20 %, FAIL 20 %", "the percentages add up to 110, expected 100"),
        ("PASS 80 %, LENIENT 20 %, FAIL 0 %", "FAIL 0 %: a forecast of 0 % or 100 % has no score where it is wrong"),
        (
            "PASS 100 %, LENIENT 20 %, FAIL 10 %",
            "PASS 100 %: a forecast of 0 % or 100 % has no score where it is wrong",
        ),
        ("PASS 70 %, FAIL 30 %", "`PASS 70 %, FAIL 30 %` does not give PASS, LENIENT and FAIL each once"),
        ("PASS 70 %, PASS 20 %, FAIL 10 %", "does not give PASS, LENIENT and FAIL each once"),
        ("probably", "`probably` does not give PASS, LENIENT and FAIL each once"),
    ],
)
def test_odds_without_a_score_are_an_error(odds: str, problem: str) -> None:
    """At the line of the section, with an example."""
    with pytest.raises(DeclarationError) as error:
        of(declared(odds))
    assert f"bet_46_norm_replication.py:9: the section `Odds:`: {problem}" in str(error.value) or problem in str(
        error.value
    )
    assert f"expected: three percentages, as in {GOOD}" in str(error.value)


def test_odds_are_declared() -> None:
    """Other odds after the result are another declaration."""
    old, new = of(declared(GOOD)), of(declared("PASS 10 %, LENIENT 20 %, FAIL 70 %"))
    assert len({of().digest, old.digest, new.digest}) == 3
    assert [shown(change).partition(":")[0] for change in changes(old, new)] == ["odds replaced"]
    assert [shown(change).partition(":")[0] for change in changes(of(), new)] == ["odds added"]
