"""A signed manifest is enough to bring a model to life: what it is, where its weights lie, and who says so.

Nothing of a manifest is believed before its signature is verified, and nothing is allocated before its sizes agree.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, fields
from math import prod
from pathlib import Path
from typing import Any, Final

from bets.lab import quantise
from bets.lab.artifacts.files import write
from bets.lab.artifacts.identity import Identity, verify
from bets.lab.artifacts.weights import identifier
from bets.lab.model import Config, FractalMoE, Stage

SCHEMA: Final = "bets-manifest/1"
LARGEST: Final = 4_096  # bytes of a manifest
MOST: Final = 1 << 16  # of any whole number that describes a shape
HEADER: Final = 1 << 16  # bytes of a weights file that may be its header
PLAIN: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")  # a file's name, which cannot leave its folder
NAMED: Final = {  # what a manifest calls the fields of a Config
    "hidden_size": "hidden",
    "layers": "blocks",
    "heads": "heads",
    "experts": "experts",
    "active_experts": "active",
    "expert_width": "expert_width",
    "vocabulary": "vocabulary",
    "context": "context",
    "rope_base": "rope_base",
    "norm_eps": "norm_eps",
}


class ManifestError(ValueError):
    """A manifest or its weights are not what was signed: which file, what was found, what was expected."""

    def __init__(self, file: Path, found: object, expected: object) -> None:
        super().__init__(f"{file}: found {found}, expected {expected}")
        self.file, self.found, self.expected = file, found, expected


def canonical(manifest: dict[str, Any]) -> bytes:
    """The one way to write a manifest: sorted, ASCII, a field a line."""
    return (json.dumps(manifest, sort_keys=True, indent=1) + "\n").encode()


def publish(folder: Path, model: Stage, name: str, tag: str, identity: Identity) -> Path:
    """Write the weights and then the manifest of a model into a folder: the manifest's path.

    Weights of equal content have one file. The model id is that of the model which `open_manifest` gives.
    """
    if not PLAIN.fullmatch(name):
        raise ValueError(f"found the name {name!r}, expected letters, digits, '_', '.' and '-', at most 100")
    data = quantise.compress(model, tag)
    digest = hashlib.sha256(data).hexdigest()
    config = asdict(model.config)
    model_id = identifier(quantise.expand(data, model.config).state_dict())
    manifest = {
        "schema": SCHEMA,
        "model_id": model_id,
        "name": name,
        "tokenizer": "bytes",
        **{public: config[field] for public, field in NAMED.items()},
        "quantisation": tag,
        "weights": {"file": f"{digest}.safetensors", "sha256": digest, "bytes": len(data)},
        "adapter": {"base": model_id, "kind": "norm", "gains": gains(model.config)},
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{tag}.json"
    write(folder / f"{digest}.safetensors", data)
    write(path, canonical({**manifest, "signature": identity.sign(canonical(manifest)).hex()}))
    return path


def open_manifest(path: Path, trusted: bytes) -> FractalMoE:
    """The model of a manifest that the owner of the 32-byte key `trusted` signed, in eval mode without gradients."""
    manifest = signed(path, trusted)
    config = described(path, manifest)
    tag, weights = manifest["quantisation"], manifest["weights"]
    file = path.parent / weights["file"]
    payload = sum(prod(shape) * dtype.itemsize for dtype, shape in quantise.layout(config, tag).values())
    if not payload < weights["bytes"] <= payload + HEADER:
        raise ManifestError(
            path, f"weights of {weights['bytes']} bytes", f"{payload} bytes and a header, by its fields"
        )
    data = read(file, weights["sha256"], weights["bytes"])
    try:
        model = quantise.expand(data, config)
    except quantise.QuantiseError as cause:
        raise ManifestError(file, cause, f"the {tag} weights that {path.name} describes") from cause
    if (stored := quantise.header(data)["__metadata__"]["tag"]) != tag:
        raise ManifestError(file, f"{stored} weights", f"{tag} weights, as {path.name} says")
    if (found := identifier(model.state_dict())) != manifest["model_id"]:
        raise ManifestError(file, f"model {found}", f"model {manifest['model_id']}, as {path.name} says")
    return model.eval().requires_grad_(False)


def read(file: Path, sha256: str, size: int | None = None) -> bytes:
    """The content of a file, once its size and sha256 are these; ManifestError else."""
    try:
        length = file.stat().st_size
        if size is not None and length != size:
            raise ManifestError(file, f"{length} bytes", f"{size} bytes")
        data = file.read_bytes()
    except OSError as cause:
        raise ManifestError(file, f"no readable file ({cause.strerror})", f"a file of sha256 {sha256}") from cause
    if (found := hashlib.sha256(data).hexdigest()) != sha256:
        raise ManifestError(file, f"{len(data)} bytes of sha256 {found}", f"sha256 {sha256}")
    return data


def signed(path: Path, trusted: bytes) -> dict[str, Any]:
    """The fields of a manifest without its signature, which holds over all of them."""
    try:
        raw = b"" if path.stat().st_size > LARGEST else path.read_bytes()
        manifest = json.loads(raw) if raw else None
    except OSError as cause:
        raise ManifestError(path, f"no readable file ({cause.strerror})", "a manifest") from cause
    except (ValueError, RecursionError) as cause:
        raise ManifestError(path, f"no JSON ({cause})", "a manifest in JSON") from cause
    if not isinstance(manifest, dict) or not isinstance(manifest.get("signature"), str):
        raise ManifestError(path, f"{path.stat().st_size} bytes", f"a signed JSON object of at most {LARGEST} bytes")
    if canonical(manifest) != raw:
        raise ManifestError(path, "JSON in another form", "the canonical form: sorted, ASCII, a field a line")
    signature = manifest.pop("signature")
    if not re.fullmatch("[0-9a-f]{128}", signature):
        raise ManifestError(path, f"signature {signature[:140]!r}", "64 bytes in hexadecimal")
    if not verify(trusted, bytes.fromhex(signature), canonical(manifest)):
        raise ManifestError(path, "a signature that does not hold", f"one by the Ed25519 key {trusted.hex()}")
    return manifest


def described(path: Path, manifest: dict[str, Any]) -> Config:
    """The shape that a signed manifest describes; ManifestError where a field is missing, unknown or absurd."""

    def exactly(found: object, names: set[str], what: str) -> dict[str, Any]:
        if not isinstance(found, dict) or found.keys() != names:
            given = sorted(found) if isinstance(found, dict) else found
            raise ManifestError(path, f"{what} {given}", f"{what} {sorted(names)}")
        return found

    def check(holds: bool, field: str, found: object, expected: str) -> None:
        if not holds:
            raise ManifestError(path, f"{field} {found!r}", f"{field} {expected}")

    others = {"schema", "model_id", "name", "tokenizer", "quantisation", "weights", "adapter"}
    exactly(manifest, others | NAMED.keys(), "fields")
    weights = exactly(manifest["weights"], {"file", "sha256", "bytes"}, "weights")
    adapter = exactly(manifest["adapter"], {"base", "kind", "gains"}, "adapter")
    for field, value in (("schema", SCHEMA), ("tokenizer", "bytes")):
        check(manifest[field] == value, field, manifest[field], repr(value))
    check(manifest["quantisation"] in quantise.TAGS, "quantisation", manifest["quantisation"], f"in {quantise.TAGS}")
    for field, value in (("name", manifest["name"]), ("weights.file", weights["file"])):
        check(isinstance(value, str) and bool(PLAIN.fullmatch(value)), field, value, "that is a plain file name")
    for field, value in (("model_id", manifest["model_id"]), ("weights.sha256", weights["sha256"])):
        check(isinstance(value, str) and bool(re.fullmatch("[0-9a-f]{64}", value)), field, value, "in hexadecimal")
    check(type(weights["bytes"]) is int, "weights.bytes", weights["bytes"], "that is a whole number")
    whole = {field.name for field in fields(Config) if field.type == "int"}
    for public, field in NAMED.items():
        value = manifest[public]
        if field in whole:
            check(type(value) is int and 1 <= value <= MOST, public, value, f"a whole number from 1 to {MOST}")
        else:
            check(type(value) in (int, float) and 0 < value < 1e9, public, value, "a number above 0, below a billion")
    config = Config(**{field: manifest[public] for public, field in NAMED.items()})
    check(config.active <= config.experts, "active_experts", config.active, f"at most {config.experts}")
    check(config.hidden % (2 * config.heads) == 0, "heads", config.heads, f"half of which divide {config.hidden}")
    slot = {"base": manifest["model_id"], "kind": "norm", "gains": gains(config)}
    check(adapter == slot, "adapter", adapter, repr(slot))
    return config


def gains(config: Config) -> int:
    """How many norm gains a model has: what a norm adapter must fit."""
    return sum(prod(shape) for shape in quantise.shapes(config).values() if len(shape) == 1)
