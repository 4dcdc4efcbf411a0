"""Texts dealt out at random, and mixtures of what members gave to each byte, against their definitions."""

from __future__ import annotations

import math

import pytest
import torch

from bets.lab import seeding, training
from bets.lab.ensemble import unions
from bets.lab.model import SIZES, FractalMoE

TEXTS = [bytes([letter]) * (unions.PIECE * 3) for letter in b"abc"]


def members(count: int) -> list[FractalMoE]:
    return [
        FractalMoE(SIZES["tiny"], seeding.torch_generator(seed, "weights")).requires_grad_(False)
        for seed in range(count)
    ]


def test_texts_are_dealt_out_in_pieces_each_of_which_is_in_one_part() -> None:
    parts = unions.dealt(TEXTS, 5)
    assert [len(part) for part in parts] == [3 * unions.PIECE] * 3
    assert sorted(b"".join(parts)) == sorted(b"".join(TEXTS))
    cut = [part[start : start + unions.PIECE] for part in parts for start in range(0, len(part), unions.PIECE)]
    assert all(len(set(piece)) == 1 for piece in cut)
    assert any(len(set(part)) > 1 for part in parts)
    assert unions.dealt(TEXTS, 5) == parts != unions.dealt(TEXTS, 6)


def test_evidence_is_the_log_probability_of_each_byte_in_windows_of_the_context() -> None:
    models, pieces = members(2), [bytes(range(32, 127)) * 4, b"short"]
    found = unions.evidence(models, pieces)
    assert [tuple(each.shape) for each in found] == [(2, 379), (2, 4)]
    for piece, log_p in zip(pieces, found, strict=True):
        for model, row in zip(models, log_p, strict=True):
            assert -float(row.mean()) == pytest.approx(training.loss(model, piece), abs=1e-5)


def test_the_uniform_mixture_is_the_mean_of_probabilities_byte_by_byte() -> None:
    p = torch.tensor([[0.5, 0.25], [0.1, 0.75]])
    assert unions.mixed(p.log()) == pytest.approx(-(math.log(0.3) + math.log(0.5)) / 2)


def test_the_learned_mixture_weighs_members_by_what_came_before() -> None:
    """Against Bayes' rule, byte after byte."""
    p = torch.rand(3, 7, generator=seeding.torch_generator(1, "p")).double()
    belief, total = torch.full((3,), 1 / 3, dtype=torch.float64), 0.0
    for byte in p.T:
        chance = float((belief * byte).sum())
        total -= math.log(chance)
        belief = belief * byte / chance
    assert unions.learned(p.log()) == pytest.approx(total / 7)


def test_a_single_member_is_its_own_mixture() -> None:
    log_p = unions.evidence(members(1), [b"one piece of text"])[0]
    assert unions.mixed(log_p) == pytest.approx(unions.learned(log_p)) == pytest.approx(-float(log_p.mean()))
