"""The meter of drift, on books small enough to check by hand."""

import math

import numpy as np
import pytest

from bets.lab.ledger.drift import Run, drifts, measures


def run(accounts: dict[str, tuple[int, int]], sent: dict[str, int], received: dict[str, int], offered: int = 1) -> Run:
    """A run that ended with these accounts: credit and debit."""
    books = {node: {"credit": credit, "debit": debit} for node, (credit, debit) in accounts.items()}
    return Run(books, sent, received, offered, operations=9, events=30, repeated=2, refused=1, crashes=0)


SENT, RECEIVED = {"ada": 60, "bob": 40}, {"ada": 40, "bob": 60}


@pytest.mark.parametrize(
    ("ada", "bob", "expected"),
    [
        ((60, 40), (40, 60), [0.0, 0.0]),
        ((54, 40), (40, 60), [0.06, 0.0]),  # a credit is missing
        ((60, 40), (40, 70), [0.0, 0.1]),  # a debit too many
        ((70, 50), (40, 60), [0.2, 0.0]),  # both too high: the net is right, the account is not
        ((50, 40), (50, 60), [0.1, 0.1]),  # a credit to the wrong node: the total is right
    ],
)
def test_drift_is_of_each_account_and_no_error_makes_up_for_another(
    ada: tuple[int, int], bob: tuple[int, int], expected: list[float]
) -> None:
    assert drifts(run({"ada": ada, "bob": bob}, SENT, RECEIVED)).tolist() == expected


def test_a_node_without_an_account_is_off_by_all_that_it_moved() -> None:
    assert drifts(run({"ada": (60, 40)}, SENT, RECEIVED)).tolist() == [0.0, 1.0]


def test_a_node_without_traffic_is_right_if_its_account_is_empty_and_infinitely_wrong_otherwise() -> None:
    nothing = {"ada": 0, "bob": 0}
    assert drifts(run({"bob": (1, 0)}, nothing, nothing)).tolist() == [0.0, math.inf]


def test_what_a_bet_records_is_the_spread_of_drift_and_where_it_comes_from() -> None:
    """Quantile, mean and worst over the nodes; credit and debit against what arrived; credit against what was meant."""
    found = measures(run({"ada": (54, 40), "bob": (40, 70)}, SENT, RECEIVED, offered=188))
    assert found["p95"] == np.quantile([0.06, 0.1], 0.95)
    assert found["mean"] == pytest.approx(0.08)
    assert found["worst"] == 0.1
    assert found["credit_off"] == pytest.approx(-0.06)
    assert found["debit_off"] == pytest.approx(0.1)
    assert found["settled"] == 0.5
    assert (found["operations"], found["repeated"], found["refused"]) == (9, 2, 1)
