"""The units of an interval: the groups of cells whose means `low` and `high` take, and cells taken for units."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pytest_bets.bet.declaration import SEED, Criterion
from pytest_bets.diagnostics import EvaluationError, SentenceError, count_noun
from pytest_bets.sentence.ast import Arithmetic, Comparison, Groups, Logic, Name, Negative, Node, Not, Reducer, subnodes
from pytest_bets.sentence.evaluate import Row, column_of
from pytest_bets.sentence.lex import expression
from pytest_bets.sentence.parse import GROUPS, parse
from pytest_bets.sentence.reducers import INTERVAL_ENDS

Params = Mapping[str, object]
"""The sweep parameters of a cell."""

_FEWEST: Final = 2
"""Units of a t interval: it has units - 1 degrees of freedom."""


def too_few_units(value: Node, cells: Sequence[Params]) -> tuple[str, str, str] | None:
    """Return the problem of an interval over fewer than two units, what is expected, and an empty suggestion.

    Every parameter that the value names is one of the sweep.
    """
    inside = {id(node): group.parameter for group in _groups(value) for node in subnodes(group.condition)}
    for node in subnodes(value):
        if not isinstance(node, Reducer) or node.unit is None:
            continue
        by = inside.get(id(node))
        for members in _split(cells, by) if by else [cells]:
            units = _values(members, node.unit)
            if units < _FEWEST:
                where = f"in a group of `{by}`" if by else "in the sweep"
                problem = f"`{node.unit}` has {count_noun(units, 'value')} {where}, so `{node.name}` has 1 unit"
                return problem, "a parameter with 2 or more values: the interval has units - 1 degrees of freedom", ""
    return None


def undefined_group(value: Node, cells: Sequence[Params]) -> tuple[str, str, str] | None:
    """Return the problem of a group whose condition no measurement can define, what is expected, and no suggestion."""
    for group in _groups(value):
        for members in _split(cells, group.parameter):
            if name := _undefined(group.condition, members):
                problem = (
                    f"a group of `{group.parameter}` has {count_noun(len(members), 'cell')}, so `{name}` is undefined"
                )
                return problem, "groups of 2 cells or more, or a condition that one cell can meet", ""
    return None


def _undefined(node: Node, cells: Sequence[Params]) -> str:
    """Return the reducer that makes a part of a condition undefined whatever is measured; empty if none does."""
    match node:
        case Reducer("std" | "low" | "high", unit=None):
            return node.name if len(cells) < _FEWEST else ""
        case Negative(operand) | Not(operand):
            return _undefined(operand, cells)
        case Arithmetic(_, left, right) | Comparison(_, left, right):
            return _undefined(left, cells) or _undefined(right, cells)
        case Logic(_, operands):  # one operand may decide alone
            found = [_undefined(operand, cells) for operand in operands]
            return found[0] if all(found) else ""
    return ""


def dependence(criteria: Sequence[Criterion], replicate: int | None, cells: Sequence[Params]) -> str:
    """Return a note on the first interval that takes seeds of the same parameters as independent cells.

    It is empty where there is none. The cells may be those of a rehearsal, which has one replicate: the numbers are
    those of the declared sweep.
    """
    seeds = replicate or (_values(cells, SEED) if cells and SEED in cells[0] else 0)
    if not cells or seeds < _FEWEST:
        return ""
    bare = [{name: value for name, value in cell.items() if name != SEED} for cell in cells]
    sweep = list({repr(sorted(cell.items())): cell for cell in bare}.values())
    for criterion in criteria:
        for call, unit, by in _intervals(criterion.sentence.text):
            if unit or by == SEED:  # in a group of one seed no two cells are replicates
                continue
            members = max(_split(sweep, by), key=len) if by in sweep[0] else sweep
            counts = {name: _values(members, name) for name in members[0] if name != by}
            choices = [f"`{_with_unit(call, name)}` takes {count}" for name, count in counts.items() if count > 1]
            if choices:
                count = len(members) * seeds
                where = f" in a group of `{by}`" if by in sweep[0] else ""
                return f"`{ast.unparse(call)}`: {count} cells{where} are taken as independent; {', '.join(choices)}"
    return ""


def unvaried(sentences: Sequence[str], rows: Sequence[Row]) -> str:
    """Return a note on the first interval over measurements that are all the same; empty where there is none.

    Such an interval has no width. A rate may be the same in every cell, and is left out, and so are groups.
    """
    for sentence in sentences:
        try:
            parsed = parse(sentence)
        except SentenceError:  # of a record from elsewhere
            continue
        value = parsed.value
        inside = {id(node) for group in _groups(value) for node in subnodes(group.condition)}
        for node in subnodes(value):
            if isinstance(node, Reducer) and node.name in INTERVAL_ENDS and id(node) not in inside:
                column = _measured(node, rows)
                if len(column) >= _FEWEST and len(set(column)) == 1:
                    count = count_noun(len(column), "cell")
                    return (
                        f"`{parsed.text}`: {count} measured the same, so the interval has no width; is the seed used?"
                    )
    return ""


def has_width(end: Reducer, rows: Sequence[Row]) -> bool:
    """Return whether some number differs from the first one; the interval of a rate is no t interval."""
    return any(len(set(_measured(end, [rows[0], row]))) > 1 for row in rows[1:])


def _measured(reducer: Reducer, rows: Sequence[Row]) -> list[float]:
    """Return what a reducer reduces; nothing where that is a rate or cannot be read."""
    names = [node.id for node in subnodes(reducer.column) if isinstance(node, Name)]
    if any(isinstance(row.get(name), bool) for row in rows for name in names) or isinstance(
        reducer.column, Comparison | Logic | Not
    ):
        return []
    try:
        return column_of(reducer, rows)
    except EvaluationError:
        return []


def interval_lines(sentences: Sequence[str], cells: Sequence[Params]) -> list[str]:
    """Return what each interval in these sentences is made of; a sentence that cannot be read is left out."""
    found = {}
    for sentence in sentences if cells else ():
        try:
            text = parse(sentence).text
        except SentenceError:  # of a record from elsewhere
            continue
        for call, unit, by in _intervals(text):
            members = max(_split(cells, by), key=len) if by else cells
            count = _values(members, unit) if unit else len(members)
            of = f"the means of {count} groups by `{unit}`" if unit else f"{count_noun(count, 'cell')} as independent"
            where = f" in each group of `{by}`" if by else ""
            freedom = count_noun(count - 1, "degree") + " of freedom"
            found[ast.unparse(call), by] = f"{ast.unparse(call)}: t interval over {of}{where}, {freedom}"
    return list(found.values())


def _groups(value: Node) -> list[Groups]:
    return [node for node in subnodes(value) if isinstance(node, Groups)]


def _values(cells: Sequence[Params], parameter: str) -> int:
    return len({repr(cell.get(parameter)) for cell in cells})


def _split(cells: Sequence[Params], parameter: str | None) -> list[list[Params]]:
    found: dict[str, list[Params]] = {}
    for cell in cells:
        found.setdefault(repr(cell.get(parameter or "")), []).append(cell)
    return list(found.values())


def _intervals(text: str) -> Iterator[tuple[ast.Call, str, str]]:
    """Yield each call of low and high in a sentence, its unit, and the parameter of the groups around it."""
    calls = [node for node in ast.walk(expression(text)) if isinstance(node, ast.Call)]
    inside = {
        id(node): ast.unparse(call.args[0])
        for call in calls
        if ast.unparse(call.func) == GROUPS
        for node in ast.walk(call.args[1])
    }
    for call in calls:
        if ast.unparse(call.func) in INTERVAL_ENDS:
            last = call.args[-1]
            yield call, last.id if isinstance(last, ast.Name) and len(call.args) > 1 else "", inside.get(id(call), "")


def _with_unit(call: ast.Call, unit: str) -> str:
    return ast.unparse(ast.Call(call.func, [*call.args, ast.Name(unit)], []))
