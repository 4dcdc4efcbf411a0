"""The pipeline of processes against the model alone: same bits in other address spaces, and nothing left behind."""

from __future__ import annotations

import os
import pickle
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bets.lab import seeding
from bets.lab.model import SIZES, FractalMoE, Stage, stage
from bets.lab.pipeline import pipeline, processes, throttle
from bets.lab.pipeline.pipeline import Delays, Fault, Request, Routes, Served, StageError, by_arrival, crossing
from bets.lab.pipeline.processes import Crew, crew, load, portable, run

STAGES = 4
TOKENS = 6
ROUTES = [crossing(i, STAGES) for i in range(4)]
EVERY = [(s, 0) for s in range(STAGES)]
SLOW = throttle.schedule("steady", 0.02, EVERY, ROUTES, TOKENS, seeding.numpy_generator(5, "steady"))
KILLED = re.compile(r"^stage 1, worker 0: ChildProcessError\('process \d+ ended with exit code -9 \(SIGKILL\)'\)$")


def shaped(seed: int, **shape: int) -> FractalMoE:
    return FractalMoE(replace(SIZES["tiny"], **shape), seeding.torch_generator(seed, "weights")).requires_grad_(False)


def cut(model: FractalMoE) -> list[Stage]:
    return [stage(model, i, i + 1) for i in range(STAGES)]


@pytest.fixture(scope="module")
def model() -> FractalMoE:
    return shaped(21)


@pytest.fixture(scope="module")
def started() -> Iterator[Crew]:
    """One crew for all tests that leave it alive: eight processes that import torch take a while."""
    with crew(STAGES, 2) as at_work:
        yield at_work


@pytest.fixture
def loaded(started: Crew, model: FractalMoE) -> Crew:
    load(started, cut(model))
    return started


@pytest.fixture
def requests() -> list[Request]:
    prompts = (b"def f(x):", b"The sea", b"import os\n", b"In the")
    return [Request(prompt, TOKENS, (0.0, 0.3)[i % 2], seed=i) for i, prompt in enumerate(prompts)]


def serve(crew: Crew, requests: Sequence[Request], throttled: Delays, routes: Routes = ROUTES) -> Served:
    return pipeline.serve(run(crew, routes, throttled), requests)


def gone(pid: int) -> bool:
    """Whether there is no such process, not even a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("kind", throttle.KINDS)
def test_a_throttled_crew_gives_the_tokens_and_logits_of_the_model_alone(
    model: FractalMoE, loaded: Crew, requests: list[Request], kind: str
) -> None:
    """What eight processes compute agrees to the bit with this one, greedy and sampled, however they are slowed."""
    reference = pipeline.alone(model, requests)
    plan = throttle.schedule(kind, 0.003, EVERY, ROUTES, TOKENS, seeding.numpy_generator(5, kind))
    served = serve(loaded, requests, plan)
    assert served.tokens == reference.tokens
    assert pipeline.exact(served, reference)


def test_every_worker_is_a_process_of_its_own(started: Crew) -> None:
    """Eight workers, eight processes, and none of them this one."""
    pids = {process.pid for process in started.processes.values()}
    assert len(pids - {os.getpid()}) == STAGES * 2


@pytest.mark.parametrize("slow", [0, 1])
def test_the_requests_that_pass_the_slow_process_finish_last(loaded: Crew, requests: list[Request], slow: int) -> None:
    """The sleeps are real: slowing one worker or the other turns the order of the answers round."""
    served = serve(loaded, requests, {(2, slow): [0.05] * 2 * TOKENS})
    last = {request: position for position, request in enumerate(served.arrivals)}
    ranked = sorted(last, key=last.__getitem__)
    assert {ROUTES[request][2] for request in ranked[2:]} == {slow}
    assert served.overtakes > 0


def test_pairing_answers_by_arrival_diverges_once_one_overtakes(
    model: FractalMoE, loaded: Crew, requests: list[Request]
) -> None:
    """The comparison can see a fault of scheduling in processes as well."""
    served = pipeline.serve(run(loaded, ROUTES, SLOW), requests, by_arrival)
    assert served.overtakes > 0
    assert served.tokens != pipeline.alone(model, requests).tokens


def test_a_run_knows_nothing_of_the_one_before(model: FractalMoE, loaded: Crew, requests: list[Request]) -> None:
    """Caches, delays and routes are a run's own: other requests under the same names, then the first ones again."""
    others = [Request(b"Once more she counted", 3, seed=9), Request(b"x", 9, 0.3, seed=8)]
    for asked, routes, plan in (
        (requests, ROUTES, SLOW),
        (others, [(0, 0, 0, 0), (0, 1, 1, 0)], {}),
        (requests, ROUTES, {}),
    ):
        served, reference = serve(loaded, asked, plan, routes), pipeline.alone(model, asked)
        assert served.tokens == reference.tokens
        assert pipeline.exact(served, reference)


def test_new_weights_take_the_place_of_the_old(started: Crew, requests: list[Request]) -> None:
    """A crew serves what it was sent last."""
    for seed in (22, 23):
        model = shaped(seed)
        load(started, cut(model))
        assert pipeline.exact(serve(started, requests, {}), pipeline.alone(model, requests))


@pytest.mark.parametrize("arrived", [0, 3])
def test_what_an_abandoned_run_left_on_the_way_reaches_no_worker(
    model: FractalMoE, loaded: Crew, requests: list[Request], arrived: int
) -> None:
    """Given up with messages in the pipes or with answers unread, a run leaves the next one right to the bit."""

    def gives_up(_outstanding: Sequence[int], _named: int) -> int:
        while loaded.reports.qsize() < arrived:
            time.sleep(0.001)
        raise KeyboardInterrupt

    reference = pipeline.alone(model, requests)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            pipeline.serve(run(loaded, ROUTES, {} if arrived else SLOW), requests, gives_up)
        served = serve(loaded, requests, {})
        assert served.tokens == reference.tokens
        assert pipeline.exact(served, reference)


