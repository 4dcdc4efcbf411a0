"""The false discovery rate: which verdicts of a catalogue stand when all are looked at together."""

from collections.abc import Mapping
from typing import Final

RATES: Final = (0.05, 0.1, 0.2)


def standing(chances: Mapping[str, float], rate: float) -> list[str]:
    """Return what stands at a false discovery rate, by Benjamini and Hochberg (1995).

    `chances` are the p-values: the chance of a tier where it was met, and 1 elsewhere. A verdict has two outcomes, and
    so each of these p-values is the inverse of an e-value: the procedure equals e-BH (Wang and Ramdas 2022), which
    keeps its rate whatever the dependence between bets.
    """
    ranked = sorted(chances, key=lambda name: chances[name])
    total = len(ranked)
    last = max((place for place, name in enumerate(ranked, 1) if chances[name] <= rate * place / total), default=0)
    kept = set(ranked[:last])
    return [name for name in chances if name in kept]
