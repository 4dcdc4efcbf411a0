"""What a minority of workers can send: four attacks from the literature, and a search for any that works.

The first two change the attackers' own updates [attackers, ...]; the other two are omniscient: from all honest
updates [honest, ...] they make the one vector that each attacker sends.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from statistics import NormalDist
from typing import Final

import hypothesis
import torch
from hypothesis import strategies as st
from torch import Tensor

ATTACKS: Final = ("anything", "scaled", "sign_flip", "a_little_is_enough", "inner_product")
DTYPES: Final = {"float32": torch.float32, "float64": torch.float64}
MOST_WORKERS: Final = 9
MOST_COORDINATES: Final = 4
SHOWN: Final = 160  # characters of a counterexample
NOT_FINITE: Final = [math.nan, math.inf, -math.inf]

Rule = Callable[[Tensor], Tensor]  # an aggregator: [workers, coordinates] -> [coordinates]


def scaled(own: Tensor, factor: float = 1000.0) -> Tensor:
    """Send one's update `factor` times too large (model replacement: Bagdasaryan et al., AISTATS 2020)."""
    return own * factor


def sign_flip(own: Tensor, factor: float = 1.0) -> Tensor:
    """Send the reverse of one's update, `factor` times as large (Li et al., 'RSA', AAAI 2019)."""
    return own * -factor


def a_little_is_enough(honest: Tensor, attackers: int, z: float | None = None) -> Tensor:
    """Hide in the spread: mean - z * std of the honest, coordinate by coordinate (Baruch et al., NeurIPS 2019).

    By default z is the paper's z_max: the farthest at which, in expectation, so many honest workers lie beyond that
    with the attackers they are a majority. The standard deviation is the population's. Returns [attackers, ...]. Raises
    ValueError unless there are both, and, for that z, more honest workers than attackers.
    """
    _both(honest, attackers)
    if z is None:
        if attackers >= len(honest):
            raise ValueError(f"{attackers} attackers of {len(honest)} honest: z_max needs fewer; give a z")
        workers = len(honest) + attackers
        supporters = workers // 2 + 1 - attackers
        z = NormalDist().inv_cdf((workers - attackers - supporters) / (workers - attackers))
    vector = honest.mean(dim=0) - z * honest.std(dim=0, correction=0)
    return vector.expand(attackers, *vector.shape)


def inner_product(honest: Tensor, attackers: int, epsilon: float = 0.1) -> Tensor:
    """Send -epsilon times the honest mean, so that the aggregate points backwards (Xie et al., UAI 2019).

    It turns the mean around if epsilon is above honest / attackers; a small one is for rules that prefer the small.
    Returns [attackers, ...]. Raises ValueError unless there are both.
    """
    _both(honest, attackers)
    vector = -epsilon * honest.mean(dim=0)
    return vector.expand(attackers, *vector.shape)


def _both(honest: Tensor, attackers: int) -> None:
    if len(honest) < 1 or attackers < 1:
        raise ValueError(f"{len(honest)} honest updates and {attackers} attackers: expected at least one of each")


@dataclass(frozen=True)
class Round:
    """One round of updates: honest [honest, coordinates], all finite; attack [attackers, coordinates], anything."""

    honest: Tensor
    attack: Tensor
    place: int  # how far the stack is rolled: where among the workers the attackers sit

    def stack(self) -> Tensor:
        """All updates as the coordinator gets them. [workers, coordinates]."""
        return torch.cat([self.honest, self.attack]).roll(self.place, dims=0)


@dataclass(frozen=True)
class Search:
    """How long a rule withstood the search, and what broke it."""

    withstood: int  # examples before the first counterexample; all that were tried if there was none
    found: bool
    smallest: str  # the counterexample, shrunk if that was asked for; empty if none was found


def escapes(rule: Rule, case: Round) -> bool:
    """Whether the rule's result lies outside the honest extremes in any coordinate; NaN lies outside."""
    result = rule(case.stack())
    inside = (case.honest.amin(dim=0) <= result) & (result <= case.honest.amax(dim=0))
    return not bool(inside.all())


