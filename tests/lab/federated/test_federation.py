"""Workers that train together: against plain training, against definitions, and in real processes."""

from __future__ import annotations

import copy
import math
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from bets.lab import seeding, training
from bets.lab.federated import federation
from bets.lab.federated.exchange import Exchange, packed, through_coordinator, unpacked
from bets.lab.federated.federation import Outer
from bets.lab.model import SIZES, FractalMoE
from bets.lab.robust import aggregation, attacks
from bets.lab.training import Budget, DivergedError

ROOT = Path(__file__).parents[3]
TEXT = bytes(range(32, 127)) * 40
BUDGET = Budget(steps=6, batch=2, length=32, learning_rate=1e-2, warmup=2, final=0.1, weight_decay=0.1, clip=1.0)
PLAIN = Outer(rate=1.0, momentum=0.0)
HOSTILE = {4: attacks.scaled}


def fresh(seed: int = 7) -> FractalMoE:
    return FractalMoE(SIZES["tiny"], seeding.torch_generator(seed, "weights"))


def directly(rule: Callable[[Tensor], Tensor] = aggregation.mean, log: list[bytes] | None = None) -> Exchange:
    """An exchange with no coordinator between the workers, which keeps the updates in a log."""

    def exchange(_name: str, updates: Sequence[bytes]) -> bytes:
        if log is not None:
            log.extend(updates)
        return packed(rule(torch.stack([torch.frombuffer(bytearray(u), dtype=torch.float32) for u in updates])))

    return exchange


def trained(workers: int, exchange: Exchange, budget: Budget = BUDGET, outer: Outer = federation.OUTER) -> FractalMoE:
    """A tiny model after DiLoCo in two rounds."""
    model = fresh()
    texts, draws = federation.shares(TEXT, workers), federation.draws(3, workers)
    federation.diloco(model, texts, budget, draws, exchange, every=3, outer=outer)
    return model


def bits(model: FractalMoE) -> bytes:
    return packed(federation.vector(model))


def close(one: FractalMoE, other: FractalMoE, rtol: float) -> None:
    """Within rtol of the largest weight, coordinate by coordinate."""
    a, b = federation.vector(one), federation.vector(other)
    torch.testing.assert_close(a, b, rtol=0, atol=rtol * float(b.abs().max()))


def step_on(
    model: FractalMoE, optimizer: torch.optim.Optimizer, step: int, batches: list[tuple[Tensor, Tensor]]
) -> float:
    """A plain step of the budget on all of these windows at once; the loss."""
    for group in optimizer.param_groups:
        group["lr"] = training.rate(BUDGET, step)
    inputs, targets = (torch.cat(parts) for parts in zip(*batches, strict=True))  # [B, T] both
    loss = nn.functional.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


@pytest.mark.parametrize("every", [1, 3, 6])
def test_one_worker_at_outer_rate_one_without_momentum_is_plain_training_to_the_bit(every: int) -> None:
    """Whatever the number of meetings: schedule, AdamW's state and the windows go on through them."""
    alone, federated = fresh(), fresh()
    losses = training.train(alone, TEXT, BUDGET, *federation.draws(3, 1))
    with through_coordinator(1, 5) as meet:
        found = federation.diloco(federated, [TEXT], BUDGET, federation.draws(3, 1), meet, every=every, outer=PLAIN)
    assert found == [losses]
    assert bits(federated) == bits(alone)


@given(st.floats(0.1, 1.0), st.floats(0.0, 0.95), st.integers(0, 99))
def test_the_outer_step_is_torchs_nesterov_sgd_on_the_mean_pseudo_gradient(
    rate: float, momentum: float, seed: int
) -> None:
    """The paper's form: each worker's difference, their mean, torch.optim.SGD(nesterov=True); within rounding."""
    generator = seeding.torch_generator(seed, "weights of workers")
    theta = torch.randn(20, generator=generator, dtype=torch.float64)
    velocity = torch.zeros_like(theta)
    reference = nn.Parameter(theta.clone())
    optimizer = torch.optim.SGD([reference], lr=rate, momentum=momentum, nesterov=momentum > 0)
    for _ in range(4):
        workers = theta + torch.randn(3, 20, generator=generator, dtype=torch.float64)
        reference.grad = (reference.detach() - workers).mean(dim=0)
        optimizer.step()
        federation.nesterov(theta, workers.mean(dim=0), velocity, Outer(rate, momentum))
        torch.testing.assert_close(theta, reference.detach(), rtol=1e-12, atol=1e-12)


