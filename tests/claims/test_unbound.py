"""Claims of all bets, and what they leave out; claims of the bet of a heading above."""

import pytest

from pytest_bets.claims.check import check
from pytest_bets.claims.finding import Bet
from tests.helpers.write_ups import BETS, found

FALSE = [
    "All 8 bets passed.",
    "All eight bets passed.",
    "All of our 8 bets passed.",
    "All\nbets passed.",
    "Every single bet passed.",
    "Every one of our bets passed.",
    "Our bets all passed.",
    "No bets failed.",
    "No bet of ours failed.",
    "None of our bets failed.",
    "Not one bet failed.",
    "Not a single bet failed.",
    "There is no bet that failed.",
    "All bets passed, except bet 6.",
    "All bets except bet 6 passed.",
    "Bets 5 to 8 passed, except bet 6.",
    "All bets but bet 6 passed.",
    "No bet but bet 6 failed.",
    "All bets ran but bet 6 passed.",
]
TRUE = [
    "All three bets passed.",
    "All 25 bets passed.",
    "Not all bets passed.",
    "Not every bet passed.",
    "Nearly all bets passed.",
    "If all bets passed, we would stop.",
    "No bet that failed was dropped.",
    "There is no bet that failed to load.",
    "No bet passed, except bet 5, bet 7, bet 37 (retracted) and bet 38 (withdrawn).",
    "Bets 5 to 8 passed, except bets 6 and 8.",
    "Bets 5, 6 and 7, except bet 6, passed.",
    "Bets 5 and 7 passed, apart from bet 6.",
    "Bets 5, 7 and 6 passed, except for bet 6, which failed.",
    "Bets 5, 7, 6 and 46 passed, with the exception of bet 6 and bet 46.",
    "Bets 5 to 7 except bet 6 passed.",
    "All bets but bets 6, 8, 46 and dropout passed, though bet 37 was retracted and bet 38 was withdrawn.",
    "No bets but 6, 46 and dropout failed.",
]


@pytest.mark.parametrize("source", FALSE)
def test_a_false_claim_of_all_bets_is_found(source: str) -> None:
    """In any words for all or none, and with exceptions that are too few."""
    assert {finding.kind for finding in found(source)} == {"verdict"}


@pytest.mark.parametrize("source", TRUE)
def test_a_claim_of_some_bets_is_none_of_all(source: str) -> None:
    """Denied, counted, or with exceptions."""
    assert found(source) == ()


@pytest.mark.parametrize("source", ["All bets passed.", "No bet failed."])
def test_all_bets_are_also_those_without_a_number(source: str) -> None:
    """The finding names them by their ids."""
    bets = [*(bet for bet in BETS if bet.number == 5), Bet("dropout", None, "FAIL", "falsified", frozenset(), [])]
    (finding,) = check(source, bets).findings
    assert finding.record == "bet dropout is FAIL"


BELOW_FALSE = [
    "## Bet 6\n\nWe ran four parts. It passed.",
    "## Bet 6\n\nWe ran four parts. Verdict: passed.",
    "## Bet 6\n\nThis bet passed.",
    "## Bet 6\n\nWe wrote a loader. The bet passed.",
    "## Bet dropout\n\nPASS",
    "## Bet dropout: fewer units\n\nVerdict: PASS",
    "## Bet dropout\n\nIt passed.",
    "- Bet dropout\n  - PASS",
]
BELOW_TRUE = [
    "## Bet 6\n\nWe ran four parts. It failed.",
    "## Bet 6\n\nWe ran the control. It passed.",
    "## Bet 6\n\nThe loader has a test. It passed.",
    "## Bet 6\n\nIt passed the control.",
    "## Bet 5\n\nThe worker of node 2 was slow. It failed.",
    "## Bet dropout\n\nFAIL",
    "## Bet dropout on a plane\n\nPASS",
    "- Bets: 10, 20 or 50\n- Verdict: PASS",
]


@pytest.mark.parametrize("source", BELOW_FALSE)
def test_text_below_a_heading_is_of_its_bet(source: str) -> None:
    """After other sentences, and below a bet that is named by its id."""
    assert {finding.kind for finding in found(source)} & {"verdict", "unbound"}


@pytest.mark.parametrize("source", BELOW_TRUE)
def test_it_may_be_something_else_below_a_heading(source: str) -> None:
    """Where something else was named before."""
    assert found(source) == ()
