"""The pipeline of threads, throttled, against the model alone: same tokens, other order, and no thread left behind."""

from __future__ import annotations

import ctypes
import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bets.lab import seeding
from bets.lab.model import SIZES, FractalMoE, Stage, stage
from bets.lab.pipeline import pipeline, throttle
from bets.lab.pipeline.pipeline import (
    Delays,
    Place,
    Request,
    Routes,
    Served,
    StageError,
    by_arrival,
    by_name,
    crossing,
    threads,
)
from bets.lab.pipeline.throttle import delays

STAGES = 4
TOKENS = 6
ROUTES = [crossing(i, STAGES) for i in range(4)]
SINGLE = [(0,) * STAGES for _ in range(4)]
EVERY = [(s, 0) for s in range(STAGES)]


@pytest.fixture(scope="module")
def model() -> FractalMoE:
    return FractalMoE(SIZES["tiny"], seeding.torch_generator(21, "weights")).requires_grad_(False)


@pytest.fixture(scope="module")
def parts(model: FractalMoE) -> list[Stage]:
    return [stage(model, i, i + 1) for i in range(STAGES)]


@pytest.fixture
def requests() -> list[Request]:
    prompts = (b"def f(x):", b"The sea", b"import os\n", b"In the")
    return [Request(prompt, TOKENS, (0.0, 0.3)[i % 2], seed=i) for i, prompt in enumerate(prompts)]


def slowed(kind: str, seconds: float, routes: Routes = ROUTES) -> dict[Place, list[float]]:
    return throttle.schedule(kind, seconds, EVERY, routes, TOKENS, seeding.numpy_generator(5, kind))


def serve(
    parts: Sequence[Stage],
    requests: Sequence[Request],
    routes: Routes,
    throttled: Delays,
    attribute: Callable[[Sequence[int], int], int] = by_name,
    capacity: int = 1,
) -> Served:
    """Requests served in threads."""
    return pipeline.serve(threads(parts, routes, throttled, capacity), requests, attribute)


def watched(model: FractalMoE, index: int, before: Callable[[], None]) -> Stage:
    """A stage of one block that calls `before` at every message."""
    part = stage(model, index, index + 1)
    part.register_forward_pre_hook(lambda *_: before())
    return part


@pytest.mark.parametrize("kind", throttle.KINDS)
def test_a_throttled_pipeline_gives_the_tokens_and_logits_of_the_model_alone(
    model: FractalMoE, parts: list[Stage], requests: list[Request], kind: str
) -> None:
    """Greedy and sampled requests in flight together come back to the bit as if each had the model for itself."""
    reference = pipeline.alone(model, requests)
    served = serve(parts, requests, ROUTES, slowed(kind, 0.003))
    assert served.tokens == reference.tokens
    assert pipeline.exact(served, reference)


def test_the_request_that_no_throttle_touches_finishes_first(parts: list[Stage], requests: list[Request]) -> None:
    """The throttle changes the interleaving: who passes no slow worker overtakes those who do."""
    served = serve(parts, requests, ROUTES, slowed("steady", 0.02))
    last = {request: position for position, request in enumerate(served.arrivals)}
    assert min(last, key=last.__getitem__) == 3  # its route is worker 1 at all stages
    assert served.overtakes > 0
    assert throttle.lag(served.arrivals, ROUTES, EVERY) > 0


def test_a_throttled_worker_takes_at_least_its_delays_longer(parts: list[Stage], requests: list[Request]) -> None:
    """Delays are real: one worker's sleeps follow one another, so a run lasts at least their sum."""
    pauses = delays("ramp", 0.01, TOKENS * 2, seeding.numpy_generator(1, "ramp"))
    start = time.perf_counter()
    serve(parts, requests, ROUTES, {(2, 0): pauses})
    assert time.perf_counter() - start >= sum(pauses)


def test_with_one_worker_a_stage_nothing_overtakes_and_even_the_broken_pairing_is_right(
    model: FractalMoE, parts: list[Stage], requests: list[Request]
) -> None:
    """Queues keep order, so pairing by arrival fails only where workers differ: that is the fault it stands for."""
    served = serve(parts, requests, SINGLE, slowed("jitter", 0.002, SINGLE), by_arrival)
    assert served.overtakes == 0
    assert served.tokens == pipeline.alone(model, requests).tokens


def test_pairing_answers_by_arrival_diverges_once_one_overtakes(
    model: FractalMoE, parts: list[Stage], requests: list[Request]
) -> None:
    """The comparison can see a fault of scheduling: under a throttle the broken pairing gives other tokens."""
    reference = pipeline.alone(model, requests)
    served = serve(parts, requests, ROUTES, slowed("steady", 0.01), by_arrival)
    assert served.overtakes > 0
    assert served.tokens != reference.tokens
    assert [len(tokens) for tokens in served.tokens] == [TOKENS] * 4


def test_two_runs_of_a_request_draw_the_same_tokens_and_another_seed_draws_others(
    parts: list[Stage], requests: list[Request]
) -> None:
    """Each request has its own generator, which starts again in each run."""
    first, again = (serve(parts, requests, ROUTES, {}).tokens for _ in range(2))
    other = serve(parts, [Request(r.prompt, TOKENS, r.temperature, r.seed + 9) for r in requests], ROUTES, {}).tokens
    assert first == again
    assert [a == b for a, b in zip(first, other, strict=True)] == [True, False, True, False]


