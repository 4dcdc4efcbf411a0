"""Muon: against its authors' algorithm in double precision, and against torch's."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from bets.lab import seeding
from bets.lab.recipe import muon
from bets.lab.recipe.muon import Muon


def drawn(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=seeding.torch_generator(seed, "matrix"), dtype=torch.float64)


def newton_schulz(gradient: Tensor) -> Tensor:
    """Keller Jordan's zeropower_via_newtonschulz5, for one matrix and in its own precision."""
    a, b, c = 3.4445, -4.7750, 2.0315
    norm: Tensor = gradient.norm()
    x = gradient / (norm + 1e-7)
    if gradient.shape[0] > gradient.shape[1]:
        x = x.T
    for _ in range(5):
        s = x @ x.T
        x = a * x + (b * s + c * s @ s) @ x
    return x.T if gradient.shape[0] > gradient.shape[1] else x


@pytest.mark.parametrize("shape", [(5, 5), (12, 5), (5, 12), (1, 7)])
def test_each_matrix_of_a_stack_is_made_orthogonal_as_its_authors_do(shape: tuple[int, int]) -> None:
    stack = drawn(3, *shape)
    expected = torch.stack([newton_schulz(matrix) for matrix in stack])
    torch.testing.assert_close(muon.orthogonal(stack, torch.float64), expected, rtol=1e-9, atol=1e-9)


def test_the_singular_values_end_near_one_and_the_vectors_stay() -> None:
    matrix = drawn(1, 16, 40)
    turned = muon.orthogonal(matrix, torch.float64)[0]
    u, values, v = torch.linalg.svd(matrix[0], full_matrices=False)
    made = u.T @ turned @ v.T
    torch.testing.assert_close(made, made.diagonal().diag(), rtol=0, atol=1e-9)
    assert float(values.max() / values.min()) > 3
    assert 0.6 < float(made.diagonal().min()) < float(made.diagonal().max()) < 1.25


def test_rounding_stays_small_where_most_of_a_matrix_is_noise() -> None:
    """For a gradient of few directions, the rounds are as exact in bfloat16 as the steps of the authors, or more."""
    noise = 1e-3 * drawn(1, 64, 256)
    matrix = drawn(1, 64, 5, seed=2) @ drawn(1, 5, 256, seed=3) + noise
    exact = newton_schulz(matrix[0])
    own = (muon.orthogonal(matrix)[0].double() - exact).norm()
    theirs = (newton_schulz(matrix[0].bfloat16()).double() - exact).norm()
    assert float(own) < 1.1 * float(theirs)


def moved(optimizer: Muon | torch.optim.Optimizer, parameter: nn.Parameter, gradients: list[Tensor]) -> Tensor:
    for gradient in gradients:
        parameter.grad = gradient.to(parameter.dtype)
        optimizer.step()
    return parameter.detach().clone()


def test_steps_are_those_of_the_definition_for_every_part_of_a_stack() -> None:
    """Momentum, Nesterov's look ahead, decay and the scale of tall matrices, over three steps, in double precision."""
    start, gradients = drawn(2, 12, 4), [drawn(2, 12, 4, seed=seed) for seed in (2, 3, 4)]
    rate, momentum, decay = 0.1, 0.9, 0.2
    expected = start.clone()
    for e in range(2):
        for rows in (slice(0, 6), slice(6, 12)):  # two parts of 6 by 4
            average = torch.zeros(6, 4, dtype=torch.float64)
            for gradient in gradients:
                own = gradient[e, rows]
                average = momentum * average + (1 - momentum) * own
                update = newton_schulz((1 - momentum) * own + momentum * average)
                expected[e, rows] = expected[e, rows] * (1 - rate * decay) - rate * (6 / 4) ** 0.5 * update
    parameter = nn.Parameter(start.clone())
    optimizer = Muon([parameter], rate, momentum, decay, parts=2, precision=torch.float64)
    torch.testing.assert_close(moved(optimizer, parameter, gradients), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="torch has Muon from 2.9 on")
@pytest.mark.parametrize("shape", [(24, 8), (8, 24), (16, 16)])
def test_a_matrix_is_moved_as_torch_does(shape: tuple[int, int]) -> None:
    """In bfloat16, in which torch computes it: but for what that rounds."""
    start, gradients = drawn(*shape).float(), [drawn(*shape, seed=seed) for seed in (2, 3)]
    own, other = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    here = moved(Muon([own], 0.02, 0.95, 0.1), own, gradients)
    there = moved(torch.optim.Muon([other], lr=0.02, momentum=0.95, weight_decay=0.1), other, gradients)
    assert float((there - start).norm()) > 0.05
    assert float((here - there).norm() / (there - start).norm()) < 0.03


def test_without_a_gradient_nothing_moves() -> None:
    parameter = nn.Parameter(drawn(4, 4))
    Muon([parameter]).step()
    assert torch.equal(parameter.detach(), drawn(4, 4))


def test_a_closure_is_called_with_gradients() -> None:
    parameter = nn.Parameter(drawn(4, 4))
    optimizer = Muon([parameter], precision=torch.float64)

    def closure() -> float:
        loss = parameter.square().sum()
        torch.autograd.backward(loss)
        return float(loss.detach())

    assert optimizer.step(closure) == pytest.approx(float(drawn(4, 4).square().sum()))
    assert not torch.equal(parameter.detach(), drawn(4, 4))


@pytest.mark.parametrize(("shape", "parts"), [((4,), 1), ((2, 5, 4), 2)])
def test_what_is_no_stack_of_matrices_is_refused(shape: tuple[int, ...], parts: int) -> None:
    with pytest.raises(ValueError, match=r"found a parameter of shape \(.*\), expected matrices of [12] parts"):
        Muon([nn.Parameter(drawn(*shape))], parts=parts)


def test_a_rate_on_the_device_moves_as_a_number_does() -> None:
    """As a graph reads it; the state is left as it is."""
    weights = drawn(2, 6, 4)
    moved = []
    for rate in (0.25, torch.tensor(0.25)):
        parameter = nn.Parameter(weights.clone())
        optimizer = Muon([parameter], lr=rate, weight_decay=0.1, precision=torch.float64)  # type: ignore[arg-type]
        for seed in range(3):
            parameter.grad = drawn(2, 6, 4, seed=seed)
            optimizer.step()
        moved.append(parameter.detach())
    torch.testing.assert_close(moved[1], moved[0], rtol=1e-7, atol=1e-7)
    assert float((moved[0] - weights).abs().max()) > 0.1