def test_two_rounds_are_diloco_by_its_definition() -> None:
    """Algorithm 1 of the paper, with torch's own optimizers and pseudo-gradients, within the rounding of float32."""
    model = fresh()
    outer = torch.optim.SGD(model.parameters(), lr=0.7, momentum=0.9, nesterov=True)
    replicas = [copy.deepcopy(model) for _ in range(2)]
    inner = [training.adamw(replica, BUDGET) for replica in replicas]
    texts, draws = [TEXT[: len(TEXT) // 2], TEXT[len(TEXT) // 2 :]], federation.draws(3, 2)
    for first in (0, 3):
        for replica, optimizer, text, generator in zip(replicas, inner, texts, draws, strict=True):
            replica.load_state_dict(model.state_dict())
            for step in range(first, first + 3):
                step_on(replica, optimizer, step, [training.batch(training.tokens(text), BUDGET, generator)])
        for parameter, *theirs in zip(model.parameters(), *(r.parameters() for r in replicas), strict=True):
            parameter.grad = torch.stack([(parameter - their).detach() for their in theirs]).mean(dim=0)
        outer.step()
    close(trained(2, directly()), model, rtol=1e-5)


def test_the_order_of_the_workers_does_not_matter_beyond_rounding() -> None:
    def run(order: list[int]) -> FractalMoE:
        model, texts, draws = fresh(), federation.shares(TEXT, 3), federation.draws(3, 3)
        federation.diloco(model, [texts[i] for i in order], BUDGET, [draws[i] for i in order], directly(), every=3)
        return model

    close(run([2, 0, 1]), run([0, 1, 2]), rtol=1e-5)


@given(st.binary(max_size=50), st.integers(1, 9))
def test_shares_are_the_whole_text_in_order_and_of_one_size(text: bytes, workers: int) -> None:
    parts = federation.shares(text, workers)
    assert len(parts) == workers
    assert b"".join(parts) == text
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_each_worker_reads_only_its_own_share() -> None:
    """Another text for one worker changes what that one sends first, and nothing that the other does."""
    one, other = [list[bytes](), list[bytes]()]
    for log, second in ((one, TEXT), (other, TEXT[::-1])):
        model, draws = fresh(), federation.draws(3, 2)
        federation.diloco(model, [TEXT, second], BUDGET, draws, directly(log=log), every=3)
    assert one[0] == other[0]
    assert one[1] != other[1]
    assert len(one) == 4


RANK = """
    import os, sys, torch
    import torch.distributed as dist
    from pathlib import Path
    from bets.lab import pinning
    from bets.lab.federated import federation
    from bets.lab.robust import aggregation
    from bets.lab.federated.exchange import packed
    from tests.lab.federated.test_federation import BUDGET, TEXT, fresh

    def exchange(_name, updates):
        own = torch.frombuffer(bytearray(updates[0]), dtype=torch.float32)
        everyones = [torch.empty_like(own) for _ in range(dist.get_world_size())]
        dist.all_gather(everyones, own)
        return packed(aggregation.mean(torch.stack(everyones)))

    dist.init_process_group("gloo")
    rank, workers = dist.get_rank(), dist.get_world_size()
    model, text = fresh(), federation.shares(TEXT, workers)[rank]
    with pinning.threads(1):
        federation.diloco(model, [text], BUDGET, [federation.draws(3, workers)[rank]], exchange, every=3)
    Path(sys.argv[1], str(rank)).write_bytes(packed(federation.vector(model)))
    dist.barrier()
    dist.destroy_process_group()
    os._exit(0)  # gloo's threads may outlive the group, and abort an interpreter that they find ending
"""


def test_processes_of_torch_distributed_end_at_the_weights_of_one_process_to_the_bit(tmp_path: Path) -> None:
    """torchrun, gloo, two processes of one worker each.

    To the bit, because every process gathers all updates in the order of their ranks and forms the same mean; a sum in
    the ring's own order (all_reduce) would promise that for two workers only.
    """
    script = tmp_path / "rank.py"
    script.write_text("\n".join(line[4:] for line in RANK.splitlines()))
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--local-addr",
        "127.0.0.1",
        "--nproc-per-node",
        "2",
        str(script),
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, str(tmp_path)], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-4_000:]
    with through_coordinator(2, 5) as meet:
        expected = bits(trained(2, meet))
        assert meet.sent == meet.received == 2 * 2 * len(expected)
    assert [(tmp_path / rank).read_bytes() == expected for rank in "01"] == [True, True]


def test_a_worker_that_diverges_is_named_with_its_step() -> None:
    budget = replace(BUDGET, learning_rate=1e30, warmup=0, clip=None)
    with pytest.raises(
        DivergedError, match=r"worker 0: the (loss of step \d of 6 is nan|weights after step 3 are not)"
    ):
        trained(2, directly(), budget)


