"""Bet 38: a person's adapter moves to an independently trained base of the same shape.

Hypothesis: what a person's text changes in the norm gains of one base, added to the gains of another base that was
    trained from other weights, lowers that base's perplexity on the person's held-out text.
Strict: the transplanted adapter is better than none in all of 6 cells (a share of 1).
Lenient: it is better than none in at least 4 of 6 cells (a share of 0.66).
Catastrophic: it is worse than none in all of 6 cells (a share of 1).
Control: it is this change and not any: the same change with its entries in random order is as good or better in at
    most 1 of 6 cells.
Scope: norm gains only, 100 steps at 5e-5, from the general base to each specialist that is not the person's own. Hidden
    dimensions of independently trained models are not aligned, and nothing aligns them here. The novelist's base has
    read the source's text beside its own, and the programmer's the docstrings in it; the scientist's none of it.
    No gain can move by more than about 0.005 in this budget, so that chance alone makes 4 of 6 in a third of cases.
Run: pytest bets/bet_38_adapter_transplant.py
"""

import pytest

from bets.lab import adapters, corpus, personal, provenance, specialists
from bets.lab.training import Budget

pytestmark = pytest.mark.slow

SIZE = "30m"
STEPS = 100
LEARNING_RATE = 5e-5
SEED = 38
PILOT = {"SIZE": "tiny", "STEPS": 3}
MOVES = [f"{user} to {target}" for user in corpus.USERS for target in corpus.USERS if target != user]


@pytest.mark.strict("share(transplanted < untouched) >= 1")
@pytest.mark.lenient("share(transplanted < untouched) >= 0.66")
@pytest.mark.catastrophic("share(transplanted > untouched) >= 1")
@pytest.mark.control("count(scrambled <= transplanted) <= 1")
@pytest.mark.parametrize("move", MOVES)
def experiment(move):
    user, target = move.split(" to ")
    budget = Budget(steps=STEPS, learning_rate=LEARNING_RATE)
    source, other = personal.base(SIZE), specialists.load(target, SIZE)
    gains = personal.adapter(SIZE, user, budget, SEED)
    moved = personal.transplanted(gains, source, other)
    scrambled = personal.transplanted(personal.scrambled(gains, source, SEED), source, other)
    return {
        "untouched": personal.perplexity(other, user),
        "transplanted": personal.perplexity(adapters.wear(other, "norm", moved), user),
        "scrambled": personal.perplexity(adapters.wear(other, "norm", scrambled), user),
        "source": personal.perplexity(source, user),
        "adapted_source": personal.perplexity(personal.worn(SIZE, gains), user),
    } | provenance.of(SIZE, ["general", target], [user])
