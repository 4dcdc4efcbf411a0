"""Simulated runs: the null by effect 0, power by another, and generators without a state."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from scipy import stats

from pytest_bets.bet.declaration import Criterion
from pytest_bets.bet.world import World
from pytest_bets.chance.outlook import simulated
from pytest_bets.chance.simulation import Stateless, simulate
from pytest_bets.diagnostics import SimulationError
from pytest_bets.sentence.parse import parse
from tests.helpers.nulls import bet, swap

PARAMS = [{"part": part, "seed": seed} for part in "xyz" for seed in range(5)]


def declared(strict: str = "count(a < b) >= 12", **given: Any) -> Any:
    return bet(strict, swap(unit="part"), world=World(("seed", "part"), "", ""), **given)


def by_text(effect: float, rng: Callable[..., Any], seed: int, part: str) -> dict[str, float]:
    """Return cells whose difference is that of their text, with a little noise."""
    difference = rng(part).gauss(effect, 1) + rng(seed, part).gauss(0, 0.01)
    return {"a": 0.0, "b": difference}


def test_cells_that_share_a_key_share_its_numbers() -> None:
    """So three texts meet strict in 1 of 8 runs; a generator with a state would make them fifteen independent cells."""
    null = simulate(by_text, declared(), PARAMS, 0.0, 800)
    assert stats.binomtest(null.strict, 800, 1 / 8).pvalue > 1e-3
    assert null.strict / 800 <= null.strict_at_most <= 0.16
    assert simulate(by_text, declared(), PARAMS, 0.0, 100) == simulate(by_text, declared(), PARAMS, 0.0, 100)


def test_an_effect_gives_power() -> None:
    """Each of three texts wins with the probability of the effect."""
    run = simulate(by_text, declared(), PARAMS, 1.0, 500)
    expected = stats.norm.cdf(1.0) ** 3
    assert run.passes / 500 == pytest.approx(expected, abs=0.07)
    assert run.passes == run.strict


def test_a_pass_needs_control_and_no_catastrophe() -> None:
    """Strict alone is what luck is about."""
    run = simulate(by_text, declared(control=["count(a > b) >= 1"]), PARAMS, 2.0, 200)
    assert 0 < run.passes < run.strict
    assert simulate(by_text, declared(catastrophic="count(a < b) >= 1"), PARAMS, 2.0, 50).passes == 0


def test_a_run_whose_premise_is_not_met_is_no_pass() -> None:
    """It would be void."""
    premise = [Criterion("premise", parse("min(b) > 0"), 1)]
    bare = declared(strict="count(a < b) >= 1")
    run = simulate(by_text, bare, PARAMS, 0.0, 200)
    needy = simulate(by_text, replace(bare, criteria=(*bare.criteria, *premise)), PARAMS, 0.0, 200)
    assert run.passes == run.strict
    assert stats.binomtest(needy.passes, 200, 1 / 8).pvalue > 1e-3


def test_the_best_of_several_is_better_than_one_without_any_effect() -> None:
    """What a swap of the best of nine with a single run would miss."""

    def best_of_nine(effect: float, rng: Callable[..., Any], part: str, **_: int) -> dict[str, float]:
        return {"a": min(rng(part, mix).gauss(-effect, 1) for mix in range(9)), "b": rng(part, "one").gauss(0, 1)}

    null = simulate(best_of_nine, declared(), PARAMS, 0.0, 250)
    assert null.strict / 250 == pytest.approx(0.9**3, abs=0.1)


def test_a_key_gives_the_same_generator_in_one_run_and_another_in_the_next() -> None:
    """Keys are values of any kind; no key is an error."""
    rng = Stateless("digest", 3)
    assert rng("x", 1).random() == rng("x", 1).random() != rng("x", 2).random()
    assert rng("x", 1).random() != Stateless("digest", 4)("x", 1).random()
    with pytest.raises(TypeError, match=r"rng\(\) has no key"):
        rng()


@pytest.mark.parametrize(
    ("world", "message"),
    [
        (lambda *_, **__: {"a": 1.0}, "`world`: `b` was not measured"),
        (lambda *_, **__: None, "`world`: it returned nothing"),
        (lambda *_, **__: 1 / 0, "`world` failed: ZeroDivisionError: division by zero"),
        (lambda _, rng, **__: {"a": rng().random()}, "`world` failed: TypeError: rng() has no key"),
    ],
)
def test_a_world_that_is_no_experiment_is_an_error(world: Callable[..., Any], message: str) -> None:
    """It says what the world returned, as for an experiment."""
    with pytest.raises(SimulationError) as error:
        simulate(world, declared(), PARAMS, 0.0, 1)
    assert message in str(error.value)


def test_a_world_without_a_name_of_a_catastrophe_alone_is_an_error() -> None:
    """It is read last, in a run that would PASS."""
    with pytest.raises(SimulationError, match="`world`: `c` was not measured"):
        simulate(by_text, declared(strict="count(a < b) >= 0", catastrophic="mean(c) < 0"), PARAMS, 0.0, 1)


@pytest.mark.parametrize(("effect", "words"), [(0.001, "above 0.016"), (-0.001, "below -0.016")])
def test_an_effect_that_is_too_small_is_said_on_its_own_side(effect: float, words: str) -> None:
    """Sixteen times it does not have enough power; a negative effect would have to be more negative."""
    found = [text for _, text in simulated(declared(constants={"EFFECT": effect}), PARAMS[:5], by_text)]
    assert found[-1] == f"the smallest effect with a power of 80 % is {words}"
