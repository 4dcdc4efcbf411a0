"""What is wrong with a null before the run, and what a reader should know of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.null import CELL, Swap
from pytest_bets.bet.validate import unsatisfiable
from pytest_bets.bet.world import EFFECT
from pytest_bets.chance import unit
from pytest_bets.chance.draws import Generator, generator
from pytest_bets.chance.floor import prior
from pytest_bets.chance.relabeling import are_met
from pytest_bets.chance.simulation import QUICK, Simulated, simulate
from pytest_bets.chance.words import odds, percent
from pytest_bets.diagnostics import EvaluationError, Fault, SimulationError, nearest
from pytest_bets.sentence.ast import Sentence, names
from pytest_bets.sentence.evaluate import value_of

Params = Mapping[str, object]
_SCALES: Final = (-2.0, 0.05, 1.0, 300.0)
_TRIALS: Final = 400
_MOST: Final = 50_000
"""The number of cells that are made up, at most: a sweep may be long."""
_LIKELY: Final = 0.5


def faults(declaration: Declaration, params: Sequence[Params]) -> list[Fault]:
    """Return the faults of the nulls of a bet for cells with these parameters."""
    return [
        Fault(declaration.file, null.line, problem, str(null), *rest)
        for null in declaration.nulls
        if isinstance(null, Swap)
        for problem, *rest in _unit_faults(null, params) or _equality_faults(null, declaration, params)
    ]


def _unit_faults(null: Swap, params: Sequence[Params]) -> list[tuple[str, ...]]:
    known = sorted(set().union(*params)) if params else []
    if null.unit is None:
        if len(known) < 2:
            return []
        ways = "; ".join(f'unit="{name}" makes {count}' for name, count in unit.choices(params))
        return [
            (
                "`unit` is missing: the sweep has more than one parameter",
                f"cells that cannot differ by luck alone change together: {ways}",
            )
        ]
    if null.unit == (CELL,):
        return []
    expected = f'{", ".join(known)}, or unit="{CELL}"' if known else f'unit="{CELL}": the sweep has no parameter'
    return [
        (f"`unit` has `{name}`, which is not a parameter of the sweep", expected, nearest(name, [*known, CELL]))
        for name in null.unit
        if name not in known
    ]


def _equality_faults(null: Swap, declaration: Declaration, params: Sequence[Params]) -> list[tuple[str, ...]]:
    """Return a fault if the bet can PASS where the exchanged columns are equal, whatever their values are."""
    if not _claims_equivalence(null, declaration, params):
        return []
    a, b = null.columns[:2]
    expected = f'a bound, as in strict("high({a} / {b}) <= 1.02") without a null; a null is for a difference'
    return [("strict is met where the exchanged columns are equal: this claims equivalence", expected)]


def _claims_equivalence(null: Swap, declaration: Declaration, params: Sequence[Params]) -> bool:
    strict = declaration.sentences("strict")
    columns = set(null.columns)
    reading = [item for item in strict if names(item.value) & columns]
    if not any(len(names(item.value) & columns) > 1 for item in reading):
        return False  # no sentence compares them with each other
    known = columns.union(*params)
    own = [item for item in reading if names(item.value) <= known]
    others = [item for item in (*reading, *declaration.sentences("control")) if item not in own]
    draw = generator("any values will do")
    for scale in _SCALES:
        equal = [dict.fromkeys(null.columns, scale * (1 + 0.1 * draw.random())) for _ in params]
        rows = [{**cell, **values} for cell, values in zip(params, equal, strict=True)]
        if not _are_met(own, rows):
            return False
        if len(own) < len(reading) and not _can_be_met(others, rows, scale, draw):
            return False
    return True


def _can_be_met(sentences: Sequence[Sentence], rows: Sequence[Params], scale: float, draw: Generator) -> bool:
    """Return whether some values of the other columns were found that meet all sentences."""
    free = sorted(frozenset[str]().union(*(names(item.value) for item in sentences)).difference(*rows))
    for _ in range(min(_TRIALS, _MOST // len(rows) + 1)):
        values = {name: draw.choice((0.0, 1.0, scale, -scale)) * 10 ** draw.uniform(-3, 3) for name in free}
        if _are_met(sentences, [{**row, **values} for row in rows]):
            return True
    return False


def _are_met(sentences: Sequence[Sentence], rows: Sequence[Params]) -> bool:
    try:
        return are_met(sentences, [value_of(item.value, rows) for item in sentences])
    except EvaluationError:
        return False


@dataclass(frozen=True)
class Warnings:
    """What a reader should know before the run; `lucky` is what a project may refuse to run for."""

    lucky: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def warnings(
    declaration: Declaration, params: Sequence[Params], limit: float, world: Callable[..., object] | None
) -> Warnings:
    """Return the warnings of a bet; `world` is the function of the bet, if it was imported."""
    null_run = effect_run = None
    others = list(unsatisfiable(declaration))
    if world is not None and declaration.world is not None and params:
        try:
            runs = min(QUICK, _MOST // len(params) + 1)
            null_run = simulate(world, declaration, params, 0.0, runs)
            effect = declaration.constants.get(EFFECT)
            if isinstance(effect, int | float):
                effect_run = simulate(world, declaration, params, float(effect), runs)
        except SimulationError as error:
            others.append(str(error))
    lucky = list(_lucky(declaration, params, limit, null_run, effect_run))
    others += _weak(declaration, effect_run)
    return Warnings(tuple(lucky), tuple(others))


def _lucky(
    declaration: Declaration,
    params: Sequence[Params],
    limit: float,
    null_run: Simulated | None,
    effect_run: Simulated | None,
) -> Iterator[str]:
    for null in declaration.nulls:
        if not isinstance(null, Swap) or not params:
            continue
        found = prior(declaration, null, params)
        agree = found.units == len(params)  # else the cells of a unit may differ, and `together` says nothing of that
        if found.together == 0 and (agree or found.worst == 0) and not (effect_run and effect_run.strict):
            yield f"no exchange of {' and '.join(null.columns)} can meet strict"
        elif found.chance > limit:
            least = "" if found.together is not None else "at least "
            by = unit.words(unit.named(null.unit, params), found.units)
            what = f"the chance that luck alone meets strict is {least}{odds(found.chance)} ({by})"
            yield f"{what}; the limit is {percent(limit)}"
    if null_run is not None and null_run.strict / null_run.runs > limit:
        share = percent(null_run.strict / null_run.runs)
        what = f"`world` without an effect meets strict in {share} of {null_run.runs} simulated runs"
        yield f"{what}; the limit is {percent(limit)}"


def _weak(declaration: Declaration, run: Simulated | None) -> Iterator[str]:
    if run is None:
        return
    share = run.passes / run.runs
    effect = declaration.constants[EFFECT]
    if run.passes == 0:
        yield f"no PASS in {run.runs} simulated runs at EFFECT = {effect}: the claim cannot be shown"
    elif share < _LIKELY:
        what = f"at EFFECT = {effect} the bet PASSes in {percent(share)} of {run.runs} simulated runs"
        yield f"{what}: a true claim would mostly be lost"
