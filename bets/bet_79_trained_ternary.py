"""Bet 79: ternary weights work once they are trained a little.

Hypothesis: a trained model whose matrices are rounded to -1, 0 and 1 with a scale a row, and then trained for 400 steps
    through the rounding, is at most 15 % more perplexed than the same model in fp16 that was trained for as many more
    steps, in a file at least 9.5 times smaller.
Strict: the perplexity is at most 1.15 times that of the longer trained model for all of 5 models, and its file is at
    least 9.5 times smaller than fp16.
Lenient: the perplexity is at most 1.5 times as high for all of 5 models.
Catastrophic: any 1 of 5 models or more is worse than a table of how often five bytes follow each other in its training
    text.
Control: it is the training: rounding with the same scales alone is worse than that table for at least 4 models.
Premise: the longer training does no harm: its perplexity is at most 1.02 times the original's, for all of 5 models.
Null: training through the rounding makes no difference, so that the trained and the rounded model could be exchanged.
Odds: PASS 20 %, LENIENT 60 %, FAIL 20 %
Scope: five models of 30M parameters whose texts overlap in part, embedding and head rounded as well, 400 steps of 2,048
    bytes at rates chosen on validation text for the ternary and the fp16 training alike. Follows bets 13 and 52, which
    did not train and had one scale a matrix. Recorded on a GPU only: five bases take hours on two cores.
Run: pytest bets/bet_79_trained_ternary.py
"""

import copy
from dataclasses import replace

import pytest

from bets.lab import bases, corpus, quantise, seeding, training
from bets.lab.adaptation import tuning
from bets.lab.instruments import ngrams
from bets.lab.recipe import straight_through

pytestmark = [pytest.mark.slow, pytest.mark.gpu]

NAMES = ("programmer", "scientist", "novelist", "general", "python")
TEXTS = {"python": "programmer"}  # whose text a base is judged by, where it is not its own name
SIZE = "30m"
TRAINING = "short"
STEPS = 400
RATES = (2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3)
TABLE, JUDGED = 4_000_000, 65_536  # bytes of training text that tables are made of, and of held-out text
SEED = 79
EFFECT = 0.05  # how far the ratio is below 1.15
PILOT = {"NAMES": ("general", "python"), "SIZE": "tiny", "STEPS": 3, "TABLE": 20_000, "JUDGED": 1_024}


@pytest.mark.strict("max(ternary / longer) <= 1.15", "min(size_ratio) >= 9.5")
@pytest.mark.lenient("max(ternary / longer) <= 1.5")
@pytest.mark.catastrophic("count(ternary > table) >= 1")
@pytest.mark.control("count(rounded > table) >= 4")
@pytest.mark.premise("max(longer / original) <= 1.02")
@pytest.mark.null(swap="ternary, rounded", unit="name")
@pytest.mark.challenges(13, 52)
@pytest.mark.parametrize("name", NAMES)
def experiment(name):
    base, text = bases.load(name, SIZE, TRAINING), corpus.load(TEXTS.get(name, name))
    words = bases.TEXTS[name].text()
    held_out, validation = corpus.spread(text.held_out, JUDGED), corpus.spread(text.validation, JUDGED // 2)
    rounding, plain = straight_through.rounding(base), copy.deepcopy(base).requires_grad_(True)
    longer, ternary = (trained(model, words, validation) for model in (plain, rounding))
    small, rounded = (straight_through.frozen(each, base) for each in (ternary.made, rounding))
    models = {"original": base, "longer": longer.made, "ternary": small, "rounded": rounded}
    found = {label: training.perplexity(training.loss(model, held_out)) for label, model in models.items()}
    found |= {"table": training.perplexity(ngrams.loss(words[:TABLE], held_out)), "bytes": straight_through.size(small)}
    found |= {"longer_rate": longer.rate, "ternary_rate": ternary.rate}
    found |= {"size_ratio": len(quantise.compress(base, "fp16")) / found["bytes"]}
    return found | bases.origin(SIZE, TRAINING, [name], [text.name])


def trained(model, words, validation):
    """A copy of a model, trained at the rate that is best on validation text."""
    budget = training.Budget(STEPS, 8, warmup=10, final=0.05, weight_decay=0.1, clip=1.0)

    def attempt(rate):
        made, draws = copy.deepcopy(model), seeding.torch_generator(SEED, "windows")
        training.train(made, words, replace(budget, learning_rate=rate), draws, label=f"at {rate:g}")
        return training.loss(made, validation), made

    return tuning.climb(RATES, RATES[3], attempt)


def world(effect, rng, name):
    ratio = 1.15 - effect + rng(name).gauss(0, 0.02)
    return {"original": 3, "longer": 3, "ternary": 3 * ratio, "rounded": 20, "table": 6, "size_ratio": 9.8}
