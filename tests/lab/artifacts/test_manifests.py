"""Manifests: what is signed comes to life, and nothing else does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bets.lab import quantise, seeding
from bets.lab.artifacts import manifests
from bets.lab.artifacts.identity import identity
from bets.lab.artifacts.manifests import ManifestError, canonical, open_manifest, publish
from bets.lab.artifacts.weights import identifier
from bets.lab.model import SIZES, Config, FractalMoE

AUTHOR = identity("author", 1)
SMALL = Config(hidden=16, blocks=2, heads=2, experts=3, expert_width=8, rope_base=500.0)


@pytest.fixture(scope="module")
def small() -> FractalMoE:
    return FractalMoE(SMALL, seeding.torch_generator(7, "weights")).requires_grad_(False)


@pytest.fixture
def published(tmp_path: Path, small: FractalMoE) -> Path:
    return publish(tmp_path, small, "programmer", "int8", AUTHOR)


def fields(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_bytes()))


def weights(path: Path) -> Path:
    return path.parent / str(fields(path)["weights"]["file"])


def sign(path: Path, **changes: object) -> None:
    """The author's own signature under other fields: what the checks behind the signature must withstand."""
    manifest = {**fields(path), **changes}
    manifest = {name: value for name, value in manifest.items() if value is not None and name != "signature"}
    path.write_bytes(canonical({**manifest, "signature": AUTHOR.sign(canonical(manifest)).hex()}))


@pytest.mark.parametrize("config", [SMALL, SIZES["tiny"]], ids=["small", "tiny"])
@pytest.mark.parametrize("tag", quantise.TAGS)
def test_a_manifest_alone_gives_the_model_to_the_bit(tmp_path: Path, config: Config, tag: str) -> None:
    """Shape, constants and weights come from the files; the logits are those of the model that was written."""
    source = FractalMoE(config, seeding.torch_generator(3, "weights")).requires_grad_(False)
    path = publish(tmp_path, source, "one", tag, AUTHOR)
    model = open_manifest(path, AUTHOR.public_key)
    expected = quantise.expand(quantise.compress(source, tag), config)
    text = torch.tensor([list(b"def add(a, b):")])
    assert torch.equal(model(text), expected(text))
    assert model.config == config
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())
    assert (identifier(model.state_dict()) == identifier(source.state_dict())) == (tag == "fp32")


def test_a_manifest_is_small_and_says_what_the_model_is(published: Path) -> None:
    """Everything that a reader needs before fetching the weights is in under 4 KB."""
    assert published.stat().st_size < 2_000
    found = fields(published)
    assert {name: found[name] for name in ("schema", "name", "tokenizer", "quantisation", "hidden_size", "layers")} == {
        "schema": "bets-manifest/1",
        "name": "programmer",
        "tokenizer": "bytes",
        "quantisation": "int8",
        "hidden_size": 16,
        "layers": 2,
    }
    assert found["adapter"] == {"base": found["model_id"], "kind": "norm", "gains": 80}
    assert found["weights"]["bytes"] == weights(published).stat().st_size


def test_publishing_twice_gives_the_same_bytes(published: Path, tmp_path: Path, small: FractalMoE) -> None:
    """One model, one tag, one author: one manifest, one file of weights, and no draft."""
    before = published.read_bytes()
    assert publish(tmp_path, small, "programmer", "int8", AUTHOR).read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 2


def test_the_identifier_is_of_the_weights_and_their_names(small: FractalMoE) -> None:
    """Another value, or the same values in another shape, is another model."""
    other = FractalMoE(SMALL, seeding.torch_generator(8, "weights"))
    assert identifier(small.state_dict()) != identifier(other.state_dict())
    other.load_state_dict(small.state_dict())
    assert identifier(small.state_dict()) == identifier(other.state_dict())


@given(at=st.integers(0, 1 << 30), change=st.integers(1, 255))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_byte_of_a_manifest_can_change(published: Path, at: int, change: int) -> None:
    """Each field, name, space and digit of the signature is covered."""
    raw = bytearray(published.read_bytes())
    raw[at % len(raw)] ^= change
    tampered = published.with_name("tampered.json")
    tampered.write_bytes(raw)
    with pytest.raises(ManifestError, match=r"tampered.json: found .*, expected"):
        open_manifest(tampered, AUTHOR.public_key)


