"""What turns a session red."""

from collections.abc import Collection
from typing import Final

from pytest_bets.bet.declaration import CRITERIA, PREMISE
from pytest_bets.record.verdict import Verdict

_TIERS: Final = frozenset(CRITERIA) - {PREMISE}
_GATED: Final = {
    "strict": _TIERS,
    "lenient": frozenset({"lenient", "catastrophic", "control"}),
    "catastrophic": frozenset({"catastrophic"}),
    "none": frozenset[str](),
}


def gated(gate: str, selected: Collection[str], verdict: Verdict, recorded: Verdict | None) -> frozenset[str]:
    """Return the tiers that turn the session red where they are not met.

    `auto` is the lowest bar among the selected tiers, and catastrophic where none was selected; a control that was
    selected alone gates itself. A premise never gates. `regression` gates the tiers behind a verdict that is worse than
    the recorded one.
    """
    if gate == "regression":
        worse = recorded is not None and _rank(verdict) < _rank(recorded)
        return _TIERS if worse else frozenset()
    if gate == "auto":
        lowest = next((tier for tier in ("catastrophic", "lenient", "strict") if tier in selected), None)
        gate = lowest or ("lenient" if set(selected) - {PREMISE} else "catastrophic")
    return _GATED[gate]


def _rank(verdict: Verdict) -> int:
    return -1 if verdict.rank is None else verdict.rank
