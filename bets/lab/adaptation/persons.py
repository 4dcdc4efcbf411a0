"""What the bets on twelve authors share: the jobs of their adapters, and the pieces that these are judged by."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from statistics import fmean
from typing import Final

from bets.lab import bases, corpus
from bets.lab.adaptation import tuned
from bets.lab.adaptation.tuned import Job
from bets.lab.model import FractalMoE, Stage
from bets.lab.texts import authors, pieces

SEED: Final = 0
"""Of the windows: the same for every author and kind, so that bets share what was trained."""


@cache
def base(size: str, training: str) -> FractalMoE:
    """The model that is adapted, frozen: it has read Python and prose, and nothing that an author is judged by."""
    return bases.load("python", size, training)


def job(names: Sequence[str], kind: str, steps: int, validation: int) -> Job:
    """The training of one kind of adapter on what these authors wrote together, with a rate of its own.

    The rate is chosen on so many bytes of validation text, of which each author has the same part.
    """
    texts = [authors.load(name) for name in names]
    chosen = b"".join(corpus.spread(author.validation, validation // len(texts)) for author in texts)
    return tuned.job(kind, b"".join(author.own for author in texts), chosen, steps, SEED)


def held_out(name: str, count: int, length: int) -> list[bytes]:
    """The beginnings of an author's held-out pieces, each with the byte before the first that is predicted."""
    return [piece[: length + 1] for piece in authors.load(name).pieces[:count]]


def losses(model: Stage, judged: Sequence[bytes], label: str) -> dict[str, float | list[float]]:
    """For a record: the mean loss over pieces, in nats a byte, and that of each piece."""
    found = pieces.losses(model, judged)
    return {label: fmean(found), f"{label}_pieces": found}