@given(at=st.integers(0, 1 << 30), change=st.integers(1, 255))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_byte_of_the_weights_can_change(published: Path, at: int, change: int) -> None:
    """Header, codes and scales: the hash covers them all, and both hashes are named."""
    file = weights(published)
    raw = file.read_bytes()
    place = at % len(raw)
    file.write_bytes(raw[:place] + bytes([raw[place] ^ change]) + raw[place + 1 :])
    with pytest.raises(ManifestError, match=rf"{file.name}: found .* of sha256 .*, expected sha256 {file.stem}"):
        open_manifest(published, AUTHOR.public_key)
    file.write_bytes(raw)


@pytest.mark.parametrize("kept", [0, 1, 8, 500, -1])
def test_truncated_files_are_refused(published: Path, kept: int) -> None:
    """Weights and manifest alike; of weights the sizes are named."""
    file = weights(published)
    raw = file.read_bytes()
    file.write_bytes(raw[:kept])
    with pytest.raises(ManifestError, match=rf"{file.name}: found {len(raw[:kept])} bytes, expected {len(raw)} bytes"):
        open_manifest(published, AUTHOR.public_key)
    file.unlink()
    with pytest.raises(ManifestError, match=rf"{file.name}: found no readable file .*, expected a file of sha256"):
        open_manifest(published, AUTHOR.public_key)
    published.write_bytes(published.read_bytes()[:kept])
    with pytest.raises(ManifestError, match=published.name):
        open_manifest(published, AUTHOR.public_key)


@pytest.mark.parametrize("raw", [b"[" * 4000, b"[]", b"{}", b"1" * 4000, b"{" * 5000, b"\xff", b'{"signature": 1}'])
def test_bytes_that_are_no_manifest_are_refused(tmp_path: Path, raw: bytes) -> None:
    """Whatever the parser meets is an error of this class."""
    (tmp_path / "odd.json").write_bytes(raw)
    with pytest.raises(ManifestError, match=r"odd\.json: found .*, expected"):
        open_manifest(tmp_path / "odd.json", AUTHOR.public_key)


def test_another_key_is_refused(published: Path) -> None:
    """The caller chooses the keys to trust; bytes that are not a key are refused."""
    for key in (identity("other", 1).public_key, b"", b"short"):
        with pytest.raises(ManifestError, match="found a signature that does not hold, expected one by"):
            open_manifest(published, key)


def test_the_signature_of_another_manifest_is_refused(published: Path, tmp_path: Path, small: FractalMoE) -> None:
    """A signature holds over one manifest."""
    other = publish(tmp_path, small, "novelist", "int8", AUTHOR)
    published.write_bytes(canonical({**fields(published), "signature": fields(other)["signature"]}))
    with pytest.raises(ManifestError, match="does not hold"):
        open_manifest(published, AUTHOR.public_key)


