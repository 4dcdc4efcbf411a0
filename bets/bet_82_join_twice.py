"""Bet 82: pay by Shapley value cannot be doubled by joining twice.

Hypothesis: where four specialists of one trade share the payment for a document by Shapley value, a member that joins
    twice under two names earns hardly more with both than it did with one. A coalition is worth what its mixture saves
    against the base that all of them come from.
Strict: both names together earn at most 1.05 times what one earned, with the upper end of the interval over 12 authors.
Lenient: they earn at most 1.25 times as much, with the upper end of the interval over authors.
Catastrophic: they earn more than 1.8 times as much on average.
Control: the attack is real: paid by responsibility, as in bet 65, the two names earn at least 1.25 times as much for at
    least 10 of 12 authors.
Premise: the rule pays for what was known: for at least 9 authors the specialist of the author earns the most on the
    author's documents.
Odds: PASS 20 %, LENIENT 45 %, FAIL 35 %
Known: by responsibility two names of four that are equal earn 2 * 4 / 5 = 1.6 times as much, which is arithmetic, and
    hence the control. Shapley values are known to be open to copies in some games; how much of that this game allows is
    not known.
Scope: twelve Python packages, each in a federation with the three that follow it in a ring, all weights fine-tuned on
    64 KB of each, documents of 512 bytes of all four members' held-out text. The second name has the same weights; a
    copy that hides itself by noise is not tried. 5 members make 32 coalitions: for many members Shapley values must be
    estimated.
Run: pytest bets/bet_82_join_twice.py
"""

import pytest
import torch

from bets.lab import bases
from bets.lab.adaptation import persons, tuned
from bets.lab.ensemble import combine, sharing, unions

pytestmark = pytest.mark.slow

# fmt: off
AUTHORS = ("sympy", "scipy", "pygments", "numpy", "networkx", "setuptools",
           "pydantic", "hypothesis", "mpmath", "fastapi", "fsspec", "anyio")
# fmt: on
SIZE = "30m"
TRAINING = "short"
KIND = "full"
STEPS = 64
VALIDATION = 16_384  # bytes that a rate is chosen by
MEMBERS = 4
DOCUMENTS, LENGTH = 12, 511  # of each member, and the bytes that are predicted of one
EFFECT = 0.05  # how far the ratio is below 1.05
# fmt: off
PILOT = {"AUTHORS": ("sympy", "scipy"), "SIZE": "tiny", "STEPS": 3, "VALIDATION": 512, "MEMBERS": 2, "DOCUMENTS": 1}
# fmt: on


@pytest.mark.strict("high(twice / once) <= 1.05")
@pytest.mark.lenient("high(twice / once) <= 1.25")
@pytest.mark.catastrophic("mean(twice / once) > 1.8")
@pytest.mark.control("count(naive_twice / naive_once >= 1.25) >= 10")
@pytest.mark.premise("count(right) >= 9")
@pytest.mark.parametrize("author", AUTHORS)
def experiment(author):
    base, first = persons.base(SIZE, TRAINING), AUTHORS.index(author)
    names = [AUTHORS[(first + place) % len(AUTHORS)] for place in range(MEMBERS)]
    jobs = [persons.job([name], KIND, STEPS, VALIDATION) for name in names]
    models = [*(adapter.on(base) for adapter in tuned.every(base, jobs)), base]
    documents = [piece for name in names for piece in persons.held_out(name, DOCUMENTS, LENGTH)]
    evidence = unions.evidence(models, documents)
    found = {"once": 0.0, "twice": 0.0, "naive_once": 0.0, "naive_twice": 0.0}
    earned = torch.zeros(MEMBERS)
    for number, log_p in enumerate(evidence):
        members, alone = log_p[:-1], log_p[-1]
        doubled = torch.cat([members, members[:1]])
        paid, twice = (sharing.shares(sharing.shapley(sharing.worth(m, alone), len(m))) for m in (members, doubled))
        naive, naively = (combine.responsibilities(m).mean(-1) for m in (members, doubled))
        found["once"] += paid[0]
        found["twice"] += twice[0] + twice[-1]
        found["naive_once"] += float(naive[0])
        found["naive_twice"] += float(naively[0] + naively[-1])
        earned += torch.tensor(paid) * (number < DOCUMENTS)
    found |= {"right": bool(earned.argmax() == 0), "earned": earned.tolist()}
    return found | bases.origin(SIZE, TRAINING, ["python"], of=names)


def world(effect, rng, author):
    twice = 1.05 - effect + rng(author).gauss(0, 0.04)
    return {"once": 1.0, "twice": twice, "naive_once": 1.0, "naive_twice": 1.5, "right": True}
