"""The scores of forecasts, held against their definitions."""

import math

import pytest

from pytest_bets.chance.forecast import calibration

ODDS = {"PASS": 70.0, "LENIENT": 20.0, "FAIL": 10.0}


def test_nine_forecasts_say_nothing() -> None:
    """From ten on there are scores."""
    assert calibration([(ODDS, "PASS")] * 9) is None
    assert calibration([(ODDS, "PASS")] * 10) is not None


def test_scores_are_those_of_brier_and_of_the_logarithm() -> None:
    """Beside the base rate of the other bets, in which no outcome is impossible."""
    outcomes = ["PASS"] * 6 + ["LENIENT"] * 3 + ["FAIL"]
    found = calibration([(ODDS, outcome) for outcome in outcomes])
    assert found is not None
    p = {name: value / 100 for name, value in ODDS.items()}
    brier = [sum((p[name] - (name == outcome)) ** 2 for name in p) for outcome in outcomes]
    assert found.brier == pytest.approx(sum(brier) / 10)
    assert found.log == pytest.approx(sum(-math.log(p[outcome]) for outcome in outcomes) / 10)
    base = {"PASS": (5 + 1) / 12, "LENIENT": (2 + 1) / 12, "FAIL": (0 + 1) / 12}
    assert found.log_base == pytest.approx(sum(-math.log(base[outcome]) for outcome in outcomes) / 10)


def test_good_odds_are_better_than_the_base_rate_and_bad_ones_worse() -> None:
    """Both scores agree."""
    outcomes = ["PASS", "FAIL"] * 6
    right = {"PASS": {"PASS": 90.0, "LENIENT": 5.0, "FAIL": 5.0}, "FAIL": {"PASS": 5.0, "LENIENT": 5.0, "FAIL": 90.0}}
    good = calibration([(right[outcome], outcome) for outcome in outcomes])
    bad = calibration([(right["PASS" if outcome == "FAIL" else "FAIL"], outcome) for outcome in outcomes])
    assert good is not None
    assert bad is not None
    assert good.brier < good.brier_base < bad.brier
    assert good.log < good.log_base < bad.log
