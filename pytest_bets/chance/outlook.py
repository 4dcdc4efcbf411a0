"""The outlook of a bet: all that is known of its chances before it runs, in sentences."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Final

from pytest_bets.bet.declaration import SEED, Declaration
from pytest_bets.bet.null import Absence, Swap
from pytest_bets.bet.world import EFFECT
from pytest_bets.chance import absence, convolution, power, unit
from pytest_bets.chance.floor import Prior, prior
from pytest_bets.chance.simulation import QUICK, RUNS, World, simulate
from pytest_bets.chance.words import odds, percent
from pytest_bets.sentence.ast import Comparison, Groups, Logic, Not, Reducer, Sentence, names
from pytest_bets.sentence.evaluate import satisfied

Params = Mapping[str, object]
_WANTED: Final = 0.8
"""The power that a bet should have."""
_RATES: Final = (0.05, 0.01)
"""Fault rates for which the outlook shows how likely they are missed."""


def declared_cells(declaration: Declaration) -> list[Params] | None:
    """Return the parameters of every cell as far as the source gives them; None where it does not."""
    axes: list[list[Params]] = []
    for key, values in declaration.sweep.items():
        names = key.split(", ")
        if not isinstance(values, list):
            return None
        sets = [value if len(names) > 1 else [value] for value in values]
        if not all(isinstance(item, list) and len(item) == len(names) for item in sets):
            return None
        axes.append([dict(zip(names, item, strict=True)) for item in sets if isinstance(item, list)])
    if declaration.replicate:
        axes.append([{SEED: seed} for seed in declaration.seeds(declaration.replicate)])
    return [{name: value for part in parts for name, value in part.items()} for parts in product(*axes)]


def before_words(declaration: Declaration, params: Sequence[Params]) -> str:
    """Return the chance of strict before the run in a few words; of several nulls the largest."""
    found = [prior(declaration, null, params) for null in declaration.nulls if isinstance(null, Swap)]
    if not found:
        return ""
    largest = max(found, key=lambda item: item.chance)
    return _prior_words(largest)


def _prior_words(found: Prior) -> str:
    if found.together is None:
        return f"at least {odds(found.floor)}"
    if found.worst is None or found.worst <= found.together:
        return odds(found.together, bound=found.bound)
    return f"{odds(found.together)}, at most {odds(found.worst)}"


def outlook(declaration: Declaration, params: Sequence[Params]) -> Iterator[tuple[str, str]]:
    """Yield what is known of a bet before its run: a name and a sentence or two."""
    for null in declaration.nulls:
        if isinstance(null, Swap):
            yield from _swap(declaration, null, params)
        else:
            yield from _absence(null)
    for sentence in declaration.sentences("strict"):
        yield from _interval(sentence, params)


def _swap(declaration: Declaration, null: Swap, params: Sequence[Params]) -> Iterator[tuple[str, str]]:
    found = prior(declaration, null, params)
    columns = ", ".join(null.columns)
    yield "Null", f"{columns} could be exchanged in each of {unit.words(unit.named(null.unit, params), found.units)}"
    yield "Floor", f"the smallest possible chance is {odds(found.floor)}, if strict can be met at all"
    if found.together is not None:
        chance = odds(found.together, bound=found.bound)
        text = f"strict is met by luck with a chance of {chance} if the cells of a unit agree"
        if found.together == 0:
            text = "luck cannot meet strict if the cells of a unit agree"
        if found.worst is not None and found.worst > found.together:
            text += f", and at most {odds(found.worst)} whatever their dependence"
        yield "Luck", f"{text}; no two values may be equal"
    for name in sorted(set().union(*params)):
        coarse = prior(declaration, Swap(null.columns, (name,), null.line), params)
        if coarse.units < found.units:
            by = unit.words((name,), coarse.units)
            yield "", f"if the cells of a {name} are alike ({by}): {_prior_words(coarse)}"
    yield from _wins(declaration, null, params, found)


def _wins(declaration: Declaration, null: Swap, params: Sequence[Params], found: Prior) -> Iterator[tuple[str, str]]:
    """Yield how often a unit must win, where units have one size and strict needs so many cells or groups or more."""
    sentences = declaration.sentences("strict")
    count_of = convolution.counted(sentences)
    is_least = len(sentences) == 1 and sentences[0].operator in (">=", ">")
    if found.together is None or count_of is None or not is_least:
        return
    if isinstance(count_of, Reducer) and names(count_of.column) & set().union(*params):
        return  # a condition on parameters leaves out cells: a unit cannot win as many as it has
    items = unit.groups(params, (count_of.parameter,) if isinstance(count_of, Groups) else None)
    owners = dict(zip(items, unit.groups(params, null.unit), strict=True))
    size, *others = set(Counter(owners.values()).values())
    total = len(owners)
    is_share = isinstance(count_of, Reducer) and count_of.name == "share"
    counts = (count for count in range(total + 1) if satisfied(sentences[0], count / total if is_share else count))
    needed = -(-next(counts, 0) // size)
    if others or not 0 < needed <= found.units:
        return
    rate = percent(power.winning(needed, found.units, _WANTED))
    what = f"{needed} of {found.units} units must be won"
    yield "Power", f"{what}: for a power of {percent(_WANTED)}, each with a probability of {rate}"


def _absence(null: Absence) -> Iterator[tuple[str, str]]:
    yield "Null", f"none of this: {null.none}; tries: {null.tries}"
    tries = (10, 100, 1000)
    limits = ", ".join(f"{percent(absence.limit(number))} after {number:,}" for number in tries)
    yield "Limit", f"if no fault is seen in independent tries, the upper 95 % limit of its rate is {limits}"
    missed = ", ".join(f"{percent(absence.missed(rate, 100))} for a rate of {percent(rate)}" for rate in _RATES)
    yield "Power", f"100 tries show none of the faults with a probability of {missed}"


def _interval(sentence: Sentence, params: Sequence[Params]) -> Iterator[tuple[str, str]]:
    value = sentence.value
    right = {"low": (">", ">="), "high": ("<", "<=")}
    if not isinstance(value, Reducer) or sentence.operator not in right.get(value.name, ()):
        return
    if isinstance(value.column, Comparison | Logic | Not):
        yield "Interval", f"{sentence.text} has no known error: the t interval is not one of a rate"
        return
    name = getattr(value, "unit", None)
    count = len(set(unit.groups(params, (name,) if name else None)))
    level = 0.95 if value.level is None else value.level
    if count > 1:
        effect = power.smallest(lambda size: power.above(size, count, level), _WANTED, 100.0)
        far = f"{effect:.2g} standard deviations" if effect else "more than 100 standard deviations"
        error = percent((1 - level) / 2)
        yield "Interval", f"{sentence.text} errs in {error} by design, if the {count} values are independent"
        yield "Power", f"it is met with {percent(_WANTED)} where the true mean is {far} of a value from the threshold"


def simulated(declaration: Declaration, params: Sequence[Params], world: World) -> Iterator[tuple[str, str]]:
    """Yield what simulated runs say.

    Raises:
        SimulationError: if the world cannot be simulated.

    """
    null = simulate(world, declaration, params, 0.0)
    chance = odds(null.strict_at_most, bound=True)
    yield "World", f"without an effect strict is met in {null.strict:,} of {RUNS:,} simulated runs: {chance}"
    effect = declaration.constants.get(EFFECT)
    if not isinstance(effect, int | float):
        return
    run = simulate(world, declaration, params, float(effect))
    yield "", f"at EFFECT = {effect} the bet PASSes in {run.passes:,} of {RUNS:,} simulated runs"

    def passing(size: float) -> float:
        return simulate(world, declaration, params, size, QUICK).passes / QUICK

    sign = 1 if effect > 0 else -1
    found = power.smallest(lambda size: passing(sign * size), _WANTED, abs(effect) * 16, steps=8)
    beyond = "above" if effect > 0 else "below"
    smallest = f"about {sign * found:.2g}" if found else f"{beyond} {effect * 16:g}"
    yield "", f"the smallest effect with a power of {percent(_WANTED)} is {smallest}"
