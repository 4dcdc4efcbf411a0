"""Bases: trained once by the plan that a bet declares, apart from the specialists, resumed where they were killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from bets.lab import bases, corpus, specialists, training
from bets.lab.artifacts import manifests, weights
from bets.lab.model import SIZES
from bets.lab.texts import authors

ROOT = Path(bases.__file__).parents[2]
TEXT = b"".join(path.read_bytes() for path in sorted((ROOT / "bets" / "lab" / "texts" / "novelist").glob("0*.txt")))
"""What the bases of these tests are trained on: no corpus, which takes longer to read than a tiny base to train."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache with one tiny base in it."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BETS_CACHE", str(cache))
        patch.setattr(specialists.Recipe, "text", lambda _self: TEXT)
        bases.load("novelist", "tiny", "short")
        yield cache


def folder(cache: Path) -> Path:
    (found,) = cache.iterdir()
    return found


@pytest.mark.usefixtures("trained")
def test_a_base_comes_frozen_and_the_same_at_every_load() -> None:
    one, other = (bases.load("novelist", "tiny") for _ in range(2))
    assert not any(parameter.requires_grad for parameter in one.parameters())
    assert one.config == SIZES["tiny"]
    assert weights.identifier(one.state_dict()) == weights.identifier(other.state_dict())
    assert bases.identifier("novelist", "tiny") == weights.identifier(one.state_dict())


@pytest.mark.usefixtures("trained")
def test_a_base_has_learnt_something_of_its_author() -> None:
    assert training.bits_per_byte(training.loss(bases.load("novelist", "tiny"), TEXT[:4_000])) < 5


@pytest.mark.usefixtures("trained")
def test_a_record_can_say_of_which_base_and_texts_it_is() -> None:
    origin = bases.origin("tiny", "short", ["novelist"], ["novelist"], ["anyio"])
    assert origin == {
        "models": f"novelist {bases.identifier('novelist', 'tiny')}",
        "texts": f"novelist {corpus.load('novelist').sha256}, anyio {authors.load('anyio').sha256}",
    }


SLOWLY = """
    import sys, time
    from pathlib import Path
    from bets.lab import bases, specialists
    from bets.lab.recipe import pretraining
    specialists.Recipe.text = lambda _self: Path(sys.argv[2]).read_bytes()
    bases.EVERY, kept = 0.0, 5
    steps = pretraining.steps

    def slowly(*arguments):
        for step, loss in enumerate(steps(*arguments)):
            if step > kept:  # there is a checkpoint by now
                time.sleep(float(sys.argv[1]))
            yield loss

    pretraining.steps = slowly
    bases.load("novelist", "tiny")
"""


def test_a_killed_training_is_resumed_to_the_same_weights(trained: Path, tmp_path: Path) -> None:
    cache, text = tmp_path / "cache", tmp_path / "text"
    text.write_bytes(TEXT)

    def start(pause: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "BETS_CACHE": str(cache), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", textwrap.dedent(SLOWLY), pause, str(text)]
        return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)

    killed = start("600")
    while not list(cache.glob("*/checkpoint.pt")):
        assert killed.poll() is None
        time.sleep(0.01)
    waiting = start("0")
    assert waiting.stderr is not None
    said = waiting.stderr.readline()
    assert said == "bets: another process trains the base novelist (tiny, short): waiting for it\n"
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    waiting.communicate()
    assert waiting.returncode == 0
    names = {path.name for path in folder(cache).iterdir()}
    assert "checkpoint.pt" not in names
    manifest = json.loads((folder(cache) / "novelist-fp32.json").read_text())
    assert manifest["model_id"] == json.loads((folder(trained) / "novelist-fp32.json").read_text())["model_id"]


def test_another_plan_text_shape_or_precision_is_another_base(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = bases.PLANS["short"]["tiny"]
    keys = {
        bases._key("novelist", "tiny", plan, b"text"),
        bases._key("general", "tiny", plan, b"text"),
        bases._key("novelist", "30m", plan, b"text"),
        bases._key("novelist", "tiny", plan, b"another text"),
        bases._key("novelist", "tiny", bases.PLANS["long"]["tiny"], b"text"),
        bases._key("novelist", "tiny", replace(plan, balance=0.0), b"text"),
        bases._key("novelist", "tiny", replace(plan, matrix_decay=0.1), b"text"),
        specialists._key("novelist", "tiny", b"text"),
    }
    monkeypatch.setattr(bases, "_precision", lambda _size: "another")
    keys.add(bases._key("novelist", "tiny", plan, b"text"))
    assert len(keys) == 9


def test_long_is_short_with_ten_times_the_steps_and_a_decay() -> None:
    for size, short in bases.PLANS["short"].items():
        more = replace(short, steps=10 * short.steps, warmup=10 * short.warmup, matrix_decay=bases.DECAY)
        assert bases.PLANS["long"][size] == more
    assert bases.TRAININGS == ("short", "long")


def test_the_base_for_authors_reads_source_and_prose_and_nothing_of_them() -> None:
    assert bases.TEXTS["python"].texts == {"programmer": 1, "general": 1}
    author = authors.load("anyio")
    judged = corpus.lines((author.held_out + author.validation).decode())
    for name in bases.TEXTS["python"].texts:
        assert not judged & corpus.lines(corpus.load(name).train.decode())


def test_the_specialists_keep_their_recipes() -> None:
    """What recorded bets were declared with: a base is beside it, and never instead."""
    assert specialists.BUDGETS["30m"] == training.Budget(
        1_600, 8, 256, 2e-3, warmup=40, final=0.05, betas=(0.9, 0.95), weight_decay=0.1, clip=1.0
    )
    assert set(specialists.RECIPES) == {"programmer", "scientist", "novelist", "general"}
    assert set(bases.NAMES) == {*specialists.RECIPES, "python"}


@pytest.mark.parametrize(
    ("name", "size", "plan", "message"),
    [
        ("pyton", "tiny", "short", r"no base 'pyton': there are .*; did you mean 'python'\?"),
        ("python", "30M", "short", r"no size '30M': there are 30m, tiny; did you mean '30m'\?"),
        ("python", "tiny", "shrt", r"no training 'shrt': there are short, long; did you mean 'short'\?"),
    ],
)
def test_unknown_names_get_the_nearest(name: str, size: str, plan: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        bases.load(name, size, plan)


@pytest.mark.usefixtures("trained")
def test_the_command_says_how_well_a_base_compresses(capsys: pytest.CaptureFixture[str]) -> None:
    bases.main(["novelist", "--size", "tiny"])
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("novelist, short, on novelist ")
    assert second.startswith("novelist, short, on general ")
    assert "bits/byte, xz -9e 2.9" in first


def test_a_manifest_of_a_base_is_signed_by_the_laboratory(trained: Path) -> None:
    (path,) = folder(trained).glob("*.json")
    assert manifests.open_manifest(path, specialists.AUTHOR.public_key).config == SIZES["tiny"]


@pytest.mark.parametrize("module", [bases, specialists])
def test_the_commands_name_the_nearest_model(module: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        module.main(["novelst"])
    assert "did you mean 'novelist'?" in capsys.readouterr().err