@pytest.mark.parametrize("field", ["schema", "model_id", "layers", "norm_eps", "weights", "adapter", "tokenizer"])
def test_a_missing_field_is_refused_though_it_is_signed(published: Path, field: str) -> None:
    """There are no defaults to fall back to."""
    sign(published, **{field: None})
    with pytest.raises(ManifestError, match=r"found fields .*, expected fields"):
        open_manifest(published, AUTHOR.public_key)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"extra": 1}, "found fields .*extra.*, expected fields"),
        ({"schema": "bets-manifest/2"}, "found schema 'bets-manifest/2', expected schema 'bets-manifest/1'"),
        ({"tokenizer": "words"}, "found tokenizer 'words', expected tokenizer 'bytes'"),
        ({"quantisation": "int4"}, "found quantisation 'int4'"),
        ({"quantisation": "fp16"}, "found weights of .* bytes, expected .* bytes and a header, by its fields"),
        ({"hidden_size": 32}, "found adapter .*80.*, expected adapter .*160"),
        ({"layers": 1}, "found adapter .*80.*, expected adapter .*48"),
        ({"heads": 3}, "found heads 3, expected heads half of which divide 16"),
        ({"experts": 10**12}, "found experts 1000000000000, expected experts a whole number from 1 to 65536"),
        ({"expert_width": 65_536}, "found weights of .* bytes, expected"),
        ({"context": 0}, "found context 0, expected context a whole number"),
        ({"context": True}, "found context True, expected context a whole number"),
        ({"layers": -1}, "found layers -1, expected layers a whole number"),
        ({"active_experts": 4}, "found active_experts 4, expected active_experts at most 3"),
        ({"rope_base": "10"}, "found rope_base '10', expected rope_base a number above 0"),
        ({"norm_eps": float("nan")}, "found norm_eps nan, expected norm_eps a number above 0"),
        ({"name": "../programmer"}, r"found name '\.\./programmer', expected name that is a plain file name"),
        ({"model_id": "0" * 63}, "found model_id '0{63}', expected model_id in hexadecimal"),
        ({"adapter": {"base": "0" * 64, "kind": "norm", "gains": 80}}, "found adapter"),
        ({"adapter": []}, r"found adapter \[\], expected adapter \['base', 'gains', 'kind'\]"),
    ],
)
def test_absurd_fields_are_refused_though_they_are_signed(
    published: Path, changes: dict[str, object], message: str
) -> None:
    """A signature says who wrote a field, not that it is true; no size is allocated before the file has it."""
    sign(published, **changes)
    with pytest.raises(ManifestError, match=message):
        open_manifest(published, AUTHOR.public_key)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("file", "../weights.safetensors", r"found weights\.file '\.\./weights\.safetensors', expected .* plain"),
        ("file", "/etc/passwd", r"found weights\.file '/etc/passwd'"),
        ("file", ".", r"found weights\.file '\.'"),
        ("file", 7, r"found weights\.file 7"),
        ("sha256", "0" * 64, "found .* bytes of sha256 .*, expected sha256 0{64}"),
        ("sha256", "xyz", r"found weights\.sha256 'xyz', expected"),
        ("bytes", 1 << 60, r"found weights of 1152921504606846976 bytes, expected"),
        ("bytes", "many", r"found weights\.bytes 'many'"),
        ("bytes", 7000, "found .* bytes, expected"),
    ],
)
def test_a_signed_manifest_of_other_weights_is_refused(
    published: Path, field: str, value: object, message: str
) -> None:
    """The file must lie beside the manifest, and have the size and the hash."""
    sign(published, weights={**fields(published)["weights"], field: value})
    with pytest.raises(ManifestError, match=message):
        open_manifest(published, AUTHOR.public_key)


def test_whole_weights_of_another_model_are_refused(published: Path, tmp_path: Path) -> None:
    """Hash and size may be right and the model still not the one that is named."""
    other = FractalMoE(SMALL, seeding.torch_generator(9, "weights"))
    path = publish(tmp_path, other, "other", "int8", AUTHOR)
    sign(published, weights=fields(path)["weights"])
    with pytest.raises(ManifestError, match=r"found model .*, expected model"):
        open_manifest(published, AUTHOR.public_key)


def test_a_name_that_leaves_its_folder_is_not_published(tmp_path: Path, small: FractalMoE) -> None:
    """The message shows the name."""
    with pytest.raises(ValueError, match=r"found the name '\.\./x', expected letters"):
        publish(tmp_path, small, "../x", "fp32", AUTHOR)
    assert not list(tmp_path.iterdir())


def test_every_error_says_file_found_and_expected(published: Path) -> None:
    """Also to programs."""
    weights(published).write_bytes(b"")
    with pytest.raises(ManifestError) as caught:
        open_manifest(published, AUTHOR.public_key)
    assert caught.value.file == weights(published)
    assert caught.value.found == "0 bytes"
    assert caught.value.expected == f"{fields(published)['weights']['bytes']} bytes"
    assert manifests.LARGEST == 4_096
