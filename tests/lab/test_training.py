"""Training: the loss by its definition, two runs bitwise equal, and a killed one that ends as if it had not been."""

from __future__ import annotations

import math
import resource
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from bets.lab import pinning, seeding, training
from bets.lab.artifacts import files
from bets.lab.model import SIZES, FractalMoE
from bets.lab.training import Budget
from tests.lab.shown import calling

TINY = SIZES["tiny"]
TEXT = bytes(range(32, 127)) * 40
BUDGET = Budget(steps=6, batch=2, length=32, learning_rate=1e-2)


def fresh(seed: int = 7) -> FractalMoE:
    return FractalMoE(TINY, seeding.torch_generator(seed, "weights"))


def draws(seed: int = 3) -> torch.Generator:
    return seeding.torch_generator(seed, "windows")


def same(one: FractalMoE, other: FractalMoE) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize("size", [2, 100, 257, 258, 1_000])
def test_the_loss_is_the_mean_over_every_byte_but_the_first(size: int) -> None:
    """Against its definition: each byte by itself, from those before it in its window of 256."""
    model, text = fresh().requires_grad_(False), (TEXT * 2)[:size]
    nats = 0.0
    for place in range(1, size):
        start = (place - 1) // 256 * 256
        logits = model(training.tokens(text[start:place])[None])[0, -1]
        nats -= float(logits.log_softmax(-1)[text[place]])
    assert training.loss(model, text, size=3) == pytest.approx(nats / (size - 1), rel=1e-5)


@given(st.integers(2, 2_000), st.integers(1, 300), st.integers(1, 5))
def test_windows_hold_every_byte_once_and_the_byte_behind_it(size: int, length: int, most: int) -> None:
    data = torch.arange(size)
    batches = list(training.windows(data, length, most))
    assert torch.cat([inputs.flatten() for inputs, _ in batches]).tolist() == list(range(size - 1))
    assert all(torch.equal(inputs + 1, targets) for inputs, targets in batches)
    assert all(inputs.shape[0] <= most and inputs.shape[1] <= length for inputs, _ in batches)


def test_a_batch_is_windows_of_the_text_and_what_follows() -> None:
    inputs, targets = training.batch(training.tokens(TEXT), BUDGET, draws())
    assert inputs.shape == targets.shape == (2, 32)
    assert torch.equal(inputs[:, 1:], targets[:, :-1])
    assert all(bytes(row.tolist()) in TEXT for row in inputs)


def test_a_text_shorter_than_a_window_is_refused() -> None:
    with pytest.raises(ValueError, match="a text of 32 bytes has no window of 32 and the byte behind it"):
        training.train(fresh(), TEXT[:32], BUDGET, draws())


@pytest.mark.parametrize("text", [b"", b"a"])
def test_a_text_of_which_nothing_can_be_predicted_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=f"found a text of {len(text)} bytes, expected at least 2"):
        training.loss(fresh(), text)


def test_an_empty_text_has_no_tokens() -> None:
    with pytest.raises(ValueError, match="found a text of 0 bytes, expected at least 1"):
        training.tokens(b"")


def test_the_rate_rises_along_a_line_and_falls_along_a_cosine() -> None:
    budget = Budget(steps=100, warmup=10, final=0.1, learning_rate=1.0)
    rates = [training.rate(budget, step) for step in range(100)]
    assert rates[:10] == pytest.approx([0.1 * step for step in range(1, 11)])
    assert rates[10] == 1.0
    assert rates[55] == pytest.approx(0.55)
    assert all(before > after for before, after in pairwise(rates[10:]))
    assert rates[-1] == pytest.approx(0.1, abs=1e-3)
    assert {training.rate(Budget(), step) for step in range(100)} == {5e-5}


def test_a_step_is_adamw_by_its_definition() -> None:
    """One step of a fresh AdamW moves every weight by the rate, against the sign of its gradient, after the decay."""
    budget = replace(BUDGET, steps=1, weight_decay=0.1)
    model, before = fresh(), fresh()
    inputs, targets = training.batch(training.tokens(TEXT), budget, draws())
    logits = before(inputs).flatten(0, 1)
    torch.autograd.backward(torch.nn.functional.cross_entropy(logits, targets.flatten()))
    training.train(model, TEXT, budget, draws())
    for name, parameter in before.named_parameters():
        gradient = parameter.grad
        assert gradient is not None
        decay = 0.1 * budget.learning_rate * (parameter.ndim > 1)
        expected = parameter * (1 - decay) - budget.learning_rate * gradient / (gradient.abs() + 1e-8)
        assert torch.allclose(model.get_parameter(name), expected, atol=1e-6), name


def test_training_learns_the_text() -> None:
    model = fresh()
    losses = training.train(model, TEXT, replace(BUDGET, steps=60, batch=8), draws())
    assert losses[0] == pytest.approx(math.log(256), abs=0.1)
    assert training.loss(model, TEXT[:500]) < losses[0] / 2


def test_two_runs_are_bitwise_equal() -> None:
    one, other = fresh(), fresh()
    assert training.train(one, TEXT, BUDGET, draws()) == training.train(other, TEXT, BUDGET, draws())
    assert same(one, other)


