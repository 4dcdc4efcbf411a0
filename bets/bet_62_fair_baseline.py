"""Bet 62: the norm-only win survives a full fine-tune with a learning rate of its own.

Hypothesis: norm-only, at the published rate or a better one, still gives lower held-out perplexity than full
    fine-tuning when both choose their learning rate among the same five on the person's validation text.
Strict: norm-only wins in at least 80 % (0.8) of cells.
Lenient: norm-only wins in at least 50 % (0.5) of cells.
Catastrophic: norm-only wins in none of the cells (fewer than 1).
Control: the tuning is real: on held-out text the chosen full fine-tune is at least as good as the one at the published
    rate in all of 5 cells, and better than the untouched base in all of 5 cells.
Scope: one user, 30M parameters, 100 steps. The published rate, 5e-5, is the lowest of the five, for both methods; gains
    need larger steps than matrices, whence the highest, 0.02, at which a full fine-tune may diverge and is not chosen.
Run: pytest bets/bet_62_fair_baseline.py
"""

import math

import pytest

from bets.lab import corpus, personal, provenance, training
from bets.lab.training import Budget, DivergedError

pytestmark = pytest.mark.slow

USER = "programmer"
SIZE = "30m"
STEPS = 100
RATES = (5e-5, 2e-4, 1e-3, 5e-3, 2e-2)
PUBLISHED = 5e-5
PILOT = {"SIZE": "tiny", "STEPS": 3}


@pytest.mark.strict("share(norm < full) >= 0.8")
@pytest.mark.lenient("share(norm < full) >= 0.5")
@pytest.mark.catastrophic("count(norm < full) < 1")
@pytest.mark.control("count(full <= published) >= 5", "count(full < base) >= 5")
@pytest.mark.challenges(37)
@pytest.mark.replicate(5)
def experiment(seed):
    base = personal.base(SIZE)
    found = {"base": personal.perplexity(base, USER)}
    for kind in ("norm", "full"):
        tuned = {rate: tuned_at(base, kind, rate, seed) for rate in RATES}
        validations = {rate: validation(model) for rate, model in tuned.items()}
        best = min(RATES, key=validations.get)
        found |= {kind: personal.perplexity(tuned[best], USER), f"{kind}_rate": best}
        found |= {f"{kind}_validations": list(validations.values())}
    found |= provenance.of(SIZE, ["general"], [USER])
    return found | {"published": personal.perplexity(tuned[PUBLISHED], USER)}


def tuned_at(base, kind, rate, seed):
    """The base trained on the person's text at a rate; None where that diverged."""
    try:
        return personal.adapted(base, kind, personal.text(USER), Budget(steps=STEPS, learning_rate=rate), seed)
    except DivergedError:
        return None


def validation(model):
    """Perplexity on the person's validation text; infinite for a model that diverged."""
    text = corpus.spread(corpus.load(USER).validation, personal.HELD_OUT)
    return math.inf if model is None else training.perplexity(training.loss(model, text))
