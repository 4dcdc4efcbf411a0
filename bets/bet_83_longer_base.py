"""Bet 83: what bets on adapters found does not hang on a base that was trained too little.

Hypothesis: on a base with ten times the steps, and with twelve authors in the place of three persons, six findings come
    out as they are on record, at the published rate of 5e-5: training all weights helps (10); norm gains do not beat it
    (46), and are not the best of three kinds (49); they beat gains of random bytes by less than a tenth (60); the own
    model beats another author's (61); and at rates of their own, all weights still beat gains (62).
Strict: all 6 findings come out for at least 10 of 12 authors.
Lenient: at least 5 of 6 findings come out for at least 10 of 12 authors.
Catastrophic: fewer than 3 of 6 findings come out on average.
Control: the findings can fail: with gains of random bytes in the place of all weights, at most 3 of 6 come out on
    average.
Premise: the base is better: below the one with a tenth of its steps, and below tables of six bytes of its own training
    text, for 12 of 12 authors each.
Odds: PASS 45 %, LENIENT 35 %, FAIL 20 %
Scope: a sign for each author and finding, not the thresholds of the six bets, and not their persons. The base has 30M
    parameters still. A primed PPMd is not part of the laboratory. Recorded on a GPU only: the base takes five hours on
    two cores.
Run: pytest bets/bet_83_longer_base.py
"""

from statistics import fmean

import pytest

from bets.lab import adapters, bases, seeding
from bets.lab.adaptation import persons, tuned
from bets.lab.instruments import ngrams
from bets.lab.texts import authors, pieces
from bets.lab.training import Budget

pytestmark = [pytest.mark.slow, pytest.mark.gpu]

# fmt: off
AUTHORS = ("sympy", "scipy", "pygments", "numpy", "networkx", "setuptools",
           "pydantic", "hypothesis", "mpmath", "fastapi", "fsspec", "anyio")
# fmt: on
SIZE = "30m"
TRAINING, BEFORE = "long", "short"
STEPS, LEARNING_RATE, TUNED_STEPS = 100, 5e-5, 64
VALIDATION = 16_384  # bytes that a rate is chosen by
PIECES, LENGTH = 64, 256  # held-out pieces of an author, and bytes that are predicted of each
TABLE = 8_000_000  # bytes of training text that tables are made of
SEED = 83
EFFECT = 0.48  # how much likelier than a coin a finding comes out
# fmt: off
PILOT = {"AUTHORS": ("sympy", "scipy"), "SIZE": "tiny", "TRAINING": "short", "STEPS": 3, "TUNED_STEPS": 3,
         "VALIDATION": 512, "PIECES": 2, "TABLE": 20_000}
# fmt: on


@pytest.mark.strict("count(agree >= 6) >= 10")
@pytest.mark.lenient("count(agree >= 5) >= 10")
@pytest.mark.catastrophic("mean(agree) < 3")
@pytest.mark.control("mean(agree_placebo) <= 3")
@pytest.mark.premise("count(base < short) >= 12", "count(base < table) >= 12")
@pytest.mark.parametrize("author", AUTHORS)
def experiment(author, progress):
    base, judged = persons.base(SIZE, TRAINING), persons.held_out(author, PIECES, LENGTH)
    own, other = (authors.load(AUTHORS[(AUTHORS.index(author) + step) % len(AUTHORS)]).own for step in (0, 1))
    noise = seeding.numpy_generator(SEED, author).bytes(len(own))
    words, budget = bases.TEXTS["python"].text()[:TABLE], Budget(steps=STEPS, learning_rate=LEARNING_RATE)
    jobs = {kind: persons.job([author], kind, TUNED_STEPS, VALIDATION) for kind in ("norm", "full")}
    models = {"base": base, "short": persons.base(SIZE, BEFORE)}
    models |= {f"tuned_{kind}": tuned.load(base, job).on(base) for kind, job in jobs.items()}
    published = {kind: (kind, own) for kind in adapters.KINDS} | {"placebo": ("norm", noise), "other": ("full", other)}
    for name, (kind, text) in progress(published.items(), "trainings"):
        models[name] = adapters.adapt(base, kind, text, budget, seeding.torch_generator(SEED, "windows"))
    found = {name: fmean(pieces.losses(model, judged)) for name, model in models.items()}
    found |= {"agree": agree(found, found["full"]), "agree_placebo": agree(found, found["placebo"])}
    found["table"] = ngrams.loss(words, b"".join(judged), 6)
    return found | bases.origin(SIZE, TRAINING, ["python"], of=AUTHORS)


def agree(loss, full):
    """How many of the six findings come out, with this loss as that of all weights."""
    little = 0 < loss["placebo"] - loss["norm"] < 0.1
    beaten = [full < loss[name] for name in ("base", "norm", "other")] + [min(full, loss["lora"]) < loss["norm"]]
    return sum([little, loss["tuned_full"] < loss["tuned_norm"], *beaten])


def world(effect, rng, author):
    agree = sum(rng(author, finding).random() < 0.5 + effect for finding in range(6))
    return {"agree": agree, "agree_placebo": 2, "base": 1.1, "short": 1.2, "table": 1.5}