def displacement(clip: float | None) -> torch.Tensor:
    """By what one step of plain gradient descent at a rate of 0.5 moves all weights."""
    model, budget = fresh(), Budget(steps=1, batch=2, length=32, learning_rate=0.5, clip=clip)
    (_,) = training.steps(model, TEXT, budget, draws(), torch.optim.SGD(model.parameters(), lr=0.5))
    moved = nn.utils.parameters_to_vector(model.parameters()) - nn.utils.parameters_to_vector(fresh().parameters())
    return moved.detach().double()


def test_clipping_shortens_the_gradient_to_its_bound_and_keeps_its_direction() -> None:
    """Without momentum a step is the rate times the gradient, which is left as it is where it is short enough."""
    plain, clipped = displacement(None), displacement(0.1)
    length = float(plain.norm())
    assert length > 2 * 0.5 * 0.1
    assert float(clipped.norm()) == pytest.approx(0.5 * 0.1, rel=1e-4)
    torch.testing.assert_close(clipped / clipped.norm(), plain / length, rtol=0, atol=1e-5)
    assert torch.equal(displacement(2 * length / 0.5), plain)


def test_a_loss_that_is_not_finite_stops_the_training_and_names_the_step() -> None:
    model = fresh()
    with torch.no_grad():
        model.get_parameter("head.weight")[0, 0] = math.nan
    before = model.get_parameter("embed.weight").clone()
    with pytest.raises(training.DivergedError, match="the loss of step 1 of 6 is nan"):
        training.train(model, TEXT, BUDGET, draws())
    assert torch.equal(model.get_parameter("embed.weight"), before)


@pytest.mark.parametrize("steps", [1, 2])
def test_weights_that_the_last_step_made_not_finite_are_an_error_as_well(steps: int) -> None:
    """No loss is computed behind it that would show them; a rate that is infinite only then makes them."""
    budget = replace(BUDGET, steps=steps)

    def rate(_budget: Budget, step: int) -> float:
        return math.inf if step == steps - 1 else 1e-3

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "rate", rate)
        with pytest.raises(training.DivergedError, match=f"the weights after step {steps} of {steps} are not finite"):
            training.train(fresh(), TEXT, budget, draws())


def test_progress_gets_every_step_and_its_loss() -> None:
    reported: list[tuple[int, float]] = []
    with calling(lambda step, loss: reported.append((step, loss))):
        losses = training.train(fresh(), TEXT, BUDGET, draws())
    assert reported == list(enumerate(losses, start=1))


@pytest.mark.parametrize("stopped_after", [1, 2, 3, 5])
def test_a_training_that_was_stopped_ends_as_if_it_had_not_been(tmp_path: Path, stopped_after: int) -> None:
    whole, interrupted = fresh(), fresh()
    losses = training.train(whole, TEXT, BUDGET, draws())

    def stop(step: int, _loss: float) -> None:
        if step == stopped_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), calling(stop):
        training.train(interrupted, TEXT, BUDGET, draws(), checkpoint=tmp_path / "c", every=2)
    resumed = fresh()
    assert training.train(resumed, TEXT, BUDGET, draws(), checkpoint=tmp_path / "c", every=2) == losses
    assert same(resumed, whole)


KILLED = """
    import sys, time
    from pathlib import Path
    from bets.lab import pinning, training
    from tests.lab.shown import calling
    from tests.lab.test_training import BUDGET, TEXT, draws, fresh

    def slowly(step, loss):
        print(step, flush=True)
        time.sleep(0.05)

    with pinning.threads(1), calling(slowly):
        training.train(fresh(), TEXT, BUDGET, draws(), checkpoint=Path(sys.argv[1]), every=1)
"""


def test_a_killed_training_resumes_from_its_last_checkpoint_bitwise(tmp_path: Path) -> None:
    checkpoint = tmp_path / "c"
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(KILLED), str(checkpoint)], stdout=subprocess.PIPE)
    while not checkpoint.exists() and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    resumed, whole = fresh(), fresh()
    steps: list[int] = []
    with calling(lambda step, _: steps.append(step)):
        training.train(resumed, TEXT, BUDGET, draws(), checkpoint=checkpoint)
    training.train(whole, TEXT, BUDGET, draws())
    assert steps[0] > 1
    assert same(resumed, whole)


def test_a_disk_that_is_full_leaves_the_last_checkpoint_whole(tmp_path: Path) -> None:
    path = tmp_path / "c"
    files.write(path, b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
        with pytest.raises(OSError, match="File too large; what lay there before is untouched") as caught:
            files.write(path, b"n" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["c"]


def test_units_of_loss() -> None:
    assert training.bits_per_byte(math.log(256)) == pytest.approx(8)
    assert training.perplexity(math.log(256)) == pytest.approx(256)
    assert math.isnan(training.perplexity(math.nan))
    assert training.perplexity(1e6) == math.inf


def test_threads_are_put_back() -> None:
    before = torch.get_num_threads()
    with pinning.threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
