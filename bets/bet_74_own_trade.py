"""Bet 74: your own adapter is the best one for you, among people of your own trade.

Hypothesis: of twelve models that were fine-tuned on twelve authors who all write Python packages, each at a rate of its
    own, an author's held-out text is predicted best by the author's own, and better than by one model that was tuned on
    all twelve.
Strict: the own model is better than the best of eleven others for at least 9 of 12 authors, by 0.02 nats a byte or more
    on average (the lower end of the interval over authors); and it is better than the model of all twelve for at least
    9.
Lenient: the own model is better than the best other one for at least 5 of 12 authors, and on average (the lower end of
    the interval over authors is above 0).
Catastrophic: the own model is better than the best other one for fewer than 3 authors.
Control: it is what was learned and not how much was changed: the own changes in random order, within each matrix, are
    better than the best other model for at most 3 authors.
Premise: the own model has learned: it is better than the base for at least 10 authors.
Null: no model is of anybody, so that the own one is as good as any other; exchanging it with the best of eleven is
    generous to chance.
Odds: PASS 15 %, LENIENT 55 %, FAIL 30 %
Scope: twelve Python packages as authors, one base of 30M parameters, all weights, 64 steps of 512 bytes each; the model
    of all twelve takes twelve times as many, over twelve times the text. Bet 61 compared three genres. The best of
    eleven is chosen on the held-out text itself, which is hard on the own one.
Run: pytest bets/bet_74_own_trade.py
"""

from dataclasses import replace

import pytest

from bets.lab import bases
from bets.lab.adaptation import persons, transfer, tuned

pytestmark = pytest.mark.slow

# fmt: off
AUTHORS = ("sympy", "scipy", "pygments", "numpy", "networkx", "setuptools",
           "pydantic", "hypothesis", "mpmath", "fastapi", "fsspec", "anyio")
# fmt: on
SIZE = "30m"
TRAINING = "short"
KIND = "full"
STEPS = 64
VALIDATION = 16_384  # bytes that a rate is chosen by
PIECES, LENGTH = 64, 256  # held-out pieces of an author, and bytes that are predicted of each
THREADS = 2  # of the training that all cells wait for
SEED = 74  # of the random order
EFFECT = 0.05  # nats that the own model is better than another by, on average
PILOT = {"AUTHORS": ("sympy", "scipy"), "SIZE": "tiny", "STEPS": 3, "VALIDATION": 512, "PIECES": 2, "THREADS": 1}


@pytest.mark.strict("count(own < best_other) >= 9", "low(best_other - own, author) >= 0.02", "count(own < pooled) >= 9")
@pytest.mark.lenient("count(own < best_other) >= 5", "low(best_other - own, author) > 0")
@pytest.mark.catastrophic("count(own < best_other) < 3")
@pytest.mark.control("count(scrambled < best_other) <= 3")
@pytest.mark.premise("count(own < base) >= 10")
@pytest.mark.null(swap="own, best_other", unit="author")
@pytest.mark.challenges(61)
@pytest.mark.parametrize("author", AUTHORS)
def experiment(author):
    base = persons.base(SIZE, TRAINING)
    judged = persons.held_out(author, PIECES, LENGTH)
    jobs = [persons.job([name], KIND, STEPS, VALIDATION) for name in AUTHORS]
    together = persons.job(AUTHORS, KIND, len(AUTHORS) * STEPS, 3 * VALIDATION)
    pooled = tuned.load(base, replace(together, threads=THREADS))
    found = bases.origin(SIZE, TRAINING, ["python"], of=AUTHORS) | persons.losses(base, judged, "base")
    others = {}
    for name, adapter in zip(AUTHORS, tuned.every(base, jobs), strict=True):
        if name == author:
            found |= persons.losses(adapter.on(base), judged, "own")
            found |= persons.losses(transfer.scrambled(adapter, base, SEED).on(base), judged, "scrambled")
        else:
            others[name] = persons.losses(adapter.on(base), judged, "other")["other"]
    best = min(others, key=others.get)
    found |= {"best_other": others[best], "who": best, "others": list(others.values())}
    return found | persons.losses(pooled.on(base), judged, "pooled")


def world(effect, rng, author):
    draws = rng(author)
    own, *others = (1.3 + draws.gauss(0, 0.01) for _ in range(12))
    found = {"own": own - effect * draws.lognormvariate(0, 0.4), "best_other": min(others), "base": 1.4}
    return found | {"pooled": 1.3 + draws.gauss(0, 0.01), "scrambled": 1.5}
