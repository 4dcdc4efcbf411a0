"""Bet 72: at rates of their own, norm gains give half of what all weights give, and LoRA gives four fifths.

Hypothesis: on an author's short text, with the same windows and a rate that each kind of adapter chose on validation
    text inside its grid, 2,304 norm gains gain at least half of what training all weights gains, and LoRA of rank 4 on
    attention and experts at least 80 %. A gain is how far the loss on held-out text falls below the base's, in nats a
    byte.
Strict: norm gains reach 0.5 of the gain of all weights, and are below the base, for at least 10 of 12 authors, and LoRA
    reaches 0.8 of it for at least 10.
Lenient: norm gains reach 0.5 of it for at least 9 of 12 authors, and LoRA reaches 0.8 of it for at least 9.
Catastrophic: norm gains reach 0.5 of it for fewer than 4 authors.
Control: gains learn more than a correction: they are better than the base with one temperature and 256 byte biases,
    fitted on the same text, for at least 10 authors.
Premise: there is something to share: all weights gain at least 0.02 nats for at least 10 authors. And the rates are
    inside: of 36 choices, at most 4 are an end of their grid.
Null: what an adapter learns does not help, so that an adapted model and the base could be exchanged, author by author.
Odds: PASS 35 %, LENIENT 10 %, FAIL 55 %
Scope: twelve Python packages as authors, one base of 30M parameters, 64 steps of 512 bytes, one draw of windows. A rate
    is found by climbing from one rate to its better neighbour. Bet 62 saw, with one text, a fixed budget and an untuned
    grid, about two thirds for norm gains. The best rate for 64 steps says nothing of longer trainings.
Run: pytest bets/bet_72_fair_shares.py
"""

import pytest

from bets.lab import bases
from bets.lab.adaptation import persons, tuned
from bets.lab.instruments import calibration
from bets.lab.texts import authors

pytestmark = pytest.mark.slow

# fmt: off
AUTHORS = ("sympy", "scipy", "pygments", "numpy", "networkx", "setuptools",
           "pydantic", "hypothesis", "mpmath", "fastapi", "fsspec", "anyio")
# fmt: on
SIZE = "30m"
TRAINING = "short"
STEPS = 64
VALIDATION = 16_384  # bytes that a rate is chosen by
PIECES, LENGTH = 64, 256  # held-out pieces of an author, and bytes that are predicted of each
FITTED = 32_768  # bytes of the author's own text that the correction is fitted on: as many as an adapter reads
EFFECT = 0.65  # the share of the gain of all weights that gains reach
PILOT = {"AUTHORS": ("sympy", "scipy"), "SIZE": "tiny", "STEPS": 3, "VALIDATION": 512, "PIECES": 2, "FITTED": 512}


@pytest.mark.strict(
    "count(norm < base and base - norm >= 0.5 * (base - full)) >= 10",
    "count(lora < base and base - lora >= 0.8 * (base - full)) >= 10",
)
@pytest.mark.lenient(
    "count(norm < base and base - norm >= 0.5 * (base - full)) >= 9",
    "count(lora < base and base - lora >= 0.8 * (base - full)) >= 9",
)
@pytest.mark.catastrophic("count(norm < base and base - norm >= 0.5 * (base - full)) < 4")
@pytest.mark.control("count(norm < corrected) >= 10")
@pytest.mark.premise("count(base - full >= 0.02) >= 10", "sum(edges) <= 4")
@pytest.mark.null(swap="norm, base", unit="author")
@pytest.mark.null(swap="lora, base", unit="author")
@pytest.mark.challenges(49)
@pytest.mark.parametrize("author", AUTHORS)
def experiment(author):
    base = persons.base(SIZE, TRAINING)
    judged = persons.held_out(author, PIECES, LENGTH)
    found = bases.origin(SIZE, TRAINING, ["python"], of=[author]) | persons.losses(base, judged, "base")
    edges = 0
    for kind in tuned.GRIDS:
        own = tuned.load(base, persons.job([author], kind, STEPS, VALIDATION))
        found |= persons.losses(own.on(base), judged, kind) | {f"{kind}_rate": own.rate}
        edges += own.edge
    text = authors.load(author).own[:FITTED]
    correction = calibration.fit(*calibration.predictions(base, [text]))
    corrected = correction.loss(*calibration.predictions(base, judged)).mean()
    return found | {"corrected": corrected, "scale": correction.scale, "edges": edges}


def world(effect, rng, author):
    draws = rng(author)
    base, gain = 1.3, draws.uniform(0.03, 0.15)
    norm, lora = (base - gain * share * draws.gauss(1, 0.12) * (effect > 0) for share in (effect, effect + 0.3))
    noise = {name: draws.gauss(0, 0.004) for name in ("norm", "lora")}
    found = {"base": base, "full": base - gain, "norm": norm + noise["norm"], "lora": lora + noise["lora"]}
    return found | {"corrected": base - 0.2 * gain * (effect > 0), "edges": 0}
