"""Quantised weights against their definitions, and their bytes to the bit."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load, save
from torch import Tensor

from bets.lab import quantise, seeding
from bets.lab.artifacts import trits
from bets.lab.model import SIZES, Config, FractalMoE
from bets.lab.quantise import QuantiseError

TINY = SIZES["tiny"]


@pytest.fixture(scope="module")
def tiny() -> FractalMoE:
    return FractalMoE(TINY, seeding.torch_generator(7, "weights")).requires_grad_(False)


def gains(seed: int) -> dict[str, Tensor]:
    """Nine gains of 256 near 1, as an adapter of the 30m size has them."""
    draws = seeding.torch_generator(seed, "gains")
    names = [f"blocks.{i}.norm{n}.weight" for i in range(4) for n in (1, 2)] + ["norm.weight"]
    return {name: 1 + 0.01 * torch.randn(256, generator=draws) for name in names}


def as_numbers(codes: list[int]) -> bytes:
    """Packing by its definition: each 323 trits a number in base 3, written in 64 bytes, the rest in the fewest."""
    out = b""
    for start in range(0, len(codes), 323):
        group = codes[start : start + 323]
        number = sum((code + 1) * 3**i for i, code in enumerate(group))
        out += number.to_bytes(-(-(3 ** len(group) - 1).bit_length() // 8), "little")
    return out


rows = st.lists(st.lists(st.floats(-4, 4, width=32), min_size=5, max_size=5), min_size=1, max_size=6).map(torch.tensor)


@given(count=st.integers(0, 1500), seed=st.integers(0, 1000))
@settings(max_examples=50, deadline=None)
def test_packing_is_exact_for_any_number_of_trits_and_is_what_it_says(count: int, seed: int) -> None:
    """Packed trits come back, and the bytes are those of the definition in whole numbers of any size."""
    codes = torch.randint(-1, 2, (count,), generator=seeding.torch_generator(seed, "trits"), dtype=torch.int8)
    packed = trits.pack(codes)
    assert bytes(packed.tolist()) == as_numbers(codes.tolist())
    assert torch.equal(trits.unpack(packed, count), codes)


@pytest.mark.parametrize("code", [-1, 0, 1])
def test_packing_is_exact_at_its_extremes(code: int) -> None:
    """A group of the highest digits alone fills its 512 bits and no more."""
    codes = torch.full((2 * 323,), code, dtype=torch.int8)
    assert torch.equal(trits.unpack(trits.pack(codes), len(codes)), codes)


def test_a_trit_costs_a_thousandth_of_a_bit_more_than_information_theory_asks() -> None:
    """64 bytes for 323 trits are 1.5851 bits each; 5 in a byte would be 1.6."""
    count = 323 * 1000
    bits = 8 * len(trits.pack(torch.zeros(count, dtype=torch.int8))) / count
    assert math.log2(3) < bits < math.log2(3) + 0.001


@given(count=st.integers(1, 700), at=st.integers(0, 1 << 30), change=st.integers(1, 255))
@settings(max_examples=50, deadline=None)
def test_no_two_byte_strings_unpack_to_the_same_trits(count: int, at: int, change: int) -> None:
    """A changed byte is refused or gives other trits: what is accepted is packed to the same bytes again."""
    packed = trits.pack(torch.ones(count, dtype=torch.int8))
    packed[at % len(packed)] ^= change
    try:
        codes = trits.unpack(packed, count)
    except QuantiseError:
        return
    assert torch.equal(trits.pack(codes), packed)


def test_a_wrong_number_of_packed_bytes_is_refused() -> None:
    """The message has both numbers."""
    with pytest.raises(QuantiseError, match="found 3 bytes of trits, expected 2 for 10"):
        trits.unpack(torch.zeros(3, dtype=torch.uint8), 10)


@given(weights=rows)
@settings(max_examples=50, deadline=None)
def test_ternary_rounds_to_multiples_of_the_mean_magnitude_of_its_matrix(weights: Tensor) -> None:
    """BitNet b1.58: round(W / absmean) clipped to one; within 1.5 scales the error is half a scale at most."""
    codes, scales = quantise.ternary(weights)
    scale = float(scales)
    assert scale == float((sum(abs(w) for row in weights.tolist() for w in row) / torch.tensor(weights.numel())).half())
    for w, c in zip(weights.flatten().tolist(), codes.flatten().tolist(), strict=True):
        assert c == (max(-1, min(1, round(w / scale))) if scale else 0)
        assert abs(w - c * scale) <= scale / 2 or abs(w) > 1.5 * scale


@given(weights=rows)
@settings(max_examples=50, deadline=None)
def test_ternary_weights_keep_their_codes_when_they_are_made_ternary_again(weights: Tensor) -> None:
    """The scale shrinks by the share of zeros, and so no code can fall back to zero."""
    codes, scales = quantise.ternary(weights)
    assert torch.equal(quantise.ternary(codes * scales.float())[0], codes * (scales >= 1e-6))


@given(weights=rows)
@settings(max_examples=50, deadline=None)
def test_int8_errs_by_half_a_step_and_a_second_time_by_nothing(weights: Tensor) -> None:
    """The step is a 127th of the row's largest weight, which is exact."""
    codes, peaks = quantise.int8(weights)
    back = quantise.from_int8(codes, peaks)
    assert torch.equal(peaks[:, 0], weights.abs().amax(dim=1))
    assert bool(((back - weights).abs() <= peaks / 127 / 2 * (1 + 1e-5) + 1e-44).all())
    again = quantise.int8(back)
    assert torch.equal(again[0], codes)
    assert torch.equal(again[1], peaks)


