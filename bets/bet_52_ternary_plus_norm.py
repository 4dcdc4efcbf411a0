"""Bet 52: a 9 KB adapter wins back what ternary lost, for every user.

Hypothesis: norm gains trained for 100 steps on a person's text, on a base whose matrices were rounded to -1, 0 and 1,
    halve the ternary model's perplexity on that person's held-out text.
Strict: the adapter lowers the ternary model's perplexity by at least 50 % (0.5) for 3 of 3 users.
Lenient: it lowers it by at least 50 % (0.5) for 2 of 3 users.
Catastrophic: it raises it (lowers it by less than 0) for 1 user or more.
Control: what wins back is the text: gains trained on random bytes lower it by at least 50 % (0.5) for 0 users.
Scope: post-training ternary (bet 13) of a 30M base, published budget; gains stay in fp32, and none
    can move by more than about 0.005 in this budget. A ternary model that is
    worse than uniform bytes can be halved by any adapter that quiets it: that is what the control is for.
Run: pytest bets/bet_52_ternary_plus_norm.py
"""

import pytest

from bets.lab import corpus, personal, provenance, quantise
from bets.lab.model import SIZES
from bets.lab.training import Budget

pytestmark = pytest.mark.slow

SIZE = "30m"
STEPS = 100
LEARNING_RATE = 5e-5
SEED = 52
PILOT = {"SIZE": "tiny", "STEPS": 3}


@pytest.mark.strict("count(1 - adapted / ternary >= 0.5) >= 3")
@pytest.mark.lenient("count(1 - adapted / ternary >= 0.5) >= 2")
@pytest.mark.catastrophic("count(1 - adapted / ternary < 0) >= 1")
@pytest.mark.control("count(1 - placebo / ternary >= 0.5) <= 0")
@pytest.mark.parametrize("user", corpus.USERS)
def experiment(user):
    budget = Budget(steps=STEPS, learning_rate=LEARNING_RATE)
    base = personal.base(SIZE)
    ternary = quantise.expand(quantise.compress(base, "ternary"), SIZES[SIZE]).requires_grad_(False)
    found = {
        "original": base,
        "ternary": ternary,
        "adapted": personal.adapted(ternary, "norm", personal.text(user), budget, SEED),
        "placebo": personal.adapted(ternary, "norm", personal.noise(user, SEED), budget, SEED),
    }
    found = {name: personal.perplexity(model, user) for name, model in found.items()}
    return found | provenance.of(SIZE, ["general"], [user])
