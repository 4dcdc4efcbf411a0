"""The axis: places and ticks by their definition."""

import math

import pytest

from pytest_bets.report.scale import Scale, spanning


@pytest.mark.parametrize(("value", "place"), [(0, 10), (10, 90), (5, 50), (2.5, 30), (-7, 10), (99, 90)])
def test_a_linear_axis_is_linear_and_ends_at_its_ends(value: float, place: float) -> None:
    """A value beyond an end stands at that end."""
    assert Scale(0, 10, 10, 90).place(value) == place


@pytest.mark.parametrize(("value", "place"), [(1, 0), (10, 50), (100, 100), (0, 0), (-math.inf, 0), (math.inf, 100)])
def test_a_logarithmic_axis_is_linear_in_the_logarithm(value: float, place: float) -> None:
    """What has no logarithm stands at the low end."""
    assert Scale(1, 100, log=True).place(value) == place


def test_an_axis_can_run_upwards() -> None:
    """As values do in a drawing whose places grow downwards."""
    assert [Scale(0, 4, 200, 0).place(value) for value in (0, 1, 4)] == [200, 150, 0]


def test_nan_has_no_place() -> None:
    """It must not be drawn as if it were a number."""
    with pytest.raises(ValueError, match="NaN has no place"):
        Scale(0, 1).place(math.nan)


@pytest.mark.parametrize(
    "values",
    [
        [],
        [3.0],
        [0.0],
        [0.0, 0.0],
        [math.nan, math.inf, -math.inf],
        [math.nan, 2.0, math.inf],
        [-1e308, 1e308],
        [1.7976931348623157e308],
        [-1.7976931348623157e308, 1.7976931348623157e308],
        [5e-324, 1e-323],
        [5e-324, 1e308],
        [1e-9, 1.0],
        [5.2e-194, 3.3e97],
        [5e-324, 1.7976931348623157e308],
        [1.0, 1.0 + 2**-52],
        [-3.0, 17.0],
    ],
)
def test_every_finite_value_stands_between_the_ends(values: list[float]) -> None:
    """So do the ticks, in order, whatever the size of the numbers."""
    scale = spanning(values, 3, 97)
    finite = [value for value in values if math.isfinite(value)]
    places = [scale.place(value) for value in sorted(finite)]
    assert all(3 <= place <= 97 for place in places)
    assert places == sorted(places)
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 12
    assert all(map(math.isfinite, ticks))
    assert ticks == sorted(ticks)


def test_an_axis_leaves_room_at_its_ends() -> None:
    """A point at an end would be cut off."""
    scale = spanning([2.0, 4.0])
    assert 0 < scale.place(2.0) < 10
    assert 90 < scale.place(4.0) < 100


def test_positive_values_of_unlike_size_get_a_logarithmic_axis() -> None:
    """With powers of ten; a zero among them makes it linear."""
    assert spanning([1e-6, 1e-2]).log
    assert spanning([1e-6, 1e-2]).ticks() == [1e-6, 1e-5, 1e-4, 1e-3, 1e-2]
    assert not spanning([0.0, 1e-6, 1e-2]).log
    assert not spanning([1.0, 99.0]).log


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 15, [0, 5, 10, 15]),
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-1, 1, [-1, -0.5, 0, 0.5, 1]),
        (4.4, 4.7, [4.4, 4.5, 4.6, 4.7]),
    ],
)
def test_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    """They are multiples of 1, 2 or 5 times a power of ten."""
    assert Scale(low, high).ticks() == ticks
