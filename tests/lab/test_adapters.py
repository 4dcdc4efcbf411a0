"""Adapters: nothing changes at the start, only what is claimed changes after, and a saved one comes back bitwise."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import loralib  # type: ignore[import-untyped]
import pytest
import safetensors.torch
import torch
from torch import nn
from torch.nn import functional as fn

from bets.lab import adapters, seeding, training
from bets.lab.artifacts import files, weights
from bets.lab.model import SIZES, Attention, Block, FractalMoE
from bets.lab.training import Budget

TINY = SIZES["tiny"]
TEXT = b"She counted the windows of Harbour Street twice, and both times there were eleven.\n" * 8
BUDGET = Budget(steps=3, batch=2, length=32, learning_rate=1e-2)


@pytest.fixture(scope="module")
def base() -> FractalMoE:
    return FractalMoE(TINY, seeding.torch_generator(7, "weights")).requires_grad_(False)


@pytest.fixture
def draws() -> torch.Generator:
    return seeding.torch_generator(5, "adapter")


def logits(model: nn.Module) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model(training.tokens(TEXT)[None, :64])
    return found


@pytest.mark.parametrize("kind", adapters.KINDS)
def test_at_initialisation_an_adapter_gives_the_logits_of_its_base_bitwise(
    base: FractalMoE, kind: str, draws: torch.Generator
) -> None:
    attached = adapters.adapt(base, kind, TEXT, Budget(steps=0), draws)
    assert torch.equal(logits(attached), logits(base))


@pytest.mark.parametrize("kind", adapters.KINDS)
def test_training_changes_what_the_adapter_claims_and_nothing_else(
    base: FractalMoE, kind: str, draws: torch.Generator
) -> None:
    before = {name: tensor.clone() for name, tensor in base.state_dict().items()}
    model = adapters.adapt(base, kind, TEXT, BUDGET, draws)
    claimed = set(adapters.adapter(model))
    for name, parameter in model.named_parameters():
        original = before.get(name.replace("parametrizations.weight.original", "weight"))
        if name in claimed:
            assert original is None or not torch.equal(parameter, original), name
        else:
            assert original is not None, name
            assert torch.equal(parameter, original), name
    assert all(torch.equal(tensor, before[name]) for name, tensor in base.state_dict().items())
    assert not torch.equal(logits(model), logits(base))


def test_the_norm_adapter_is_every_gain_and_full_is_every_parameter(base: FractalMoE, draws: torch.Generator) -> None:
    norm = adapters.adapter(adapters.adapt(base, "norm", TEXT, Budget(steps=0), draws))
    gains = {f"{name}.weight" for name, module in base.named_modules() if isinstance(module, nn.RMSNorm)}
    assert set(norm) == gains
    assert len(gains) == 9
    full = adapters.adapter(adapters.adapt(base, "full", TEXT, Budget(steps=0), draws))
    assert set(full) == {name for name, _ in base.named_parameters()}


def test_at_30m_the_norm_adapter_is_2304_gains_in_9216_bytes(draws: torch.Generator) -> None:
    model = FractalMoE(SIZES["30m"], seeding.torch_generator(1, "weights"))
    adapters.attach(model, "norm", draws)
    worn = adapters.adapter(model)
    assert sum(tensor.numel() for tensor in worn.values()) == 2_304
    assert sum(tensor.nbytes for tensor in worn.values()) == 9_216


def test_lora_is_w_plus_b_a_of_rank_4_on_every_projection_of_attention(
    base: FractalMoE, draws: torch.Generator
) -> None:
    """Against the definition: x W^T + (x A^T) B^T, computed without ever forming the sum of the weights."""
    model = adapters.adapt(base, "lora", TEXT, BUDGET, draws)
    x = torch.randn(5, TINY.hidden, generator=draws)
    found = 0
    for block, own in zip(base.blocks, model.blocks, strict=True):
        assert isinstance(block, Block)
        assert isinstance(own, Block)
        for name in ("qkv", "out"):
            frozen, adapted = getattr(block.attention, name), getattr(own.attention, name)
            a, b = (adapted.parametrizations.weight[0].get_parameter(letter) for letter in "ab")
            assert a.shape == (4, frozen.in_features)
            assert b.shape == (frozen.out_features, 4)
            assert b.abs().max() > 0
            assert torch.allclose(adapted(x), fn.linear(x, frozen.weight) + x @ a.T @ b.T, atol=1e-6)
            found += 1
    assert found == 2 * sum(isinstance(module, Attention) for module in base.modules())


def test_lora_learns_what_the_reference_implementation_of_its_authors_learns(
    base: FractalMoE, draws: torch.Generator
) -> None:
    """From the same start, in the same windows: the same updates up to rounding, and so the same logits."""
    own = copy.deepcopy(base)
    adapters.attach(own, "lora", draws)
    reference = copy.deepcopy(base).requires_grad_(False)
    for theirs, ours in zip(attentions(reference), attentions(own), strict=True):
        for name in ("qkv", "out"):
            frozen, low_rank = getattr(theirs, name), getattr(ours, name).parametrizations.weight[0]
            layer = loralib.Linear(frozen.in_features, frozen.out_features, r=4, lora_alpha=4, bias=False)
            layer.load_state_dict({"weight": frozen.weight, "lora_A": low_rank.a, "lora_B": low_rank.b})
            setattr(theirs, name, layer)
    untouched = logits(own)
    for model in (own, reference):
        training.train(model, TEXT, BUDGET, seeding.torch_generator(3, "windows"))
    assert not torch.allclose(logits(own), untouched, atol=1e-3)
    assert torch.allclose(logits(own), logits(reference), atol=1e-4)
    for theirs, ours in zip(attentions(reference), attentions(own), strict=True):
        low_rank = ours.qkv.get_submodule("parametrizations.weight.0")
        assert torch.allclose(low_rank.get_parameter("a"), theirs.qkv.get_parameter("lora_A"), atol=1e-4)
        assert torch.allclose(low_rank.get_parameter("b"), theirs.qkv.get_parameter("lora_B"), atol=1e-4)


def attentions(model: nn.Module) -> list[Attention]:
    return [module for module in model.modules() if isinstance(module, Attention)]


@pytest.mark.parametrize("kind", adapters.KINDS)
def test_a_saved_adapter_gives_the_same_logits_bitwise(
    base: FractalMoE, kind: str, draws: torch.Generator, tmp_path: Path
) -> None:
    model = adapters.adapt(base, kind, TEXT, BUDGET, draws)
    adapters.save(tmp_path / "ada.safetensors", adapters.adapter(model), kind, base)
    assert torch.equal(logits(adapters.load(tmp_path / "ada.safetensors", base)), logits(model))


def test_two_adaptations_with_one_seed_are_bitwise_equal(base: FractalMoE) -> None:
    for kind in adapters.KINDS:
        one, other = (
            adapters.adapter(adapters.adapt(base, kind, TEXT, BUDGET, seeding.torch_generator(5, "adapter")))
            for _ in range(2)
        )
        assert all(torch.equal(one[name], other[name]) for name in one)


def windows(base: FractalMoE, kind: str, seed: int) -> list[torch.Tensor]:
    """What the training of an adapter sees, step by step."""
    seen: list[torch.Tensor] = []
    real = training.batch

    def watched(data: torch.Tensor, budget: Budget, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        found = real(data, budget, generator)
        seen.extend(found)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "batch", watched)
        adapters.adapt(base, kind, TEXT, BUDGET, seeding.torch_generator(seed, "adapter"))
    return seen


def test_every_kind_of_adapter_sees_the_same_windows_for_a_seed(base: FractalMoE) -> None:
    """What LoRA draws to begin with takes nothing from the windows; another seed gives others."""
    first, *others = (torch.stack(windows(base, kind, 5)) for kind in adapters.KINDS)
    assert first.shape == (2 * BUDGET.steps, BUDGET.batch, BUDGET.length)
    assert all(torch.equal(first, other) for other in others)
    assert not any(torch.equal(first, torch.stack(windows(base, kind, 6))) for kind in adapters.KINDS)


@pytest.fixture
def saved(base: FractalMoE, draws: torch.Generator, tmp_path: Path) -> Path:
    path = tmp_path / "ada.safetensors"
    adapters.save(path, adapters.adapter(adapters.adapt(base, "norm", TEXT, BUDGET, draws)), "norm", base)
    return path


def test_an_adapter_of_another_base_is_refused_with_both_names(base: FractalMoE, saved: Path) -> None:
    other = FractalMoE(TINY, seeding.torch_generator(8, "weights"))
    own, theirs = (weights.identifier(model.state_dict()) for model in (base, other))
    with pytest.raises(weights.WeightsError) as caught:
        adapters.load(saved, other)
    assert str(caught.value) == f"{saved}: found an adapter of base {own}, expected one of {theirs}"


@pytest.mark.parametrize("kept", [0, 7, 100, -1])
def test_a_file_that_was_cut_off_is_refused(base: FractalMoE, saved: Path, kept: int) -> None:
    data = saved.read_bytes()[:kept]
    saved.write_bytes(data)
    with pytest.raises(weights.WeightsError, match=f"found {len(data):,} bytes that are no whole weights file"):
        adapters.load(saved, base)


@pytest.mark.parametrize(
    ("fields", "found"), [({}, "None"), ({"kind": "norms"}, "'norms'"), ({"kind": ["lora"]}, "['lora']")]
)
def test_a_file_of_no_kind_that_there_is_is_refused(
    base: FractalMoE, saved: Path, fields: dict[str, object], found: str
) -> None:
    """Its base is right; the message names the file, the kind that it has and those that there are."""
    worn, about = weights.unpack(saved.read_bytes(), saved)
    files.write(saved, weights.pack(worn, {"base": about["base"]} | fields))
    with pytest.raises(weights.WeightsError) as caught:
        adapters.load(saved, base)
    assert str(caught.value) == f"{saved}: found an adapter of kind {found}, expected one of norm, lora, full"


@pytest.mark.parametrize("about", ["[]", "null", "7", '"norm"', "[" * 100_000])
def test_what_is_said_about_an_adapter_must_be_an_object(base: FractalMoE, saved: Path, about: str) -> None:
    """Other JSON, and such as is nested deeper than Python reads, in a file that is whole otherwise."""
    saved.write_bytes(safetensors.torch.save({"norm.weight": torch.ones(32)}, {"about": about}))
    with pytest.raises(weights.WeightsError, match=f"^{re.escape(str(saved))}: found .*"):
        adapters.load(saved, base)


def test_gains_of_another_shape_are_refused(base: FractalMoE, saved: Path, draws: torch.Generator) -> None:
    worn = dict(adapters.adapter(adapters.adapt(base, "norm", TEXT, Budget(steps=0), draws)))
    worn["norm.weight"] = torch.ones(3)
    adapters.save(saved, worn, "norm", base)
    with pytest.raises(weights.WeightsError, match=r"norm.weight: found shape \(3,\), expected \(32,\)"):
        adapters.load(saved, base)
    del worn["norm.weight"]
    adapters.save(saved, worn, "norm", base)
    with pytest.raises(weights.WeightsError, match=r"found no 'norm.weight', expected blocks.0.norm1.weight"):
        adapters.load(saved, base)


def test_an_unknown_kind_gets_the_nearest_name(base: FractalMoE, draws: torch.Generator) -> None:
    with pytest.raises(ValueError, match=r"no adapter 'norms': there are norm, lora, full; did you mean 'norm'\?"):
        adapters.adapt(base, "norms", TEXT, BUDGET, draws)


def test_the_identity_of_weights_knows_names_shapes_and_every_value() -> None:
    own = {"a": torch.zeros(2, 3), "b": torch.ones(1)}
    others = [
        {"a": torch.zeros(3, 2), "b": torch.ones(1)},
        {"b": torch.zeros(2, 3), "a": torch.ones(1)},
        {"a": torch.zeros(2, 3), "b": torch.ones(1).double()},
        {"a": torch.zeros(2, 3).index_fill(1, torch.tensor([2]), -0.0), "b": torch.ones(1)},
    ]
    assert weights.identifier(dict(reversed(own.items()))) == weights.identifier(own)
    assert len({weights.identifier(tensors) for tensors in [own, *others]}) == 5
    assert weights.pack(own, {"x": 1, "y": 2}) == weights.pack(own, {"y": 2, "x": 1})
