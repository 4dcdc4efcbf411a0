"""Bet 66: a specialist that leaves a federation leaves nothing behind.

Hypothesis: after a member has left, the federation answers as one that never had it, to the bit, whoever joined in
    whatever order, and neither its name nor its weights are held or served any more.
Strict: in all 8 cells the largest difference of any log-probability to a federation that never had the member is 0,
    and 0 traces of it are found.
Lenient: in all 8 cells the largest difference is at most 0.000001 (1e-6), and 0 traces are found.
Catastrophic: its name, or the bytes of any of its tensors, are found in what is held or served in 1 cell or more.
Control: the search can find: before the member leaves, its name and its 22 matrices are found in every cell (23
    traces or more), and some log-probability changes by more than 0.001 when it leaves.
Scope: four members of a 30M shape with random weights, in one process: the mixture that they serve, all that this
    object holds, and the names that it tells. Raw tensors are searched for; a copy in another precision would not be
    recognised. The coordinator's log of who ever registered is append-only by design and is not part of this claim:
    a node's past presence stays provable there.
    Run once on 2026-11-24, with this declaration and a PASS, in commits that did not reach this history: the outcome
    was known when it was declared here, and the run on record is a replication.
Run: pytest bets/bet_66_clean_exit.py
"""

import random
from functools import cache

import pytest
import torch

from bets.lab import corpus, model, seeding
from bets.lab.ensemble import serving

SIZE = "30m"
NAMES = ("specialist-ada", "specialist-bea", "specialist-cyd", "specialist-dov")
LENGTH = 200  # bytes that are answered
PILOT = {"SIZE": "tiny"}


@pytest.mark.strict("max(difference) == 0", "max(traces) == 0")
@pytest.mark.lenient("max(difference) <= 1e-6", "max(traces) == 0")
@pytest.mark.catastrophic("count(traces > 0) >= 1")
@pytest.mark.control("min(traces_before) >= 23", "min(change) > 0.001")
@pytest.mark.replicate(2)
@pytest.mark.parametrize("leaver", NAMES)
def experiment(seed, leaver):
    members = {name: specialist(seed, name) for name in NAMES}
    held_out = corpus.load("general").held_out
    tokens = torch.tensor(list(held_out[seed % 1000 :][:LENGTH]))
    federation, without = serving.Federation(), serving.Federation()
    order = random.Random(f"{seed}/{leaver}")
    for name in order.sample(NAMES, len(NAMES)):
        federation.join(name, members[name])
    for name in order.sample(NAMES, len(NAMES)):
        if name != leaver:
            without.join(name, members[name])
    before = federation.log_probabilities(tokens)
    traces_before = serving.traces(federation, leaver, members[leaver])
    federation.leave(leaver)
    after, never = federation.log_probabilities(tokens), without.log_probabilities(tokens)
    served = leaver in federation.served()
    return {
        "difference": (after - never).abs().max(),
        "change": (after - before).abs().max(),
        "traces_before": len(traces_before),
        "traces": len(serving.traces(federation, leaver, members[leaver])) + served,
    }


@cache
def specialist(seed, name):
    return model.FractalMoE(model.SIZES[SIZE], seeding.torch_generator(seed, name)).requires_grad_(False)
