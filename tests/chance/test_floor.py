"""The chance of strict before the run, held against simulation and against every dependence on a grid."""

from itertools import product

import numpy as np
import pytest

from pytest_bets.chance.floor import prior
from pytest_bets.chance.outlook import outlook
from pytest_bets.chance.words import odds
from tests.helpers.nulls import bet, swap

PARTS = [{"part": part, "seed": seed} for part in "xyz" for seed in range(5)]


@pytest.mark.parametrize(
    ("strict", "columns", "unit", "floor", "together", "worst"),
    [
        ("count(a < b) >= 12", "a, b", "part", 1 / 8, 1 / 8, 1 / 4),
        ("count(a < b) >= 12", "a, b", "cell", 2**-15, 576 / 32768, 576 / 32768),
        ("share(a < b) >= 0.8", "a, b", "part", 1 / 8, 1 / 8, 1 / 4),
        (
            "groups(part, median(a) < median(b) and median(a) < median(c)) >= 3",
            "a, b, c",
            "part",
            1 / 216,
            1 / 27,
            None,
        ),
        ("count(a < b and a < c) >= 15", "a, b, c", "part", 1 / 216, 1 / 27, 1 / 27),
        ("count(a < b and seed == 0) >= 3", "a, b", "part", 1 / 8, 1 / 8, 1 / 8),
        ("mean(a - b) < 0", "a, b", "part", 1 / 8, None, None),
        ("count(a / b < 0.9) >= 12", "a, b", "part", 1 / 8, None, None),
        ("count(a < c) >= 12", "a, b", "part", 1 / 8, None, None),
        ("groups(seed, median(a) < median(b)) >= 5", "a, b", "part", 1 / 8, None, None),
    ],
)
def test_the_declaration_and_the_sweep_give_a_chance_where_ranks_alone_decide(
    strict: str, columns: str, unit: str, floor: float, together: float | None, worst: float | None
) -> None:
    """Elsewhere the floor is all that is known."""
    found = prior(bet(strict, swap(columns, unit), lenient=strict), swap(columns, unit), PARTS)
    assert found.floor == pytest.approx(floor)
    assert found.together == (together if together is None else pytest.approx(together))
    assert found.worst == (worst if worst is None else pytest.approx(worst))
    assert found.chance == (floor if together is None else found.together)


def test_a_chance_from_relabelings_that_were_drawn_is_said_to_be_a_limit() -> None:
    """Too many to judge all; where all are judged, it is exact."""
    strict, null = ["count(a < b) >= 9", "count(a < c) >= 9"], swap("a, b, c", "cell")
    drawn, exact = (prior(bet(strict, null, lenient=strict), null, cells) for cells in (PARTS, PARTS[:4]))
    assert drawn.bound
    assert not exact.bound
    params = [{"seed": seed} for seed in range(15)]
    assert (
        f"a chance of at most {odds(drawn.together or 0)}"
        in dict(outlook(bet(strict, null, lenient=strict), params))["Luck"]
    )


def test_no_dependence_within_units_has_a_larger_chance_than_the_worst() -> None:
    """Every way to order the values of the cells of each unit, with every labeling."""
    units, size, least = 3, 3, 7
    found = prior(
        bet(f"count(a < b) >= {least}", swap(unit="part")), swap(unit="part"), PARTS[:3] + PARTS[5:8] + PARTS[10:13]
    )
    chances = []
    for wins in product(range(size + 1), repeat=units):
        sums = [sum(pick) for pick in product(*((own, size - own) for own in wins))]
        chances.append(sum(total >= least for total in sums) / len(sums))
    assert found.worst == pytest.approx(max(chances))


def test_the_chance_is_that_of_simulated_units_whose_cells_agree() -> None:
    """2,000 simulated runs of six units of two cells, without an effect."""
    params = [{"unit": unit, "seed": seed} for unit in range(6) for seed in range(2)]
    found = prior(bet("count(a < b) >= 8", swap(unit="unit")), swap(unit="unit"), params)
    draw = np.random.default_rng(0)
    wins = 2 * (draw.normal(size=(2_000, 6)) < 0).sum(axis=1)
    assert found.together == pytest.approx(float((wins >= 8).mean()), abs=0.035)


def test_a_floor_is_never_0() -> None:
    """Two to the power of -1,500 is less than any float."""
    null, params = swap("a, b", "seed"), [{"seed": seed} for seed in range(1500)]
    declared = bet("mean(a - b) < 0", null)
    assert prior(declared, null, params).floor > 0
    assert "the smallest possible chance is less than 1 in a million" in dict(outlook(declared, params))["Floor"]


def test_how_many_units_must_be_won_is_not_said_where_units_differ_in_size() -> None:
    """Three cells of one text and one of another: the first alone is enough, and the second is not."""
    null, even = swap("a, b", "part"), [{"part": part, "seed": seed} for part in "xy" for seed in range(3)]
    declared = bet("count(a < b) >= 3", null)
    assert dict(outlook(declared, even))["Power"].startswith("1 of 2 units must be won")
    assert "Power" not in dict(outlook(declared, even[:4]))
