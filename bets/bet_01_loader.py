"""Bet 01: a signed manifest is enough to bring any specialist to life, with no code of its own.

Hypothesis: from a manifest of at most 4 KB, signed by its author, and the weights file that it names, one loader makes
    every model of the family, whatever its shape and quantisation, to the bit of its source, and nothing tampered with.
Strict: the largest difference of any logit to the source model is 0, and 0 tampered files are accepted.
Lenient: the largest difference is at most 0.00001 (1e-5), and 0 tampered files are accepted.
Catastrophic: a tampered weight, field or signature is accepted in 1 case or more.
Control: the loader tells models apart and does not refuse everything: another model of the same shape differs by more
    than 0.001, and the untampered file is accepted after every tampering was undone, in all of 16 cells.
Scope: random weights in four shapes and four precisions; the source of a quantised model is what its author quantised.
    Tampered are every field of the manifest (its signature kept), its signature, its author, the lengths of both files,
    and one byte at six places of the weights. An author who signs bad weights is believed.
    Run once on 2026-11-24, with this declaration and a PASS, in commits that did not reach this history: the outcome
    was known when it was declared here, and the run on record is a replication.
Run: pytest bets/bet_01_loader.py
"""

import pytest
import torch

from bets.lab import model, quantise, seeding
from bets.lab.artifacts import identity, manifests, tampering
from bets.lab.model import Config

SHAPES = {
    "30m": model.SIZES["30m"],
    "tiny": model.SIZES["tiny"],
    "deep": Config(hidden=64, blocks=12, heads=4, experts=4, expert_width=96),
    "wide": Config(hidden=192, blocks=2, heads=6, experts=16, active=1, expert_width=64, context=128),
}
PLACES = 6  # of the weights file in which a byte is changed
PILOT = {"PLACES": 2}


@pytest.mark.strict("max(difference) == 0", "sum(accepted) == 0")
@pytest.mark.lenient("max(difference) <= 1e-5", "sum(accepted) == 0")
@pytest.mark.catastrophic("sum(accepted) >= 1")
@pytest.mark.control("min(other_difference) > 0.001", "count(honest) >= 16")
@pytest.mark.parametrize("tag", quantise.TAGS)
@pytest.mark.parametrize("shape", SHAPES)
def experiment(shape, tag, tmp_path):
    config, author = SHAPES[shape], identity.identity("author", 1)
    source, other = (model.FractalMoE(config, seeding.torch_generator(seed, "weights")) for seed in (1, 2))
    path = manifests.publish(tmp_path, source, "specialist", tag, author)
    opened = manifests.open_manifest(path, author.public_key)
    quantised = quantise.expand(quantise.compress(source, tag), config)
    text = torch.arange(64)[None]
    with torch.no_grad():
        difference, another = ((opened(text) - each(text)).abs().max() for each in (quantised, other))
    stranger = identity.identity("stranger", 1)
    tried = [tampering.accepted(path, file, data, author) for file, data in tampering.tampered(path, PLACES)]
    tried.append(tampering.accepted(path, path, path.read_bytes(), stranger))
    return {
        "difference": difference,
        "other_difference": another,
        "accepted": sum(tried),
        "tampered": len(tried),
        "honest": tampering.accepted(path, path, path.read_bytes(), author),
    }
