"""Specialists: trained once, by the first process that asks; never half-written; always as trained."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from bets.lab import corpus, pinning, provenance, specialists, training
from bets.lab.artifacts import manifests, weights
from bets.lab.artifacts.identity import Identity
from bets.lab.artifacts.manifests import ManifestError
from bets.lab.model import SIZES, FractalMoE

ROOT = Path(specialists.__file__).parents[2]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache with one tiny specialist in it."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BETS_CACHE", str(cache))
        specialists.load("novelist", "tiny")
        yield cache


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BETS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def folder(cache: Path) -> Path:
    (found,) = cache.iterdir()
    return found


def start(code: str, cache: Path, *arguments: str, **settings: str) -> subprocess.Popen[str]:
    """Start a process that trains or loads the novelist, on the text that this process has read."""
    text = cache.parent / "text"
    if not text.exists():
        text.write_bytes(specialists.RECIPES["novelist"].text())
    environment = {**os.environ, "BETS_CACHE": str(cache), "PYTHONPATH": str(ROOT), "TEXT": str(text), **settings}
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # no terminal, even where these tests have one
    )


TEXT = """
    import os
    from pathlib import Path
    from bets.lab import specialists
    specialists.Recipe.text = lambda _self: Path(os.environ["TEXT"]).read_bytes()
"""
"""Takes the text of a recipe from a file: each process makes the same (test_corpus.py), and takes seconds for it."""
LOAD = f"""{TEXT}
    from bets.lab.artifacts import weights
    print(weights.identifier(specialists.load("novelist", "tiny").state_dict()))
"""
MANIFEST = "novelist-fp32.json"
SLOWLY = f"""{TEXT}
    import time
    from bets.lab import progress, training
    specialists.EVERY, progress.LINES = 5, 0.5
    steps, allowed = training.steps, os.environ.get("ALLOWED", os.devnull)

    def slowly(*arguments):
        for step, loss in enumerate(steps(*arguments)):
            time.sleep(0.05)
            while step == 10 and not os.path.exists(allowed):
                time.sleep(0.05)
            yield loss

    training.steps = slowly
    specialists.load("novelist", "tiny")
