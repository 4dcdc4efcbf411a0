"""Bet 31: some linear mix of two independently trained specialists beats both.

Hypothesis: between the weights of two specialists that share neither initialisation nor a step of training lies a
    mix that predicts mixed text of both authors better than either of them.
Strict: for 3 of 3 pairs at least one of nine mixes has a lower loss than both parents.
Lenient: for 2 of 3 pairs at least one of nine mixes has a lower loss than both parents.
Catastrophic: for 3 of 3 pairs every mix has a higher loss than both parents.
Control: better than both is no accident of perturbing weights: no mix of a parent with an untrained model of another
    initialisation beats that parent, in 3 of 3 pairs (0 pairs where one does).
Scope: 30M parameters, ratios 0.1 to 0.9, no alignment of neurons or experts before the mix. The published bet was
    falsified, and independent initialisations leave little reason to expect anything else: linear mode connectivity
    is known for models that share the start of their training. The three share no start, but some of their text.
Run: pytest bets/bet_31_weight_soup.py
"""

import copy
import itertools

import pytest

from bets.lab import corpus, provenance, seeding, specialists, training
from bets.lab.ensemble import combine
from bets.lab.model import SIZES, FractalMoE, device

pytestmark = pytest.mark.slow

SIZE = "30m"
RATIOS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
BYTES = 8_192  # of held-out text of each author
PILOT = {"SIZE": "tiny", "BYTES": 1_000}


@pytest.mark.strict("count(best_mix < best_parent) >= 3")
@pytest.mark.lenient("count(best_mix < best_parent) >= 2")
@pytest.mark.catastrophic("count(best_mix > worst_parent) >= 3")
@pytest.mark.control("count(best_with_noise < first_parent) <= 0")
@pytest.mark.parametrize("pair", ["+".join(pair) for pair in itertools.combinations(corpus.USERS, 2)])
def experiment(pair):
    names = pair.split("+")
    text = b"".join(corpus.spread(corpus.load(name).held_out, BYTES) for name in names)
    parents = [specialists.load(name, SIZE) for name in names]
    noise = FractalMoE(SIZES[SIZE], seeding.torch_generator(0, pair)).to(device())
    alone = [training.loss(parent, text) for parent in parents]
    mixes = [mixed_loss(*parents, ratio, text) for ratio in RATIOS]
    with_noise = [mixed_loss(parents[0], noise, ratio, text) for ratio in RATIOS]
    return {
        "best_mix": min(mixes),
        "best_parent": min(alone),
        "worst_parent": max(alone),
        "first_parent": alone[0],
        "best_with_noise": min(with_noise),
        "mixes": mixes,
    } | provenance.of(SIZE, names, names)


def mixed_loss(one, other, ratio, text):
    """The loss in nats a byte of a model whose weights are `ratio` of the one's and the rest of the other's."""
    model = copy.deepcopy(one)
    model.load_state_dict(combine.soup([one.state_dict(), other.state_dict()], [ratio, 1 - ratio]))
    return training.loss(model, text)