@pytest.mark.parametrize(("quantised", "shape"), [(quantise.ternary, (3, 1, 1)), (quantise.int8, (3, 4, 1))])
def test_an_expert_has_scales_of_its_own(
    quantised: Callable[[Tensor], tuple[Tensor, Tensor]], shape: tuple[int, ...]
) -> None:
    """Weights [E, out, in] give a scale a matrix, or one a row: no expert sees another's, and zeros stay zeros."""
    weights = torch.randn(3, 4, 8, generator=seeding.torch_generator(1, "experts"))
    weights[1, 2] = 0
    codes, scales = quantised(weights)
    assert scales.shape == shape
    assert not codes[1, 2].any()
    assert torch.equal(codes[2], quantised(weights[2])[0])


def test_the_shapes_are_those_of_the_model() -> None:
    """What is checked before anything is allocated is what a model has."""
    for config in (TINY, Config(hidden=16, blocks=1, heads=2, experts=3, expert_width=5, vocabulary=7)):
        model = FractalMoE(config, seeding.torch_generator(1, "weights"))
        assert quantise.shapes(config) == {name: tuple(w.shape) for name, w in model.state_dict().items()}


@pytest.mark.parametrize("tag", quantise.TAGS)
def test_a_model_and_a_tag_have_one_byte_string_and_one_model(tiny: FractalMoE, tag: str) -> None:
    """Writing twice gives the same bytes, reading twice the same weights, in fp32 and where the tag puts them."""
    data = quantise.compress(tiny, tag)
    assert data == quantise.compress(tiny, tag)
    first, second = (quantise.expand(data, TINY).state_dict() for _ in range(2))
    for name, weights in tiny.state_dict().items():
        assert torch.equal(first[name], second[name])
        assert first[name].dtype == torch.float32
        if tag == "fp32":
            expected = weights
        elif tag == "fp16" or weights.ndim == 1:
            expected = weights.half().float()
        elif tag == "int8":
            expected = quantise.from_int8(*quantise.int8(weights))
        else:
            codes, scales = quantise.ternary(weights)
            expected = codes * scales.float()
        assert torch.equal(first[name], expected), name


@pytest.mark.parametrize("tag", ["fp32", "fp16", "int8"])
def test_an_expanded_model_is_compressed_to_the_bytes_it_came_from(tiny: FractalMoE, tag: str) -> None:
    """Only ternary shrinks its scales."""
    data = quantise.compress(tiny, tag)
    assert quantise.compress(quantise.expand(data, TINY), tag) == data


def test_bytes_at_30m_are_a_half_and_a_tenth_of_fp16_but_for_the_scales() -> None:
    """Of fp16, int8 needs 0.506 and ternary 0.0991."""
    sizes = {
        tag: sum(math.prod(shape) * dtype.itemsize for dtype, shape in quantise.layout(SIZES["30m"], tag).values())
        for tag in quantise.TAGS
    }
    assert sizes == {"fp32": 118_006_784, "fp16": 59_003_392, "int8": 29_850_240, "ternary": 5_849_856}


@pytest.mark.parametrize("tag", quantise.TAGS)
def test_damaged_bytes_are_refused(tiny: FractalMoE, tag: str) -> None:
    """Truncated anywhere, longer, without a header, or of another shape: an error of the module, before any model."""
    data = quantise.compress(tiny, tag)
    for damaged in (b"", data[:4], data[:50], data[:-1], data + b"\0", b"\xff" * 8 + data[8:], b"[" * 4000):
        with pytest.raises(QuantiseError, match="found"):
            quantise.expand(damaged, TINY)
    with pytest.raises(QuantiseError, match="found"):
        quantise.expand(data, SIZES["30m"])


