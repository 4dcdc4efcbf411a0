"""Bet 10: a hundred steps make a useful personal specialist and spare general ability.

Hypothesis: fine-tuning all weights of a 30M base for 100 steps at 5e-5 on a person's short text lowers the perplexity
    of that person's held-out text by a tenth or more, and raises that of general text by a tenth at most.
Strict: the mean gain on own text is at least 10 % (0.1), and the worst loss on general text at most 10 % (0.1).
Lenient: the mean gain on own text is at least 3 % (0.03), and the worst loss on general text at most 25 % (0.25).
Catastrophic: the mean gain on own text is below 0 for 1 user or more.
Control: it is the text that helps: the same training on random bytes has a mean gain of at most 1 % (0.01).
Scope: three users, a base of 30M parameters that has read general text alone, the published budget. Gains and losses
    are shares of the base's perplexity. Bet 61 asks whose specialist is best for whom.
Run: pytest bets/bet_10_specialist_per_person.py
"""

import pytest

from bets.lab import corpus, personal, provenance
from bets.lab.training import Budget

pytestmark = pytest.mark.slow

SIZE = "30m"
STEPS = 100
LEARNING_RATE = 5e-5
PILOT = {"SIZE": "tiny", "STEPS": 3}


@pytest.mark.strict("mean(gain) >= 0.1", "max(forgotten) <= 0.1")
@pytest.mark.lenient("mean(gain) >= 0.03", "max(forgotten) <= 0.25")
@pytest.mark.catastrophic("groups(user, mean(gain) < 0) >= 1")
@pytest.mark.control("mean(placebo_gain) <= 0.01")
@pytest.mark.replicate(3)
@pytest.mark.parametrize("user", corpus.USERS)
def experiment(seed, user):
    budget = Budget(steps=STEPS, learning_rate=LEARNING_RATE)
    base = personal.base(SIZE)
    own = personal.adapted(base, "full", personal.text(user), budget, seed)
    placebo = personal.adapted(base, "full", personal.noise(user, seed), budget, seed)
    before, general = (personal.perplexity(base, name) for name in (user, "general"))
    return {
        "gain": 1 - personal.perplexity(own, user) / before,
        "placebo_gain": 1 - personal.perplexity(placebo, user) / before,
        "forgotten": personal.perplexity(own, "general") / general - 1,
        "before": before,
        "general": general,
    } | provenance.of(SIZE, ["general"], [user, "general"])
