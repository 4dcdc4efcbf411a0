"""Bet 65: paying by responsibility pays the specialist that knew.

Hypothesis: where a document's payment is divided by the mean responsibility of each member for its bytes, the
    specialist of the document's author earns the most.
Strict: the right specialist earns the most on at least 90 % of 180 documents.
Lenient: the right specialist earns the most on at least 75 % of 180 documents.
Catastrophic: the right specialist earns the most on fewer than 1 of 3 documents, which is chance.
Control: it is paid for what it knew and not for its name: with the bytes of the documents in random order, which
    leaves nothing to know but how often each occurs, it earns the most on fewer of them, by at least 20 % of all.
Scope: three specialists of 30M parameters, documents of 512 bytes from the held-out text of the three authors, some of
    which overlap, uniform prior, nobody strategic: no member writes to be paid. What is paid adds up to the micro-unit.
Run: pytest bets/bet_65_royalties.py
"""

import random

import pytest

from bets.lab import corpus, provenance, specialists
from bets.lab.ensemble import serving

pytestmark = pytest.mark.slow

SIZE = "30m"
DOCUMENTS = 20  # of an author and seed
LENGTH = 512  # bytes
AMOUNT = 1_000_000  # micro-units for each
PILOT = {"SIZE": "tiny", "DOCUMENTS": 2}


@pytest.mark.strict("sum(right) / sum(documents) >= 0.9")
@pytest.mark.lenient("sum(right) / sum(documents) >= 0.75")
@pytest.mark.catastrophic("3 * sum(right) / sum(documents) < 1")
@pytest.mark.control("(sum(right) - sum(right_shuffled)) / sum(documents) >= 0.2")
@pytest.mark.replicate(3)
@pytest.mark.parametrize("author", corpus.USERS)
def experiment(seed, author):
    federation, draws = serving.Federation(), random.Random(f"{author}/{seed}")
    held_out = corpus.load(author).held_out
    total = {"right": 0, "right_shuffled": 0, "documents": 0, "paid_short": 0}
    for name in corpus.USERS:
        federation.join(name, specialists.load(name, SIZE))
    for _ in range(DOCUMENTS):
        start = draws.randrange(len(held_out) - LENGTH)
        document = held_out[start : start + LENGTH]
        paid = federation.pay(document, AMOUNT)
        shuffled = federation.pay(bytes(draws.sample(document, LENGTH)), AMOUNT)
        total["right"] += max(paid, key=paid.__getitem__) == author
        total["right_shuffled"] += max(shuffled, key=shuffled.__getitem__) == author
        total["paid_short"] += AMOUNT - sum(paid.values())
        total["documents"] += 1
    return total | provenance.of(SIZE, corpus.USERS, [author])
