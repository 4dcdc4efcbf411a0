"""Robust aggregation: what the coordinator makes of one update from each worker.

Every rule takes the stack of updates [workers, ...] and gives one of [...]: mean, median and trimmed mean coordinate by
coordinate, the others by Euclidean distance, in float64. The order of the workers changes no bit of any result, but for
the sign of a zero (-0 and 0 are equal), and but for the mean, which is summed in that order. No rule looks for faulty
updates; non-finite ones are to be rejected first (`finite`), since NaN has no place in an order.

All but the mean go through the updates in blocks of coordinates that a processor's cache holds: beside the updates and
one vector, the result or a centre, they take memory for a few blocks.
"""

from collections.abc import Iterator
from functools import cache, cmp_to_key
from math import prod
from typing import Final

import torch
from torch import Tensor

BLOCK: Final = 16_384  # coordinates
STEPS: Final = 1_000  # most of Weiszfeld's
CLOSE: Final = 1e-9  # a pull this small, in unit vectors a worker, is none


def finite(updates: Tensor) -> Tensor:
    """The updates without those that hold a NaN or an infinity anywhere. [workers, ...] -> [kept, ...]."""
    kept = [worker for worker, update in enumerate(updates) if update.isfinite().all()]
    return updates if len(kept) == len(updates) else updates[kept]


def mean(updates: Tensor) -> Tensor:
    """The plain average, which a single attacker moves anywhere (Blanchard et al., NeurIPS 2017, lemma 1).

    Its sum is rounded in the order of the workers; `trimmed_mean(updates, 0)` is not.
    """
    _rows(updates)
    return updates.mean(dim=0)


def median(updates: Tensor) -> Tensor:
    """The coordinate-wise median (Yin et al., ICML 2018); of an even number of values, the lower of the middle two.

    Each coordinate is thus one of the values that were sent, to the bit: nothing is added, rounded or overflows, as
    the midpoint of two finite values can. A NaN in a coordinate makes that coordinate NaN.
    """
    rows = _rows(updates)
    middle = (len(rows) - 1) // 2
    result = rows.new_empty(rows.shape[1])
    for where, values in _ranked(rows, middle, middle):
        result[where] = values[0]
    return result.view(updates.shape[1:])


def trimmed_mean(updates: Tensor, trim: int) -> Tensor:
    """The mean of each coordinate without its `trim` smallest and `trim` largest values (Yin et al., ICML 2018).

    It is summed in float64, in ascending order, and never lies outside the values that it is of. A NaN in a coordinate
    makes that coordinate NaN. Raises ValueError if trimming would leave no value.
    """
    rows = _rows(updates)
    workers = len(rows)
    if not 0 <= 2 * trim < workers:
        raise ValueError(f"trim {trim} of {workers} updates at each end: expected 0 <= 2 * trim < {workers}")
    result = rows.new_empty(rows.shape[1])
    for where, values in _ranked(rows, trim, workers - trim - 1):
        average = torch.stack(values).double().mean(dim=0).to(rows.dtype)
        result[where] = average.clamp(values[0], values[-1])
    return result.view(updates.shape[1:])


def geometric_median(updates: Tensor) -> Tensor:
    """The point with the least sum of distances to the updates, which a minority hardly moves (Pillutla et al., 2022).

    It is an update where the others pull no harder than those there hold (Vardi and Zhang, PNAS 2000), and elsewhere
    the limit of Weiszfeld's steps. Each of these is a weighted mean of the updates, so that they are made on the
    weights, with the inner products of the updates alone. Raises ValueError if one of these is not finite.
    """
    rows = _rows(updates)
    products = _products(rows)
    if not products.isfinite().all():
        raise ValueError("updates with products that are not finite: NaN, infinities, or float64 beyond 1e150")
    order = _order(rows)
    weights = _weiszfeld(products[order][:, order])
    result = rows.new_empty(rows.shape[1])
    for where, block in _blocks(rows, torch.float64):
        result[where] = (weights @ block[order]).to(rows.dtype)
    return result.view(updates.shape[1:])


def krum(updates: Tensor, faulty: int) -> Tensor:
    """The one update with the least sum of squared distances to its n - faulty - 2 nearest (Blanchard et al., 2017).

    Raises ValueError as `multi_krum` does.
    """
    return multi_krum(updates, faulty, 1)


def multi_krum(updates: Tensor, faulty: int, chosen: int) -> Tensor:
    """The mean of the `chosen` updates that Krum likes best (Blanchard et al., 2017).

    Equal scores, which two that are each other's nearest easily have, go by the first coordinate that differs. Raises
    ValueError unless 2 * faulty + 2 < n and 1 <= chosen <= n - faulty, and where a distance is NaN.
    """
    rows = _rows(updates)
    workers = len(rows)
    if faulty < 0 or 2 * faulty + 2 >= workers:
        raise ValueError(f"{faulty} faulty of {workers} updates: Krum needs 0 <= faulty and 2 * faulty + 2 < {workers}")
    if not 1 <= chosen <= workers - faulty:
        raise ValueError(f"{chosen} chosen of {workers} updates: expected 1 to {workers - faulty}")
    squared = _squared_distances(rows)
    if squared.isnan().any():
        raise ValueError("updates with a distance of NaN: reject those that are not finite first")
    near = squared.fill_diagonal_(torch.inf).sort(dim=1).values[:, : workers - faulty - 2]
    scores = near.sum(dim=1).tolist()
    best = sorted(_order(rows), key=scores.__getitem__)[:chosen]
    if chosen == 1:
        return updates[best[0]].clone()
    result = rows.new_empty(rows.shape[1])
    for where, block in _blocks(rows, rows.dtype):
        result[where] = block[best].mean(dim=0)
    return result.view(updates.shape[1:])


