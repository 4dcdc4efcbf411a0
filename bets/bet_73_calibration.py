"""Bet 73: what norm gains learn of an author is more than a temperature and a bias for each byte.

Hypothesis: where the logits of the base and of the adapted model are each corrected by one temperature and 256 byte
    biases, fitted on the author's own text, norm gains keep half of what they gain without the correction. A gain is
    how far the loss on held-out text falls below the base's, in nats a byte; both losses are corrected, or none.
Strict: the gains keep at least 0.5 of their gain for at least 10 of 12 authors.
Lenient: they keep at least 0.25 of it for at least 10 of 12 authors.
Catastrophic: nothing is left for at least 6 authors: the corrected base is as good (below by 0 or less).
Control: it is the author's text that is left and not any training: gains that read as much of the base's own training
    text, at the same rate, are below the corrected base by at most 0.005 nats on average.
Premise: there is something to keep: gains are at least 0.01 nats below the base for at least 10 authors. And the
    correction corrects: it lowers the base's loss for at least 10.
Null: gains add nothing to the correction, so that both corrected models could be exchanged, author by author.
Odds: PASS 60 %, LENIENT 15 %, FAIL 25 %
Scope: twelve Python packages as authors, one base of 30M parameters, gains at the rate that validation chose for each
    author. A bias has a prior spread of 1 nat. The correction is one of the whole text: one that depends on what came
    before could do more.
Run: pytest bets/bet_73_calibration.py
"""

from dataclasses import replace

import pytest

from bets.lab import bases
from bets.lab.adaptation import persons, tuned
from bets.lab.instruments import calibration

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
FITTED = 32_768  # bytes of the author's own text that a correction is fitted on: as many as an adapter reads
EFFECT = 0.7  # the share of the gain that is kept
PILOT = {"AUTHORS": ("sympy", "scipy"), "SIZE": "tiny", "STEPS": 3, "VALIDATION": 512, "PIECES": 2, "FITTED": 512}


@pytest.mark.strict(
    "count(norm_corrected < base_corrected and base_corrected - norm_corrected >= 0.5 * (base - norm)) >= 10"
)
@pytest.mark.lenient(
    "count(norm_corrected < base_corrected and base_corrected - norm_corrected >= 0.25 * (base - norm)) >= 10"
)
@pytest.mark.catastrophic("count(base_corrected - norm_corrected <= 0) >= 6")
@pytest.mark.control("mean(base_corrected - placebo_corrected) <= 0.005")
@pytest.mark.premise("count(base - norm >= 0.01) >= 10", "count(base_corrected < base) >= 10")
@pytest.mark.null(swap="norm_corrected, base_corrected", unit="author")
@pytest.mark.challenges(54, 55)
@pytest.mark.parametrize("author", AUTHORS)
def experiment(author):
    base = persons.base(SIZE, TRAINING)
    job = persons.job([author], "norm", STEPS, VALIDATION)
    own = tuned.load(base, job)
    placebo = tuned.adapted(base, replace(job, text=bases.TEXTS["python"].text()), own.rate)
    found = bases.origin(SIZE, TRAINING, ["python"], of=[author]) | {"rate": own.rate}
    judged = persons.held_out(author, PIECES, LENGTH)
    for name, model in {"base": base, "norm": own.on(base), "placebo": placebo}.items():
        correction = calibration.fit(*calibration.predictions(model, [job.text[:FITTED]]))
        logits, targets = calibration.predictions(model, judged)
        found |= {name: calibration.NONE.loss(logits, targets).mean(), f"{name}_scale": correction.scale}
        found[f"{name}_corrected"] = correction.loss(logits, targets).mean()
    return found


def world(effect, rng, author):
    draws = rng(author)
    gain, fixed = draws.uniform(0.02, 0.12), draws.uniform(0.005, 0.03)
    kept = gain * effect * draws.gauss(1, 0.12) + draws.gauss(0, 0.003)
    corrected = {"norm_corrected": 1.3 - fixed - kept, "placebo_corrected": 1.3 - fixed + draws.gauss(0, 0.002)}
    return {"base": 1.3, "norm": 1.3 - gain, "base_corrected": 1.3 - fixed} | corrected
