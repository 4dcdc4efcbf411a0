"""Pages that name a bet in passing beside another one: the verdict is of the bet that the sentence or row is about."""

import pytest

from tests.helpers.write_ups import found

TRUE = [
    "Bet 6, a variant of bet 5: FAIL",
    "Bet 6 (our answer to bet 5): FAIL",
    "Bet 6, replicating bet 5, failed.",
    "Bet 6, on top of bet 5. It is FAIL.",
    "Bet 7 is done, verdict of bet 6: FAIL",
    "Bet 46, which challenged bet 5: FAIL",
    "Bet 6 builds on bet 5: FAIL",
    "Bet 6 (challenges bet 5): FAIL",
    "- Bet 6, after bet 5: FAIL",
    "Bet 6, unlike bet 5: FAIL",
    "Bet 6 vs. bet 5: FAIL vs. PASS",
    "Bet 5 beats bet 6: PASS against FAIL.",
    "| Bet | Verdict | Bet | Verdict |\n|---|---|---|---|\n| 5 | PASS | 6 | FAIL |",
    "| Claim | Verdict |\n|---|---|\n| gamma beats alpha of bet 5 (bet 6) | FAIL |",
    "Bet 5, unlike bet 6, passed.",
    "Bet 6 (compare bet 5): FAIL",
    "Bet 6, unlike bets 5 and 7: FAIL",
    "Bet 6, unlike bet 5 and bet 7, failed.",
    "Bet 7 builds on bet 5, and bet 6 failed.",
    "Bet 7 builds on bet 5 and bet 6 failed.",
    "We ran bet 5 after bet 6 failed.",
    "Bet 5 shows that bet 6 failed.",
    "Bet 5 follows bet 6, which failed.",
    "Bet 6 follows bet 5 (PASS): FAIL",
    "Bet 6 challenges bet 5. It failed.",
    "Bet 6 challenges bet 5. It is FAIL.",
    "Bet 6 reruns the claim of bet 5: FAIL",
    "Bet 6 which challenges bet 5 is a FAIL.",
    "gamma beats alpha of bet 5 (bet 6): FAIL",
    "Bet 6 (bet 5 was its base): FAIL",
    "Bet 6, compared to bet 5: FAIL",
    "Bet 6 (cf. bet 5): FAIL",
    "Bet 6, cf. bet 5: FAIL",
    "Bet 6, see bet 5: FAIL",
    "Bet 6 – after bet 5 – FAIL",
    "| Bet | Verdict | Challenges |\n|---|---|---|\n| 6 | FAIL | Bet 5 |",
    "| Bet | Challenges bet | Verdict |\n|---|---|---|\n| 6 | 5 | FAIL |",
    "| Bet | Expected | Challenges | Verdict |\n|---|---|---|---|\n| 6 | PASS | Bet 5 | FAIL |",
    "| Bet | Verdict | Challenges | Verdict |\n|---|---|---|---|\n| 6 | FAIL | Bet 5 | PASS |",
    "| Bet | Result | Bet | Outcome |\n|---|---|---|---|\n| 6 | FAIL | 5 | PASS |",
    "Unlike bet 5, bet 6 failed.",
    "While bet 5 passed, bet 6 failed.",
    "Bet 5 passed, and unlike bet 5, bet 6 failed.",
    "Bet 6 failed, unlike bet 5, which passed.",
    "- Bet 6 challenges bet 5\n\n  FAIL",
    "Bet 5 (bet 6 is its challenger): PASS",
    "Bet 6 is similar to bet 5: FAIL",
    "Bet 6 is harder than bet 5: FAIL",
    "Bet 6 (see bet 5 and bet 7): FAIL",
    "In bet 5, as in bet 6, two layers are used.",
    "Bet 6, challenged by bet 5: FAIL",
    "Bet 6 (with bet 5: PASS): FAIL",
    "## Bet 6 builds on bet 5\n\nFAIL",
    "| Bet 6 challenges bet 5 | FAIL |\n|---|---|\n| Bet 6 challenges bet 5 | FAIL |",
]
FALSE = [
    "Bet 6, a variant of bet 5: PASS",
    "Bet 6 (our answer to bet 5): PASS",
    "Bet 6, replicating bet 5, passed.",
    "Bet 6, on top of bet 5. It is PASS.",
    "| Bet | Verdict | Bet | Verdict |\n|---|---|---|---|\n| 5 | PASS | 6 | PASS |",
    "| Bet | Verdict | Bet | Verdict |\n|---|---|---|---|\n| 5 | FAIL | 6 | FAIL |",
    "Bet 6, which challenges bet 5: PASS",
    "Bet 6 builds on bet 5: PASS",
    "- Bet 6, after bet 5: PASS",
    "Bet 6, in contrast to bet 5, passed.",
    "Bet 5, unlike bet 6, failed.",
    "Bet 6 (compare bet 5): PASS",
    "Bet 6, unlike bet 5 and bet 7, passed.",
    "Bet 5 follows bet 6, which passed.",
    "Bet 6 follows bet 5 (FAIL): FAIL",
    "Bet 6 follows bet 5 (PASS): PASS",
    "Bet 6 challenges bet 5. It passed.",
    "Bet 6, see bet 5: PASS",
    "Unlike bet 7, bet 6 passed.",
    "## Bet 6 builds on bet 5\n\nPASS",
    "- Bet 6 challenges bet 5\n\n  PASS",
    "| Claim | Verdict |\n|---|---|\n| gamma beats alpha of bet 5 (bet 6) | LENIENT |",
]


@pytest.mark.parametrize("source", TRUE)
def test_a_true_verdict_beside_a_bet_in_passing_stays(source: str) -> None:
    """There is no finding, so that a fix changes nothing."""
    assert found(source) == ()


@pytest.mark.parametrize("source", FALSE)
def test_a_false_verdict_beside_a_bet_in_passing_is_found(source: str) -> None:
    """The other bet does have that verdict, which hides nothing."""
    assert {finding.kind for finding in found(source)} & {"verdict", "unbound"}
