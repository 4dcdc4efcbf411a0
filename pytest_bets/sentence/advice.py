"""Errors for the usual mistakes in a sentence, each with what to write instead."""

import ast
import re
from typing import Final

from pytest_bets.diagnostics import JoinedError, SentenceError, count_word

_MIRRORED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.GtE: ast.LtE,
    ast.Gt: ast.Lt,
    ast.LtE: ast.GtE,
    ast.Lt: ast.Gt,
    ast.Eq: ast.Eq,
}
_MAX_SHOWN: Final = 60
_NO_MEASUREMENT: Final = frozenset({"nan", "inf", "infinity", "true", "false", "none"})
_THOUSANDS: Final = re.compile(r"(?<=[<>=])\s*-?\d{1,3}(?:,\d{3})+(?:\.\d+)?$")


def abbreviated(node: ast.expr) -> str:
    """Return a part of a sentence for an error message, cut if it is long."""
    text = ast.unparse(node)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def thousands(folded: str) -> SentenceError | None:
    """Return the error for a threshold such as 1,000, which Python would parse as two numbers."""
    match = _THOUSANDS.search(folded)
    if match is None:
        return None
    plain = match[0].replace(",", "")
    problem, expected = f"`{match[0].strip()}` is not a literal number", "a number without commas"
    return SentenceError(problem, expected, folded[: match.start()] + plain, match.end() - len(match[0].strip()))


def joined(body: ast.BoolOp) -> SentenceError:
    """Return the error for comparisons joined by `and` or `or`."""
    word = "and" if isinstance(body.op, ast.And) else "or"
    if not all(isinstance(value, ast.Compare) and len(value.ops) == 1 for value in body.values):
        return SentenceError(f"`{word}` must join single comparisons")
    parts = [ast.unparse(_normalised(value)) for value in body.values if isinstance(value, ast.Compare)]
    return JoinedError(f"{count_word(len(parts))} sentences are joined by `{word}`", word, parts)


def chained(body: ast.Compare) -> SentenceError:
    """Return the error for chained comparisons, as in `0 <= mean(gain) <= 1`."""
    operands = [body.left, *body.comparators]
    links = zip(operands, body.ops, operands[1:], strict=False)
    parts = [ast.unparse(_normalised(ast.Compare(left, [operator], [right]))) for left, operator, right in links]
    return JoinedError(f"there are {count_word(len(parts))} comparisons", "and", parts, body.comparators[1].col_offset)


def no_threshold(body: ast.Compare) -> SentenceError:
    """Return the error for a comparison whose right side is not a literal number."""
    right = body.comparators[0]
    normalised = _normalised(body)
    problem = f"`{abbreviated(right)}` on the right is not a literal number"
    suggestion = "" if normalised is body else ast.unparse(normalised)
    if isinstance(right, ast.Name) and right.id.isupper() and not suggestion:
        return SentenceError(problem, f"the number itself instead of `{right.id}`", column=right.col_offset)
    return SentenceError(problem, suggestion=suggestion, column=right.col_offset)


def _normalised(body: ast.Compare) -> ast.Compare:
    """Return an equivalent comparison with a literal number on the right, or the same one if there is none."""
    left, operator, right = body.left, body.ops[0], body.comparators[0]
    if type(operator) not in _MIRRORED:
        return body
    if (number := _number(right)) is not None:
        computed = any(isinstance(part, ast.BinOp) for part in ast.walk(right))
        return ast.Compare(left, [operator], [ast.Constant(number)]) if computed else body
    if (number := _number(left)) is not None:
        return ast.Compare(right, [_MIRRORED[type(operator)]()], [ast.Constant(number)])
    if _is_measured(right):
        return ast.Compare(ast.BinOp(left, ast.Sub(), right), [operator], [ast.Constant(0)])
    return body


def _number(node: ast.expr) -> int | float | None:
    """Return the value of literal numbers and arithmetic between them, None for anything else."""
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
            inner = _number(operand)
            return inner if inner is None or isinstance(sign, ast.UAdd) else -inner
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() as operator, right=right):
            return _computed(operator, _number(left), _number(right))
    return None


def _computed(operator: ast.operator, left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    try:
        match operator:
            case ast.Add():
                return left + right
            case ast.Sub():
                return left - right
            case ast.Mult():
                return left * right
            case _:
                return left / right
    except (ZeroDivisionError, OverflowError):
        return None


def _is_measured(node: ast.expr) -> bool:
    """Return whether a value reads a measurement: a name that is neither a constant nor a word for a number."""
    names = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
    return any(not name.isupper() and name.casefold() not in _NO_MEASUREMENT for name in names)


def uncompared(body: ast.expr) -> SentenceError | None:
    """Return the error for a value that `and`, `or` or `not` takes as a condition.

    A literal, as in `part == 1 or 2`, is the same in every cell. A reducer or arithmetic, as in
    `mean(a) and mean(b) > 0`, is true wherever it is not zero.
    """
    for node in ast.walk(body):
        match node:
            case ast.BoolOp(op=operator, values=operands):
                word = "and" if isinstance(operator, ast.And) else "or"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                word, operands = "not", [operand]
            case _:
                continue
        place = next((place for place, operand in enumerate(operands) if _is_literal(operand)), None)
        if place is None:
            if error := _unbounded(word, operands, body):
                return error
            continue
        literal, before = operands[place], operands[place - 1] if place else None
        problem = f"`{word}` takes `{ast.unparse(literal)}` alone, which is the same in every cell"
        column = literal.col_offset
        if isinstance(before, ast.Compare) and len(before.ops) == 1:
            operands[place] = ast.Compare(before.left, before.ops, [literal])  # the tree was parsed for this alone
            return SentenceError(problem, "a comparison on each side", ast.unparse(body), column)
        return SentenceError(problem, "a comparison, as in `part == 2`", column=column)
    return None


def _unbounded(word: str, operands: list[ast.expr], body: ast.expr) -> SentenceError | None:
    place = next((place for place, operand in enumerate(operands) if _is_computed(operand)), None)
    if place is None:
        return None
    value, after = operands[place], operands[place + 1] if place + 1 < len(operands) else None
    problem = f"`{word}` takes `{abbreviated(value)}` alone, which is true wherever it is not zero"
    suggestion = ""
    if isinstance(after, ast.Compare) and len(after.ops) == 1:
        operands[place] = ast.Compare(value, after.ops, after.comparators)  # the tree was parsed for this alone
        suggestion = ast.unparse(body)
    return SentenceError(problem, "a comparison on each side", suggestion, value.col_offset)


def _is_computed(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        node = node.operand
    return isinstance(node, ast.Call | ast.BinOp)


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        node = node.operand
    return isinstance(node, ast.Constant)
