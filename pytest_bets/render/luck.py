"""Known error rates in words, for the terminal, one bet and the catalogue."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.null import Swap
from pytest_bets.chance.forecast import Calibration
from pytest_bets.chance.result import Alike, FaultLimit, Luck, SwapLuck, TierChance
from pytest_bets.chance.unit import words as units_words
from pytest_bets.chance.words import average, odds, percent
from pytest_bets.record.columns import measurements, parameters
from pytest_bets.record.known_error import TIER_OF, KnownError
from pytest_bets.record.record import Record
from pytest_bets.record.summary_model import ErrorRates
from pytest_bets.render.words import listed

NOT_KNOWN: Final = "not known"
NO_PROBABILITY: Final = "None of this is the probability that the claim is false."


def error_words(verdict: str | None, error: KnownError | None) -> str:
    """Return the known error of a verdict in a few words; nothing for a FAIL, of which a chance would say nothing."""
    if verdict not in TIER_OF:
        return ""
    if error is None:
        return NOT_KNOWN
    if error.kind == "interval":
        return f"{percent(error.rate)} by design"
    if error.kind == "absence":
        return f"faults: at most {percent(error.rate)} (0 of {error.tries:,})"
    return f"luck: {_luck(error)}"


def _luck(error: KnownError) -> str:
    alike = ", alike" if error.alike else ""
    return f"{odds(error.rate, bound=error.bound)} ({units_words(error.unit, error.units or 0)}{alike})"


def luck_words(luck: Luck) -> Iterator[str]:
    """Yield what the nulls of a bet say about its cells, a paragraph a null."""
    for swap in luck.swaps:
        yield " ".join(_swap_words(swap))
    for limit in luck.absences:
        yield _limit_words(limit)


def _swap_words(swap: SwapLuck) -> Iterator[str]:
    names = " and ".join([", ".join(swap.swap[:-1]), swap.swap[-1]])
    if swap.strict is None or swap.lenient is None:
        yield f"The chance that luck alone exchanges {names} is not known: {swap.unknown}."
        return
    units = units_words(swap.unit, swap.units)
    yield f"If {names} could be exchanged in each of {units},"
    yield f"{_tier_words('strict', swap.strict)}, and {_tier_words('lenient', swap.lenient)}."
    if swap.joined:
        yield _joined_words(swap)
    for alike in swap.alike:
        yield _alike_words(alike)


def _joined_words(swap: SwapLuck) -> str:
    were = "1 unit was" if swap.joined == 1 else f"{swap.joined} units were"
    return f"{were} joined to another, because they share a number to the last bit."


def _tier_words(tier: str, chance: TierChance) -> str:
    if chance.method == "drawn":
        found = f"{chance.hits:,} of {chance.judged:,} drawn relabelings"
        return f"luck alone meets {tier} with a chance of {odds(chance.chance, bound=True)} ({found})"
    if chance.chance == 0:
        return f"no relabeling of these cells meets {tier}"
    how = "exact" if chance.judged is None else f"{chance.hits} of {chance.judged:,}, which are all"
    return f"luck alone meets {tier} with a chance of {odds(chance.chance)} ({how})"


def _alike_words(alike: Alike) -> str:
    worth, units = f"{alike.worth:g}", units_words((alike.by,), alike.units)
    strict = _tier_words("strict", alike.strict)
    return f"But the cells are alike (ICC {alike.icc:.2f} by {alike.by}): they are worth {worth}. By {units}, {strict}."


def p_words(record: Record, declaration: Declaration) -> Iterator[str]:
    """Yield the p-values of what was measured; the declaration is the record's."""
    from pytest_bets.chance.luck import surprises  # here: few bets have a null

    params, rows = [cell.params for cell in record.cells], [cell.row for cell in record.cells]
    for null in declaration.nulls:
        if isinstance(null, Swap):
            found = surprises(_coarsest(null, record.luck), declaration, params, rows)
            parts = [f"p = {item.p:.2g} for {item.sentence}" for item in found]
            if parts:
                what = f"A value at least as good as the measured one, if {', '.join(null.columns)} could be exchanged"
                yield f"{what}: {'; '.join(parts)}."


def _coarsest(null: Swap, luck: Luck | None) -> Swap:
    """Return the null by the coarsest unit within which its cells are alike: a finer one would flatter."""
    own = next((item for item in (luck.swaps if luck else ()) if item.swap == null.columns), None)
    alike = min(own.alike if own else (), key=lambda item: item.units, default=None)
    return null if alike is None else replace(null, unit=(alike.by,))


