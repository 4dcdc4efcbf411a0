"""Weights as bytes: the identity of a model, and safetensors files of which every byte is checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

_ABOUT = "about"
"""One key of the file's metadata holds all of it as JSON: the order of several would not be the same every time."""


class WeightsError(ValueError):
    """Weights that are not what they should be: the message says what was found and what was expected."""


def identifier(tensors: Mapping[str, Tensor]) -> str:
    """The sha256 of names, types, shapes and values, in the order of the names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        plain = tensor.detach().cpu().contiguous()
        digest.update(f"{name} {plain.dtype} {tuple(plain.shape)}\n".encode())
        digest.update(plain.view(torch.uint8).numpy() if plain.numel() else b"")  # type: ignore[arg-type]
    return digest.hexdigest()


def pack(tensors: Mapping[str, Tensor], about: Mapping[str, object]) -> bytes:
    """A safetensors file of these tensors; `about` is kept in its header."""
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in sorted(tensors.items())}
    return safetensors.torch.save(plain, {_ABOUT: json.dumps(about, sort_keys=True)})


def unpack(data: bytes, where: object) -> tuple[dict[str, Tensor], dict[str, object]]:
    """The tensors of a safetensors file, and what is said about them; `where` names it in a WeightsError."""
    try:
        tensors = safetensors.torch.load(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        about = json.loads(header["__metadata__"][_ABOUT])
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise WeightsError(f"{where}: found {len(data):,} bytes that are no whole weights file ({error})") from None
    if not isinstance(about, dict):
        raise WeightsError(f"{where}: found {about!r} about the weights, expected a JSON object")
    return tensors, about


def fit(where: object, found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    """WeightsError where names or shapes are not those expected."""
    strange, missing = sorted(found.keys() - expected.keys()), sorted(expected.keys() - found.keys())
    if strange or missing:
        stands = repr(strange[0]) if strange else f"no {missing[0]!r}"
        raise WeightsError(f"{where}: found {stands}, expected {_names(expected)}")
    for name, tensor in found.items():
        if tensor.shape != expected[name].shape:
            shapes = f"found shape {tuple(tensor.shape)}, expected {tuple(expected[name].shape)}"
            raise WeightsError(f"{where}: {name}: {shapes}")


def _names(tensors: Mapping[str, Tensor]) -> str:
    names = sorted(tensors)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
