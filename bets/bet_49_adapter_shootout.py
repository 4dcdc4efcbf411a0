"""Bet 49: norm gains beat LoRA of rank 4 and full fine-tuning for every user.

Hypothesis: of three adapters on equal budgets (100 steps at 5e-5, the same windows of the same text) the smallest,
    2,304 norm gains, gives the lowest held-out perplexity, whoever wrote the text.
Strict: by medians over seeds norm-only is the best of the three for 3 of 3 users.
Lenient: by medians over seeds norm-only is the best of the three for 2 of 3 users.
Catastrophic: by medians over seeds norm-only is worse than full fine-tuning for 2 users or more.
Control: what wins has learnt the text: gains trained on random bytes are worse than gains trained on the text for 3
    of 3 users; and the baseline has learnt: the untouched base is better than full fine-tuning for 0 users.
Scope: 30M parameters, short texts, the published rate for all three; bet 62 gives full fine-tuning a rate of its own.
    No gain can move by more than about 0.005 in this budget, and LoRA, which starts at zero, hardly leaves it.
Run: pytest bets/bet_49_adapter_shootout.py
"""

import pytest

from bets.lab import adapters, corpus, personal, provenance
from bets.lab.training import Budget

pytestmark = pytest.mark.slow

SIZE = "30m"
STEPS = 100
LEARNING_RATE = 5e-5
PILOT = {"SIZE": "tiny", "STEPS": 3}


@pytest.mark.strict("groups(user, median(norm) < median(lora) and median(norm) < median(full)) >= 3")
@pytest.mark.lenient("groups(user, median(norm) < median(lora) and median(norm) < median(full)) >= 2")
@pytest.mark.catastrophic("groups(user, median(norm) > median(full)) >= 2")
@pytest.mark.control(
    "groups(user, median(placebo) > median(norm)) >= 3", "groups(user, median(base) < median(full)) <= 0"
)
@pytest.mark.replicate(3)
@pytest.mark.parametrize("user", corpus.USERS)
def experiment(seed, user):
    budget = Budget(steps=STEPS, learning_rate=LEARNING_RATE)
    base, own = personal.base(SIZE), personal.text(user)
    tuned = {kind: personal.adapted(base, kind, own, budget, seed) for kind in adapters.KINDS}
    tuned["placebo"] = personal.adapted(base, "norm", personal.noise(user, seed), budget, seed)
    tuned["base"] = base
    found = {name: personal.perplexity(model, user) for name, model in tuned.items()}
    return found | provenance.of(SIZE, ["general"], [user])
