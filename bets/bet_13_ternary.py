"""Bet 13: a specialist fits into 1.58 bits a weight after training, and is still a language model.

Hypothesis: rounding every matrix of a trained specialist to -1, 0 and 1 with one scale (absmean, BitNet b1.58), without
    any further training, makes it 10 times smaller than fp16 and at most half again as perplexed.
Strict: for all 4 specialists, fp16 takes at least 10 times the bytes, and the perplexity is at most 1.5 times as high.
Lenient: for all 4 specialists the perplexity is at most 3 times as high.
Catastrophic: for any 1 of 4 specialists the ternary model is worse than a unigram model of bytes.
Control: what is kept is the signs and zeros, and not the scales: with the codes of every matrix in random order, the
    model is worse than the unigram model for all 4 specialists.
Scope: post-training, 30M parameters, embedding and head as well; BitNet itself trains with ternary weights, and this
    says nothing of that. Sizes are those of the files. Perplexity is on 32 KB of each author's held-out text, from all
    over it.
Run: pytest bets/bet_13_ternary.py
"""

import pytest
import torch

from bets.lab import corpus, provenance, quantise, seeding, specialists, training
from bets.lab.model import SIZES

pytestmark = pytest.mark.slow

SIZE = "30m"
BYTES = 32_768  # of held-out text
PILOT = {"SIZE": "tiny", "BYTES": 2_000}


@pytest.mark.strict("min(size_ratio) >= 10", "max(ternary / original) <= 1.5")
@pytest.mark.lenient("max(ternary / original) <= 3")
@pytest.mark.catastrophic("count(ternary > unigram) >= 1")
@pytest.mark.control("count(shuffled > unigram) >= 4")
@pytest.mark.parametrize("name", specialists.RECIPES)
def experiment(name):
    text = corpus.load(name)
    held_out = corpus.spread(text.held_out, BYTES)
    original = specialists.load(name, SIZE)
    small = quantise.compress(original, "ternary")
    ternary = quantise.expand(small, SIZES[SIZE])
    found = {
        "original": training.loss(original, held_out),
        "ternary": training.loss(ternary, held_out),
        "shuffled": training.loss(shuffle(ternary), held_out),
        "unigram": training.unigram(text.train, held_out),
    }
    sizes = {"bytes": len(small), "size_ratio": len(quantise.compress(original, "fp16")) / len(small)}
    sizes |= provenance.of(SIZE, [name], [name])
    return sizes | {label: training.perplexity(nats) for label, nats in found.items()}


@torch.no_grad()
def shuffle(model):
    """The model with the entries of every matrix in random order."""
    draws = seeding.torch_generator(0, "order")
    for parameter in model.parameters():
        if parameter.ndim > 1:
            order = torch.randperm(parameter.numel(), generator=draws)
            parameter.copy_(parameter.flatten()[order].view_as(parameter))
    return model
