"""Bet 80: nine kilobytes of norm gains do not tell whose text was in them.

Hypothesis: half of an author's pieces of text, drawn at random, are read ten times by 2,304 norm gains, the other half
    never. Somebody who has the base and the gains, and looks at how much less each piece costs with them, tells the
    halves apart hardly better than by guessing.
Strict: the area under the ROC curve of that guess is at most 0.55, with the upper end of the interval over authors.
Lenient: it is at most 0.60, with the upper end of the interval over authors.
Catastrophic: it is 0.75 or more on average.
Control: the attack works where there is something to find: on all weights, trained as often on the same pieces, the
    area is at least 0.75 on average, and higher than on gains for at least 10 of 12 authors.
Premise: the gains have learned: they cost members less than the base does, for at least 12 of 12 authors.
Odds: PASS 35 %, LENIENT 25 %, FAIL 40 %
Scope: twelve Python packages, pieces of 512 bytes, one base of 30M parameters, rates chosen on validation text for a
    tenth of the steps. Two attacks are measured: a threshold on the loss (Yeom et al. 2018), and one on the gain over
    the base (Watson et al. 2022), which the criteria use. Stronger attacks train shadow models. Nothing is said of
    reading text back.
Run: pytest bets/bet_80_who_was_in.py
"""

from dataclasses import replace

import pytest

from bets.lab import bases
from bets.lab.adaptation import persons, tuned
from bets.lab.instruments import membership
from bets.lab.texts import authors, pieces

pytestmark = pytest.mark.slow

# fmt: off
AUTHORS = ("sympy", "scipy", "pygments", "numpy", "networkx", "setuptools",
           "pydantic", "hypothesis", "mpmath", "fastapi", "fsspec", "anyio")
# fmt: on
SIZE = "30m"
TRAINING = "short"
STEPS = 64  # read the members once
EPOCHS = 10
VALIDATION = 16_384  # bytes that a rate is chosen by
PIECES, PIECE = 128, 512  # pieces of the own text, half of them members, and their bytes
SEED = 80
EFFECT = 0.05  # how far the area is below 0.55: at 0.05 there is nothing to find
PILOT = {"AUTHORS": ("sympy", "scipy"), "SIZE": "tiny", "STEPS": 2, "EPOCHS": 2, "VALIDATION": 512, "PIECES": 6}


@pytest.mark.strict("high(norm) <= 0.55")
@pytest.mark.lenient("high(norm) <= 0.60")
@pytest.mark.catastrophic("mean(norm) >= 0.75")
@pytest.mark.control("mean(full) >= 0.75", "count(full > norm) >= 10")
@pytest.mark.premise("count(learned > 0) >= 12")
@pytest.mark.parametrize("author", AUTHORS)
def experiment(author):
    base, text = persons.base(SIZE, TRAINING), authors.load(author).own
    cut = [text[start : start + PIECE] for start in range(0, len(text) - PIECE + 1, PIECE)][:PIECES]
    members, others = membership.halves(cut, SEED)
    before = [pieces.losses(base, half) for half in (members, others)]
    found = bases.origin(SIZE, TRAINING, ["python"], of=[author])
    for kind in ("norm", "full"):
        job = persons.job([author], kind, STEPS, VALIDATION)
        longer = replace(job, text=b"".join(members), budget=tuned.budget(EPOCHS * STEPS))
        model = tuned.adapted(base, longer, tuned.load(base, job).rate)
        after = [pieces.losses(model, half) for half in (members, others)]
        guesses = [membership.by_reference(*pair) for pair in zip(after, before, strict=True)]
        area = membership.area(*guesses)
        found |= {kind: area.auc, f"{kind}_low": area.low, f"{kind}_high": area.high}
        found[f"{kind}_by_loss"] = membership.area(*map(membership.by_loss, after)).auc
        found |= {"learned": sum(guesses[0]) / len(guesses[0])} if kind == "norm" else {}
    return found


def world(effect, rng, author):
    draws = rng(author)
    return {"norm": 0.55 - effect + draws.gauss(0, 0.05), "full": 0.9 + draws.gauss(0, 0.03), "learned": 0.05}
