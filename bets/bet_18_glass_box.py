"""Bet 18: what each specialist contributed adds back up to what the mixture said.

Hypothesis: a node that gets from every specialist one float32 number a byte (log of prior times probability) can split
    the mixture's log-probability into a part for each, and the parts add back up to the joint, which is computed apart
    in float64 from the whole distributions.
Strict: over 1,000 tokens of each of 3 texts the largest residual is below 0.00001 (1e-5) nats.
Lenient: the largest residual is below 0.001 nats.
Catastrophic: the largest residual is above 0.01 nats.
Control: the sum can see an error: where one member understates what it sent by 0.1 nats at every byte, the parts miss
    the joint by more than 0.001 nats somewhere in each of 3 texts.
Scope: three specialists of 30M parameters, uniform prior, float32. The identity is exact in real arithmetic (evidence
    is expected log-likelihood and entropy under the responsibilities), so that what is tested is the rounding; it says
    that the account balances, and not that a part is what its specialist deserves (bet 65).
Run: pytest bets/bet_18_glass_box.py
"""

import pytest
import torch

from bets.lab import corpus, provenance, specialists, training
from bets.lab.ensemble import combine

pytestmark = pytest.mark.slow

SIZE = "30m"
TOKENS = 1_000
UNDERSTATED = 0.1  # nats
PILOT = {"SIZE": "tiny", "TOKENS": 100}


@pytest.mark.strict("max(residual) < 1e-5")
@pytest.mark.lenient("max(residual) < 0.001")
@pytest.mark.catastrophic("max(residual) > 0.01")
@pytest.mark.control("count(understated > 0.001) >= 3")
@pytest.mark.parametrize("author", corpus.USERS)
def experiment(author):
    text = training.tokens(corpus.load(author).held_out[: TOKENS + 1])
    with torch.no_grad():
        members = [specialists.load(name, SIZE) for name in corpus.USERS]
        context = members[0].config.context
        pieces = zip(text[:-1].split(context), text[1:].split(context), strict=True)
        accounts = [account(members, inputs, targets) for inputs, targets in pieces]
    residuals, understated = (torch.cat(parts) for parts in zip(*accounts, strict=True))
    found = {"residual": residuals.max(), "mean_residual": residuals.mean(), "understated": understated.max()}
    return found | provenance.of(SIZE, corpus.USERS, [author])


def account(members, inputs, targets):
    """By how many nats the parts miss the joint at each token [T]: as they are, and with one member's understated."""
    whole = combine.decompose(combine.log_probabilities(members, inputs), targets)
    sent = whole.sent.clone()
    sent[0] -= UNDERSTATED
    return whole.residual(), (combine.parts(sent).sum(0).double() - whole.joint).abs()
