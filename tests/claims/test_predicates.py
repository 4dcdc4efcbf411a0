"""Verdicts in other words, and words that only look like them."""

import pytest

from pytest_bets.claims.check import check
from pytest_bets.claims.finding import Bet
from tests.helpers.write_ups import found

FALSE = [
    "Bet 5 failed in 4 of 4 runs.",
    "| Claim | Bet | Verdict |\n|---|---|---|\n| beats bet 5 | 6 | PASS |",
    "Bet 6 compares two layers and passed.",
    "Bet 6 compares two layers: passed.",
    "Bet 6 compares two layers (passed).",
    "Bet 6: FAIL (catastrophic)",
    "Bet 6: catastrophic FAIL",
    "Bet 6 is a catastrophic FAIL.",
    "Bet 6 failed catastrophically.",
    "Bet 6 passed in 2026.",
    "Bet 6 passed on a 30M model.",
    "Bet 6 passed in a second run.",
    "Bet 6 passed for 4 users.",
    "Bet 6 passed in 4 of 4 runs.",
    "Bet 5 does not hold.",
    "Bet 5 did not hold.",
    "Bet 5 could not be confirmed.",
    "Bet 6 has been run and passed.",
    "Bet 5 failed to pass.",
    "While bet 5 passed, bet 7 did not.",
    "Bet 5 passed, bet 7 did not.",
    "Bet 5 passed, and bet 6 too.",
    "Bet 5, as well as bet 6, passed.",
    "Bet 6 met its strict criterion.",
    "Bet 8 met the strict bar.",
    "Bet 5 missed strict.",
    "Bet 6 is in the noise.",
    "Bet 46 was falsified.",
    "Bet 46: falsified",
    "| Bet | Verdict |\n|---|---|\n| 46 | falsified |",
    "## Falsified\n\n- Bet 46",
    "Bet 6 was not falsified.",
    "Neither bet 6 nor bet 46 was falsified.",
    "[dropout](results/dropout.json): PASS",
    "bet `dropout`: PASS",
    "Bet 5 did not meet its strict criterion.",
    "Bet 5 compares two layers and failed.",
]
TRUE = [
    "Bet 46 was not falsified.",
    "Bet 46 failed.",
    "Bet 6 was refuted.",
    "Bet 6 was falsified, and bet 46 was not.",
    "## Falsified\n\n- Bet 6",
    "Bet 6 lists three states: passed, failed and void.",
    "Bet 6 passed in one run.",
    "Bet 6 passed in one of four runs.",
    "Bet 6 passed in half of the runs.",
    "Bet 5 failed in a first run.",
    "Bet 5 failed for a week.",
    "Bet 5 failed at 3 am and was run again.",
    "Bet 5 did not fail, and bet 7 did not.",
    "Bet 5 was withdrawn, then restored.",
    "| Claim | Bet | Verdict |\n|---|---|---|\n| beats bet 5 | 6 | FAIL |",
    "Bet 5 compares two layers and passed.",
    "Bet 6 did not fail catastrophically.",
    "Bet 6 passed in 2 of 4 runs.",
    "Bet 6 passed in 3 cells.",
    "Bet 5 failed in 2 of 4 cells.",
    "Bet 5 failed on a cell.",
    "Bet 5 failed for some users.",
    "Bet 6 could not be confirmed.",
    "Bet 6 did not hold.",
    "Bet 7 has been run and passed.",
    "Bet 6 failed to pass.",
    "While bet 5 passed, bet 6 did not.",
    "Bet 6 failed, and bet 5 did not.",
    "Bet 5 passed, and bet 7 too.",
    "Bet 5, as well as bet 7, passed.",
    "- Bet 6: gamma helps ❌",
    "Bet 5 met its strict criterion.",
    "Bet 8 met the lenient bar.",
    "Bet 8 missed strict.",
    "Bet 46 is in the noise.",
    "[dropout](results/dropout.json): FAIL",
    "bet `dropout`: FAIL",
    "The difference of bet 6 is in the noise.",
    "Bet 6 compares LoRA, which is cheap, and passed weights.",
    "Bet 6 wrote the loader and passed it on.",
    "Bet 6 has a control (passed).",
    "Bet 6 counts cells that ran and failed.",
    "Bet 46 met its strict criterion but failed its control.",
    "Bet 5 met strict in 2 of 4 runs.",
    "Bet 6 met its strict criterion in 2 of 4 runs.",
    "Bet 6 has not met its strict criterion.",
    "Bet 5 compares LoRA that diverged and failed.",
    "Bet 6 would be met.",
    "Bet 6 does not compare layers and passed data.",
    "Bet 6 missed strict.",
    "We use [dropout](https://en.wikipedia.org/wiki/Dropout) here.",
    "[dropout rates](x): PASS",
    "We use [dropout](x), which passed messages.",
    "bet `dropout` on it",
]


@pytest.mark.parametrize("source", FALSE)
def test_a_false_verdict_in_other_words_is_found(source: str) -> None:
    """After a predicate, in a part of a sentence, in the words of the tiers, with an id in a link or in code."""
    assert {finding.kind for finding in found(source)} & {"verdict", "unbound"}


@pytest.mark.parametrize("source", TRUE)
def test_a_true_verdict_in_other_words_is_no_finding(source: str) -> None:
    """And neither are words of parts, of controls, or of something else."""
    assert found(source) == ()


@pytest.mark.parametrize("form", ["Bet 4: FAIL ({})", "Bet 4: {} FAIL", "Bet 4 is a {} FAIL.", "Bet 4 failed {}ally."])
def test_a_catastrophic_fail_may_be_called_so_in_other_words(form: str) -> None:
    """It is compared with the whole verdict, and no fix can write it in one place."""
    for verdict, kinds in (("FAIL, catastrophic", []), ("FAIL", ["verdict"]), ("FAIL, in the noise", ["verdict"])):
        bets = [Bet("04_delta", 4, verdict, "falsified", frozenset(), [])]
        findings = check(form.format("catastrophic"), bets).findings
        assert [finding.kind for finding in findings] == kinds
        assert not any(finding.edit for finding in findings)
