"""Bet 76: two specialists together predict two authors better than one model that was trained on both.

Hypothesis: a federation of two models, each fine-tuned on one author, whose probabilities are averaged byte by byte (as
    in bet 4, no weights, no router), has a lower loss on text of both than one model that was fine-tuned on the text of
    both for the sum of their steps. Every model has a rate of its own.
Strict: the loss of the mixture is at most 0.98 of that of the one model, with the upper end of the interval over 6
    pairs.
Lenient: it is at most 1.02 of it, with the upper end of the interval over 6 pairs.
Catastrophic: it is more than 1.1 of it on average.
Control: what counts is who read what, and not that two models are averaged: a mixture of two models that read random
    halves of the same text is worse than that of the specialists for at least 5 pairs.
Premise: there was something to learn: the one model is below the base for at least 6 of 6 pairs.
Null: it does not matter who read what, so that the mixture and the one model could be exchanged, pair by pair.
Odds: PASS 3 %, LENIENT 57 %, FAIL 40 %
Scope: six pairs of twelve Python packages, of which no two share an author, so that pairs are units; larger federations
    share authors or need more of them. One base of 30M parameters, 64 steps of 512 bytes a specialist. Half of the text
    is of each author, in pieces that are read from their own beginning. The mixture computes twice as much and has
    twice the weights. The mixture with weights by Bayes' rule within a piece is measured beside it.
Run: pytest bets/bet_76_federation_pays.py
"""

from dataclasses import replace
from statistics import fmean

import pytest

from bets.lab import bases
from bets.lab.adaptation import persons, tuned
from bets.lab.ensemble import unions
from bets.lab.texts import authors

pytestmark = pytest.mark.slow

# fmt: off
PAIRS = ("sympy+fastapi", "scipy+setuptools", "numpy+pydantic",
         "networkx+pygments", "mpmath+hypothesis", "fsspec+anyio")
# fmt: on
SIZE = "30m"
TRAINING = "short"
KIND = "full"
STEPS = 64  # of a specialist
VALIDATION = 16_384  # bytes that a rate is chosen by
PIECES, LENGTH = 64, 256  # held-out pieces of an author, and bytes that are predicted of each
SEED = 76  # of the halves
EFFECT = 0.05  # how far below the one model the mixture is, as a share
PILOT = {"PAIRS": ("sympy+scipy", "numpy+mpmath"), "SIZE": "tiny", "STEPS": 3, "VALIDATION": 512, "PIECES": 2}


@pytest.mark.strict("high(mixture / union) <= 0.98")
@pytest.mark.lenient("high(mixture / union) <= 1.02")
@pytest.mark.catastrophic("mean(mixture / union) > 1.1")
@pytest.mark.control("count(halves > mixture) >= 5")
@pytest.mark.premise("count(union < base) >= 6")
@pytest.mark.null(swap="mixture, union", unit="pair")
@pytest.mark.challenges(4)
@pytest.mark.parametrize("pair", PAIRS)
def experiment(pair):
    names = pair.split("+")
    base = persons.base(SIZE, TRAINING)
    judged = [piece for name in names for piece in persons.held_out(name, PIECES, LENGTH)]
    whole = persons.job(names, KIND, len(names) * STEPS, VALIDATION)
    parts = unions.dealt([authors.load(name).own for name in names], SEED)
    jobs = {
        "mixture": [persons.job([name], KIND, STEPS, VALIDATION) for name in names],
        "halves": [replace(whole, text=part, budget=tuned.budget(STEPS)) for part in parts],
        "union": [whole],
    }
    found = bases.origin(SIZE, TRAINING, ["python"], of=names) | persons.losses(base, judged, "base")
    for label, group in jobs.items():
        log_p = unions.evidence([adapter.on(base) for adapter in tuned.every(base, group)], judged)
        losses = [unions.mixed(each) for each in log_p]
        found |= {label: fmean(losses), f"{label}_pieces": losses}
        found[f"{label}_learned"] = fmean(map(unions.learned, log_p))
    return found


def world(effect, rng, pair):
    draws = rng(pair)
    union, ratio = 1.25 + draws.gauss(0, 0.1), 1 - effect + draws.gauss(0, 0.015)
    return {"union": union, "mixture": union * ratio, "halves": union * (1.01 + effect), "base": 1.4 * union}