def test_an_outer_step_that_diverges_is_an_error() -> None:
    with pytest.raises(DivergedError, match=r"worker 0: the loss of step [456] of 6 is nan|weights after"):
        trained(2, directly(), outer=Outer(rate=1e38, momentum=0.9))


def test_steps_that_are_no_multiple_of_k_are_refused() -> None:
    with pytest.raises(ValueError, match="found 6 steps, expected a multiple of the 4 between two meetings"):
        federation.diloco(fresh(), [TEXT], BUDGET, federation.draws(3, 1), directly(), every=4)


@pytest.mark.parametrize(("texts", "generators"), [(2, 3), (0, 0)])
def test_a_worker_needs_a_text_and_a_generator(texts: int, generators: int) -> None:
    with pytest.raises(ValueError, match=f"found {texts} texts and {generators} generators, expected one of each"):
        federation.diloco(fresh(), [TEXT] * texts, BUDGET, federation.draws(3, generators), directly(), every=3)


def sgd(model: FractalMoE) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=BUDGET.learning_rate)


def attacked(rule: str, hostile: Mapping[int, federation.Attack]) -> float:
    """The loss of a tiny model after synchronous steps of five workers over a coordinator."""
    model, texts, draws = fresh(), federation.shares(TEXT, 5), federation.draws(3, 5)
    budget = replace(BUDGET, learning_rate=0.1, clip=None)
    with through_coordinator(5, 5, rule) as meet:
        return federation.outcome(
            model,
            TEXT,
            lambda: federation.synchronous(model, texts, budget, draws, meet, sgd(model), hostile),
        )


def test_the_mean_of_the_workers_gradients_is_a_step_on_all_their_windows_at_once() -> None:
    """Against plain steps on the workers' batches put together, within rounding."""
    model, plain = fresh(), fresh()
    texts, draws, again = federation.shares(TEXT, 3), federation.draws(3, 3), federation.draws(3, 3)
    losses = federation.synchronous(model, texts, BUDGET, draws, directly(), training.adamw(model, BUDGET))
    optimizer = training.adamw(plain, BUDGET)
    for step in range(BUDGET.steps):
        batches = [training.batch(training.tokens(t), BUDGET, g) for t, g in zip(texts, again, strict=True)]
        assert losses[step] == pytest.approx(step_on(plain, optimizer, step, batches), rel=1e-4)
    close(model, plain, rtol=1e-3)


def test_one_worker_is_plain_training_to_the_bit() -> None:
    model, plain = fresh(), fresh()
    losses = federation.synchronous(
        model, [TEXT], BUDGET, federation.draws(3, 1), directly(), training.adamw(model, BUDGET)
    )
    assert losses == training.train(plain, TEXT, BUDGET, *federation.draws(3, 1))
    assert bits(model) == bits(plain)


def test_an_attacker_sends_what_its_attack_makes_of_its_gradient() -> None:
    honest, hostile = list[bytes](), list[bytes]()
    for log, hostiles in ((honest, {}), (hostile, {1: attacks.scaled})):
        model, texts, draws = fresh(), federation.shares(TEXT, 2), federation.draws(3, 2)
        federation.synchronous(model, texts, replace(BUDGET, steps=1), draws, directly(log=log), sgd(model), hostiles)
    assert hostile[0] == honest[0]
    sent, own = (unpacked(log[1], federation.vector(fresh())) for log in (hostile, honest))
    assert torch.equal(sent, own * 1000)
    assert float(own.norm()) > 0


def test_the_median_stands_an_attack_that_breaks_the_mean() -> None:
    clean, median, mean = (
        attacked(rule, hostile) for rule, hostile in (("mean", {}), ("median", HOSTILE), ("mean", HOSTILE))
    )
    assert clean < training.loss(fresh(), TEXT) - 0.2
    assert median < 1.1 * clean
    assert mean > 2 * clean


def test_the_outcome_of_what_diverged_is_infinite_and_otherwise_the_loss() -> None:
    model = fresh()
    before = training.loss(model, TEXT)
    assert federation.outcome(model, TEXT, lambda: None) == before

    def diverge() -> None:
        raise DivergedError("the loss of step 1 of 6 is nan")

    assert federation.outcome(model, TEXT, diverge) == math.inf
    with torch.no_grad():
        model.get_parameter("head.weight").fill_(3e38)
    assert federation.outcome(model, TEXT, lambda: None) == math.inf


def test_a_gradient_that_is_not_finite_names_its_worker_and_step() -> None:
    model = fresh()
    with torch.no_grad():
        model.get_parameter("head.weight")[0, 0] = math.nan
    with pytest.raises(DivergedError, match="worker 0: the loss of step 1 of 6 is nan"):
        federation.synchronous(model, [TEXT], BUDGET, federation.draws(3, 1), directly(), sgd(model))