def test_a_file_of_another_tag_or_with_a_tensor_more_is_refused(tiny: FractalMoE) -> None:
    """The tag must be one that exists, and the tensors those of the tag."""
    data = quantise.compress(tiny, "fp32")
    with pytest.raises(QuantiseError, match=r"found embed\.weight of .*F32.*, expected .*F16"):
        quantise.expand(data.replace(b'"fp32"', b'"fp16"'), TINY)
    with pytest.raises(QuantiseError, match="found tag 'fp33', expected one of fp32, fp16, int8, ternary: fp32"):
        quantise.expand(data.replace(b'"fp32"', b'"fp33"'), TINY)
    with pytest.raises(QuantiseError, match=r"found a tensor blocks\.0\.alien"):
        quantise.expand(data.replace(b"blocks.0.norm1.weight", b"blocks.0.alien.weight"), TINY)


@pytest.mark.parametrize("entry", [3, None, "F32", [2]])
def test_a_header_whose_entry_is_no_object_is_refused(entry: object) -> None:
    """The message shows it."""
    text = json.dumps({"embed.weight": entry}).encode()
    with pytest.raises(QuantiseError, match=re.escape(f"found embed.weight of {entry}, expected {{'dtype': 'F32'")):
        quantise.contents(len(text).to_bytes(8, "little") + text, {"embed.weight": (torch.float32, (2,))})


@pytest.mark.parametrize(
    ("tag", "name", "value", "named"),
    [
        ("int8", "head.weight", -128, "found the int8 code -128, expected -127 to 127"),
        ("int8", "head.weight.scale", -0.5, "found the scale -0.5, expected no negative one"),
        ("int8", "head.weight.scale", -0.0, "found the scale -0.0, expected no negative one"),
        ("ternary", "blocks.0.experts.down.scale", -0.5, "found the scale -0.5, expected no negative one"),
    ],
)
def test_numbers_that_are_never_written_are_refused(
    tiny: FractalMoE, tag: str, name: str, value: float, named: str
) -> None:
    """So a model has no second byte string: signs are the codes', and the lowest of int8 has no opposite."""
    tensors = load(quantise.compress(tiny, tag))
    tensors[name].view(-1)[-1] = value
    with pytest.raises(QuantiseError, match=named):
        quantise.expand(save(tensors, {"tag": tag}), TINY)


@pytest.mark.parametrize(("value", "tag"), [(math.nan, "fp32"), (math.inf, "int8"), (1e5, "fp16"), (1e6, "ternary")])
def test_weights_that_a_tag_cannot_hold_are_refused(value: float, tag: str) -> None:
    """Nothing overflows in silence."""
    model = FractalMoE(TINY, seeding.torch_generator(1, "weights")).requires_grad_(False)
    model.get_parameter("head.weight").fill_(value)
    with pytest.raises(QuantiseError, match="not finite"):
        quantise.compress(model, tag)


def test_an_unknown_tag_is_refused_with_the_nearest(tiny: FractalMoE) -> None:
    """The message says what there is."""
    with pytest.raises(QuantiseError, match=r"found tag 'tenary', expected one of .*: ternary"):
        quantise.compress(tiny, "tenary")


def test_a_norm_adapter_is_three_kilobytes_in_int8_and_errs_by_half_a_step() -> None:
    """2,304 gains: a byte each, nine scales and the names; a step is a 127th of the tensor's largest change."""
    base, delta = gains(1), gains(2)
    data = quantise.compress_delta(delta, base)
    assert 2_304 + 9 * 4 < len(data) < 3_000
    assert data == quantise.compress_delta(dict(reversed(delta.items())), base)
    back = quantise.expand_delta(data, base)
    assert back.keys() == delta.keys()
    for name, value in back.items():
        change = (delta[name] - base[name]).abs().max()
        assert float((value - delta[name]).abs().max()) <= float(change) / 127 / 2 + 2e-7


def test_a_delta_that_changes_nothing_gives_the_base_to_the_bit() -> None:
    """Zero differences have a zero scale."""
    base = gains(1)
    back = quantise.expand_delta(quantise.compress_delta(base, base), base)
    assert all(torch.equal(back[name], base[name]) for name in base)


def test_a_delta_of_another_base_or_damaged_bytes_are_refused() -> None:
    """Names, shapes and sizes must be the base's."""
    base, delta = gains(1), gains(2)
    data = quantise.compress_delta(delta, base)
    with pytest.raises(QuantiseError, match="found alien in the delta, expected names and shapes of the base"):
        quantise.compress_delta({"alien": torch.ones(2)}, base)
    with pytest.raises(QuantiseError, match="found an empty delta"):
        quantise.compress_delta({}, base)
    for damaged in (b"", data[:30], data[:-1], data + b"\0", data.replace(b"norm1", b"norn1")):
        with pytest.raises(QuantiseError, match="found"):
            quantise.expand_delta(damaged, base)
    with pytest.raises(QuantiseError, match="found codes"):
        quantise.expand_delta(data, {name: value[:128] for name, value in base.items()})
