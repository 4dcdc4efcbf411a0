"""Bet 55: all known adapters together help an unknown user.

Hypothesis: the mean of the logits of a base with each known person's adapter predicts a person whom none of them has
    read better than the base alone.
Strict: the ensemble is below the base by at least 2 % (0.02) for all of 3 users.
Lenient: the ensemble is below the base (by more than 0) for 2 of 3 users.
Catastrophic: the ensemble is above the base (below it by less than 0) for all of 3 users.
Control: an ensemble of adapters of random bytes is below the base by at least 2 % (0.02) for 0 of 3 users.
Scope: leave one user out of three, so two known adapters each time; norm gains of one 30M base, 100 steps at 5e-5, in
    which no gain can move by more than about 0.005. The published bet was falsified. A base of general text may gain
    from anybody's adapter what it lacks of any text.
Run: pytest bets/bet_55_logit_ensemble.py
"""

import pytest
import torch

from bets.lab import corpus, personal, provenance, training
from bets.lab.ensemble import combine
from bets.lab.training import Budget

pytestmark = pytest.mark.slow

SIZE = "30m"
STEPS = 100
LEARNING_RATE = 5e-5
SEED = 55
PILOT = {"SIZE": "tiny", "STEPS": 3}


@pytest.mark.strict("count(1 - ensemble / base >= 0.02) >= 3")
@pytest.mark.lenient("count(1 - ensemble / base > 0) >= 2")
@pytest.mark.catastrophic("count(1 - ensemble / base < 0) >= 3")
@pytest.mark.control("count(1 - placebo / base >= 0.02) <= 0")
@pytest.mark.parametrize("user", corpus.USERS)
def experiment(user):
    budget = Budget(steps=STEPS, learning_rate=LEARNING_RATE)
    others = [name for name in corpus.USERS if name != user]
    base = personal.base(SIZE)
    known = [personal.worn(SIZE, personal.adapter(SIZE, name, budget, SEED)) for name in others]
    random = [personal.worn(SIZE, personal.placebo(SIZE, name, budget, SEED)) for name in others]
    return {
        "base": personal.perplexity(base, user),
        "ensemble": perplexity(known, user),
        "placebo": perplexity(random, user),
    } | provenance.of(SIZE, ["general"], corpus.USERS)


@torch.no_grad()
def perplexity(models, user):
    """How perplexed the mean of the models' logits is by the person's held-out text, a byte."""
    data = training.tokens(personal.held_out(user))
    total = 0.0
    for inputs, targets in training.windows(data, models[0].config.context, 16):
        log_p = combine.product(combine.log_probabilities(models, inputs))  # [B, T, V], the softmax of mean logits
        total -= combine.observed(log_p[None], targets).sum().item()
    return training.perplexity(total / (len(data) - 1))