def _limit_words(limit: FaultLimit) -> str:
    if limit.limit is None or limit.tries is None:
        return f"No limit is known for faults of the kind: {limit.none}. The reason: {limit.unknown}."
    return (
        f"No fault in {limit.tries:,} tries ({limit.none}): if the tries are independent, the fault rate is at most "
        f"{percent(limit.limit)}, at 95 % confidence. Its chance is not 0."
    )


def held_fixed(record: Record) -> list[str]:
    """Return the string columns that are equal in all cells, and the constants that are strings.

    What the only cell of a bet measured is no choice of its author, and its parameters are.
    """
    columns = [*parameters(record.cells), *(measurements(record.cells) if len(record.cells) > 1 else ())]
    fixed = (column for column in columns if column.constant)
    names = [column.name for column in fixed if all(isinstance(value, str) for value in column.values)]
    return names + [name for name, value in record.declaration.constants.items() if isinstance(value, str)]


def rates_lines(rates: ErrorRates, errors: Mapping[str, KnownError], named: Mapping[str, str]) -> list[str]:
    """Return what is known of a catalogue's verdicts together, a sentence or two a line."""
    lines = list(_luck_lines(rates, named))
    lucky = {bet: error for bet, error in errors.items() if error.kind == "luck"}
    if lucky:
        found = [f"{named[bet]} {_luck(error)}" for bet, error in lucky.items()]
        lines.append(f"The chance that luck alone meets the tier of the verdict: {'; '.join(found)}.")
    absences = {bet: error for bet, error in errors.items() if error.kind == "absence"}
    if absences:
        found = [
            f"{named[bet]} at most {percent(error.rate)} (0 of {error.tries:,})" for bet, error in absences.items()
        ]
        lines.append(f"Faults that were never seen, with the upper 95 % limit of their rate: {'; '.join(found)}.")
    intervals = [bet for bet, error in errors.items() if error.kind == "interval"]
    if intervals:
        found = [f"{named[bet]} {percent(errors[bet].rate)}" for bet in intervals]
        lines.append(f"Bounds of intervals, with the error that they have by design: {'; '.join(found)}.")
    if rates.unknown:
        lines.append(f"No known error: {', '.join(named[bet] for bet in rates.unknown)}.")
    if rates.calibration:
        lines.append(_calibration_words(rates.calibration))
    return lines


def _luck_lines(rates: ErrorRates, named: Mapping[str, str]) -> Iterator[str]:
    if not rates.compared:
        return
    bets = "1 bet compares" if rates.compared == 1 else f"{rates.compared} bets compare"
    passed = "1 PASSed" if rates.passes == 1 else f"{rates.passes} PASSed"
    yield (
        f"{bets} columns that could be exchanged. If there were nothing to find in any of them, luck alone would meet "
        f"strict in {average(rates.expected)} of them on average; {passed}."
    )
    for item in rates.stands:
        bets = ", ".join(named[bet] for bet in item.bets) or "none"
        yield f"PASSes that stand at a false discovery rate of {percent(item.rate)}: {bets}."


def _calibration_words(found: Calibration) -> str:
    better = "better than" if found.log < found.log_base else "no better than"
    return (
        f"Forecasts: the odds of {found.forecasts} bets have a mean Brier score of {found.brier:.3f} and a mean log "
        f"score of {found.log:.3f}; the base rate of the other bets has {found.brier_base:.3f} and "
        f"{found.log_base:.3f}. Lower is better: by the log score the odds were {better} the base rate."
    )


def cell_notes(lucks: Sequence[tuple[str, Luck, int]]) -> list[str]:
    """Return notes on bets whose cells are alike or whose units were joined.

    Each bet is given with its luck and its number of cells.
    """
    notes = []
    for bet, luck, cells in lucks:
        notes += [f"{listed([bet])}: {_joined_words(swap)}" for swap in luck.swaps if swap.joined]
        for alike in dict.fromkeys(item for swap in luck.swaps for item in swap.alike):
            text = f"{cells} cells, ICC {alike.icc:.2f} by {alike.by}: worth {alike.worth:g}"
            notes.append(f"{listed([bet])}: {text}.")
    return notes
