"""Chances in words: never 0, and a bound never less than it is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bets.chance.unit import choices, named, words
from pytest_bets.chance.words import average, odds, percent


@pytest.mark.parametrize(
    ("chance", "shown"),
    [
        (1 / 8, "1 in 8"),
        (1 / 512, "1 in 512"),
        (576 / 32768, "1 in 57"),
        (0.30362, "31 %"),
        (0.5, "1 in 2"),
        (0.75, "75 %"),
        (1.0, "certain"),
        (1 / 32768, "1 in 32,768"),
        (1 / 33000.5, "1 in 33,000"),
        (1e-9, "less than 1 in a million"),
        (0.0, "none"),
    ],
)
def test_a_chance_is_read_as_1_in_so_many(chance: float, shown: str) -> None:
    """Or as a percentage where that says more."""
    assert odds(chance) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [(2.52, "2.5"), (0.05, "0.1"), (0.0499, "0.05"), (0.03125, "0.031"), (1e-9, "1e-09"), (0, "0.0")],
)
def test_a_small_average_is_not_0(number: float, shown: str) -> None:
    """Only what luck cannot give at all is."""
    assert average(number) == shown


@given(st.floats(1e-6, 0.999))
def test_a_bound_is_never_understated(chance: float) -> None:
    """A reader who takes the words at their value takes at least the bound."""
    text = odds(chance, bound=True).removeprefix("at most ")
    match = re.fullmatch(r"1 in ([\d,]+)|(\d+) %", text)
    assert match, text
    value = 1 / int(match[1].replace(",", "")) if match[1] else int(match[2]) / 100
    assert value >= chance * (1 - 1e-9)


@pytest.mark.parametrize(("share", "shown"), [(0.05, "5 %"), (0.117, "12 %"), (0.00622, "0.62 %"), (1.0, "100 %")])
def test_a_percentage_has_two_digits(share: float, shown: str) -> None:
    """Without zeros at its end."""
    assert percent(share) == shown


def test_units_have_the_name_of_what_they_share() -> None:
    """The one parameter of the sweep names them where the null does not."""
    assert words(("part",), 3) == "3 parts"
    assert words(("part",), 1) == "1 part"
    assert words(("loss",), 3) == "3 values of loss"
    assert words(("n",), 1) == "1 value of n"
    assert words(("loss", "n"), 9) == "9 units of loss and n"
    assert words(None, 15) == "15 cells"
    assert named(None, [{"user": 1}]) == ("user",)
    assert named(None, [{}]) == ("cell",)
    assert choices([{"a": i, "b": j} for i in range(2) for j in range(3)]) == [("a", 2), ("b", 3), ("cell", 6)]
