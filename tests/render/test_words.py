"""The words for verdicts, tiers and standings."""

import math

import pytest

from pytest_bets.record.standing import Challenge, ChallengeEnd, Claim, Standing, StandingState, standings
from pytest_bets.record.summary_model import Challenged
from pytest_bets.record.verdict import Judged, Verdict
from pytest_bets.render.words import challenged_words, listed, standing_words, tier_words, verdict_words


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict("PASS"), "PASS"),
        (Verdict("PASS", noise_floor=True), "PASS"),
        (Verdict("LENIENT"), "LENIENT"),
        (Verdict("FAIL"), "FAIL"),
        (Verdict("FAIL", catastrophic=True), "FAIL, catastrophic"),
        (Verdict("FAIL", catastrophic=True, noise_floor=False), "FAIL, catastrophic"),
        (Verdict("FAIL", noise_floor=False), "FAIL, in the noise"),
        (Verdict(None, void="1 of 4 cells crashed"), "void"),
        (Verdict(None), "never run"),
    ],
    ids=str,
)
def test_a_verdict_is_given_with_what_is_worst_about_it(verdict: Verdict, words: str) -> None:
    """A catastrophe is named before noise, and a void is no FAIL."""
    assert verdict_words(verdict) == words


@pytest.mark.parametrize(
    ("judged", "words"),
    [
        (Judged("strict", "mean(x) >= 0.8", 0.75, 0.8, False, -0.05), "strict not met: mean(x) >= 0.8 (measured 0.75,"),
        (Judged("lenient", "mean(x) >= 0.8", 0.9, 0.8, True, 0.1), "lenient met: mean(x) >= 0.8 (measured 0.9,"),
        (
            Judged("control", "mean(x) < 1", math.nan, 1, None, math.nan),
            "control not met: mean(x) < 1 (measured undefined,",
        ),
        (Judged("catastrophic", "max(x) > 6", 7, 6, True, -1), "catastrophic tripped: max(x) > 6 (measured 7,"),
        (
            Judged("catastrophic", "max(x) > 6", math.nan, 6, None, math.nan),
            "catastrophic tripped: max(x) > 6 (measured undefined,",
        ),
        (Judged("catastrophic", "max(x) > 6", 5, 6, False, 1), "catastrophic clear: max(x) > 6 (measured 5,"),
    ],
    ids=lambda item: item if isinstance(item, str) else "",
)
def test_a_tier_is_named_by_whether_it_speaks_for_the_claim(judged: Judged, words: str) -> None:
    """Met is good for three tiers, and tripped is bad for the fourth; undefined is never good."""
    assert tier_words(judged.tier, Verdict("FAIL", criteria=(judged,))).startswith(words)


def test_what_speaks_against_the_claim_is_said_first() -> None:
    """Of several sentences the one at fault opens the message, which is all that a summary line shows."""
    good, bad = Judged("strict", "a > 1", 2, 1, True, 1), Judged("strict", "b > 1", 0, 1, False, -1)
    assert tier_words("strict", Verdict("FAIL", criteria=(good, bad))).splitlines() == [
        "strict not met: b > 1 (measured 0, threshold 1, margin -1)",
        "strict met: a > 1 (measured 2, threshold 1, margin 1)",
    ]


def standing(state: StandingState, *challenges: tuple[str, ChallengeEnd]) -> Standing:
    return Standing(state, tuple(Challenge(by, end) for by, end in challenges), None)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            standing("retracted", ("46_a", "retracts"), ("60_b", "retracts"), ("62_c", "retracts")),
            "retracted by 46, 60, 62",
        ),
        (standing("stands", ("05_a", "survived"), ("7_b", "survived")), "challenged by 05, 7 and stands"),
        (standing("open", ("5_a", "open"), ("no_number", "open")), "challenges by 5, no_number open"),
        (standing("falsified", ("5_a", "survived"), ("7_b", "survived")), "falsified; survived the challenges by 5, 7"),
        (
            standing("retracted", ("5_a", "survived"), ("6_b", "retracts"), ("7_c", "overturned")),
            "retracted by 6; survived the challenge by 5; retraction by 7 overturned",
        ),
    ],
)
def test_challengers_with_the_same_end_are_named_together(given: Standing, words: str) -> None:
    """By their numbers, and the words once."""
    assert standing_words(given) == words


def test_the_challenges_of_a_bet_with_the_same_end_are_named_together() -> None:
    """Likewise from the other side."""
    ends: tuple[ChallengeEnd, ...] = ("retracts", "survived", "open", "overturned", "noise")
    one = [Challenged(f"{place}_a", end) for place, end in enumerate(ends)]
    assert challenged_words(one) == [
        "retracts 0",
        "challenged 1, which stands",
        "challenges 2",
        "its retraction of 3 is overturned",
        "retracts nothing: its challenge of 4 ended in the noise",
    ]
    two = one + [Challenged(f"1{place}_a", end) for place, end in enumerate(ends)]
    assert challenged_words(two, {"0_a": "[0_a](there)"}) == [
        "retracts [0_a](there), 10",
        "challenged 1, 11, which stand",
        "challenges 2, 12",
        "its retractions of 3, 13 are overturned",
        "retracts nothing: its challenge of 4, 14 ended in the noise",
    ]


def test_a_long_list_of_bets_is_cut() -> None:
    """With how many more there are."""
    assert listed([f"{number}_a" for number in range(3)]) == "0, 1, 2"
    assert listed([f"{number}_a" for number in range(9)], 2) == "0, 1 and 7 more"


@pytest.mark.parametrize(
    ("verdict", "challenger", "withdrawn", "words"),
    [
        ("PASS", None, None, "stands"),
        ("FAIL", None, None, "falsified"),
        (None, None, None, "open"),
        ("PASS", "FAIL", None, "retracted by 62"),
        ("PASS", "PASS", None, "challenged by 62 and stands"),
        ("FAIL", "PASS", None, "falsified; survived the challenge by 62"),
        ("PASS", "open", None, "challenge by 62 open"),
        ("noise", None, None, "in the noise"),
        ("noise", "PASS", None, "in the noise; survived the challenge by 62"),
        ("PASS", "noise", None, "challenge by 62 ended in the noise"),
        ("FAIL", "noise", None, "falsified; challenge by 62 ended in the noise"),
        ("PASS", None, "a leak", "withdrawn: a leak"),
        ("PASS", "FAIL", "a leak", "withdrawn: a leak; retracted by 62"),
    ],
)
def test_a_standing_is_given_with_its_challenges(
    verdict: str | None, challenger: str | None, withdrawn: str | None, words: str
) -> None:
    """Who challenged, how it ended, and why it was withdrawn."""
    known = {"open": None, "noise": "FAIL"}
    claims = [Claim("37_a", 37, known.get(verdict or "", verdict), (), withdrawn, verdict == "noise")]
    if challenger:
        claims.append(Claim("62_b", 62, known.get(challenger, challenger), (37,), None, challenger == "noise"))
    given = standings(claims)["37_a"]
    assert standing_words(given) == words
    assert standing_words(given, {"62_b": "[62_b](there)"}) == words.replace("62", "[62_b](there)")
