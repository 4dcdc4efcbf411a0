"""A small catalogue of bets, and pages that are held against it."""

from collections.abc import Callable
from typing import Final

from pytest_bets.claims import markdown
from pytest_bets.claims.block import Block
from pytest_bets.claims.check import check
from pytest_bets.claims.finding import Bet, Finding

_RETRACTED: Final = frozenset({"retracted"})
_WITHDRAWN: Final = frozenset({"withdrawn"})
_GAINS: Final = [{"gain": 6.5, "share_won": 0.6}, {"gain": 6.5, "share_won": 0.6}]
BETS: Final = [
    Bet("05_cold", 5, "PASS", "stands", frozenset(), _GAINS),
    Bet(
        "06_warm",
        6,
        "FAIL",
        "falsified",
        frozenset(),
        [{"gain": 2.5, "share_won": 0.6}, {"gain": 3.5, "share_won": 0.6}],
    ),
    Bet("07_deep", 7, "PASS", "stands", frozenset(), [{"gain": 1.0}]),
    Bet("08_wide", 8, "LENIENT", "stands", frozenset(), [{"gain": 1.0}]),
    Bet("37_gone", 37, "PASS", "retracted by 46", _RETRACTED, [{"gain": 1.0}], by=frozenset({"46_noise", "46"})),
    Bet("38_back", 38, "PASS", "withdrawn: a bug", _WITHDRAWN, [{"gain": 1.0}]),
    Bet("46_noise", 46, "FAIL, in the noise", "in the noise", frozenset(), [{"gain": 0.25}], noise=True),
    Bet("dropout", None, "FAIL", "falsified", frozenset(), [{"gain": 0.25}]),
]


def found(source: str, read: Callable[[str], list[Block]] = markdown.blocks) -> tuple[Finding, ...]:
    """Return the findings of a page."""
    return check(source, BETS, read).findings
