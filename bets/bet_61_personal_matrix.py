"""Bet 61: your own adapter is the best one for you.

Hypothesis: of the models that were fine-tuned on three persons' texts as in bet 10, each person's held-out text is
    predicted best by that person's own.
Strict: by medians over seeds the own adapter beats the best other one by at least 10 % (0.1) for 3 of 3 users.
Lenient: by medians over seeds it beats the best other one by at least 5 % (0.05) for 2 of 3 users.
Catastrophic: the own adapter is the best (by more than 0) for fewer than 1 user, that is, for none.
Control: what is best has learnt something: of three adapters of as many random bytes the best is better than the own
    one for 0 users.
Scope: all weights of one 30M base are the adapter, as in bet 10, 100 steps at 5e-5. Where this FAILs, what bet 10
    gives a person is not personal.
Run: pytest bets/bet_61_personal_matrix.py
"""

from functools import cache

import pytest

from bets.lab import corpus, personal, provenance
from bets.lab.training import Budget

pytestmark = pytest.mark.slow

SIZE = "30m"
STEPS = 100
LEARNING_RATE = 5e-5
PILOT = {"SIZE": "tiny", "STEPS": 3}


@pytest.mark.strict("groups(user, 1 - median(own) / median(best_other) >= 0.1) >= 3")
@pytest.mark.lenient("groups(user, 1 - median(own) / median(best_other) >= 0.05) >= 2")
@pytest.mark.catastrophic("groups(user, 1 - median(own) / median(best_other) > 0) < 1")
@pytest.mark.control("groups(user, median(best_random) < median(own)) <= 0")
@pytest.mark.challenges(10)
@pytest.mark.replicate(3)
@pytest.mark.parametrize("user", corpus.USERS)
def experiment(seed, user):
    column = {author: perplexities(personal.text(author), seed)[user] for author in corpus.USERS}
    random = [perplexities(personal.noise(author, seed), seed)[user] for author in corpus.USERS]
    return {
        "own": column.pop(user),
        "best_other": min(column.values()),
        "best_random": min(random),
        "others": list(column.values()),
    } | provenance.of(SIZE, ["general"], corpus.USERS)


@cache
def perplexities(words, seed):
    """How perplexed a base that was fine-tuned on these words is by each person: a row of the matrix, made once."""
    budget = Budget(steps=STEPS, learning_rate=LEARNING_RATE)
    model = personal.adapted(personal.base(SIZE), "full", words, budget, seed)
    return {user: personal.perplexity(model, user) for user in corpus.USERS}
