"""Bet 77: a trimmed mean withstands attacks that were made for it, where every node has a text of its own.

Hypothesis: twelve nodes fine-tune LoRA of one base together, nine of them honestly, each on the text of another author.
    Three know what all others send, and send what an attack from the literature makes of it. If the coordinator trims
    three values at each end of every coordinate, most of what training without attackers gains is kept, whatever the
    attack. A gain is how far the loss on the nine authors' held-out text falls below the base's.
Strict: under each of 6 attacks at least 0.8 of the gain of the clean run is kept; and where all nine are honest,
    trimming keeps at least 0.9 of it.
Lenient: under each of 6 attacks at least 0.5 of it is kept.
Catastrophic: under some attack the model ends above the base: less than 0 is kept.
Control: it is the rule that withstands: the plain mean ends above the trimmed mean under at least 5 of 6 attacks.
Premise: the clean run learns: its loss is at least 0.03 nats a byte below the base's.
Null: the rule makes no difference, so that it and the mean could be exchanged, attack by attack.
Odds: PASS 10 %, LENIENT 25 %, FAIL 65 %
Scope: nine Python packages, 64 steps of AdamW at the median of the rates that they chose alone. Clean means nine honest
    nodes and the mean. All attackers send the same vector, and none adapts over steps. Follows bet 44.
Run: pytest bets/bet_77_made_for_it.py
"""

import math
from functools import cache
from statistics import fmean, median

import pytest

from bets.lab import bases, training
from bets.lab.adaptation import persons, tuned
from bets.lab.federated import adversaries
from bets.lab.texts import authors, pieces

pytestmark = pytest.mark.slow

# fmt: off
ATTACKS = ("a little, z 0.5", "a little, z 1", "a little, z 1.5",
           "inner product, 0.1", "inner product, 1", "inner product, 4")
HONEST = ("sympy", "scipy", "pygments", "numpy", "networkx", "setuptools", "pydantic", "hypothesis", "mpmath")
# fmt: on
LIARS, SEED = 3, 77
SIZE = "30m"
TRAINING = "short"
STEPS = 64
VALIDATION = 16_384  # bytes that an author's rate is chosen by
PIECES, LENGTH = 16, 256  # held-out pieces of an author, and bytes that are predicted of each
EFFECT = 0.5  # of the gain that the rule keeps and the mean loses
# fmt: off
PILOT = {"ATTACKS": ("a little, z 1",), "HONEST": ("sympy", "scipy", "numpy"), "LIARS": 1,
         "SIZE": "tiny", "STEPS": 3, "VALIDATION": 512, "PIECES": 1}
# fmt: on


@pytest.mark.strict("min((base - by_rule) / (base - clean)) >= 0.8", "min((base - unattacked) / (base - clean)) >= 0.9")
@pytest.mark.lenient("min((base - by_rule) / (base - clean)) >= 0.5")
@pytest.mark.catastrophic("min((base - by_rule) / (base - clean)) < 0")
@pytest.mark.control("count(by_mean > by_rule) >= 5")
@pytest.mark.premise("min(base - clean) >= 0.03")
@pytest.mark.null(swap="by_rule, by_mean", unit="attack")
@pytest.mark.parametrize("attack", ATTACKS)
def experiment(attack, progress):
    runs = {"clean": ("mean",), "unattacked": ("trimmed_mean",)}
    runs |= {"by_rule": ("trimmed_mean", LIARS, attack), "by_mean": ("mean", LIARS, attack)}
    found = {"base": judged(persons.base(SIZE, TRAINING))}
    found |= {name: ended(*run) for name, run in progress(runs.items(), "runs")}
    return found | bases.origin(SIZE, TRAINING, ["python"], of=HONEST)


@cache
def ended(rule, liars=0, attack=""):
    """The loss at which a run ends, in nats a byte; infinite where it diverged."""
    base, texts = persons.base(SIZE, TRAINING), [authors.load(name).own for name in HONEST]
    jobs = [persons.job([name], "lora", STEPS, VALIDATION) for name in HONEST]
    rate = median(adapter.rate for adapter in tuned.every(base, jobs))
    budget = training.Budget(STEPS, 2, 256, rate, warmup=4, final=0.1)
    try:
        return judged(adversaries.fine_tuned(base, texts, budget, SEED, rule, liars, attack))
    except training.DivergedError:
        return math.inf


def judged(model):
    return fmean(fmean(pieces.losses(model, persons.held_out(name, PIECES, LENGTH))) for name in HONEST)


def world(effect, rng, attack):
    kept, mean = min(1, 0.4 + effect + rng(attack).gauss(0, 0.05)), 1.26 + rng(attack).gauss(0, 0.01)
    return {"base": 1.3, "clean": 1.2, "by_rule": 1.3 - 0.1 * kept, "by_mean": mean, "unattacked": 1.2}
