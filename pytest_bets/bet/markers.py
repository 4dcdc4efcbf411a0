"""The markers and constants beside the criteria: PILOT, replicate, challenges, withdrawn."""

import ast
from collections.abc import Mapping, Sequence
from typing import Final

from pytest_bets.bet import literals, source
from pytest_bets.bet.constants import Constants
from pytest_bets.bet.declaration import SEED
from pytest_bets.bet.literals import UNREAD
from pytest_bets.bet.source import Function, Mark
from pytest_bets.diagnostics import Faults, nearest

MAX_REPLICATES: Final = 100_000


def pilot(constants: Constants, faults: Faults) -> dict[str, object]:
    """Return the rehearsal's constants by name."""
    if source.PILOT not in constants.values:
        return {}
    line = constants.lines[source.PILOT]
    try:
        values = literals.evaluated(constants.nodes[source.PILOT])
    except ValueError:
        values = None
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        faults.add(line, "PILOT is not a literal dict", 'constants by name, as in PILOT = {"STEPS": 3}')
        return {}
    known = [name for name in constants.values if name != source.PILOT]
    for name in values:
        if name not in known:
            faults.add(
                line,
                f"PILOT names `{name}`, which is not a constant of this file",
                f"one of {', '.join(known) or 'none'}",
                nearest(name, known),
            )
    return values


_KINDS: Final = {
    bool: "True or False",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "a list or a tuple",
    dict: "a dict",
}
_MAX_SHOWN: Final = 60


def overriding(name: str, text: str, constants: Mapping[str, object], file: str) -> object:
    """Parse the value of a constant, in the type that the bet declares.

    A number accepts an integer, an integer accepts 1e3, and a string accepts any text. A constant declared as None or
    by an expression accepts any literal, or else the text itself.

    Raises:
        ValueError: if the text has another type.

    """
    declared = constants[name]
    try:
        value = literals.evaluated(ast.parse(text.strip(), mode="eval"))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        value = text
    kind = type(declared)
    if declared is None or (isinstance(declared, dict) and declared.keys() == {"source"}):
        return value
    if kind is str:
        return value if isinstance(value, str) else text
    if kind is list and isinstance(value, list | tuple):
        return value
    if kind is float and type(value) is int:
        return float(value)
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if type(value) is kind:
        return value
    shown = repr(declared) if len(repr(declared)) <= _MAX_SHOWN else f"{repr(declared)[:_MAX_SHOWN]}..."
    got = f"the string {value!r}" if isinstance(value, str) else repr(value)
    raise ValueError(f"{file} declares {name} = {shown}; expected {_KINDS[kind]}, got {got}")


def replicate(
    marks: Sequence[Mark], experiment: Function, constants: Constants, sweep: Mapping[str, object], faults: Faults
) -> int | None:
    """Return the number of seeds of the experiment, None if it is not replicated."""
    found = [mark for mark in marks if mark.name == "replicate"]
    if not found:
        return None
    mark = found[-1]
    count = literals.recorded(mark.arguments[0], constants.literals) if len(mark.arguments) == 1 else None
    if len(found) > 1 or type(count) is not int or count < 1 or (mark.call and mark.call.keywords):
        faults.add(mark.line, "`replicate` takes one count", "a literal integer of 1 or more, as in replicate(5)")
        return None
    if count > MAX_REPLICATES:
        faults.add(mark.line, f"`replicate` has {count:,} seeds", f"at most {MAX_REPLICATES:,}")
        return None
    arguments = experiment.args
    if SEED not in [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]:
        faults.add(
            experiment.lineno,
            f"`{experiment.name}` is replicated but takes no argument `{SEED}`",
            f"an argument `{SEED}`, an integer",
        )
    if SEED in {name for key in sweep for name in key.split(", ")}:
        faults.add(
            mark.line, f"`{SEED}` comes from both replicate and parametrize", "replicate alone, which derives the seeds"
        )
    return count


def challenges(marks: Sequence[Mark], faults: Faults) -> tuple[int | str, ...]:
    """Return the numbers or ids of the challenged bets."""
    links: list[int | str] = []
    for mark in marks:
        if mark.name != "challenges":
            continue
        values = [literals.literal(argument) for argument in mark.arguments]
        if not values or any(type(value) not in (int, str) for value in values):
            faults.add(
                mark.line,
                "`challenges` takes the numbers of bets",
                "literal numbers, as in challenges(37), or ids in quotes",
            )
            continue
        links += [value for value in values if isinstance(value, int | str)]
    return tuple(links)


def withdrawn(marks: Sequence[Mark], faults: Faults) -> str | None:
    """Return why the claim is withdrawn, None if it is not."""
    found = [mark for mark in marks if mark.name == "withdrawn"]
    if not found:
        return None
    reason = literals.literal(found[0].arguments[0]) if len(found[0].arguments) == 1 else UNREAD
    if len(found) > 1 or not isinstance(reason, str) or not reason.strip():
        faults.add(
            found[-1].line,
            "`withdrawn` takes one reason",
            'a literal string, as in withdrawn("the baseline was untuned")',
        )
        return None
    return " ".join(reason.split())
