"""Standing: challenges and how they ended, withdrawals, and what they leave of a claim."""

import itertools

import pytest

from pytest_bets.record.standing import Challenge, Claim, Standing, standings

VERDICTS = ("PASS", "LENIENT", "FAIL", None)


def claim(number: int, verdict: str | None = "PASS", *challenges: int | str, withdrawn: str | None = None) -> Claim:
    return Claim(f"{number}_bet", number, verdict, challenges, withdrawn)


def state_of(claims: list[Claim], number: int) -> str:
    return standings(claims)[f"{number}_bet"].state


@pytest.mark.parametrize(
    ("verdict", "state"), [("PASS", "stands"), ("LENIENT", "stands"), ("FAIL", "falsified"), (None, "open")]
)
def test_an_unchallenged_claim_stands_as_its_verdict_says(verdict: str | None, state: str) -> None:
    """PASS and LENIENT stand, a FAIL is falsified, and a bet without a verdict is open."""
    found = standings([claim(1, verdict)])["1_bet"]
    assert found == Standing(state, (), None)  # type: ignore[arg-type]  # the parameters are literals
    assert not found.gone


@pytest.mark.parametrize(
    ("challenger", "end", "state"),
    [
        ("FAIL", "retracts", "retracted"),
        ("PASS", "survived", "stands"),
        ("LENIENT", "survived", "stands"),
        (None, "open", "stands"),
    ],
)
def test_a_challenge_ends_as_its_own_verdict_says(challenger: str | None, end: str, state: str) -> None:
    """A FAIL retracts, PASS or LENIENT is survived, no verdict is open."""
    found = standings([claim(37), claim(62, challenger, 37)])["37_bet"]
    assert found.challenges == (Challenge("62_bet", end),)  # type: ignore[arg-type]  # the parameters are literals
    assert (found.state, found.gone) == (state, state == "retracted")


@pytest.mark.parametrize("ids", [("1_first", "1_second"), ("1_second", "1_first")])
def test_a_number_is_that_of_every_bet_that_has_it(ids: tuple[str, str]) -> None:
    """The record of a bet whose file is gone takes no challenge away from the bet that has its number now."""
    claims = [Claim(bet, 1, "PASS", (), None) for bet in ids]
    found = standings([*claims, claim(2, "FAIL", 1)])
    assert [found[bet].state for bet in ids] == ["retracted", "retracted"]
    renamed = standings([*claims, claim(2, "FAIL", 1)], {ids[0]: ids[1], 1: ids[1]})
    assert [renamed[bet].state for bet in ids] == ["retracted", "retracted"]


def test_a_fail_in_the_noise_retracts_and_falsifies_nothing() -> None:
    """Its control says that it cannot tell the claim from noise, also where a catastrophe tripped."""
    noise = Claim("62_bet", 62, "FAIL", (37,), None, in_the_noise=True)
    found = standings([claim(37), noise, claim(60, "FAIL", 62)])
    assert found["37_bet"] == Standing("stands", (Challenge("62_bet", "noise"),), None)
    assert not found["37_bet"].gone
    assert standings([claim(37), noise])["62_bet"] == Standing("noise", (), None)
    assert not standings([noise])["62_bet"].gone
    assert found["62_bet"].state == "retracted"
    assert standings([claim(37), noise, claim(46, "FAIL", 37)])["37_bet"].state == "retracted"


def test_a_challenge_by_id_is_one_by_number() -> None:
    """A link is the number or the id in quotes; both to the same bet are one challenge."""
    claims = [Claim("no_number", None, "PASS", (), None), claim(2, "FAIL", "no_number"), claim(3, "FAIL", "2_bet", 2)]
    found = standings(claims)
    assert found["no_number"].challenges == (Challenge("2_bet", "overturned"),)
    assert found["2_bet"].challenges == (Challenge("3_bet", "retracts"),)


