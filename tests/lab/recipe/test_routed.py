"""Shapes that do not depend on the routing: the same model, whatever goes where."""

from __future__ import annotations

import copy
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as fn

from bets.lab import seeding
from bets.lab.model import SIZES, Experts, FractalMoE, Stage
from bets.lab.recipe import mixed, routed
from tests.lab.recipe.operations import Operations, waiting

TINY = SIZES["tiny"]


def fresh(seed: int = 7) -> FractalMoE:
    return FractalMoE(TINY, seeding.torch_generator(seed, "weights"))


def drawn(*shape: int, seed: int = 5) -> Tensor:
    return torch.randn(shape, generator=seeding.torch_generator(seed, "x"))


def of(model: Stage) -> Experts:
    experts = model.get_submodule("blocks.1.experts")
    assert isinstance(experts, Experts)
    return experts


@settings(deadline=None, max_examples=60)
@given(
    rows=st.integers(1, 9),
    chosen=st.lists(st.permutations(range(4)).map(lambda p: p[:2]), min_size=1, max_size=30),
)
def test_every_pair_has_a_slot_of_its_own_in_a_block_of_its_expert(rows: int, chosen: list[list[int]]) -> None:
    slots, tokens, ends = routed.places(torch.tensor(chosen), 4, rows)
    flat = [expert for row in chosen for expert in row]
    owners = routed.owners(ends, len(tokens) // rows)
    assert len(owners) == routed.blocks_needed(len(flat), 4, rows)
    assert len(set(slots.tolist())) == len(flat)
    assert [int(owners[slot // rows]) for slot in slots.tolist()] == flat
    assert [int(tokens[slot]) for slot in slots.tolist()] == [token for token in range(len(chosen)) for _ in range(2)]
    for expert in range(4):
        mine = [slot for slot, owner in zip(slots.tolist(), flat, strict=True) if owner == expert]
        assert mine == list(range(mine[0], mine[0] + len(mine))) if mine else True


def test_blocks_are_larger_where_there_are_many_pairs() -> None:
    assert [routed.block_rows(pairs) for pairs in (2, 1024, 4096)] == [64, 64, 128]


@pytest.mark.parametrize("rows", [1, 7, 16, 64])
@pytest.mark.parametrize("tokens", [1, 5, 64, 100])
def test_outputs_and_gradients_are_those_of_the_eager_experts(tokens: int, rows: int) -> None:
    """In double precision, with idle experts where tokens are few, and with one that has all where tokens are equal."""
    experts = copy.deepcopy(of(fresh())).double()
    x = drawn(2, tokens, TINY.hidden).double()
    for given_ in (x, x[:1, :1].expand(2, tokens, -1)):
        results = []
        for forward in (experts, lambda each: routed.experts(experts, each, rows)[0]):
            leaf = given_.clone().requires_grad_(True)
            y = forward(leaf)
            results.append([y.detach(), *torch.autograd.grad(y.square().sum(), [leaf, *experts.parameters()])])
        for eager, static in zip(*results, strict=True):
            torch.testing.assert_close(static, eager, rtol=1e-9, atol=1e-12)


def test_the_gradients_are_those_of_finite_differences() -> None:
    """Of 3 tokens with 2 experts each, in blocks of 2 rows: one is half empty, and one holds nothing."""
    flat, gate_up, down = (
        drawn(*shape, seed=seed).double().requires_grad_(True)
        for seed, shape in enumerate(((3, 4), (3, 6, 4), (3, 4, 3)))
    )
    slots, tokens, ends = routed.places(torch.tensor([[0, 1], [1, 0], [0, 1]]), 3, 2)
    owners = routed.owners(ends, len(tokens) // 2)
    assert owners.tolist() == [0, 0, 1, 1, 2]
    assert torch.autograd.gradcheck(routed.Blocks.apply, (flat, gate_up, down, slots, tokens, owners))


def test_what_is_frozen_asks_for_no_gradient() -> None:
    experts = copy.deepcopy(of(fresh())).requires_grad_(False)
    x = drawn(1, 20, TINY.hidden).requires_grad_(True)
    (gradient,) = torch.autograd.grad(routed.experts(experts, x)[0].square().sum(), x)
    (eager,) = torch.autograd.grad(experts(x).square().sum(), x)
    torch.testing.assert_close(gradient, eager, rtol=1e-4, atol=1e-9)
    assert routed.experts(experts, x.detach())[0].grad_fn is None


def test_no_shape_and_no_operation_depends_on_the_routing() -> None:
    """The operations and shapes of a pass are the same whatever the text, and none brings a number to the host."""
    model, runs = fresh(), []
    for seed in (1, 2):
        tokens = torch.randint(0, 256, (2, 33), generator=seeding.torch_generator(seed, "tokens"))
        with Operations() as recorder:
            loss = fn.cross_entropy(routed.forward(model, tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())
            torch.autograd.backward(loss)
        runs.append(recorder.seen)
        model.zero_grad()
    assert runs[0] == runs[1]
    assert not waiting(runs[0])


def test_a_stage_without_ends_is_computed_as_well() -> None:
    model = fresh().requires_grad_(False)
    middle = Stage(TINY, nn.Identity(), [model.blocks[1], model.blocks[2]], nn.Identity(), nn.Identity())  # type: ignore[list-item]
    x = drawn(1, 10, TINY.hidden)
    torch.testing.assert_close(routed.forward(middle, x), middle(x), rtol=1e-4, atol=1e-6)


def test_logits_and_imbalance_are_those_of_pretraining_on_two_cores() -> None:
    """With their gradients; the imbalance is weighted as much as the logits, so that its own part shows."""
    model = fresh()
    tokens = torch.randint(0, 256, (3, 40), generator=seeding.torch_generator(3, "tokens"))
    weights, found = drawn(3, 40, TINY.vocabulary), []
    for forward in (routed.balanced, partial(mixed.forward, precision="float32")):
        logits, uneven = forward(model, tokens)
        total = (logits * weights).mean() + uneven
        found.append([logits, uneven, *torch.autograd.grad(total, list(model.parameters()))])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
