"""How well forecasts were calibrated: two proper scores beside those of the base rate."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from pytest_bets.bet.odds import OUTCOMES

FEWEST: Final = 10
"""With fewer forecasts there is no score."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The mean scores of forecasts, lower is better, and those of the base rate of all other bets."""

    forecasts: Annotated[int, "How many bets have a forecast and a verdict."]
    brier: Annotated[float, "The mean Brier score of the forecasts: from 0 to 2."]
    brier_base: Annotated[float, "The mean Brier score of the base rate of the other bets."]
    log: Annotated[float, "The mean log score of the forecasts, in nats."]
    log_base: Annotated[float, "The mean log score of the base rate of the other bets, in nats."]


def calibration(forecasts: Sequence[tuple[Mapping[str, float], str]]) -> Calibration | None:
    """Return the scores of forecasts in percent and the outcomes; None with fewer than ten.

    The base rate of a bet is that of all other bets, with one more of each outcome, so that none has the rate 0.
    """
    total = len(forecasts)
    if total < FEWEST:
        return None
    counts = {name: sum(outcome == name for _, outcome in forecasts) for name in OUTCOMES}
    own, base = [], []
    for odds, outcome in forecasts:
        own.append(({name: odds[name] / 100 for name in OUTCOMES}, outcome))
        others = {name: counts[name] - (name == outcome) + 1 for name in OUTCOMES}
        base.append(({name: others[name] / (total - 1 + len(OUTCOMES)) for name in OUTCOMES}, outcome))
    scores = [_mean([score(*item) for item in items]) for score in (_brier, _log) for items in (own, base)]
    return Calibration(total, *scores)


def _mean(scores: Sequence[float]) -> float:
    return float(f"{math.fsum(scores) / len(scores):.12g}")


def _brier(odds: Mapping[str, float], outcome: str) -> float:
    return math.fsum((share - (name == outcome)) ** 2 for name, share in odds.items())


def _log(odds: Mapping[str, float], outcome: str) -> float:
    return -math.log(odds[outcome])