def _rows(updates: Tensor) -> Tensor:
    """The updates as vectors. [workers, ...] -> [workers, d]."""
    if updates.ndim < 1 or not len(updates):
        raise ValueError(f"updates of shape {tuple(updates.shape)}: expected [workers, ...] with at least one worker")
    return updates.detach().reshape(len(updates), prod(updates.shape[1:]))


def _blocks(rows: Tensor, dtype: torch.dtype) -> Iterator[tuple[slice, Tensor]]:
    """Some coordinates after the other [workers, up to BLOCK], copied to one piece of memory that may be written to."""
    workers, d = rows.shape
    scratch = rows.new_empty(workers, min(BLOCK, d), dtype=dtype)
    for start in range(0, d, BLOCK):
        where = slice(start, min(start + BLOCK, d))
        yield where, scratch[:, : where.stop - start].copy_(rows[:, where])


def _ranked(rows: Tensor, first: int, last: int) -> Iterator[tuple[slice, list[Tensor]]]:
    """Block by block, the values of each coordinate from rank `first` to `last`, ascending; with a NaN, all NaN."""
    network = _network(len(rows), first, last)
    extra = rows.new_empty(min(BLOCK, rows.shape[1]))
    for where, block in _blocks(rows, rows.dtype):
        values, spare = list(block), extra[: block.shape[1]]
        for low, high, smaller, larger in network:
            a, b = values[low], values[high]
            if smaller and larger:
                values[low], spare = torch.minimum(a, b, out=spare), a
                torch.maximum(a, b, out=b)
            elif smaller:
                torch.minimum(a, b, out=a)
            else:
                torch.maximum(a, b, out=b)
        yield where, values[first : last + 1]


@cache
def _network(n: int, first: int, last: int) -> tuple[tuple[int, int, bool, bool], ...]:
    """What in Batcher's sorting network bears on these ranks (Knuth, volume 3, algorithm 5.2.2M).

    Pairs of places (low, high), in their order, and whether the smaller and the larger value matter any more.
    """
    pairs, top = [], 1 << max(0, (n - 1).bit_length() - 1)
    p = top
    while p:
        q, r, d = top, 0, p
        while True:
            pairs += [(i, i + d) for i in range(n - d) if i & p == r]
            if q == p:
                break
            q, r, d = q // 2, p, q - p
        p //= 2
    wanted, kept = set(range(first, last + 1)), []
    for low, high in reversed(pairs):
        if low in wanted or high in wanted:
            kept.append((low, high, low in wanted, high in wanted))
            wanted |= {low, high}
    return tuple(reversed(kept))


def _products(rows: Tensor) -> Tensor:
    """Inner products [workers, workers] of the updates about their coordinate-wise median.

    From there an honest majority's are not lost in the rounding of what others send, however far that is.
    """
    centre, products = median(rows), rows.new_zeros(len(rows), len(rows), dtype=torch.float64)
    for where, block in _blocks(rows, torch.float64):
        block -= centre[where]
        for i, row in enumerate(block):
            products[i, i:] += (block[i:] * row).sum(dim=1)  # alike for equal updates, as of a product of matrices not
    return products.triu() + products.triu(1).T


def _squared_distances(rows: Tensor) -> Tensor:
    """Between any two updates, 0 where they are equal. [workers, workers]."""
    squared = rows.new_zeros(len(rows), len(rows), dtype=torch.float64)
    for _, block in _blocks(rows, torch.float64):
        for i, row in enumerate(block[:-1]):
            squared[i, i + 1 :] += (block[i + 1 :] - row).square_().sum(dim=1)
    return squared + squared.T


def _weiszfeld(products: Tensor) -> Tensor:
    """The weights [n] of the points whose weighted mean is their geometric median, from their inner products [n, n].

    The first step leaves the best of the points as Vardi and Zhang do, and so goes below the sum of distances at any of
    them; each later one lessens it, and comes upon none again.
    """
    squares = products.diagonal()
    between = (squares[:, None] + squares - 2 * products).clamp(min=0).sqrt()
    best = int(between.sum(dim=1).argmin())
    weights, distances = torch.eye(len(products), dtype=torch.float64, device=products.device)[best], between[best]
    for _ in range(STEPS):
        here = int((distances == 0).sum())
        inverse = (1 / distances).masked_fill(distances == 0, 0)
        pull = inverse - inverse.sum() * weights  # sum of unit vectors to the points, as multiples of the points
        size = float((pull @ products @ pull).clamp(min=0).sqrt())
        if size <= here + CLOSE * len(products):
            break
        weights = weights + (1 - here / size) * pull / inverse.sum()
        distances = (squares - 2 * products @ weights + weights @ products @ weights).clamp(min=0).sqrt()
    return weights


def _order(rows: Tensor) -> list[int]:
    """The workers in the order of their updates: by the first coordinate that differs."""

    def compare(i: int, j: int) -> int:
        for start in range(0, rows.shape[1], BLOCK):
            one, other = rows[i, start : start + BLOCK], rows[j, start : start + BLOCK]
            differ = (one != other).nonzero()
            if len(differ):
                return -1 if one[differ[0, 0]] < other[differ[0, 0]] else 1
        return 0

    return sorted(range(len(rows)), key=cmp_to_key(compare))
