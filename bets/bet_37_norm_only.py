"""Bet 37: tuning the norm gains alone beats full fine-tuning by a wide margin.

Hypothesis: on one person's short text, training the 2,304 norm gains of a frozen 30M base (9 KB) gives a held-out
    perplexity many times lower than training all weights on the same budget, as a public page had it: 6 times and more.
Strict: full fine-tuning's perplexity is at least 6 times norm-only's.
Lenient: full fine-tuning's perplexity is more than 1 times norm-only's, that is, norm-only wins.
Catastrophic: norm-only is worse than the untouched base (its perplexity is more than 1 times the base's).
Control: the same gains trained on random bytes are worse than those trained on the text (more than 1 times), and the
    baseline has learnt: the untouched base is worse than full fine-tuning (more than 1 times).
Scope: one seed, one text, one budget (100 steps at 5e-5), as published; bets 46, 60 and 62 ask whether it is luck, a
    quieter model, or a badly tuned baseline. No gain can move by more than about 0.005 in this budget. Says nothing of
    1B and more.
Run: pytest bets/bet_37_norm_only.py
"""

import pytest

from bets.lab import personal, provenance
from bets.lab.training import Budget

pytestmark = pytest.mark.slow

USER = "programmer"
SIZE = "30m"
STEPS = 100
LEARNING_RATE = 5e-5
SEED = 37
PILOT = {"SIZE": "tiny", "STEPS": 3}


@pytest.mark.strict("full / norm >= 6")
@pytest.mark.lenient("full / norm > 1")
@pytest.mark.catastrophic("norm / base > 1")
@pytest.mark.control("placebo / norm > 1", "base / full > 1")
def experiment():
    budget = Budget(steps=STEPS, learning_rate=LEARNING_RATE)
    base, own = personal.base(SIZE), personal.text(USER)
    tuned = {
        "norm": personal.adapted(base, "norm", own, budget, SEED),
        "full": personal.adapted(base, "full", own, budget, SEED),
        "placebo": personal.adapted(base, "norm", personal.noise(USER, SEED), budget, SEED),
        "base": base,
    }
    found = {name: personal.perplexity(model, USER) for name, model in tuned.items()}
    return found | provenance.of(SIZE, ["general"], [USER])
