"""Which sentences decided a verdict."""

from collections.abc import Sequence

from pytest_bets.record.judgement import Judgement
from pytest_bets.record.verdict import Judged


def decided(verdict: Judgement, criteria: Sequence[Judged]) -> list[Judged]:
    """Return the judged sentences that decided a verdict, those against the claim first.

    A catastrophe was decided by what tripped, a FAIL in the noise by the controls that are not met, a FAIL that is both
    by both. All others show
    every strict sentence; a FAIL also the lenient ones that are not met, without which it would be LENIENT.
    """
    against = [item for item in criteria if not item.good]
    strict = [item for item in criteria if item.tier == "strict"]
    if verdict.verdict is None:
        return []
    if verdict.catastrophic or verdict.noise_floor is False:
        return [item for tier in ("catastrophic", "control") for item in against if item.tier == tier]
    missed = [item for tier in ("strict", "lenient") for item in against if item.tier == tier]
    if verdict.verdict != "FAIL":
        missed = [item for item in missed if item.tier == "strict"]
    return missed + [item for item in strict if item.good]