@pytest.mark.parametrize("at", range(STAGES))
def test_a_stage_that_raises_is_reported_with_its_place_and_request(
    model: FractalMoE, started: Crew, requests: list[Request], at: int
) -> None:
    """One stage has a smaller context than the others, and only the third request is too long for it."""
    parts = cut(model)
    load(started, [*parts[:at], stage(shaped(21, context=20), at, at + 1), *parts[at + 1 :]])
    long = [*requests[:2], Request(b"x" * 21, TOKENS), requests[3]]
    with pytest.raises(StageError, match=rf"^stage {at}, worker {ROUTES[2][at]}, request 2: ValueError\('the con") as e:
        serve(started, long, {})
    assert isinstance(e.value.__cause__, ValueError)
    assert "in forward" in e.value.__cause__.__notes__[0]  # where it was raised, in the other process
    served = serve(started, requests, {})  # and the crew is none the worse
    assert pipeline.exact(served, pipeline.alone(model, requests))


def test_a_killed_worker_is_named_and_a_crew_ends_whole_whatever_happens_in_it(
    model: FractalMoE, requests: list[Request]
) -> None:
    """Killed in mid-run, a worker is named with its exit code, to this run and to later ones; nothing stays behind."""
    routes, parts = [(0, 0)] * len(requests), [stage(model, 0, 2), stage(model, 2, 4)]

    def happenings(own: Crew) -> None:
        def kill(_outstanding: Sequence[int], named: int) -> int:
            own.processes[1, 0].kill()
            return named

        with pytest.raises(StageError, match=r"^stage [01], worker 0: .*it has no weights yet"):
            serve(own, requests, {}, routes)
        load(own, parts)
        with pytest.raises(StageError, match=KILLED) as caught:
            pipeline.serve(run(own, routes, {(1, 0): [0.02] * 4 * TOKENS}), requests, kill)
        assert f"process {own.processes[1, 0].pid} " in str(caught.value)
        with pytest.raises(StageError, match=KILLED):
            serve(own, requests, {}, routes)
        with pytest.raises(StageError, match=KILLED):
            load(own, parts)
        raise KeyboardInterrupt

    threads, descriptors = set(threading.enumerate()), sorted(Path("/dev/fd").iterdir())
    with pytest.raises(KeyboardInterrupt), crew(2, 1) as own:
        happenings(own)
    assert all(gone(process.pid) for process in own.processes.values())
    assert set(threading.enumerate()) == threads
    assert sorted(Path("/dev/fd").iterdir()) == descriptors


def test_a_worker_that_ends_before_its_first_order_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that cannot even start to work is an error with its exit code, and no wait without end."""
    monkeypatch.setattr(processes, "COMMAND", (sys.executable, "-c", "raise SystemExit(7)"))
    with pytest.raises(StageError, match=r"^stage 0, worker 0: .* exit code 7'\)$"), crew(1, 1) as own:
        serve(own, [Request(b"x", 1)], {}, [(0,)])
    assert gone(own.processes[0, 0].pid)


WAITING = """
    import signal
    from bets.lab.pipeline import processes
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background passes on that it is ignored
    with processes.crew(1, 1) as crew:
        print("ready", flush=True)
        crew.reports.get()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_its_parent(number: signal.Signals) -> None:
    """When the parent is interrupted or killed, the reader of the shared output sees both processes end."""
    command = [sys.executable, "-c", textwrap.dedent(WAITING)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=processes.ROOT, stdout=pipe, stderr=pipe) as starter:
        assert starter.stdout
        assert starter.stdout.readline() == b"ready\n"
        starter.send_signal(number)
        try:
            _, complaint = starter.communicate(timeout=60)  # returns when the last process that has the pipe is gone
        finally:
            starter.kill()
    assert starter.returncode == -number
    assert complaint.count(b"Traceback") == (number == signal.SIGINT)  # the starter's own


def test_places_that_are_not_there_are_refused(loaded: Crew, requests: list[Request]) -> None:
    """A throttle on no worker, a route over a worker that was never started, and an extra part are refused."""
    with pytest.raises(ValueError, match=r"throttled workers \[\(9, 0\)\] are on no route"):
        serve(loaded, requests, {(9, 0): [0.1]})
    with pytest.raises(ValueError, match=r"the routes use workers \[\(1, 2\)\]: there are \[\(0, 0\), \(0, 1\)"):
        serve(loaded, requests, {}, [(0, 2, 0, 0)] * 4)
    with pytest.raises(ValueError, match="found 3 parts, expected one for each of 4 stages"):
        load(loaded, cut(shaped(21))[:3])


class Unpicklable(Exception):  # noqa: N818
    """Takes two arguments, and passes one on to Exception."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first)
        self.second = second


def test_an_exception_that_cannot_be_pickled_crosses_by_name() -> None:
    """A fault must arrive, whatever its cause is made of; one that can cross does so whole, with its traceback."""
    fault = portable(Fault((1, 0), 3, Unpicklable("odd", "one")))
    assert pickle.loads(pickle.dumps(fault)).cause.args == ("Unpicklable('odd')",)
    plain = pickle.loads(pickle.dumps(portable(Fault((1, 0), 3, KeyError("k")))))
    assert isinstance(plain.cause, KeyError)
    assert plain.cause.__notes__ == ["KeyError: 'k'\n"]