"""
"""Trains slowly, and goes on after ten steps once the file that ALLOWED names is there."""


def manifest(cache: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder(cache) / MANIFEST).read_text())
    return found


def identity(cache: Path) -> str:
    return str(manifest(cache)["model_id"])


@pytest.fixture
def copied(empty: Path, trained: Path) -> Path:
    """The folder of a specialist in a cache that a test may spoil."""
    copy = empty / folder(trained).name
    shutil.copytree(folder(trained), copy)
    return copy


@pytest.mark.usefixtures("trained")
def test_a_specialist_comes_frozen_and_the_same_at_every_load() -> None:
    one, other = (specialists.load("novelist", "tiny") for _ in range(2))
    assert not any(parameter.requires_grad for parameter in one.parameters())
    assert weights.identifier(one.state_dict()) == weights.identifier(other.state_dict())


def test_a_record_can_say_of_which_model_and_text_it_is(trained: Path) -> None:
    """By content: the id is that of the weights, the hash that of the corpus, a part of a text has its own."""
    origin = provenance.of("tiny", ["novelist"], ["novelist", "programmer"])
    assert origin["models"] == f"novelist {weights.identifier(specialists.load('novelist', 'tiny').state_dict())}"
    assert origin["models"] == f"novelist {identity(trained)}"
    texts = [corpus.load(name).sha256 for name in ("novelist", "programmer")]
    assert origin["texts"] == f"novelist {texts[0]}, programmer {texts[1]}"
    part = provenance.of("tiny", [], ["programmer"], "docs")
    assert part == {"models": "", "texts": f"programmer/docs {corpus.load('programmer', 'docs').sha256}"}


@pytest.mark.usefixtures("trained")
def test_a_specialist_has_learnt_something_of_its_author() -> None:
    model = specialists.load("novelist", "tiny")
    held_out = corpus.load("novelist").held_out[:4_000]
    assert training.bits_per_byte(training.loss(model, held_out)) < 5


def test_training_again_gives_the_same_weights(trained: Path, empty: Path) -> None:
    specialists.load("novelist", "tiny")
    assert identity(empty) == identity(trained)


@pytest.mark.usefixtures("empty")
def test_the_threads_of_the_caller_neither_matter_nor_change() -> None:
    before = torch.get_num_threads()
    with pinning.threads(1):
        one = weights.identifier(specialists.load("programmer", "tiny").state_dict())
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
    assert one != weights.identifier(specialists.load("novelist", "tiny").state_dict())


def test_another_recipe_text_or_shape_is_another_model(monkeypatch: pytest.MonkeyPatch) -> None:
    own = specialists._key("novelist", "tiny", b"text")
    keys = {own, specialists._key("general", "tiny", b"text"), specialists._key("novelist", "30m", b"text")}
    keys.add(specialists._key("novelist", "tiny", b"another text"))
    monkeypatch.setitem(specialists.BUDGETS, "tiny", replace(specialists.BUDGETS["tiny"], steps=61))
    keys.add(specialists._key("novelist", "tiny", b"text"))
    assert len(keys) == 5
    assert SIZES["tiny"] != SIZES["30m"]


def training_held(cache: Path, allowed: Path) -> subprocess.Popen[str]:
    """A process that trains, has left a checkpoint, and waits in the middle of it."""
    process = start(SLOWLY, cache, ALLOWED=str(allowed))
    while not list(cache.glob("*/checkpoint.pt")):
        assert process.poll() is None
        time.sleep(0.01)
    return process


def waiting_for_it(cache: Path) -> subprocess.Popen[str]:
    """A process that wants the same specialist, and has said that it waits."""
    process = start(LOAD, cache)
    assert process.stderr is not None
    said = process.stderr.readline()
    assert said == "bets: another process trains the specialist novelist (tiny): waiting for it\n"
    return process


def test_two_processes_train_it_once_and_the_second_waits(empty: Path, trained: Path, tmp_path: Path) -> None:
    first = training_held(empty, tmp_path / "allowed")
    second = waiting_for_it(empty)
    (tmp_path / "allowed").touch()
    printed, errors = second.communicate()
    assert "training novelist" not in errors
    assert printed.strip() == identity(trained)
    assert "bets: training novelist tiny: 100%" in first.communicate()[1]
    assert first.returncode == 0


def test_a_killed_training_leaves_no_model_and_the_next_goes_on_from_its_checkpoint(empty: Path, trained: Path) -> None:
    killed = start(SLOWLY, empty)
    while not list(empty.glob("*/checkpoint.pt")):
        assert killed.poll() is None
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert not (folder(empty) / MANIFEST).exists()
    losses = torch.load(folder(empty) / "checkpoint.pt", weights_only=True)["losses"]
    assert 5 <= len(losses) < specialists.BUDGETS["tiny"].steps
    printed, errors = start(LOAD, empty).communicate()
    assert printed.strip() == identity(trained)
    assert "waiting" not in errors
    published = {MANIFEST, manifest(empty)["weights"]["file"]}
    assert {path.name for path in folder(empty).iterdir()} == {"lock", *published}


def test_one_who_waits_takes_over_from_a_killed_one(empty: Path, trained: Path, tmp_path: Path) -> None:
    killed = training_held(empty, tmp_path / "never")
    waiting = waiting_for_it(empty)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    printed, errors = waiting.communicate()
    assert printed.strip() == identity(trained), errors


@pytest.mark.parametrize("place", [0, 9, 200, -1])
def test_one_wrong_byte_is_an_error_that_names_the_file_and_both_hashes(copied: Path, place: int) -> None:
    (weights_file,) = copied.glob("*.safetensors")
    data = bytearray(weights_file.read_bytes())
    data[place] ^= 1
    weights_file.write_bytes(data)
    with pytest.raises(ManifestError) as caught:
        specialists.load("novelist", "tiny")
    found = hashlib.sha256(data).hexdigest()
    assert str(caught.value) == (
        f"{weights_file}: found {len(data)} bytes of sha256 {found}, "
        f"expected sha256 {weights_file.stem}; delete {copied} to train it anew"
    )


def test_weights_that_are_cut_off_are_an_error_that_names_both_lengths(copied: Path) -> None:
    (weights_file,) = copied.glob("*.safetensors")
    data = weights_file.read_bytes()
    weights_file.write_bytes(data[:-1])
    with pytest.raises(ManifestError, match=f"found {len(data) - 1} bytes, expected {len(data)} bytes; delete "):
        specialists.load("novelist", "tiny")


def test_weights_that_are_gone_are_an_error(copied: Path) -> None:
    (weights_file,) = copied.glob("*.safetensors")
    weights_file.unlink()
    with pytest.raises(
        ManifestError, match=r"found no readable file \(No such file .*\), .*; delete .* to train it anew"
    ):
        specialists.load("novelist", "tiny")


def test_a_manifest_of_another_size_is_an_error_that_says_both_shapes(copied: Path) -> None:
    other = replace(SIZES["tiny"], blocks=3)
    manifests.publish(copied, FractalMoE(other, torch.Generator()), "novelist", "fp32", specialists.AUTHOR)
    with pytest.raises(ManifestError) as caught:
        specialists.load("novelist", "tiny")
    assert f"found a model of {other}, expected one of {SIZES['tiny']}; delete " in str(caught.value)


def test_a_manifest_that_another_signed_is_refused(copied: Path) -> None:
    stranger = Identity.generate("stranger")
    manifests.publish(copied, specialists.load("novelist", "tiny"), "novelist", "fp32", stranger)
    with pytest.raises(ManifestError, match="found a signature that does not hold, expected one by the Ed25519 key"):
        specialists.load("novelist", "tiny")


def test_unknown_names_get_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"no specialist 'novellist': there are .*; did you mean 'novelist'\?"):
        specialists.load("novellist", "tiny")
    with pytest.raises(ValueError, match=r"no size '30M': there are 30m, tiny; did you mean '30m'\?"):
        specialists.load("novelist", "30M")


IN_A_TEST = """
    import pty, sys, textwrap
    from pathlib import Path

    Path(sys.argv[1], "test_one.py").write_text("def test_one():\\n" + textwrap.indent(sys.argv[2], "    "))
    pty.spawn([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", sys.argv[1]])
"""


def test_progress_is_seen_on_the_terminal_though_pytest_captures_stderr(empty: Path, tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "pytest.ini").write_text("[pytest]\n")
    shown = start(IN_A_TEST, empty, str(tmp_path / "project"), textwrap.dedent(SLOWLY)).communicate()[0]
    assert "bets: training novelist tiny: " in shown
    assert "bits/byte" in shown
    assert "1 passed" in shown


FULL_DISK = f"""{TEXT}
    import resource, signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))
    specialists.EVERY = 5
    specialists.load("novelist", "tiny")
"""


def test_a_disk_that_is_full_is_one_clear_error_and_leaves_nothing_half(empty: Path, trained: Path) -> None:
    process = start(FULL_DISK, empty)
    _, errors = process.communicate()
    assert process.returncode == 1
    last = errors.strip().splitlines()[-1]
    assert "File too large; what lay there before is untouched" in last
    assert "checkpoint.pt" in last
    assert [path.name for path in folder(empty).iterdir()] == ["lock"]
    assert start(LOAD, empty).communicate()[0].strip() == identity(trained)