def test_a_withdrawn_claim_is_gone_with_its_reason() -> None:
    """Its author's word goes before every challenge, and the challenges stay on its row."""
    found = standings([claim(1, "PASS", withdrawn="the baseline was untuned"), claim(2, "FAIL", 1)])["1_bet"]
    assert found == Standing("withdrawn", (Challenge("2_bet", "retracts"),), "the baseline was untuned")
    assert found.gone


def test_a_falsified_claim_that_is_challenged_is_retracted() -> None:
    """The link to what undermines it is kept on its row."""
    assert state_of([claim(1, "FAIL"), claim(2, "FAIL", 1)], 1) == "retracted"
    assert state_of([claim(1, "FAIL"), claim(2, "PASS", 1)], 1) == "falsified"


def test_one_retraction_among_several_challenges_is_enough() -> None:
    """Every challenge is listed, by number; one that retracts decides."""
    found = standings([claim(9, "FAIL", 1), claim(1), claim(3, "PASS", 1), claim(2, None, 1)])["1_bet"]
    assert found.challenges == (
        Challenge("2_bet", "open"),
        Challenge("3_bet", "survived"),
        Challenge("9_bet", "retracts"),
    )
    assert found.state == "retracted"


@pytest.mark.parametrize("gone", ["retracted", "withdrawn"])
def test_a_retraction_falls_with_the_bet_that_made_it(gone: str) -> None:
    """A FAIL of a bet that was itself retracted or withdrawn is overturned, and the claim stands again."""
    challenger = claim(2, "FAIL", 1, withdrawn="a bug" if gone == "withdrawn" else None)
    claims = [claim(1), challenger, *([claim(3, "FAIL", 2)] if gone == "retracted" else [])]
    found = standings(claims)
    assert found["2_bet"].state == gone
    assert found["1_bet"] == Standing("stands", (Challenge("2_bet", "overturned"),), None)


def test_a_chain_of_retractions_alternates() -> None:
    """Of bets that each challenge the one before, all failed, the last is never retracted, and so every second one."""
    claims = [claim(0, "PASS"), *(claim(number, "FAIL", number - 1) for number in range(1, 8))]
    found = standings(claims)
    assert [found[f"{number}_bet"].gone for number in range(7, -1, -1)] == [False, True] * 4


def test_the_order_of_claims_never_matters() -> None:
    """Standing is a function of the set of bets."""
    claims = [claim(1), claim(2, "FAIL", 1), claim(3, "FAIL", 2), claim(4, None, 1, 3), claim(5, "PASS", 4)]
    expected = standings(claims)
    for shuffled in itertools.permutations(claims):
        assert standings(shuffled) == expected


def test_a_link_to_a_bet_that_is_not_there_changes_nothing() -> None:
    """A record from elsewhere may name a bet that this catalogue lacks."""
    assert standings([claim(1, "PASS", 99, "gone")])["1_bet"] == Standing("stands", (), None)


@pytest.mark.parametrize("circle", [1, 2, 3, 5])
def test_a_circle_of_records_is_settled_all_the_same(circle: int) -> None:
    """Declarations form none, but records from elsewhere may: every claim gets a standing, and nothing hangs."""
    claims = [claim(number, "FAIL", (number + 1) % circle) for number in range(circle)]
    assert standings(claims).keys() == {f"{number}_bet" for number in range(circle)}


@pytest.mark.parametrize("verdicts", list(itertools.product(VERDICTS, repeat=2)))
def test_a_claim_is_gone_exactly_where_it_is_retracted_or_withdrawn(verdicts: tuple[str | None, str | None]) -> None:
    """Gates ask for nothing else."""
    for withdrawn in (None, "why"):
        found = standings([claim(1, verdicts[0], withdrawn=withdrawn), claim(2, verdicts[1], 1)])["1_bet"]
        assert found.gone == (withdrawn is not None or verdicts[1] == "FAIL")
