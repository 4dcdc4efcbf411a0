"""Robust aggregation: what the coordinator makes of one update from each worker.

Every rule takes the stack of updates [workers, ...] and gives one of [...], whatever the order of the workers: mean,
median and trimmed mean coordinate by coordinate, the others by Euclidean distance, in float64. No rule looks for faulty
updates; non-finite ones are to be rejected first (`finite`), since NaN has no place in an order.
"""

from functools import cmp_to_key
from typing import Final

import torch
from torch import Tensor

STEPS: Final = 1_000  # most of Weiszfeld's
CLOSE: Final = 1e-9  # a step this small, as a share of the median distance, is the last


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


def geometric_median(updates: Tensor) -> Tensor:
    """The point with the least sum of distances to the updates, which a minority hardly moves (Pillutla et al., 2022).

    It is an update where the others pull no harder than those there hold (Vardi and Zhang, PNAS 2000), and elsewhere
    the limit of Weiszfeld's steps, taken from the coordinate-wise median.
    """
    points = _some(updates).flatten(1).double()  # [workers, d]
    for point in points:
        here, pull, _ = _pulled(points, point)
        if pull.norm() <= here:
            return point.to(updates.dtype).view(updates.shape[1:])
    z = median(points)
    for _ in range(STEPS):
        here, pull, weight = _pulled(points, z)
        step = max(0.0, 1 - here / float(pull.norm())) * pull / weight
        z = z + step
        if step.norm() <= CLOSE * (points - z).norm(dim=1).median():
            break
    return z.to(updates.dtype).view(updates.shape[1:])


def _pulled(points: Tensor, z: Tensor) -> tuple[int, Tensor, Tensor]:
    """How many points [n, d] lie at z, the sum of unit vectors to the others [d], and of their inverse distances."""
    distances = (points - z).norm(dim=1)
    weights = (1 / distances).masked_fill(distances == 0, 0)
    return int((distances == 0).sum()), weights @ points - weights.sum() * z, weights.sum()


def krum(updates: Tensor, faulty: int) -> Tensor:
    """The one update with the least sum of squared distances to its n - faulty - 2 nearest (Blanchard et al., 2017).

    Raises ValueError unless 2 * faulty + 2 < n.
    """
    return multi_krum(updates, faulty, 1)


def multi_krum(updates: Tensor, faulty: int, chosen: int) -> Tensor:
    """The mean of the `chosen` updates that Krum likes best (Blanchard et al., 2017).

    Equal scores, which two that are each other's nearest easily have, go by the first coordinate that differs. Raises
    ValueError unless 2 * faulty + 2 < n and 1 <= chosen <= n - faulty.
    """
    workers = len(_some(updates))
    if faulty < 0 or 2 * faulty + 2 >= workers:
        raise ValueError(f"{faulty} faulty of {workers} updates: Krum needs 0 <= faulty and 2 * faulty + 2 < {workers}")
    if not 1 <= chosen <= workers - faulty:
        raise ValueError(f"{chosen} chosen of {workers} updates: expected 1 to {workers - faulty}")
    points = updates.flatten(1).double()  # [workers, d]
    squared = torch.stack([(points - point).square().sum(dim=1) for point in points])  # [workers, workers]
    near = squared.fill_diagonal_(torch.inf).sort(dim=1).values[:, : workers - faulty - 2]
    scores = near.sum(dim=1).tolist()

    def compare(i: int, j: int) -> float:
        if scores[i] != scores[j]:
            return float(scores[i] - scores[j])
        differ = (points[i] != points[j]).nonzero()
        return float(points[i, differ[0, 0]] - points[j, differ[0, 0]]) if len(differ) else 0.0

    best = sorted(range(workers), key=cmp_to_key(compare))[:chosen]
    return updates[best].mean(dim=0) if chosen > 1 else updates[best[0]]


def _some(updates: Tensor) -> Tensor:
    if updates.ndim < 1 or not len(updates):
        raise ValueError(f"updates of shape {tuple(updates.shape)}: expected [workers, ...] with at least one worker")
    return updates
