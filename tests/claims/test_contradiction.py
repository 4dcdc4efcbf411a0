"""Which wrong verdicts a fix replaces: not one that may be of another bet."""

import pytest

from pytest_bets.claims.finding import apply_edits
from tests.helpers.write_ups import found

LEFT = [
    "Bet 6, where we reuse bet 5: FAIL",
    "Bet 6 and its base bet 5. It is FAIL.",
    "Bet 6 vs. bet 5: PASS vs. FAIL",
    "| Bet | Verdict | Challenges |\n|---|---|---|\n| 6 | PASS | Bet 5 |",
]
FIXED = [
    "Bet 5: PASS, bet 6: PASS.",
    "Bet 6: PASS",
    "| Bet | Verdict | Bet | Verdict |\n|---|---|---|---|\n| 5 | PASS | 6 | LENIENT |",
]


@pytest.mark.parametrize("source", LEFT)
def test_a_fix_leaves_a_verdict_that_another_bet_beside_it_has(source: str) -> None:
    """Which of the two is meant is for people to say."""
    findings = found(source)
    assert findings
    assert apply_edits(source, findings) == source
    assert any("which is named here too, has the verdict" in finding.record for finding in findings)


@pytest.mark.parametrize("source", FIXED)
def test_a_fix_replaces_a_verdict_of_one_bet_alone(source: str) -> None:
    """Other bets of the sentence have a verdict of their own, or another one on record."""
    findings = found(source)
    fixed = apply_edits(source, findings)
    assert fixed != source
    assert found(fixed) == ()


def test_verdicts_that_wait_for_each_other_are_fixed_at_once() -> None:
    """Bet 6 gets its verdict, so that the one of bet 8 can only be its own."""
    source = "Bet 5 (FAIL), bet 8: PASS"
    assert apply_edits(source, found(source)) == "Bet 5 (PASS), bet 8: LENIENT"
