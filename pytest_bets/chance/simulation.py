"""Simulated runs of a bet, in the world that its author wrote."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_bets.bet.declaration import Declaration
from pytest_bets.chance.draws import Generator, at_most, generator
from pytest_bets.chance.relabeling import are_met
from pytest_bets.diagnostics import EvaluationError, MeasurementError, SimulationError
from pytest_bets.sentence.ast import Sentence
from pytest_bets.sentence.evaluate import Row, satisfied, value_of
from pytest_bets.values import plain

World = Callable[..., object]
RUNS: Final = 2_000
QUICK: Final = 200
"""Runs before a session, where only a coarse answer is needed."""


@dataclass(frozen=True)
class Simulated:
    """In how many simulated runs strict was met, lenient was met, and the bet came to a PASS."""

    runs: int
    strict: int
    lenient: int
    passes: int

    @property
    def strict_at_most(self) -> float:
        """The upper 95 % limit of the chance of strict."""
        return at_most(self.strict, self.runs)


class Stateless:
    """Makes generators: in one simulated run, the same key gives one with the same numbers each time."""

    def __init__(self, digest: str, run: int) -> None:
        self._base = f"{digest}:{run}"

    def __call__(self, *key: object) -> Generator:
        """Return a generator for a key."""
        if not key:
            raise TypeError("rng() has no key; give one, as in rng(seed, part)")
        return generator(f"{self._base}:{key!r}")


def simulate(
    world: World,
    declaration: Declaration,
    params: Sequence[Mapping[str, object]],
    effect: float,
    runs: int = RUNS,
) -> Simulated:
    """Simulate runs of a bet at an effect; 0 is the null.

    Raises:
        SimulationError: if the world fails, or does not return what the experiment would.

    """
    tiers = {tier: declaration.sentences(tier) for tier in ("strict", "lenient", "catastrophic", "control", "premise")}
    strict = lenient = passes = 0
    for run in range(runs):
        rows = _rows(world, declaration, params, effect, Stateless(declaration.digest, run))
        met = {tier: _met(sentences, rows) for tier, sentences in tiers.items() if tier != "catastrophic"}
        strict += met["strict"]
        lenient += met["lenient"]
        if met["strict"] and met["control"] and met["premise"]:
            passes += not _tripped(tiers["catastrophic"], rows)
    return Simulated(runs, strict, lenient, passes)


def _rows(
    world: World,
    declaration: Declaration,
    params: Sequence[Mapping[str, object]],
    effect: float,
    rng: Stateless,
) -> list[Row]:
    assert declaration.world is not None  # noqa: S101  # only a declared world is simulated
    wanted = declaration.world.parameters
    rows: list[Row] = []
    for cell in params:
        try:
            returned = world(effect, rng, **{name: cell[name] for name in wanted})
            rows.append({**cell, **plain(returned)})
        except MeasurementError as error:
            raise SimulationError(f"`world`: {str(error).replace('the experiment', 'it')}") from None
        except Exception as error:  # the world is the user's, and may raise anything
            raise SimulationError(f"`world` failed: {type(error).__name__}: {error}") from None
    return rows


def _met(sentences: Sequence[Sentence], rows: Sequence[Row]) -> bool:
    return are_met(sentences, _values(sentences, rows))


def _tripped(sentences: Sequence[Sentence], rows: Sequence[Row]) -> bool:
    return any(met is not False for met in map(satisfied, sentences, _values(sentences, rows)))


def _values(sentences: Sequence[Sentence], rows: Sequence[Row]) -> list[float]:
    try:
        return [value_of(sentence.value, rows) for sentence in sentences]
    except EvaluationError as error:
        raise SimulationError(f"`world`: {error}") from None
