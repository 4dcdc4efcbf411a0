"""What becomes of the cell of an attempt that has ended."""

from itertools import product
from typing import Final, get_args

import pytest

from pytest_bets.engines.decide import Action, decide
from pytest_bets.engines.event import ENDS, Kind

TABLE: Final[dict[tuple[Kind, bool, bool], str]] = {
    **{("done", begun, measured): "take" for begun, measured in product((False, True), repeat=2)},
    **{("crashed", begun, measured): "void" for begun, measured in product((False, True), repeat=2)},
    **{("impossible", begun, measured): "stop" for begun, measured in product((False, True), repeat=2)},
    **{("lost", begun, True): "take" for begun in (False, True)},
    **{("cancelled", begun, True): "take" for begun in (False, True)},
    **{("cancelled", begun, False): "skip" for begun in (False, True)},
    ("lost", False, False): "again",
}
"""By end, whether it has begun and whether its outcome is known; a lost one that has begun depends on its losses."""


@pytest.mark.parametrize(("end", "begun", "measured"), TABLE)
def test_the_end_decides(end: Kind, begun: bool, measured: bool) -> None:
    """Whatever the number of earlier losses."""
    for losses, allowed in product(range(4), range(1, 5)):
        found = decide(end, begun=begun, measured=measured, losses=losses, allowed=allowed)
        assert found == TABLE[end, begun, measured]


def test_every_end_is_in_the_table() -> None:
    """With each of the four states."""
    states = set(product(ENDS, (False, True), (False, True)))
    assert states - TABLE.keys() == {("lost", True, False)}
    assert set(TABLE.values()) == set(get_args(Action))


def test_a_lost_cell_runs_again_until_its_attempts_are_spent() -> None:
    """The last of the allowed attempts is the last one."""
    for allowed in range(1, 6):
        found = [decide("lost", begun=True, measured=False, losses=n, allowed=allowed) for n in range(allowed)]
        assert found == ["again"] * (allowed - 1) + ["void"]
