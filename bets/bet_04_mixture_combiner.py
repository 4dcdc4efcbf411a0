"""Bet 04: the log-mean-exp of specialists predicts mixed text better than every one of them.

Hypothesis: on text that changes author, the mixture of the authors' specialists (the mean of their probabilities, byte
    by byte, no weights, no router) has a lower loss than the best single member; the normalised product need not.
Strict: the mixture is below every member in at least 80 % of 30 cells.
Lenient: the mixture is below every member in at least 50 % of 30 cells.
Catastrophic: the mixture is below every member in fewer than 20 % of 30 cells.
Control: the gain is the mixing of authors and no free lunch of averaging: on text of one author alone the mixture is
    below every member in at most 15 of 30 cells.
Scope: pairs and triples of four specialists of 30M parameters, trained on 3.3 million bytes each; pieces of 256 bytes,
    each read from its own beginning, so that no member has to notice within a piece that the author changed. That the
    mixture is below the mean of its members, and so below the worst, is a theorem (Jensen's inequality) and no claim of
    this bet. The novelist's specialist has read the general text too, and the programmer's the docstrings in it.
Run: pytest bets/bet_04_mixture_combiner.py
"""

import itertools

import pytest
import torch

from bets.lab import corpus, provenance, seeding, specialists, training
from bets.lab.ensemble import combine

pytestmark = pytest.mark.slow

SIZE = "30m"
PIECES = 24  # of 256 bytes in a text
PILOT = {"SIZE": "tiny", "PIECES": 6}
COMBINATIONS = ["+".join(names) for count in (2, 3) for names in itertools.combinations(specialists.RECIPES, count)]


@pytest.mark.strict("share(mixture < best) >= 0.8")
@pytest.mark.lenient("share(mixture < best) >= 0.5")
@pytest.mark.catastrophic("share(mixture < best) < 0.2")
@pytest.mark.control("count(pure_mixture < pure_best) <= 15")
@pytest.mark.replicate(3)
@pytest.mark.parametrize("members", COMBINATIONS)
def experiment(seed, members):
    names = members.split("+")
    models = [specialists.load(name, SIZE) for name in names]
    mixed = losses(models, pieces(names, seed))
    pure = losses(models, pieces(names[seed % len(names) :][:1], seed))
    mixed |= {f"pure_{name}": value for name, value in pure.items()}
    return mixed | provenance.of(SIZE, names, names)


def pieces(names, seed):
    """Windows of the authors' held-out texts by turns, [PIECES, 257]."""
    texts = itertools.cycle(training.tokens(corpus.load(name).held_out) for name in names)
    draws = seeding.torch_generator(seed, "pieces")
    turns = list(itertools.islice(texts, PIECES))
    starts = [int(torch.randint(len(text) - 257, (), generator=draws)) for text in turns]
    return torch.stack([text[start : start + 257] for text, start in zip(turns, starts, strict=True)])


def losses(models, windows):
    """Mean nats a byte of the members' best, median and worst, of their mixture and of their product."""
    log_p = combine.log_probabilities(models, windows[:, :-1])  # [M, B, T, V]
    members = -combine.observed(log_p, windows[:, 1:]).mean((1, 2))  # [M]
    together = {"mixture": combine.mixture(log_p), "product": combine.product(log_p)}
    found = {name: -combine.observed(p[None], windows[:, 1:]).mean() for name, p in together.items()}
    return found | {"best": members.min(), "middle": members.quantile(0.5), "worst": members.max()}
