"""Bet 46: the norm-only win over full fine-tuning is not the luck of one seed.

Hypothesis: tuning only the 2,304 RMSNorm gains of a frozen 30M base gives lower held-out perplexity on a user's
    text than tuning all weights on the same budget, whatever the seed and the kind of text.
Strict: norm-only wins in at least 12 of 15 cells.
Lenient: norm-only wins in at least 9 of 15 cells.
Catastrophic: norm-only wins in fewer than 5 of 15 cells.
Control: neither noise nor idleness wins: the same adapter trained on random bytes wins in at most 9 cells, and so does
    the untouched base.
Scope: 30M parameters, 100 steps at 5e-5, short texts of one author; the base has read the text of the slice `docs`
    among its own. No gain can move by more than about 0.005 in this budget. Says nothing of 1B and more.
Run: pytest bets/bet_46_norm_replication.py
"""

import pytest

from bets.lab import corpus, personal, provenance
from bets.lab.training import Budget

pytestmark = pytest.mark.slow

USER = "programmer"
SIZE = "30m"
STEPS = 100
LEARNING_RATE = 5e-5
PILOT = {"SIZE": "tiny", "STEPS": 3}


@pytest.mark.strict("count(norm < full) >= 12")
@pytest.mark.lenient("count(norm < full) >= 9")
@pytest.mark.catastrophic("count(norm < full) < 5")
@pytest.mark.control("count(placebo < full) <= 9", "count(base < full) <= 9")
@pytest.mark.challenges(37)
@pytest.mark.replicate(5)
@pytest.mark.parametrize("part", corpus.SLICES)
def experiment(seed, part):
    budget = Budget(steps=STEPS, learning_rate=LEARNING_RATE)
    base, own = personal.base(SIZE), personal.text(USER, part)
    tuned = {
        "norm": personal.adapted(base, "norm", own, budget, seed),
        "full": personal.adapted(base, "full", own, budget, seed),
        "placebo": personal.worn(SIZE, personal.placebo(SIZE, USER, budget, seed)),
        "base": base,
    }
    found = {name: personal.perplexity(model, USER, part) for name, model in tuned.items()}
    return found | provenance.of(SIZE, ["general"], [USER], part)
