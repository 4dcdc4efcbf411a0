"""Ternary training: three values a row, gradients that pass through, and a loss that rounding alone does not reach."""

from __future__ import annotations

import pytest
import torch

from bets.lab import quantise, seeding, training
from bets.lab.model import SIZES, Config, FractalMoE
from bets.lab.recipe import straight_through
from bets.lab.training import Budget

TEXT = b"She counted the windows of Harbour Street twice, and both times there were eleven.\n" * 30


@pytest.fixture(scope="module")
def base() -> FractalMoE:
    model = FractalMoE(SIZES["tiny"], seeding.torch_generator(7, "weights"))
    training.train(model, TEXT, Budget(40, 8, 64, 1e-2), seeding.torch_generator(1, "windows"))
    return model.requires_grad_(False)


def test_each_row_has_the_mean_of_its_magnitudes_as_its_scale() -> None:
    weight = torch.randn(2, 3, 8, generator=seeding.torch_generator(2, "weight"))
    codes, scales = straight_through.rows(weight)
    for i in range(2):
        for j in range(3):
            mean = sum(abs(float(w)) for w in weight[i, j]) / 8
            assert float(scales[i, j, 0]) == pytest.approx(mean, rel=1e-3)
            nearest = [max(-1, min(1, round(float(w) / float(scales[i, j, 0])))) for w in weight[i, j]]
            assert codes[i, j].tolist() == nearest
    assert [part.tolist() for part in straight_through.rows(torch.zeros(1, 4))] == [[[0, 0, 0, 0]], [[0.0]]]


def test_the_gradient_is_that_of_the_rounded_weight_passed_on_as_it_is() -> None:
    weight = torch.randn(3, 8, generator=seeding.torch_generator(2, "weight"), requires_grad=True)
    x = torch.randn(5, 8, generator=seeding.torch_generator(3, "x"))
    rounded = straight_through.Ternary()(weight)
    ((x @ rounded.T) ** 2).sum().backward()
    leaf = rounded.detach().requires_grad_(True)
    ((x @ leaf.T) ** 2).sum().backward()
    assert torch.equal(weight.grad, leaf.grad)  # type: ignore[arg-type]


def test_a_rounding_model_computes_with_three_values_a_row_and_its_gains(base: FractalMoE) -> None:
    model = straight_through.rounding(base)
    plain = straight_through.frozen(model, base)
    tokens = training.tokens(TEXT)[None, :64]
    with torch.no_grad():
        assert torch.equal(model(tokens), plain(tokens))
    for name, weight in plain.state_dict().items():
        if weight.ndim == 1:
            assert torch.equal(weight, base.state_dict()[name])
        else:
            assert all(len(set(row.abs().tolist())) <= 2 for row in weight.flatten(0, -2)), name
            codes, scales = straight_through.rows(base.state_dict()[name])
            assert torch.equal(weight, codes * scales.float()), name
    assert not any(parameter.requires_grad for parameter in plain.parameters())


def test_trained_ternary_is_far_better_than_rounded_and_stays_ternary(base: FractalMoE) -> None:
    model = straight_through.rounding(base)
    rounded = training.loss(straight_through.frozen(model, base), TEXT[:1000])
    training.train(model, TEXT, Budget(30, 8, 64, 5e-3), seeding.torch_generator(1, "windows"))
    plain = straight_through.frozen(model, base)
    assert training.loss(plain, TEXT[:1000]) < 0.7 * rounded
    assert all(len(set(row.abs().tolist())) <= 2 for row in plain.head.weight)  # type: ignore[union-attr]


def test_a_file_is_about_ten_times_smaller_than_fp16_and_pays_for_its_scales() -> None:
    model = FractalMoE(Config(blocks=1), seeding.torch_generator(1, "weights"))  # the width of 30m
    small = straight_through.size(model)
    rows = sum(p.numel() // p.shape[-1] for p in model.parameters() if p.ndim > 1)
    weights = sum(p.numel() for p in model.parameters() if p.ndim > 1)
    assert small == pytest.approx(weights * 64 / 323 + 2 * rows + 2 * 768, abs=5_000)
    assert 9.5 < len(quantise.compress(model, "fp16")) / small < 10.08
