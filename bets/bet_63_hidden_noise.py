"""Bet 63: personalisation survives Gaussian noise on the hidden states.

Hypothesis: with noise of up to a tenth of each token's root mean square behind every block, a person's own adapter
    still predicts that person's text better than anybody else's adapter does.
Strict: at a noise level of 0.1 the own adapter is the best of three for 3 users, and at all levels above 0 it is the
    best in 9 of 9 cells.
Lenient: at a noise level of 0.1 the own adapter is the best of three for 2 users.
Catastrophic: at a noise level of 0.1 the own adapter is the best for no user (fewer than 1).
Control: the noise is felt: at a noise level of 0.1 the own adapter's perplexity is higher than without noise for 3
    users.
Scope: norm gains of one 30M base, 100 steps at 5e-5, one training seed, one draw of noise a cell, the same for all
    adapters, and the best by however little. No gain can move by more than about 0.005 in this budget. Noise of this
    kind stands for rounding and for lossy transport, and not for an adversary.
Run: pytest bets/bet_63_hidden_noise.py
"""

import pytest

from bets.lab import corpus, personal, provenance, seeding
from bets.lab.instruments import noise
from bets.lab.training import Budget

pytestmark = pytest.mark.slow

SIZE = "30m"
STEPS = 100
LEARNING_RATE = 5e-5
SEED = 63
LEVELS = (0.0, 0.01, 0.03, 0.1)
PILOT = {"SIZE": "tiny", "STEPS": 3}


@pytest.mark.strict("count(level == 0.1 and own < best_other) >= 3", "count(level > 0 and own < best_other) >= 9")
@pytest.mark.lenient("count(level == 0.1 and own < best_other) >= 2")
@pytest.mark.catastrophic("count(level == 0.1 and own < best_other) < 1")
@pytest.mark.control("count(level == 0.1 and own > quiet) >= 3")
@pytest.mark.parametrize("user", corpus.USERS)
@pytest.mark.parametrize("level", LEVELS)
def experiment(level, user):
    budget = Budget(steps=STEPS, learning_rate=LEARNING_RATE)
    worn = {name: personal.worn(SIZE, personal.adapter(SIZE, name, budget, SEED)) for name in corpus.USERS}
    row = {name: disturbed(model, user, level) for name, model in worn.items()}
    quiet = personal.perplexity(worn[user], user)
    others = [value for name, value in row.items() if name != user]
    found = {"own": row[user], "best_other": min(others), "quiet": quiet}
    return found | provenance.of(SIZE, ["general"], corpus.USERS)


def disturbed(model, user, level):
    """How perplexed the model is by the person's held-out text while its hidden states are disturbed."""
    with noise.noisy(model, level, seeding.torch_generator(SEED, f"{user} at {level}")):
        return personal.perplexity(model, user)
