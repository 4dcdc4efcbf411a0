"""What is refused, and what a reader is warned of, before the run."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_bets.bet.parse import read
from pytest_bets.bet.world import World
from pytest_bets.chance.rules import faults, warnings
from tests.helpers.nulls import bet, swap

SEEDS = [{"seed": seed} for seed in range(5)]
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("strict", "control", "columns", "equal"),
    [
        ("max(a / b) <= 1.02", [], "a, b", True),
        ("mean(a - b) <= 0.1", [], "a, b", True),
        ("count(a <= b) >= 3", [], "a, b", True),
        (
            ["count(a / b <= 1.1) >= 3", "count(c > b and c - a >= 0.9 * (c - b)) >= 3"],
            ["count(d > b) >= 3"],
            "a, b",
            True,
        ),
        (["min(size) >= 10", "max(a / b) <= 1.5"], ["count(c > d) >= 4"], "a, b", True),
        ("count(a < b) >= 3", [], "a, b", False),
        ("count(1 - a / b >= 0.1) >= 3", [], "a, b", False),
        ("count(a < b and a < c) >= 3", [], "a, b, c", False),
        ("max(a / n) <= 3", ["count(b / n <= 3) <= 1"], "a, b", False),
        ("sum(a) / sum(n) >= 0.9", ["(sum(a) - sum(b)) / sum(n) >= 0.2"], "a, b", False),
        ("mean(a) >= 0.1", ["mean(b) <= 0.01"], "a, b", False),
    ],
)
def test_strict_that_equal_columns_meet_claims_equivalence(
    strict: str | list[str], control: list[str], columns: str, equal: bool
) -> None:
    """A null is for a difference; a bound of an interval is for equivalence."""
    found = faults(bet(strict, swap(columns), control=control), SEEDS)
    assert bool(found) == equal
    if equal:
        assert found[0].problem == "strict is met where the exchanged columns are equal: this claims equivalence"
        assert 'strict("high(a / b) <= 1.02")' in found[0].expected


@pytest.mark.parametrize(
    ("number", "columns"),
    [
        (13, "ternary, original"),
        (43, "diloco, synchronous"),
        (44, "by_median, clean"),
        (53, "int8, raw"),
        (46, "norm, full"),
    ],
)
def test_four_bets_of_the_catalogue_claim_equivalence(number: int, columns: str) -> None:
    """13, 43, 44 and 53 bound a ratio from above; 46 claims a difference."""
    if not (ROOT / "bets").is_dir():
        pytest.skip("the source distribution has no catalogue")
    (path,) = (ROOT / "bets").glob(f"bet_{number}_*.py")
    declared = read(path.read_text(encoding="utf-8"), path.name)
    assert declared
    record = json.loads((ROOT / "results" / f"{declared.id}.json").read_text(encoding="utf-8"))
    params = [cell["params"] for cell in record["cells"]]
    found = faults(replace(declared, nulls=(swap(columns, "cell"),)), params)
    assert bool(found) == (number != 46)


def by_seed(effect: float, rng: Callable[..., Any], seed: int) -> dict[str, float]:
    return {"a": 0.0, "b": rng(seed).gauss(effect, 1)}


WORLD = World(("seed",), "", "")


@pytest.mark.parametrize(
    ("declared", "world", "lucky", "others"),
    [
        (
            bet("count(a < b) >= 4", swap()),
            None,
            ["the chance that luck alone meets strict is 19 % (5 seeds); the limit is 5 %"],
            [],
        ),
        (bet("count(a < b) >= 5", swap()), None, [], []),
        (bet("mean(a - b) < -1", swap(unit="cell")), None, [], []),
        (bet("count(a < b and b < a) >= 1", swap()), None, ["no exchange of a and b can meet strict"], []),
        (
            bet("mean(a) >= 2", control=["mean(a) <= 1"]),
            None,
            [],
            ['strict and control cannot both be met: "mean(a) >= 2" and "mean(a) <= 1"'],
        ),
        (
            bet("count(a < b) >= 3", world=WORLD),
            by_seed,
            ["`world` without an effect meets strict in 55 % of 200 simulated runs; the limit is 5 %"],
            [],
        ),
        (
            bet("count(a < b) >= 5", world=WORLD, constants={"EFFECT": 0.5}),
            by_seed,
            [],
            ["at EFFECT = 0.5 the bet PASSes in 14 % of 200 simulated runs: a true claim would mostly be lost"],
        ),
        (
            bet("count(b > 99) >= 5", world=WORLD, constants={"EFFECT": 0.5}),
            by_seed,
            [],
            ["no PASS in 200 simulated runs at EFFECT = 0.5: the claim cannot be shown"],
        ),
        (bet("count(a < b) >= 5", world=WORLD), lambda *_, **__: None, [], ["`world`: it returned nothing; "]),
    ],
)
def test_a_reader_is_warned_before_the_run(
    declared: Any, world: Callable[..., object] | None, lucky: list[str], others: list[str]
) -> None:
    """Of luck above the limit, of too little power, and of what cannot be met."""
    found = warnings(declared, SEEDS, 0.05, world)
    assert list(found.lucky) == lucky
    assert len(found.others) == len(others)
    assert all(text.startswith(start) for text, start in zip(found.others, others, strict=True))


@pytest.mark.parametrize(
    ("strict", "unit", "impossible"),
    [
        ("count(a < b) == 2", "part", False),
        (["count(a < b) >= 5", "count(b < a) >= 1"], "part", False),
        ("count(a < b and b < a) >= 1", "part", True),
        (["count(a < b) >= 5", "count(b < a) >= 2"], "cell", True),
    ],
)
def test_an_exchange_can_meet_strict_where_the_cells_of_a_unit_differ(
    strict: str | list[str], unit: str, impossible: bool
) -> None:
    """Two wins of six, of two texts with three cells each, are no whole text; that is no reason to refuse the bet."""
    params = [{"part": part, "seed": seed} for part in "xy" for seed in range(3)]
    found = warnings(bet(strict, swap("a, b", unit)), params, 0.05, None)
    assert ("no exchange of a and b can meet strict" in found.lucky) == impossible
