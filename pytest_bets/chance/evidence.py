"""Evidence: what independent replications say together, whenever one stops."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

CONVINCING: Final = 20.0
"""If there is nothing to find, evidence ever reaches this in at most 1 of 20 series, however long they are."""


@dataclass(frozen=True)
class Replication:
    """One replication: whether each tier was met, and the chance that it is met if there is nothing to find."""

    strict: bool
    strict_chance: float
    lenient: bool
    lenient_chance: float


def factor(run: Replication) -> float:
    """Return what one replication multiplies the evidence by; its mean is at most 1 if there is nothing to find."""
    third = 1 / 3
    strict = third / run.strict_chance if run.strict else 0.0
    lenient = third / run.lenient_chance if run.lenient else 0.0
    return third + lenient + strict


def evidence(runs: Sequence[Replication]) -> float:
    """Return the evidence of replications, which Ville's inequality bounds at every moment."""
    return math.prod(map(factor, runs))