def test_a_full_inbox_holds_its_sender_back(model: FractalMoE, parts: list[Stage], requests: list[Request]) -> None:
    """With room for one message before a slow stage, the stage before it is at most three messages ahead."""
    lead = [0]

    def count(step: int) -> None:
        lead.append(lead[-1] + step)

    counted = [watched(model, 0, lambda: count(1)), watched(model, 1, lambda: count(-1)), *parts[2:]]
    serve(counted, requests * 2, SINGLE * 2, {(1, 0): [0.01] * 8 * TOKENS}, capacity=1)
    # Ahead are at most: one in the slow worker's hands, one in its inbox, one in the sender's hands.
    assert 2 <= max(lead) <= 3


def raising(model: FractalMoE, index: int, nth: int) -> Stage:
    """A stage that fails at its nth message."""
    left = [nth]

    def before() -> None:
        left[0] -= 1
        if left[0] == 0:
            raise ArithmeticError("overflow in an expert")

    return watched(model, index, before)


@pytest.mark.parametrize("nth", [1, 3, 9])
@pytest.mark.parametrize("at", range(STAGES))
def test_a_stage_that_raises_is_reported_with_its_stage_and_request_and_leaves_no_thread(
    model: FractalMoE, parts: list[Stage], requests: list[Request], at: int, nth: int
) -> None:
    """The error names stage, worker and request, carries the cause, and every thread has ended, however full it was."""
    broken = [raising(model, at, nth) if i == at else part for i, part in enumerate(parts)]
    before = set(threading.enumerate())
    with pytest.raises(StageError, match=rf"stage {at}, worker \d, request \d: ArithmeticError") as caught:
        serve(broken, requests * 3, [(0,) * STAGES] * 12, {(at, 0): [0.001] * 100})
    assert isinstance(caught.value.__cause__, ArithmeticError)
    assert set(threading.enumerate()) == before


def test_the_fault_names_the_request_it_struck(model: FractalMoE, parts: list[Stage], requests: list[Request]) -> None:
    """With one worker a stage the third prefill is request 2's, at the stage that fails."""
    with pytest.raises(StageError, match=r"^stage 1, worker 0, request 2: ArithmeticError\('overflow in an expert'\)$"):
        serve([parts[0], raising(model, 1, 3), *parts[2:]], requests, SINGLE, {(0, 0): [0.05] * 9})


def test_a_served_run_and_an_interrupted_one_leave_no_thread(parts: list[Stage], requests: list[Request]) -> None:
    """Threads end with the run, also where the one who waits gives up with messages still under way."""
    before = set(threading.enumerate())
    serve(parts, requests, ROUTES, {})

    def gives_up(_outstanding: Sequence[int], _named: int) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        serve(parts, requests, ROUTES, slowed("steady", 0.002), gives_up)
    assert set(threading.enumerate()) == before


def test_a_throttle_on_a_worker_that_serves_nothing_is_refused(parts: list[Stage], requests: list[Request]) -> None:
    """A mistyped place would throttle nothing and let the bet pass for nothing."""
    with pytest.raises(ValueError, match=r"throttled workers \[\(9, 0\)\] are on no route"):
        serve(parts, requests, ROUTES, {(9, 0): [0.1]})


@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), st.integers(0, 2**32 - 1), st.booleans())
@settings(deadline=None)
def test_a_message_crosses_unchanged(shape: list[int], request: int, whole: bool) -> None:
    """Any tensor of bytes or activations comes out of its bytes as it went in, with its request."""
    x = torch.randn(shape, generator=seeding.torch_generator(1, "x"))
    sent = (x * 100).long() if whole else x
    named, received = pipeline.unpack(pipeline.pack(request, sent))
    assert named == request
    assert received.dtype == sent.dtype
    assert torch.equal(received, sent)


def test_a_received_tensor_is_aligned_like_any_other_of_torch() -> None:
    """Kernels may round by alignment, so memory that a message brought must not differ from computed memory."""
    for size in (1, 7, 256, 4099):
        _, x = pipeline.unpack(pipeline.pack(0, torch.ones(size)))
        assert x.data_ptr() % 64 == 0


def test_crossing_routes_share_every_worker_evenly() -> None:
    """Four requests take the four combinations, so each worker serves two, and never the same two everywhere."""
    assert ROUTES == [(0, 0, 0, 0), (1, 0, 1, 0), (0, 1, 0, 1), (1, 1, 1, 1)]


def test_a_changed_bit_is_not_exact(model: FractalMoE, requests: list[Request]) -> None:
    """The comparison of logits sees the smallest difference there is."""
    a, b = pipeline.alone(model, requests), pipeline.alone(model, requests)
    assert pipeline.exact(a, b)
    b.logits[2][3, 7] = torch.nextafter(b.logits[2][3, 7], torch.tensor(9.0))
    assert not pipeline.exact(a, b)


def test_pairing_by_name_reads_the_message_and_by_arrival_the_queue() -> None:
    """The two ways to tell whose answer it is, side by side."""
    assert (by_name([4, 2], 2), by_arrival([4, 2], 2)) == (2, 4)


def test_workers_compute_with_the_threads_of_the_one_who_serves(
    model: FractalMoE, parts: list[Stage], requests: list[Request]
) -> None:
    """OpenMP counts by thread and starts at all cores, which asking torch for its count would hide: OpenMP is asked."""
    maps = Path("/proc/self/maps")
    libraries = (
        {line.split()[-1] for line in maps.read_text().splitlines() if "omp" in line} if maps.exists() else set()
    )
    openmp = [library for library in libraries if re.search(r"lib[gi]?omp\d*\b.*\.so", library)]
    if not openmp:
        pytest.skip("no OpenMP library is loaded")
    count = ctypes.CDLL(openmp[0]).omp_get_max_threads
    seen: list[int] = []
    looking = watched(model, 0, lambda: seen.append(count()))
    serve([looking, *parts[1:]], requests, ROUTES, {})
    assert set(seen) == {1}
