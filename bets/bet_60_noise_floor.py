"""Bet 60: norm-only learns the person, and not just a quieter model.

Hypothesis: through the same pipeline, norm gains trained on a person's text give a lower perplexity on that person's
    held-out text than gains trained on uniformly random bytes.
Strict: by medians over seeds the person's text beats random bytes by at least 10 % (0.1) for 3 of 3 users.
Lenient: by medians over seeds it beats them by at least 5 % (0.05) for 2 of 3 users.
Catastrophic: random bytes are as good or better (beaten by 0 or less) for 1 user or more.
Control: something is learnt, and not only less unlearnt: gains trained on the text are better than the untouched base
    for 3 of 3 users.
Scope: 30M parameters, 100 steps at 5e-5, in which no gain can move by more than about 0.005. This bet is a negative
    control: where it FAILs, what bet 37 claims for a person's text is not shown to be the person's, at this rate.
    Random bytes teach a model to expect anything, which may hurt by itself: hence the untouched base as well.
Run: pytest bets/bet_60_noise_floor.py
"""

import pytest

from bets.lab import corpus, personal, provenance
from bets.lab.training import Budget

pytestmark = pytest.mark.slow

SIZE = "30m"
STEPS = 100
LEARNING_RATE = 5e-5
PILOT = {"SIZE": "tiny", "STEPS": 3}


@pytest.mark.strict("groups(user, 1 - median(norm) / median(placebo) >= 0.1) >= 3")
@pytest.mark.lenient("groups(user, 1 - median(norm) / median(placebo) >= 0.05) >= 2")
@pytest.mark.catastrophic("groups(user, 1 - median(norm) / median(placebo) <= 0) >= 1")
@pytest.mark.control("groups(user, median(norm) < median(base)) >= 3")
@pytest.mark.challenges(37)
@pytest.mark.replicate(5)
@pytest.mark.parametrize("user", corpus.USERS)
def experiment(seed, user):
    budget = Budget(steps=STEPS, learning_rate=LEARNING_RATE)
    base = personal.base(SIZE)
    tuned = {
        "norm": personal.adapted(base, "norm", personal.text(user), budget, seed),
        "placebo": personal.adapted(base, "norm", personal.noise(user, seed), budget, seed),
        "base": base,
    }
    found = {name: personal.perplexity(model, user) for name, model in tuned.items()}
    return found | provenance.of(SIZE, ["general"], [user])
