"""A model as bytes: fp32, fp16, int8 by row, or ternary by matrix (BitNet b1.58, arXiv 2402.17764), and back.

The container is safetensors whatever the tag. Norm gains, the only vectors, are at most rounded to fp16.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from math import prod
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from bets.lab import seeding
from bets.lab.artifacts import trits
from bets.lab.artifacts.trits import QuantiseError
from bets.lab.model import Config, FractalMoE, Stage

__all__ = ["TAGS", "QuantiseError", "compress", "compress_delta", "expand", "expand_delta", "int8", "ternary"]

TAGS: Final = ("fp32", "fp16", "int8", "ternary")
LEVELS: Final = 127  # of int8, on each side of zero
DTYPES: Final = {torch.float32: "F32", torch.float16: "F16", torch.int8: "I8", torch.uint8: "U8"}  # safetensors' names

Layout = dict[str, tuple[torch.dtype, tuple[int, ...]]]  # of each tensor of a file


def ternary(weights: Tensor) -> tuple[Tensor, Tensor]:
    """Codes -1, 0, 1 [..., out, in] (int8) and absmean scales [..., 1, 1] (fp16): one a matrix, as BitNet has it.

    Ternary weights give their codes again, but smaller scales: the mean over a matrix counts its zeros.
    """
    scales = finite(weights.double().abs().mean(dim=(-2, -1), keepdim=True).half())
    return (weights.double() / safe(scales)).round().clamp(-1, 1).to(torch.int8) * (scales > 0), scales


def int8(weights: Tensor) -> tuple[Tensor, Tensor]:
    """Codes -127 to 127 [..., in] (int8) and the largest magnitude of each row, [..., 1] (fp32), of weights [..., in].

    A step is a 127th of it. Double precision keeps the largest weight exact, so a second time changes no bit.
    """
    peaks = finite(weights.float().abs().amax(dim=-1, keepdim=True))
    return (weights.double() * LEVELS / safe(peaks)).round().to(torch.int8) * (peaks > 0), peaks


def from_int8(codes: Tensor, peaks: Tensor) -> Tensor:
    """The fp32 weights of int8 codes; QuantiseError for codes and peaks that `int8` never gives."""
    if bool((codes < -LEVELS).any()):
        raise QuantiseError(f"found the int8 code {int(codes.min())}, expected {-LEVELS} to {LEVELS}")
    return (codes.double() * unsigned(peaks).double() / LEVELS).float()


def unsigned(scales: Tensor) -> Tensor:
    """These scales; QuantiseError where one is negative, minus zero included."""
    if bool((signs := scales.signbit()).any()):
        raise QuantiseError(f"found the scale {float(scales[signs][0])}, expected no negative one")
    return scales


def finite(values: Tensor) -> Tensor:
    """These values; QuantiseError where one is no finite number."""
    if not bool(values.isfinite().all()):
        raise QuantiseError(f"found a weight or scale that is not finite in {values.dtype}, expected finite numbers")
    return values


def safe(scales: Tensor) -> Tensor:
    """Divisors in double precision: 1 where a row is all zeros."""
    return torch.where(scales > 0, scales.double(), 1.0)


def shapes(config: Config) -> dict[str, tuple[int, ...]]:
    """The shape of each weight of a model, with nothing allocated: what a file claims is checked against it first."""
    C, E, F, V = config.hidden, config.experts, config.expert_width, config.vocabulary
    block = {
        "norm1.weight": (C,),
        "attention.qkv.weight": (3 * C, C),
        "attention.out.weight": (C, C),
        "norm2.weight": (C,),
        "experts.gate_up": (E, 2 * F, C),
        "experts.down": (E, C, F),
        "experts.router.weight": (E, C),
    }
    blocks = {f"blocks.{i}.{name}": shape for i in range(config.blocks) for name, shape in block.items()}
    return {"embed.weight": (V, C), **blocks, "norm.weight": (C,), "head.weight": (V, C)}


def layout(config: Config, tag: str) -> Layout:
    """The tensors of the file that `compress` writes for a tag."""
    found: Layout = {}
    for name, shape in shapes(config).items():
        if tag in ("fp32", "fp16") or len(shape) == 1:
            found[name] = (torch.float32 if tag == "fp32" else torch.float16, shape)
        elif tag == "int8":
            found |= {name: (torch.int8, shape), f"{name}.scale": (torch.float32, (*shape[:-1], 1))}
        else:
            packed = (trits.packed_length(prod(shape)),)
            found |= {name: (torch.uint8, packed), f"{name}.scale": (torch.float16, (*shape[:-2], 1, 1))}
    return found


def compress(model: Stage, tag: str) -> bytes:
    """The one byte string of a whole model and a tag; QuantiseError where a weight is too large for it or not finite.

    It depends on the weights alone: not on the device, nor on how the model came about.
    """
    _known(tag)
    tensors: dict[str, Tensor] = {}
    for name, weights in model.state_dict().items():
        weights = weights.detach().cpu()
        if tag == "fp32" or tag == "fp16" or weights.ndim == 1:
            tensors[name] = finite(weights.to(torch.float32 if tag == "fp32" else torch.float16))
        elif tag == "int8":
            tensors[name], tensors[f"{name}.scale"] = int8(weights)
        else:
            codes, tensors[f"{name}.scale"] = ternary(weights)
            tensors[name] = trits.pack(codes)
    return _container(tensors, {"tag": tag})


def expand(data: bytes, config: Config) -> FractalMoE:
    """The model of bytes that `compress` wrote, in fp32 on the CPU; QuantiseError where they are anything else."""
    tag = _known(header(data).get("__metadata__", {}).get("tag"))
    tensors = contents(data, layout(config, tag))
    weights: dict[str, Tensor] = {}
    for name, shape in shapes(config).items():
        stored = tensors[name]
        if tag == "int8" and len(shape) > 1:
            weights[name] = from_int8(stored, tensors[f"{name}.scale"])
        elif tag == "ternary" and len(shape) > 1:
            weights[name] = trits.unpack(stored, prod(shape)).view(shape) * unsigned(tensors[f"{name}.scale"]).float()
        else:
            weights[name] = stored.float()
        finite(weights[name])
    model = FractalMoE(config, seeding.torch_generator(0, "replaced"))
    model.load_state_dict(weights)
    return model


def compress_delta(delta: Mapping[str, Tensor], base: Mapping[str, Tensor]) -> bytes:
    """An adapter's new values of some of the base's tensors as int8 differences to it, a scale a tensor."""
    names = sorted(delta)
    if alien := [name for name in names if name not in base or base[name].shape != delta[name].shape]:
        raise QuantiseError(f"found {alien[0]} in the delta, expected names and shapes of the base: {sorted(base)}")
    if not names:
        raise QuantiseError("found an empty delta, expected a tensor or more")
    coded = [
        int8((delta[name].detach().cpu().double() - base[name].detach().cpu().double()).flatten()) for name in names
    ]
    codes, peaks = (torch.cat(parts) for parts in zip(*coded, strict=True))
    return _container({"codes": codes, "peaks": peaks}, {"names": " ".join(names)})


def expand_delta(data: bytes, base: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The new values of an int8 delta, given the base's; QuantiseError where the bytes are not of such a base."""
    names = str(header(data).get("__metadata__", {}).get("names", "")).split()
    if not names or names != sorted(set(names)) or not set(names) <= set(base):
        raise QuantiseError(f"found a delta of {names}, expected names of the base: {sorted(base)}")
    sizes = [base[name].numel() for name in names]
    tensors = contents(data, {"codes": (torch.int8, (sum(sizes),)), "peaks": (torch.float32, (len(names),))})
    codes, peaks = torch.split(tensors["codes"], sizes), finite(tensors["peaks"])
    return {
        name: (base[name].detach().cpu().double() + from_int8(code, peak).view_as(base[name]).double()).float()
        for name, code, peak in zip(names, codes, peaks, strict=True)
    }


