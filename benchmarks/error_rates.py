"""Known error rates: what they cost, and that their promises hold in simulation.

    python -m benchmarks.error_rates

prints the time that the nulls of docs/nulls.toml take for all bets, the share of series that evidence convicts falsely
under optional stopping, beside "run again until it passes", and the false discovery rate of correlated bets.
"""

import random
import statistics
import time
from pathlib import Path

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.chance.evidence import CONVINCING, Replication, factor
from pytest_bets.chance.fdr import RATES, standing
from pytest_bets.cli.chances import odds_of, read
from pytest_bets.record.store import Results

ROOT = Path(__file__).parents[1]
SERIES, LOOKS, CATALOGUES = 20_000, 50, 4_000


def catalogue_seconds() -> tuple[int, float]:
    bets = Catalogue(ROOT, [ROOT / "bets"]).declarations()[0]
    records = {bet.id: Results(ROOT / "results").record(bet.id) for bet in bets}
    chosen = read(ROOT / "docs" / "nulls.toml", bets)
    start = time.perf_counter()
    for bet in bets:
        odds_of(bet, records[bet.id], chosen.get(bet.id))
    return len(bets), time.perf_counter() - start


def convicted(strict: float, lenient: float, draw: random.Random) -> tuple[float, float]:
    """Return the share of series without an effect that ever convince, and that ever meet strict."""
    steps = [factor(Replication(s, strict, n, lenient)) for s, n in ((True, True), (False, True), (False, False))]
    convinced = passed = 0
    for _ in range(SERIES):
        value, ever, met = 1.0, False, False
        for _ in range(LOOKS):
            luck = draw.random()
            value *= steps[0 if luck < strict else 1 if luck < lenient else 2]
            ever, met = ever or value >= CONVINCING, met or luck < strict
        convinced, passed = convinced + ever, passed + met
    return convinced / SERIES, passed / SERIES


def false_discoveries(correlation: float, rate: float, draw: random.Random) -> float:
    """Return the mean share of false discoveries over catalogues of 17 bets of which 12 claim nothing that is there."""
    normal, chances = statistics.NormalDist(), [1 / 8] * 8 + [1 / 57] * 2 + [1 / 512] * 2
    shares = []
    for _ in range(CATALOGUES):
        common, p = draw.gauss(0, 1), {}
        for place, chance in enumerate(chances):
            luck = normal.cdf(correlation**0.5 * common + (1 - correlation) ** 0.5 * draw.gauss(0, 1))
            p[f"false {place}"] = chance if luck <= chance else 1.0
        p |= {f"true {place}": 1 / 512 if draw.random() < 0.7 else 1.0 for place in range(5)}
        found = standing(p, rate)
        shares.append(sum(name.startswith("false") for name in found) / max(1, len(found)))
    return statistics.fmean(shares)


def main() -> None:
    draw = random.Random(0)
    bets, seconds = catalogue_seconds()
    print(f"nulls of {bets} bets: {seconds:.2f} s (at most 1 s)")
    for strict, lenient in ((1 / 8, 1 / 2), (1 / 57, 0.3), (0.2, 0.2)):
        evidence, until = convicted(strict, lenient, draw)
        print(f"chances {strict:.3f} and {lenient:.2f}, {LOOKS} looks: evidence {evidence:.1%} (at most 5 %), ", end="")
        print(f"until it passes {until:.0%}")
    for correlation in (0.0, 0.5, 0.99):
        rates = ", ".join(f"{false_discoveries(correlation, rate, draw):.1%} at {rate:.0%}" for rate in RATES)
        print(f"false discoveries, correlation {correlation}: {rates}")


if __name__ == "__main__":
    main()
