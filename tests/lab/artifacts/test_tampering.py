"""The tamperer: it really changes what it claims to, and puts everything back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bets.lab import seeding
from bets.lab.artifacts import manifests, tampering
from bets.lab.artifacts.identity import identity
from bets.lab.model import SIZES, FractalMoE

AUTHOR = identity("author", 1)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    model = FractalMoE(SIZES["tiny"], seeding.torch_generator(1, "weights"))
    return manifests.publish(tmp_path, model, "programmer", "int8", AUTHOR)


def test_every_field_and_both_files_are_tampered_with(published: Path) -> None:
    manifest = json.loads(published.read_bytes())
    cases = list(tampering.tampered(published, 5))
    changed = [content for file, content in cases if file == published]
    assert len(changed) == len(set(changed)) == len(manifest) + len(manifest["weights"]) + 1
    weights = [content for file, content in cases if file != published]
    assert len(weights) == len(set(weights)) == 6
    assert all(content != file.read_bytes() for file, content in cases)


def test_what_is_untouched_is_accepted_and_nothing_else(published: Path) -> None:
    before = {path: path.read_bytes() for path in published.parent.iterdir()}
    assert tampering.accepted(published, published, published.read_bytes(), AUTHOR)
    assert not any(tampering.accepted(published, *case, AUTHOR) for case in tampering.tampered(published, 3))
    assert not tampering.accepted(published, published, published.read_bytes(), identity("stranger", 1))
    assert {path: path.read_bytes() for path in published.parent.iterdir()} == before
