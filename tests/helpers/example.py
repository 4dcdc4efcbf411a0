"""The documented example of a bet, and its declaration with parts changed."""

from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.parse import read

EXAMPLE = '''\
"""Bet 46: the norm-only win over full fine-tuning is not the luck of one seed.

Hypothesis: tuning only the 2,304 RMSNorm gains of a frozen 30M base gives lower held-out perplexity on a user's
    text than tuning all weights on the same budget, whatever the seed and the kind of text.
Strict: norm-only wins in at least 12 of 15 cells.
Lenient: norm-only wins in at least 9 of 15 cells.
Catastrophic: norm-only wins in fewer than 5 of 15 cells.
Control: the same adapter, trained on random tokens, wins in at most 9 cells.
Scope: 30M parameters, 100 steps, short texts of one author; says nothing of 1B and more.
Run: pytest bets/bet_46_norm_replication.py
"""

import pytest

from bets.lab import adapters, corpus, specialists, training

USER = "programmer"
SLICES = ("functions", "docs", "comments")
SIZE = "30m"
STEPS = 100
LEARNING_RATE = 5e-5
PILOT = {"SIZE": "tiny", "STEPS": 3}


@pytest.mark.strict("count(norm < full) >= 12")
@pytest.mark.lenient("count(norm < full) >= 9")
@pytest.mark.catastrophic("count(norm < full) < 5")
@pytest.mark.control("count(placebo < full) <= 9")
@pytest.mark.challenges(37)
@pytest.mark.replicate(5)
@pytest.mark.parametrize("part", SLICES)
def experiment(seed, part):
    norm, full = training.perplexities(SIZE, STEPS, seed, part)
    return {"norm": norm, "full": full, "placebo": full + seed % 2, "loss": [3.1, 2.9]}
'''
SENTENCES = {
    "strict": ["count(norm < full) >= 12"],
    "lenient": ["count(norm < full) >= 9"],
    "catastrophic": ["count(norm < full) < 5"],
    "control": ["count(placebo < full) <= 9"],
}


def of(text: str = EXAMPLE, file: str = "bets/bet_46_norm_replication.py") -> Declaration:
    """Return the declaration in a source."""
    declaration = read(text, file)
    assert declaration is not None
    return declaration


def changed(old: str, new: str) -> Declaration:
    """Return the example's declaration with a part of its source replaced."""
    assert old in EXAMPLE
    return of(EXAMPLE.replace(old, new))
