"""Bet 54: the mean of two people's adapters helps both.

Hypothesis: the mean of the norm gains that two persons' texts make of one base lowers the perplexity of both persons'
    held-out text below the base's.
Strict: the mean adapter helps both persons in 3 of 3 pairs.
Lenient: the mean adapter helps both persons in 2 of 3 pairs.
Catastrophic: the mean adapter helps nobody in 1 pair or more.
Control: the mean of two adapters of as many random bytes helps both persons in 0 of 3 pairs.
Scope: norm gains of one 30M base, 100 steps at 5e-5, three users with very different texts. To help is to be below the
    untouched base, by however little, and no gain can move by more than about 0.005 in this budget; what each own
    adapter gains is measured beside it.
Run: pytest bets/bet_54_adapter_averaging.py
"""

import itertools

import pytest

from bets.lab import corpus, personal, provenance
from bets.lab.ensemble import combine
from bets.lab.training import Budget

pytestmark = pytest.mark.slow

SIZE = "30m"
STEPS = 100
LEARNING_RATE = 5e-5
SEED = 54
PILOT = {"SIZE": "tiny", "STEPS": 3}


@pytest.mark.strict("count(mean_helped >= 2) >= 3")
@pytest.mark.lenient("count(mean_helped >= 2) >= 2")
@pytest.mark.catastrophic("count(mean_helped < 1) >= 1")
@pytest.mark.control("count(placebo_helped >= 2) <= 0")
@pytest.mark.parametrize("pair", ["+".join(pair) for pair in itertools.combinations(corpus.USERS, 2)])
def experiment(pair):
    users = pair.split("+")
    budget = Budget(steps=STEPS, learning_rate=LEARNING_RATE)
    base = personal.base(SIZE)
    own = [personal.adapter(SIZE, user, budget, SEED) for user in users]
    random = [personal.placebo(SIZE, user, budget, SEED) for user in users]
    models = {
        "untouched": [base, base],
        "own": [personal.worn(SIZE, each) for each in own],
        "mean": [personal.worn(SIZE, combine.average(own))] * 2,
        "placebo": [personal.worn(SIZE, combine.average(random))] * 2,
    }
    found = {
        name: [personal.perplexity(*each) for each in zip(two, users, strict=True)] for name, two in models.items()
    }
    helped = {f"{name}_helped": below(found[name], found["untouched"]) for name in ("mean", "placebo")}
    return found | helped | provenance.of(SIZE, ["general"], users)


def below(found, than):
    """How many of the values are below those beside them."""
    return sum(a < b for a, b in zip(found, than, strict=True))
