"""Sessions beside the plugins of others, and what must not change there."""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.helpers.fixtures import WriteBet
from tests.helpers.results import known, prove_whole

RESULTS = Path("results")
FAILED = pytest.ExitCode.TESTS_FAILED
UNMET = "strict not met: count(gain > 0) >= 3 (measured 2, threshold 3, margin -1)"
TRIPPED = "catastrophic tripped: count(gain > 0) < 1 (measured 0, threshold 1, margin -1)"
OUTCOMES = {
    "bet_1_first.py": {"strict": "passed", "lenient": "passed", "catastrophic": "passed"},
    "bet_2_second.py": {"strict": "skipped", "lenient": "passed", "catastrophic": "passed"},
    "bet_3_third.py": {"strict": "skipped", "lenient": "skipped", "catastrophic": "failed"},
}
CELLS = tuple(f"experiment[{part}]" for part in (1, 2, 3, 4))
BY_NODE = {
    f"{file}::{name}": outcome
    for file, tiers in OUTCOMES.items()
    for name, outcome in {**dict.fromkeys(CELLS, "passed"), **tiers}.items()
}
"""What every item of the three bets is for other plugins: an unmet tier is skipped."""


def needs(*modules: str) -> pytest.MarkDecorator:
    """Mark a test that runs where these modules are; in the environment of .ci/neighbours they must be there."""
    missing = [name for name in modules if not _is_there(name)]
    reason = f"not installed: {', '.join(missing)} (.ci/neighbours runs this test)"
    return pytest.mark.skipif(bool(missing) and "BETS_NEIGHBOURS" not in os.environ, reason=reason)


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package around it
        return False


def write_three(bet: WriteBet) -> None:
    """Write a PASS, a LENIENT and a catastrophe, and tests beside them."""
    bet()
    bet("bet_2_second.py", body='return {"gain": part - 2}')
    bet("bet_3_third.py", body='return {"gain": -part}')
    Path("test_beside.py").write_text("def test_one(): pass\ndef test_two(): pass\n")


def judged(alone: dict[str, bytes]) -> None:
    """Prove that the results are those of a session without neighbours, to the byte."""
    assert known(RESULTS) == alone
    prove_whole(RESULTS)
