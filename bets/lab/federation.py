"""Robust aggregation: what the coordinator makes of one update from each worker.

Every rule takes the stack of updates [workers, ...] and gives one of [...], coordinate by coordinate. Rules neither
look for faulty updates nor know how many there are; non-finite ones are to be rejected first (`finite`), since NaN
has no place in an order.
"""

import torch
from torch import Tensor


def finite(updates: Tensor) -> Tensor:
    """The updates without those that hold a NaN or an infinity anywhere. [workers, ...] -> [kept, ...]."""
    return updates[torch.isfinite(updates).flatten(start_dim=1).all(dim=1)]


def mean(updates: Tensor) -> Tensor:
    """The plain average, which a single attacker moves anywhere (Blanchard et al., NeurIPS 2017, lemma 1)."""
    return _some(updates).mean(dim=0)


def median(updates: Tensor) -> Tensor:
    """The coordinate-wise median (Yin et al., ICML 2018); of an even number of values, the lower of the middle two.

    Each coordinate is thus one of the values that were sent, to the bit: nothing is added, rounded or overflows, as
    the midpoint of two finite values can. A NaN in a coordinate makes that coordinate NaN.
    """
    return _some(updates).median(dim=0).values


def trimmed_mean(updates: Tensor, trim: int) -> Tensor:
    """The mean of each coordinate without its `trim` smallest and `trim` largest values (Yin et al., ICML 2018).

    Raises ValueError if trimming would leave no value.
    """
    workers = len(_some(updates))
    if not 0 <= 2 * trim < workers:
        raise ValueError(f"trim {trim} of {workers} updates at each end: expected 0 <= 2 * trim < {workers}")
    return updates.sort(dim=0).values[trim : workers - trim].mean(dim=0)


def _some(updates: Tensor) -> Tensor:
    if updates.ndim < 1 or not len(updates):
        raise ValueError(f"updates of shape {tuple(updates.shape)}: expected [workers, ...] with at least one worker")
    return updates
