"""What the verdicts of a catalogue say together, from its records and declarations alone."""

import json

from pytest_bets.record.summary import overview
from pytest_bets.render.summary import as_json, as_markdown
from tests.helpers.nulls import record
from tests.helpers.schemas import faults

ODDS = "PASS 70 %, LENIENT 20 %, FAIL 10 %"


def test_the_chances_are_added_and_the_passes_that_stand_are_named() -> None:
    """Benjamini and Hochberg over all bets that compare, the lost ones included."""
    records = [
        record(1, 9, 9),
        record(2, 3, 3),
        record(3, 2, 3),
        record(4, 4, 4, absent=True),
        record(5, 3, 3, null=False),
    ]
    summary = overview(records, [], [])
    rates = summary.error_rates
    assert rates is not None
    assert (rates.compared, rates.passes, rates.expected) == (3, 2, 1 / 512 + 2 / 8)
    assert [(item.rate, item.bets) for item in rates.stands] == [
        (0.05, ("1_x",)),
        (0.1, ("1_x",)),
        (0.2, ("1_x", "2_x")),
    ]
    assert rates.unknown == ("5_x",)
    assert rates.calibration is None
    assert faults("summary", json.loads(as_json(summary))) == []
    page = as_markdown(summary, "../")
    assert "3 bets compare columns that could be exchanged." in page
    assert "luck alone would meet strict in 0.3 of them on average; 2 PASSed." in page
    assert "The chance that luck alone meets the tier of the verdict: 1_x" in page
    assert "1 in 512 (9 seeds); 2_x" in page
    assert "PASSes that stand at a false discovery rate of 5 %: 1_x" in page
    assert "Faults that were never seen, with the upper 95 % limit of their rate: 4_x" in page
    assert "at most 53 % (0 of 4)" in page
    assert "None of this is the probability that the claim is false." in page


def test_a_catalogue_without_nulls_has_no_such_section() -> None:
    """Its summary stays as it was, to the byte."""
    summary = overview([record(1, 3, 3, null=False)], [], [])
    assert summary.error_rates is None
    assert "error_rates" not in as_json(summary)
    assert "known_error" not in as_json(summary)
    assert "Known error" not in as_markdown(summary, "../")


def test_forecasts_are_scored_from_ten_on() -> None:
    """Beside the base rate of the other bets."""
    few = [record(n, 3, 3, odds=ODDS, null=False) for n in range(9)]
    assert overview(few, [], []).error_rates is None
    many = [*few, record(9, 1, 3, odds=ODDS, null=False)]
    rates = overview(many, [], []).error_rates
    assert rates is not None
    assert rates.calibration is not None
    assert rates.calibration.forecasts == 10
    assert "Forecasts: the odds of 10 bets have a mean Brier score of" in as_markdown(overview(many, [], []), "../")