def header(data: bytes) -> dict[str, Any]:
    """The header of a safetensors file: of each tensor type, shape and place; QuantiseError where there is none."""
    length = int.from_bytes(data[:8], "little")
    try:
        found = json.loads(data[8 : 8 + length]) if len(data) >= 8 + length else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("__metadata__", {}), dict):
        raise QuantiseError(
            f"found {len(data)} bytes without a whole safetensors header, expected one of {length} bytes"
        )
    return found


def contents(data: bytes, expected: Layout) -> dict[str, Tensor]:
    """The tensors of a safetensors file, once it holds what is expected and nothing else; else QuantiseError."""
    found = {name: about for name, about in header(data).items() if name != "__metadata__"}
    if odd := sorted(found.keys() ^ expected.keys()):
        raise QuantiseError(
            f"found {'a' if odd[0] in found else 'no'} tensor {odd[0]}, expected {len(expected)} tensors"
        )
    for name, (dtype, shape) in expected.items():
        about = found[name]
        stored = {key: about.get(key) for key in ("dtype", "shape")} if isinstance(about, dict) else about
        if stored != (wanted := {"dtype": DTYPES[dtype], "shape": list(shape)}):
            raise QuantiseError(f"found {name} of {stored}, expected {wanted}")
    try:
        return load(data)
    except SafetensorError as cause:
        raise QuantiseError(f"found {len(data)} bytes that are no whole safetensors file: {cause}") from cause


def _container(tensors: dict[str, Tensor], metadata: dict[str, str]) -> bytes:
    """One key of metadata at most: safetensors writes several in no fixed order."""
    return save({name: tensor.contiguous() for name, tensor in tensors.items()}, metadata)


def _known(tag: object) -> str:
    if tag not in TAGS:
        close = get_close_matches(str(tag), TAGS, 1)
        raise QuantiseError(
            f"found tag {tag!r}, expected one of {', '.join(TAGS)}" + (f": {close[0]}?" if close else "")
        )
    return str(tag)