def search(
    rule: Rule, dtype: torch.dtype, examples: int, seed: int, *, bound: float = math.inf, shrink: bool = True
) -> Search:
    """Let Hypothesis look for a round with a minority of attackers in which the rule escapes the honest extremes.

    It tries `examples` rounds, fewer if it finds one. With a finite bound only rounds count whose every number, honest
    or not, is finite and at most that large. The same arguments give the same search, whatever else is imported.
    """
    verdicts: list[bool] = []

    def broken(case: Round) -> bool:
        within = bound == math.inf or bool((case.stack().abs() <= bound).all())
        verdicts.append(within and escapes(rule, case))
        return verdicts[-1]

    phases = [hypothesis.Phase.generate, *[hypothesis.Phase.shrink] * shrink]
    settings = hypothesis.settings(
        max_examples=examples, phases=phases, database=None, deadline=None, derandomize=False, backend="hypothesis"
    )
    try:
        case = hypothesis.find(rounds(dtype), broken, settings=settings, random=Random(seed))
    except hypothesis.errors.NoSuchExample:
        return Search(len(verdicts), False, "")
    return Search(verdicts.index(True), True, show(rule, case))


def show(rule: Rule, case: Round) -> str:
    """A counterexample as one short line."""
    text = f"honest {case.honest.tolist()} attack {case.attack.tolist()} -> {rule(case.stack()).tolist()}"
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def rounds(dtype: torch.dtype) -> st.SearchStrategy[Round]:
    """Rounds of 1 to 9 workers, fewer than half of them attackers, in 1 to 4 coordinates."""
    most = torch.finfo(dtype).max
    honest_row = [_row(dtype, _values(dtype) + _limits(dtype), width) for width in range(MOST_COORDINATES + 1)]
    any_row = [
        _row(dtype, _values(dtype) + _limits(dtype) + NOT_FINITE, width) for width in range(MOST_COORDINATES + 1)
    ]
    below = [st.integers(0, bound) for bound in range(MOST_WORKERS)]
    attacks = st.sampled_from(ATTACKS)

    @st.composite
    def draw_round(draw: st.DrawFn) -> Round:
        coordinates = 1 + draw(below[MOST_COORDINATES - 1])
        attackers = draw(below[(MOST_WORKERS - 1) // 2])
        workers = 2 * attackers + 1 + draw(below[MOST_WORKERS - 2 * attackers - 1])

        def stack(rows: int, row: st.SearchStrategy[list[float]]) -> Tensor:  # [rows, coordinates]
            table = torch.tensor([draw(row) for _ in range(rows)], dtype=torch.float64)
            return table.reshape(rows, coordinates).to(dtype)

        honest = stack(workers - attackers, honest_row[coordinates]).clamp(-most, most)
        kind = draw(attacks) if attackers else "anything"
        attack = _attack(kind, honest, attackers, lambda: stack(attackers, any_row[coordinates]))
        return Round(honest, attack, draw(below[workers - 1]))

    return draw_round()


def _row(dtype: torch.dtype, numbers: list[float], width: int) -> st.SearchStrategy[list[float]]:
    """One worker's numbers, all multiplied by one scale. [width]."""
    values = st.tuples(*[st.sampled_from(numbers)] * width)
    return st.builds(lambda scale, row: [scale * x for x in row], st.sampled_from(_scales(dtype)), values)


# Every choice is one of fewer than 100: Hypothesis mixes larger integers, and floats, with the constants of whatever
# local modules happen to be imported, and a search would depend on which other tests are run.


def _values(dtype: torch.dtype) -> list[float]:
    """Small numbers first, since that is the order in which Hypothesis shrinks. 65 of them."""
    near = [0.0, *(sign * m for m in range(1, 17) for sign in (1.0, -1.0))]
    fractions = [sign * x for x in (0.1, 0.5, 1 / 3, 2 / 3, 1 + torch.finfo(dtype).eps, 33.3) for sign in (1.0, -1.0)]
    wide = [sign * 10.0**e for e in (2, 4, 8, 16, 32, -2, -4, -8, -16, -32) for sign in (1.0, -1.0)]
    return near + fractions + wide


def _limits(dtype: torch.dtype) -> list[float]:
    info = torch.finfo(dtype)
    subnormal = info.smallest_normal * info.eps
    return [-0.0, *(sign * x for x in (info.max, info.smallest_normal, subnormal) for sign in (1.0, -1.0))]


def _scales(dtype: torch.dtype) -> list[float]:
    """Powers of two, the last of which reach both ends of the type."""
    far = (120, -140) if dtype == torch.float32 else (1000, -1060)
    return [2.0**e for e in (0, 1, -1, 10, -10, *far)]


def _attack(kind: str, honest: Tensor, attackers: int, anything: Callable[[], Tensor]) -> Tensor:
    if kind == "scaled":
        return scaled(honest[:attackers])
    if kind == "sign_flip":
        return sign_flip(honest[:attackers])
    if kind == "a_little_is_enough":
        return a_little_is_enough(honest, attackers)
    if kind == "inner_product":
        return inner_product(honest, attackers)
    return anything()
