"""Measure how often the intervals of sentences contain the mean, where cells share a unit.

    python benchmarks/coverage.py [--draws 20000]

Each draw is a sweep of some units (users, texts) with five replicates each. A value is the effect of its unit plus the
noise of its cell; the ICC is the share of the effects in the variance. The sentences are evaluated as in a session:
`low(x, user)` and `high(x, user)` over the means of the units, `low(x)` and `high(x)` over all cells. Effects are
normal, or skewed as lognormal ones are. Exits with 1 if an interval over normal units covers less than 94 % or more
than 96 % of the draws. For comparison, also the percentile bootstrap of whole units, which the language does not have.
"""

import argparse
import sys
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from pytest_bets.sentence.evaluate import value
from pytest_bets.sentence.parse import parse

UNITS = (3, 5, 10)
REPLICATES = 5
RESAMPLES = 999
ICC = (0.0, 0.2, 0.5, 0.9, 0.99)
ALLOWED = (0.94, 0.96)

Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]


def normal(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Return effects with mean 0 and variance 1."""
    return rng.standard_normal(count)


def skewed(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Return lognormal effects (sigma 1, skewness 6.2), shifted and scaled to mean 0 and variance 1."""
    return (rng.lognormal(0, 1, count) - np.exp(0.5)) / np.sqrt((np.e - 1) * np.e)


def coverage(draw: Draw, units: int, icc: float, draws: int, unit: str) -> float:
    """Return in which share of the draws the interval contains the mean, which is 0."""
    rng = np.random.default_rng([units, round(icc * 100), draw is skewed])
    low, high = (parse(f"{end}(x{unit}) > 0") for end in ("low", "high"))
    covered = 0
    for _ in range(draws):
        effects = draw(rng, units).repeat(REPLICATES) * np.sqrt(icc)
        noise = rng.standard_normal(units * REPLICATES) * np.sqrt(1 - icc)
        x = (effects + noise).tolist()
        rows = [{"x": each, "user": index // REPLICATES} for index, each in enumerate(x)]
        covered += value(low, rows) <= 0 <= value(high, rows)
    return covered / draws


def bootstrap(draw: Draw, units: int, icc: float, draws: int) -> float:
    """Return the coverage of a percentile bootstrap that draws whole units, which no sentence has."""
    rng = np.random.default_rng([units, round(icc * 100), 2])
    covered = 0
    for _ in range(draws):
        noise = rng.standard_normal(units) * np.sqrt((1 - icc) / REPLICATES)
        means = draw(rng, units) * np.sqrt(icc) + noise
        resampled = means[rng.integers(units, size=(RESAMPLES, units))].mean(axis=1)
        low, high = np.quantile(resampled, [0.025, 0.975])
        covered += bool(low <= 0 <= high)
    return covered / draws


def table(draws: int) -> Iterator[tuple[str, int, list[float]]]:
    """Yield for each kind of units and each interval the coverage at every ICC."""
    for name, draw, unit in (
        ("normal, `low(x, user)`", normal, ", user"),
        ("normal, `low(x)`", normal, ""),
        ("skewed, `low(x, user)`", skewed, ", user"),
    ):
        for units in UNITS:
            yield name, units, [coverage(draw, units, icc, draws, unit) for icc in ICC]
    for units in UNITS:
        yield "normal, bootstrap of units", units, [bootstrap(normal, units, icc, draws) for icc in ICC]


def main() -> int:
    """Print the table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=20_000, help="sweeps for each number (default: 20000)")
    options = parser.parse_args()
    print("| effects and interval | units | " + " | ".join(f"ICC {icc:g}" for icc in ICC) + " |")
    print("|---|---|" + "---|" * len(ICC))
    wrong = []
    for name, units, covered in table(options.draws):
        print(
            f"| {name} | {units} | " + " | ".join(f"{share:.1%}".replace("%", " %") for share in covered) + " |",
            flush=True,
        )
        if name == "normal, `low(x, user)`":
            wrong += [f"{units} units: {share:.2%}" for share in covered if not ALLOWED[0] <= share <= ALLOWED[1]]
    for line in wrong:
        print(f"outside {ALLOWED[0]:.0%} to {ALLOWED[1]:.0%}: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
