"""The published attacks against their formulas, and the search against rules with known faults."""

import importlib.util
import math
import statistics
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bets.lab.robust import aggregation, attacks

DTYPES = sorted(attacks.DTYPES)


def updates(workers: int, seed: int = 7) -> Tensor:
    return torch.randn(workers, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def robust(stack: Tensor) -> Tensor:
    return aggregation.median(aggregation.finite(stack))


def one_rank_low(stack: Tensor) -> Tensor:
    kept = aggregation.finite(stack)
    return kept.sort(dim=0).values[max(0, (len(kept) - 1) // 2 - 1)]


def one_rank_high(stack: Tensor) -> Tensor:
    kept = aggregation.finite(stack)
    return kept.sort(dim=0).values[min(len(kept) - 1, len(kept) // 2 + 1)]


HONEST, ATTACKERS = 7, 4  # as many attackers as Krum allows
RULES: dict[str, attacks.Rule] = {
    "median": aggregation.median,
    "trimmed_mean": partial(aggregation.trimmed_mean, trim=ATTACKERS),
    "geometric_median": aggregation.geometric_median,
    "krum": partial(aggregation.krum, faulty=ATTACKERS),
    "multi_krum": partial(aggregation.multi_krum, faulty=ATTACKERS, chosen=HONEST),
}


def descent(rule: attacks.Rule, attack: Callable[[Tensor, Tensor], Tensor]) -> float:
    """How far gradient descent on |x - optimum|^2 / 2 ends from the optimum, in deviations of an honest gradient.

    The attack is made of the honest gradients and of what the attackers' own would be. It begins 10 deviations off.
    """
    generator = torch.Generator().manual_seed(1)
    optimum = torch.randn(50, generator=generator, dtype=torch.float64)
    x = optimum + 10
    for _ in range(150):
        noise = torch.randn(HONEST + ATTACKERS, 50, generator=generator, dtype=torch.float64)
        own = x - optimum + noise
        x = x - 0.1 * rule(torch.cat([own[:HONEST], attack(own[:HONEST], own[HONEST:])]))
    return float((x - optimum).square().mean().sqrt())


def nothing(_: Tensor, own: Tensor) -> Tensor:
    return own


def scaled(_: Tensor, own: Tensor) -> Tensor:
    return attacks.scaled(own, 100.0)


def sign_flip(_: Tensor, own: Tensor) -> Tensor:
    return attacks.sign_flip(own, 3.0)


def inner_product(honest: Tensor, own: Tensor) -> Tensor:
    return attacks.inner_product(honest, len(own), 3.0)


def small_inner_product(honest: Tensor, own: Tensor) -> Tensor:
    return attacks.inner_product(honest, len(own), 0.1)


def a_little_is_enough(honest: Tensor, own: Tensor) -> Tensor:
    return attacks.a_little_is_enough(honest, len(own))


def test_scaling_multiplies_and_sign_flipping_reverses() -> None:
    """A thousandfold by default, and the exact negative."""
    own = updates(2)
    assert torch.equal(attacks.scaled(own), own * 1000)
    assert torch.equal(attacks.sign_flip(own), -own)
    assert torch.equal(attacks.sign_flip(own, 3.0), attacks.scaled(attacks.sign_flip(own), 3.0))


@pytest.mark.parametrize(("workers", "attackers", "z"), [(50, 24, 1.4261), (50, 10, 0.2533), (8, 1, -0.1800)])
def test_a_little_is_enough_stands_off_by_the_papers_z(workers: int, attackers: int, z: float) -> None:
    """Mean minus z population deviations, with z from a table of the normal distribution at (n - m - s) / (n - m)."""
    honest = updates(workers - attackers)
    attack = attacks.a_little_is_enough(honest, attackers)
    supporters = math.floor(workers / 2 + 1) - attackers
    share = (workers - attackers - supporters) / (workers - attackers)
    assert statistics.NormalDist().cdf(z) == pytest.approx(share, abs=1e-3)
    expected = [statistics.fmean(c) - z * statistics.pstdev(c) for c in honest.T.tolist()]
    assert attack.shape == (attackers, 5)
    assert all(row == pytest.approx(expected, abs=1e-2) for row in attack.tolist())


def test_a_little_is_enough_takes_a_given_z() -> None:
    """With z = 0 it sends the honest mean."""
    honest = updates(6)
    assert torch.allclose(attacks.a_little_is_enough(honest, 2, z=0.0), honest.mean(dim=0).expand(2, 5))


def test_a_large_inner_product_attack_turns_the_mean_around() -> None:
    """With epsilon above (n - m) / m the aggregate by mean points against the honest mean, below it does not."""
    honest = updates(6) + 3
    for epsilon, sign in ((2.9, 1), (3.1, -1)):
        attack = attacks.inner_product(honest, 2, epsilon)
        mean = aggregation.mean(torch.cat([honest, attack]))
        assert math.copysign(1, float(mean @ honest.mean(dim=0))) == sign


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([0.1, 0.5, 3.0]))
def test_the_inner_product_is_that_with_the_honest_mean(workers: int, attackers: int, epsilon: float) -> None:
    """Each attacker sends -epsilon / (n - m) times the sum of the honest, term by term."""
    honest = updates(workers)
    attack = attacks.inner_product(honest, attackers, epsilon)
    expected = [-epsilon * math.fsum(column) / workers for column in honest.T.tolist()]
    assert attack.shape == (attackers, 5)
    assert all(row == pytest.approx(expected) for row in attack.tolist())
    assert float(attack[0] @ honest.mean(dim=0)) <= 0


@settings(deadline=None)
@given(st.integers(2, 60), st.data())
def test_with_z_max_the_attackers_and_those_beyond_them_are_a_majority(workers: int, data: st.DataObject) -> None:
    """The paper's z: in expectation s of the honest lie beyond it, and n / 2 < s + m <= n / 2 + 1."""
    attackers = data.draw(st.integers(1, workers - 1))
    honest = torch.tensor([[-1.0], [1.0]], dtype=torch.float64).repeat(workers, 1)[:workers]
    centre, spread = honest.mean(dim=0), honest.std(dim=0, correction=0)
    z = float((centre - attacks.a_little_is_enough(honest, attackers)[0]) / spread)
    beyond = workers * (1 - statistics.NormalDist().cdf(z))
    assert (workers + attackers) / 2 < beyond + attackers < (workers + attackers) / 2 + 1 + 1e-6


@pytest.mark.parametrize("attack", [a_little_is_enough, inner_product])
@settings(deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_the_order_of_the_honest_does_not_matter_to_the_omniscient(
    attack: Callable[[Tensor, Tensor], Tensor], random: Random
) -> None:
    """Within the rounding of a sum; and all attackers share one vector's memory."""
    honest = updates(9)
    vectors = attack(honest, honest[:4])
    torch.testing.assert_close(attack(honest[random.sample(range(9), 9)], honest[:4]), vectors, rtol=0, atol=1e-14)
    assert vectors.untyped_storage().nbytes() == honest[0].nbytes


@pytest.mark.parametrize(("honest", "attackers"), [(0, 1), (3, 0), (3, -1)])
def test_an_omniscient_attack_needs_somebody_to_know_and_somebody_to_send(honest: int, attackers: int) -> None:
    expected = f"{honest} honest updates and {attackers} attackers: expected at least one of each"
    for attack in (attacks.a_little_is_enough, attacks.inner_product):
        with pytest.raises(ValueError, match=expected):
            attack(torch.zeros(honest, 2), attackers)


def test_no_z_hides_attackers_who_are_a_majority() -> None:
    """They need no supporters; a z of one's own is taken as it is."""
    with pytest.raises(ValueError, match="3 attackers of 3 honest: z_max needs fewer; give a z"):
        attacks.a_little_is_enough(updates(3), 3)
    assert attacks.a_little_is_enough(updates(3), 3, z=1.0).shape == (3, 5)


@pytest.mark.parametrize("attack", [scaled, sign_flip, inner_product])
def test_what_throws_the_mean_off_its_way_leaves_robust_rules_near_the_optimum(
    attack: Callable[[Tensor, Tensor], Tensor],
) -> None:
    """Four of eleven: by the mean one ends farther away than one began, by all others within one deviation."""
    assert descent(aggregation.mean, nothing) < 0.1
    assert not descent(aggregation.mean, attack) < 10
    assert {name: end for name, rule in RULES.items() if not (end := descent(rule, attack)) < 1} == {}


def test_a_little_is_enough_moves_every_robust_rule_farther_than_the_mean() -> None:
    """What the paper claims, and no rule here withstands: the bias is of the size of the honest spread, and stays."""
    off = {name: descent(rule, a_little_is_enough) for name, rule in RULES.items()}
    mean = descent(aggregation.mean, a_little_is_enough)
    assert mean > 2 * descent(aggregation.mean, nothing)
    assert {name: end for name, end in off.items() if not 1.5 * mean < end < 1} == {}


def test_a_small_inner_product_beats_krum_and_not_the_mean() -> None:
    """The paper's other claim: Krum takes the attackers, who are each other's nearest, and goes nowhere."""
    assert descent(aggregation.mean, small_inner_product) < 0.1
    krum, undisturbed = (descent(RULES["krum"], attack) for attack in (small_inner_product, nothing))
    assert krum > 5 * undisturbed
    assert descent(RULES["median"], small_inner_product) < 0.3


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_round_has_finite_honest_updates_and_a_minority_of_attackers(dtype: str) -> None:
    """For all rounds the search can draw, with the stack a permutation of honest and attack."""

    @settings(max_examples=200, deadline=None, database=None)
    @given(attacks.rounds(attacks.DTYPES[dtype]))
    def check(case: attacks.Round) -> None:
        assert case.honest.isfinite().all()
        assert 2 * len(case.attack) < len(case.honest) + len(case.attack)
        assert case.stack().dtype == case.honest.dtype == case.attack.dtype == attacks.DTYPES[dtype]
        assert len(case.stack()) == len(case.honest) + len(case.attack)
        assert case.stack().shape[1:] == case.honest.shape[1:] == case.attack.shape[1:]

    check()


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_search_meets_every_kind_of_number(dtype: str) -> None:
    """NaN, both infinities, a negative zero, a subnormal, the largest, equal updates: each occurs."""
    info = torch.finfo(attacks.DTYPES[dtype])
    seen: set[str] = set()

    def watch(stack: Tensor) -> Tensor:
        magnitude = stack.abs()
        kinds = {
            "nan": stack.isnan(),
            "inf": stack == math.inf,
            "-inf": stack == -math.inf,
            "-0": (stack == 0) & stack.signbit(),
            "subnormal": (magnitude > 0) & (magnitude < info.smallest_normal),
            "largest": magnitude == info.max,
            "equal": (stack[:1] == stack[1:]).all(dim=1),
        }
        seen.update(kind for kind, found in kinds.items() if found.any())
        return robust(stack)

    assert not attacks.search(watch, attacks.DTYPES[dtype], 400, 5).found
    assert seen == {"nan", "inf", "-inf", "-0", "subnormal", "largest", "equal"}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rule", [one_rank_low, one_rank_high, lambda u: aggregation.mean(aggregation.finite(u))])
def test_the_search_breaks_a_rule_that_is_off_by_one_rank(rule: attacks.Rule, dtype: str) -> None:
    """Finite and small counterexamples to the order statistics beside the median, and to the mean."""
    found = attacks.search(rule, attacks.DTYPES[dtype], 2000, 31, bound=100.0, shrink=False)
    assert found.found
    assert found.withstood < 2000
    assert "nan" not in found.smallest


def test_the_median_alone_falls_to_a_single_nan() -> None:
    """What makes the coordinator's rejection part of the claim."""
    found = attacks.search(aggregation.median, torch.float32, 2000, 31)
    assert found.found
    assert "nan" in found.smallest
    assert not attacks.search(aggregation.median, torch.float32, 200, 31, bound=100.0).found


def test_a_search_that_finds_nothing_has_tried_every_example() -> None:
    """Exactly as many rounds as were asked for stand behind 'none found'."""
    assert attacks.search(robust, torch.float32, 300, 4) == attacks.Search(300, False, "")


def test_a_search_does_not_depend_on_what_else_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hypothesis borrows constants from local modules; none of them is one that the search could draw."""
    rows: list[list[Tensor]] = []

    def record() -> attacks.Search:
        rows.append([])

        def rule(stack: Tensor) -> Tensor:
            rows[-1].append(stack)
            return robust(stack)

        return attacks.search(rule, torch.float64, 150, 8)

    first = record()
    path = tmp_path / "borrowed.py"
    path.write_text(f"NUMBERS = {list(range(-400, 400, 3))}\nFLOATS = {[x / 7 for x in range(1, 99)]}\n")
    spec = importlib.util.spec_from_file_location("borrowed", path)
    assert spec is not None
    monkeypatch.setitem(sys.modules, "borrowed", importlib.util.module_from_spec(spec))
    assert record() == first
    assert all(torch.equal(a.nan_to_num(), b.nan_to_num()) for a, b in zip(*rows, strict=True))


@settings(deadline=None)
@given(st.integers(1, 40))
def test_a_counterexample_is_shown_in_one_short_line(workers: int) -> None:
    """However large the round, at most 160 characters, marked where it was cut."""
    text = attacks.show(aggregation.mean, attacks.Round(torch.ones(workers, 2), torch.zeros(0, 2), 0))
    assert len(text) <= 160
    assert text.startswith("honest [[1.0, 1.0]")
    assert text.endswith("…") == (workers > 10)
