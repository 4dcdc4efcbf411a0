"""Parse a sentence into a small tree, with `ast`; nothing is ever executed.

    sentence  = value  (">=" | ">" | "<=" | "<" | "==")  number
    value     = arithmetic (+ - * /, parentheses) over reducers, and numbers
    reducer   = name "(" column [, number] ")"
    column    = arithmetic, comparisons, and/or/not over measured names, sweep parameters, numbers and quoted strings

Time and memory are bounded for any text: at most 500 characters, at most 32 levels deep.
"""

import ast
import math
from functools import lru_cache
from typing import Final

from pytest_bets.diagnostics import SentenceError, nearest
from pytest_bets.sentence import advice, reducers
from pytest_bets.sentence.advice import abbreviated
from pytest_bets.sentence.ast import (
    Arithmetic,
    Comparison,
    Groups,
    Logic,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Reducer,
    Sentence,
    Text,
    subnodes,
)
from pytest_bets.sentence.lex import expression, fold

MAX_DEPTH: Final = 32
GROUPS: Final = "groups"
REDUCERS: Final = (*reducers.PLAIN, *reducers.LEVELLED, GROUPS)

_OPERATORS: Final[dict[type[ast.AST], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.GtE: ">=",
    ast.Gt: ">",
    ast.LtE: "<=",
    ast.Lt: "<",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.And: "and",
    ast.Or: "or",
}
_ARITHMETIC: Final = frozenset("+-*/")
_SIGNATURES: Final = {
    GROUPS: ((2,), "groups(parameter, condition)"),
    "quantile": ((2,), "quantile(column, number)"),
    **{
        end: ((1, 2, 3), f"{end}(column), {end}(column, level), {end}(column, unit) or {end}(column, level, unit)")
        for end in reducers.INTERVAL_ENDS
    },
}
"""Numbers of arguments and the form of the reducers that take more than a column."""
_LEAST_PERCENT: Final = 50
"""From here on a level above 1 is a percentage."""
_THRESHOLDS: Final = frozenset({">=", ">", "<=", "<", "=="})


@lru_cache(maxsize=4096)
def parse(text: str) -> Sentence:
    """Parse one sentence.

    Raises:
        SentenceError: if the text is not a sentence.

    """
    try:
        return _parse(fold(text))
    except RecursionError:
        raise _too_deep() from None


@lru_cache(maxsize=4096)
def parse_value(text: str) -> Node:
    """Parse a value without a threshold: the left side of a sentence.

    Raises:
        SentenceError: if the text is not a value.

    """
    expected = 'a value, as in "mean(gain)"'
    try:
        body = expression(fold(text))
        if isinstance(body, ast.Compare):
            raise SentenceError("it is compared with a threshold", expected, ast.unparse(body.left))
        return _measured(_Parser(reduced=False).value(body, 0))
    except RecursionError:
        raise _too_deep() from None


def _measured(value: Node) -> Node:
    if not any(isinstance(node, Name) for node in subnodes(value)):
        raise SentenceError("it reads no measurement, so no result can change it", "a measured name in the value")
    return value


def _parse(folded: str) -> Sentence:
    if error := advice.thousands(folded):
        raise error
    body = expression(folded)
    if isinstance(body, ast.BoolOp):
        raise advice.joined(body)
    if not isinstance(body, ast.Compare):
        raise SentenceError("there is no comparison with a number")
    if len(body.ops) > 1:
        raise advice.chained(body)
    operator = _OPERATORS.get(type(body.ops[0]), "")
    if operator not in _THRESHOLDS:
        raise SentenceError(f"`{_source(body.ops[0])}` does not compare with a threshold")
    threshold = _literal(body.comparators[0])
    if threshold is None:
        raise advice.no_threshold(body)
    if operator == "==" and threshold != int(threshold):
        raise SentenceError(
            f"`==` with {threshold}: equality is for counts and integers", "`>=` or `<=`, or an integer"
        )
    value = _measured(_Parser(reduced=False).value(body.left, 0))
    return Sentence(folded, value, operator, threshold)


def _literal(node: ast.expr) -> int | float | None:
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        sign = -1 if isinstance(node.op, ast.USub) else 1
        node = node.operand
    if not isinstance(node, ast.Constant) or isinstance(node.value, bool) or not isinstance(node.value, int | float):
        return None
    return sign * _finite(node, node.value)


def _finite(node: ast.Constant, number: int | float) -> int | float:
    try:
        finite = math.isfinite(float(number))
    except OverflowError:
        finite = False
    if not finite:
        raise _error(node, "the number is not finite", "a finite number")
    return number


def _error(node: ast.expr, problem: str, expected: str, suggestion: str = "") -> SentenceError:
    return SentenceError(problem, expected, suggestion, getattr(node, "col_offset", None))


def _level(node: ast.expr, call: ast.Call, name: str) -> float:
    """Return the level of a reducer, of low and high between 0 and 1, of quantile from 0 to 1."""
    level = _literal(node)
    if level is not None and (0 <= level <= 1 if name == "quantile" else 0 < level < 1):
        return level
    expected, suggestion = "a literal number between 0 and 1", ""
    if name in reducers.INTERVAL_ENDS:
        expected += ", or the name of a sweep parameter" if len(call.args) == 2 else ""
        if level is not None and _LEAST_PERCENT <= level < 100:  # 95 means 95 %
            suggestion = _call(name, call.args[0], ast.Constant(round(level / 100, 12)), *call.args[2:])
    raise _error(node, f"`{abbreviated(node)}` is not a level for {name}", expected, suggestion)


def _call(name: str, *arguments: ast.expr) -> str:
    return f"{name}({', '.join(map(ast.unparse, arguments))})"


def _too_deep() -> SentenceError:
    return SentenceError("it is nested too deeply", f"at most {MAX_DEPTH} levels")


def _source(node: ast.AST) -> str:
    return _OPERATORS.get(type(node), type(node).__name__.lower())


class _Parser:
    """Turns `ast` into our tree; `reduced` is true inside a reducer's column."""

    def __init__(self, reduced: bool) -> None:
        self.reduced = reduced

    def value(self, node: ast.expr, depth: int) -> Node:
        """Parse numbers, names, reducers and arithmetic; inside a column also comparisons and strings."""
        if depth > MAX_DEPTH:
            raise _too_deep()
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return Number(float(_finite(node, number)))
            case ast.Constant(value=str() as text) if self.reduced:
                return Text(text)
            case ast.Name(id=name):
                return self._name(node, name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return Negative(self.value(operand, depth + 1))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.value(operand, depth + 1)
            case ast.BinOp(left=left, op=operator, right=right) if _OPERATORS.get(type(operator)) in _ARITHMETIC:
                return Arithmetic(_source(operator), self.value(left, depth + 1), self.value(right, depth + 1))
            case ast.Call():
                return self._reducer(node, depth)
            case _ if self.reduced:
                return self.condition(node, depth)
        raise self._unknown(node)

    def condition(self, node: ast.expr, depth: int) -> Node:
        """Parse comparisons joined by and, or, not."""
        if depth > MAX_DEPTH:
            raise _too_deep()
        match node:
            case ast.Compare():
                return self._comparison(node, depth)
            case ast.BoolOp(op=operator, values=values):
                return Logic(_source(operator), tuple(self.condition_or_value(part, depth + 1) for part in values))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Not(self.condition_or_value(operand, depth + 1))
        raise self._unknown(node)

    def condition_or_value(self, node: ast.expr, depth: int) -> Node:
        """Parse a condition, or in a column any value, which is true if it is not zero."""
        if isinstance(node, ast.Compare | ast.BoolOp) or (
            isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
        ):
            return self.condition(node, depth)
        return self.value(node, depth)

    def _comparison(self, node: ast.Compare, depth: int) -> Node:
        operands = [self.value(operand, depth + 1) for operand in (node.left, *node.comparators)]
        parts: list[Node] = []
        for operator, left, right in zip(node.ops, operands, operands[1:], strict=False):
            if type(operator) not in _OPERATORS:
                raise self._unknown(node)
            parts.append(Comparison(_source(operator), left, right))
        return parts[0] if len(parts) == 1 else Logic("and", tuple(parts))

    def _name(self, node: ast.Name, name: str) -> Node:
        if name in REDUCERS:
            raise _error(node, f"`{name}` is a reducer", "a reducer with its column", f"{name}(...)")
        return Name(name)

    def _reducer(self, node: ast.Call, depth: int) -> Node:
        name = node.func.id if isinstance(node.func, ast.Name) else abbreviated(node.func)
        if name not in REDUCERS:
            known = f"one of {', '.join(REDUCERS)}"
            raise _error(node, f"`{name}` is not a reducer", known, nearest(name, REDUCERS))
        if self.reduced:
            raise _error(node, f"`{name}` is inside another reducer", "reducers side by side")
        counts, form = _SIGNATURES.get(name, ((1,), f"{name}(column)"))
        if node.keywords or len(node.args) not in counts:
            given = len(node.args) + len(node.keywords)
            raise _error(node, f"`{abbreviated(node)}` has {given} arguments", form)
        if name == GROUPS:
            return self._groups(node, depth)
        column = _Parser(reduced=True).value(node.args[0], depth + 1)
        if len(node.args) == 1:
            return Reducer(name, column)
        level, unit = self._interval(node, name) if name in reducers.INTERVAL_ENDS else (node.args[1], None)
        number = None if level is None else _level(level, node, name)
        is_usual = name in reducers.INTERVAL_ENDS and number == reducers.DEFAULT_LEVEL
        return Reducer(name, column, None if is_usual else number, unit)  # one tree for one meaning

    def _interval(self, node: ast.Call, name: str) -> tuple[ast.expr | None, str | None]:
        """Return the level and the unit of low or high, None for one that is not given."""
        *level, unit = node.args[1:]
        if isinstance(unit, ast.Name):
            return (level[0] if level else None), unit.id
        quoted = unit.value if isinstance(unit, ast.Constant) and isinstance(unit.value, str) else None
        if not level and quoted is None:
            return unit, None
        if level and isinstance(level[0], ast.Name):
            suggestion = _call(name, node.args[0], unit, level[0])
            raise _error(level[0], "the unit stands before the level", f"{name}(column, level, unit)", suggestion)
        near = _call(name, *node.args[:-1], ast.Name(quoted)) if quoted and quoted.isidentifier() else ""
        raise _error(unit, f"`{abbreviated(unit)}` is not a unit", "the name of a sweep parameter", near)

    def _groups(self, node: ast.Call, depth: int) -> Node:
        parameter, condition = node.args
        if not isinstance(parameter, ast.Name):
            problem = f"`{abbreviated(parameter)}` is not a sweep parameter"
            raise _error(parameter, problem, "groups(parameter, condition)")
        if any(isinstance(part, ast.Call) and ast.unparse(part.func) == GROUPS for part in ast.walk(condition)):
            raise _error(condition, "`groups` is inside `groups`", "one level of groups")
        return Groups(parameter.id, self.condition(condition, depth + 1))

    def _unknown(self, node: ast.expr) -> SentenceError:
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return SentenceError(f"`{node.value}` is not needed", "the name itself, or `not` before it")
        allowed = "numbers, names, + - * /, reducers"
        if self.reduced:
            allowed = "numbers, names, quoted strings, + - * /, comparisons, and, or, not"
        return _error(node, f"`{abbreviated(node)}` is not part of the language", allowed)
