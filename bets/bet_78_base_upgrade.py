"""Bet 78: a person's adapter survives an upgrade of its base.

Hypothesis: when a base is trained further on new text, the changes that an author's text made to the norm gains of the
    old base, added to the gains of the new one, gain at least 80 % of what gains trained on the new base do. A gain is
    how far the loss on the author's held-out text falls below that of the new base, in nats a byte.
Strict: the moved gains keep at least 0.8 of the gain, and are below the new base, in at least 80 % (0.8) of cells.
Lenient: they keep at least 0.5 of it in at least 80 % (0.8) of cells.
Catastrophic: they are worse than the new base in at least 50 % (0.5) of cells.
Control: it is these changes and not any as large: of 99 random orders of the changes within each norm, the best keeps
    less than 0.5 of what the moved gains gain, for at least 10 authors.
Premise: there is something to keep: gains trained on the new base are at least 0.01 nats below it for at least 10
    authors. And it is an upgrade: the new base is better than the old one for at least 10.
Null: the moved changes do nothing for the author, so that the new base with and without them could be exchanged.
Odds: PASS 45 %, LENIENT 30 %, FAIL 25 %
Scope: twelve Python packages as authors, one base of 30M parameters and one upgrade of it: 200 steps of 2,048 bytes on
    its own text and the docstrings of two libraries, about a tenth of its training. Both gains were trained at rates
    chosen on validation text. Bet 38 moved gains between bases that share no step; a larger upgrade is between the two.
Run: pytest bets/bet_78_base_upgrade.py
"""

from statistics import fmean

import pytest

from bets.lab import bases, corpus, training
from bets.lab.adaptation import persons, transfer, tuned
from bets.lab.texts import pieces

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
UPGRADE, UPGRADE_RATE = 200, 1e-4  # steps
THREADS = 2  # of the training that all cells wait for
ORDERS, JUDGED = 99, 8  # random orders of the changes, and pieces that these are judged by
EFFECT = 0.9  # the share of the gain that is kept
# fmt: off
PILOT = {"AUTHORS": ("sympy", "scipy"), "SIZE": "tiny", "STEPS": 3, "VALIDATION": 512, "PIECES": 2,
         "UPGRADE": 3, "THREADS": 1, "ORDERS": 2, "JUDGED": 1}
# fmt: on


@pytest.mark.strict("share(moved < new and new - moved >= 0.8 * (new - retrained)) >= 0.8")
@pytest.mark.lenient("share(moved < new and new - moved >= 0.5 * (new - retrained)) >= 0.8")
@pytest.mark.catastrophic("share(moved > new) >= 0.5")
@pytest.mark.control("count(scrambled_few < 0.5 * moved_few) >= 10")
@pytest.mark.premise("count(new - retrained >= 0.01) >= 10", "count(new < old) >= 10")
@pytest.mark.null(swap="moved, new", unit="author")
@pytest.mark.parametrize("author", AUTHORS)
def experiment(author):
    old, job = persons.base(SIZE, TRAINING), persons.job([author], "norm", STEPS, VALIDATION)
    texts = [corpus.load(name) for name in ("programmer", "general", "scientist")]
    words = [b"".join(text.train for text in texts), b"".join(text.validation[:VALIDATION] for text in texts)]
    budget = training.Budget(UPGRADE, 8, warmup=10, final=0.05, weight_decay=0.1, clip=1.0)
    upgrade = tuned.Job("full", *words, budget, persons.SEED, tuned.Grid((UPGRADE_RATE,), UPGRADE_RATE), THREADS)
    new, own = tuned.load(old, upgrade).on(old).requires_grad_(False), tuned.load(old, job)
    moved, retrained = transfer.moved(own, old, new), tuned.load(new, job)
    judged = persons.held_out(author, PIECES, LENGTH)
    found = bases.origin(SIZE, TRAINING, ["python"], of=[author])
    models = {"old": old, "new": new, "moved": moved.on(new), "retrained": retrained.on(new)}
    for name, model in models.items():
        found |= persons.losses(model, judged, name)
    few = judged[:JUDGED]
    orders = (transfer.scrambled(moved, new, number).on(new) for number in range(ORDERS))
    before = fmean(pieces.losses(new, few))
    found |= {"moved_few": before - fmean(pieces.losses(models["moved"], few))}
    return found | {"scrambled_few": max(before - fmean(pieces.losses(model, few)) for model in orders)}


def world(effect, rng, author):
    draws = rng(author)
    gain = draws.uniform(0.02, 0.12)
    kept = gain * effect * draws.gauss(1, 0.08) + draws.gauss(0, 0.002)
    found = {"old": 1.4, "new": 1.3, "retrained": 1.3 - gain, "moved": 1.3 - kept}
    return found | {"moved_few": gain, "scrambled_few": 0.0}
