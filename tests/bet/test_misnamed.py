"""Bets under another name: which files they are, and how they should be called."""

import pytest

from pytest_bets.bet.declaration import is_bet_name
from pytest_bets.bet.misnamed import misnamed, right

TIERS = "@pytest.mark.strict('gain > 1')\n@pytest.mark.lenient('gain > 0')\n@pytest.mark.catastrophic('gain < 0')\n"
BET = f'"""A bet.\n\nHypothesis: it is.\nStrict: 1.\n"""\nimport pytest\n{TIERS}def experiment(): return {{}}\n'
NAMES = {
    "bet-01-x.py": "bet_01_x.py",
    "Bet_01.py": "bet_01.py",
    "BET_01_LoRA.py": "bet_01_LoRA.py",
    "bet01_x.py": "bet_01_x.py",
    "bets_01_x.py": "bet_01_x.py",
    "bet 01 x.py": "bet_01_x.py",
    "bet.01.x.py": "bet_01_x.py",
    "bet-1x.py": "bet_1_x.py",
    "test_bet_01_x.py": "bet_01_x.py",
    "test_dropout.py": "bet_dropout.py",
    "01_dropout.py": "bet_01_dropout.py",
    "dropout.py": "bet_dropout.py",
    "Betting_odds.py": "bet_Betting_odds.py",
    "bet.py": "bet_01.py",
    "bets-.py": "bet_01.py",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_bet_under_another_name_is_given_the_nearest_right_one(name: str) -> None:
    """Three tiers on a function make it a bet."""
    fault = misnamed(f"bets/{name}", BET)
    assert fault
    assert (fault.file, fault.text, fault.suggestion) == (f"bets/{name}", name, NAMES[name])
    assert is_bet_name(right(name))


def test_a_name_that_says_bet_needs_less() -> None:
    """The docstring of a bet is enough there, or a file that is not Python yet."""
    assert misnamed("bet-1.py", '"""A.\n\nHypothesis: it is.\nStrict: 1.\n"""\n')
    assert misnamed("Bet_1.py", "@pytest.mark.strict('mean(gain) > 1')\ndef (")
    assert not misnamed("bet-1.py", "x = 1")
    assert not misnamed("betting-1.py", '"""A.\n\nHypothesis: it is.\nStrict: 1.\n"""\n')


@pytest.mark.parametrize(
    "text",
    [
        f"TEXT = '''{TIERS}'''",
        TIERS.replace("@", "# @"),
        "@pytest.mark.strict('gain > 1')\ndef test_it(): pass\n",
        f"{TIERS}def (",
        "".join(f"{line}\ndef test_{place}(): pass\n" for place, line in enumerate(TIERS.splitlines())),
    ],
    ids=["a string", "a comment", "one tier", "no Python", "three functions"],
)
def test_a_file_of_any_name_is_a_bet_only_with_all_tiers_on_a_function(text: str) -> None:
    """Tests of bets, and tests with markers of these names, are none."""
    assert misnamed("bets/test_01_bets.py", text) is None
