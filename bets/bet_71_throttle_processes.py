"""Bet 71: throttling a worker process changes no token.

Hypothesis: in a pipeline of stages, each served by two worker processes, slowing one of them (steadily, on a ramp, by
    jitter or by one long stall) changes the order in which requests are served and not one token of any answer.
Strict: 0 of 100 throttled runs differ, in any token or in any bit of any logit, from the unthrottled pipeline
    or from the model alone in another process.
Lenient: at most 1 of 100 throttled runs differs in a token.
Catastrophic: 5 or more of 100 throttled runs differ in a token.
Control: the comparison can see a fault: a scheduler that takes answers in the order of the questions diverges under
    the same throttle in at least 18 of 20 pairs of seed and kind. And the throttle bites: in at least 18 of 20 such
    pairs the requests it strikes finish after the others (mean place in the order of answers) in 4 of 5 runs.
Scope: follows 45, whose workers are threads: here each is a process with weights and caches in an address space of its
    own, messages cross pipes and sockets, and the kernel decides who runs when: eight processes on what cores there
    are. One machine, a CPU, one thread a process, a 30M model with random weights. Shows nothing of phones, thermal
    limits, memory pressure, networks, other processors (which round otherwise), or processes killed in mid-run.
    Requests never share a matrix product. The 20 runs of a seed share processes and weights, while each renews caches
    and delays. 100 runs without a divergence bound its rate only to 3 %. The faulty scheduler needs no throttle to
    fail. Rehearsed with other seeds, at this size and smaller, before it was declared: its outcome was expected.
Run: pytest bets/bet_71_throttle_processes.py
"""

import pytest

from bets.lab import model, seeding
from bets.lab.pipeline import pipeline, processes, throttle

SIZE = "30m"
STAGES = 4
WORKERS = 2
PROMPTS = ("def add(a, b):", "The sea was grey, and", "import os\n", "RMSNorm divides by", "Once more she counted")
TOKENS = 3
TEMPERATURES = (0.0, 0.3)  # greedy and sampled by turns; random weights give logits of spread 0.3
DELAY = 0.01  # mean seconds before a message of a throttled worker, about four times its compute
# (stage, worker), a run each: the first worker of each stage in turn, then all four
THROTTLED = (((0, 0),), ((1, 0),), ((2, 0),), ((3, 0),), ((0, 0), (1, 0), (2, 0), (3, 0)))
SLOWED_RUNS = 4
PILOT = {"SIZE": "tiny", "TOKENS": 2, "DELAY": 0.003}


@pytest.fixture(scope="module")
def crew():
    with processes.crew(STAGES, WORKERS) as crew:
        yield crew


@pytest.mark.strict("sum(divergences) == 0", "sum(inexact) == 0")
@pytest.mark.lenient("sum(divergences) <= 1")
@pytest.mark.catastrophic("sum(divergences) >= 5")
@pytest.mark.control("sum(confused) >= 18", "sum(slowed) >= 18")
@pytest.mark.replicate(5)
def experiment(seed, crew):
    whole = model.FractalMoE(model.SIZES[SIZE], seeding.torch_generator(seed, "weights"))
    processes.load(crew, [model.stage(whole, i, i + 1) for i in range(STAGES)])
    requests = [
        pipeline.Request(prompt.encode(), TOKENS, TEMPERATURES[i % 2], seeding.derive(seed, prompt))
        for i, prompt in enumerate(PROMPTS)
    ]
    routes = [pipeline.crossing(i, STAGES) for i in range(len(requests))]
    references = pipeline.alone(whole, requests), pipeline.serve(processes.run(crew, routes, {}), requests)
    found = [compared(crew, requests, routes, kind, seed, references) for kind in throttle.KINDS]
    return {name: sum(each[name] for each in found) for name in found[0]}


def compared(crew, requests, routes, kind, seed, references):
    """A run for each choice of throttled workers, held to the references; and one by the faulty scheduler."""
    draws = seeding.numpy_generator(seed, kind)
    plans = [throttle.schedule(kind, DELAY, places, routes, TOKENS, draws) for places in THROTTLED]
    runs = [pipeline.serve(processes.run(crew, routes, plan), requests) for plan in plans]
    broken = pipeline.serve(processes.run(crew, routes, plans[-1]), requests, pipeline.by_arrival)
    lags = [throttle.lag(run.arrivals, routes, places) for run, places in zip(runs, THROTTLED, strict=True)]
    return {
        "divergences": sum(any(run.tokens != right.tokens for right in references) for run in runs),
        "inexact": sum(not all(pipeline.exact(run, right) for right in references) for run in runs),
        "confused": broken.tokens != references[0].tokens,
        "slowed": sum(lag > 0 for lag in lags) >= SLOWED_RUNS,
    }
