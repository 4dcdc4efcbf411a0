"""Errors: one tree, drawn at the top of its file, and the wording that errors share."""

import contextlib
import importlib
import pkgutil
import re

import pytest

import pytest_bets
from pytest_bets import diagnostics
from pytest_bets.diagnostics import BetsError, count_noun, count_word, did_you_mean

DRAWN = re.findall(r"(\w+Error)\b", diagnostics.__doc__ or "")


def test_every_error_of_the_package_is_in_the_drawing() -> None:
    """No module defines an error of its own, and the drawing has every error."""
    for module in pkgutil.walk_packages(pytest_bets.__path__, "pytest_bets."):
        if not module.name.endswith("__main__"):
            with contextlib.suppress(ModuleNotFoundError):  # an engine, without its extra
                importlib.import_module(module.name)
    ours, pending = set(), [Exception]
    while pending:
        pending += (subclasses := [each for each in pending.pop().__subclasses__() if each is not Warning])
        ours |= {each for each in subclasses if each.__module__.startswith("pytest_bets.")}
    assert {each.__name__ for each in ours} == set(DRAWN)
    assert all(issubclass(each, BetsError) and each.__module__ == "pytest_bets.diagnostics" for each in ours)


@pytest.mark.parametrize(("count", "text"), [(0, "0 bets"), (1, "1 bet"), (2, "2 bets")])
def test_a_count_has_its_noun(count: int, text: str) -> None:
    """Only one bet is singular."""
    assert count_noun(count, "bet") == text


def test_small_counts_are_words() -> None:
    """Two and three are words, as in `two sentences`."""
    assert [count_word(count) for count in (2, 3, 4)] == ["two", "three", "4"]


def test_only_a_near_name_is_suggested() -> None:
    """The end of a message suggests the nearest candidate, or is empty."""
    assert did_you_mean("gian", ["gain", "loss"]) == "; did you mean gain?"
    assert did_you_mean("zebra", ["gain", "loss"]) == ""
