"""Compute the values of expressions that need nothing but literals, plain builtins and known constants."""

import ast
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from pytest_bets.diagnostics import UnfoldableError

_MOST: Final = 10_000
"""The most items of a folded value, and the most rounds of all loops in an expression."""
_WIDE: Final = re.compile(r"\d{4}")
"""A width or a precision that would make a long text."""
_NESTED: Final = re.compile(r"\*|\{[^}]*\{")
"""A width that is an argument."""
_CALLS: Final[Mapping[str, Callable[..., Any]]] = {
    **{each.__name__: each for each in (list, tuple, set, frozenset, dict, sorted, len, min, max, sum, abs, round)},
    **{each.__name__: each for each in (int, float, str, bool, zip, enumerate, reversed)},
}
BUILTINS: Final = frozenset({"range", *_CALLS})
"""The builtins that are called."""
_OPERATORS: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
    ast.FloorDiv: lambda left, right: left // right,
    ast.Mod: lambda left, right: left % right,
    ast.BitOr: lambda left, right: left | right,
}
_UNARY: Final[Mapping[type[ast.unaryop], Callable[[Any], Any]]] = {
    ast.USub: lambda value: -value,
    ast.UAdd: lambda value: +value,
    ast.Not: lambda value: not value,
}
_COMPARISONS: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Eq: lambda left, right: left == right,
    ast.NotEq: lambda left, right: left != right,
    ast.Lt: lambda left, right: left < right,
    ast.LtE: lambda left, right: left <= right,
    ast.Gt: lambda left, right: left > right,
    ast.GtE: lambda left, right: left >= right,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}


class Folder:
    """Computes expressions of literals, plain builtins and known constants.

    `rebound` are the builtins to which the module of an expression gives another meaning.
    """

    def __init__(
        self, known: Mapping[str, object], rebound: Collection[str] = (), rounds: Iterator[int] | None = None
    ) -> None:
        self.known = known
        self.rebound = rebound
        self._rounds = rounds or iter(range(_MOST))

    def value(self, node: ast.AST) -> Any:
        """Return the value of an expression.

        Raises:
            UnfoldableError: if it is not known, or would take long.

        """
        try:
            found = self._value(node)
        except (ArithmeticError, TypeError, ValueError, LookupError, AttributeError, MemoryError) as error:
            raise UnfoldableError(str(error)) from None
        if isinstance(found, range) and len(found) > _MOST:
            raise UnfoldableError("a long range")
        if isinstance(found, range | zip | enumerate | reversed):
            found = list(found)
        if isinstance(found, int) and abs(found) > 2**64:
            raise UnfoldableError("a large number")
        if isinstance(found, float) and not math.isfinite(found):
            raise UnfoldableError("no literal")
        if isinstance(found, str | bytes | list | tuple | set | frozenset | dict) and _is_large(found):
            raise UnfoldableError("a long value")
        return found

    def _value(self, node: ast.AST) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name) if name in self.known:
                return self.known[name]
            case ast.List(elts=items):
                return list(self._items(items))
            case ast.Tuple(elts=items):
                return tuple(self._items(items))
            case ast.Set(elts=items):
                return set(self._items(items))
            case ast.Dict(keys=keys, values=values) if None not in keys:
                return {self.value(key): self.value(value) for key, value in zip(keys, values, strict=True) if key}
            case ast.UnaryOp(op=operator, operand=operand) if type(operator) in _UNARY:
                return _UNARY[type(operator)](self.value(operand))
            case ast.BinOp(left=left, op=operator, right=right):
                return self._combined(operator, self.value(left), self.value(right))
            case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in _COMPARISONS:
                return _COMPARISONS[type(operator)](self.value(left), self.value(right))
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format"), args=args):
                return self._formatted(text, lambda: text.format(*self._items(args), **self._words(node)))
            case ast.JoinedStr(values=parts):
                return "".join(map(self._part, parts))
            case ast.Call():
                return self._called(node)
            case ast.ListComp(elt=item) | ast.GeneratorExp(elt=item):
                return [inner.value(item) for inner in self._loop(node.generators)]
            case ast.SetComp(elt=item):
                return {inner.value(item) for inner in self._loop(node.generators)}
            case ast.DictComp(key=key, value=value):
                return {inner.value(key): inner.value(value) for inner in self._loop(node.generators)}
        raise UnfoldableError(type(node).__name__)

    def _items(self, nodes: Sequence[ast.expr]) -> Iterator[Any]:
        for node in nodes:
            if isinstance(node, ast.Starred):
                yield from self.value(node.value)
            else:
                yield self.value(node)

    def _combined(self, operator: ast.operator, left: Any, right: Any) -> Any:
        if isinstance(operator, ast.Pow):
            if type(left) not in (int, float) or type(right) not in (int, float) or abs(right) > 64:
                raise UnfoldableError("a large power")
            return left**right
        sizes = [each for each in (left, right) if type(each) is int]
        longs = [len(each) for each in (left, right) if isinstance(each, str | bytes | list | tuple)]
        if isinstance(operator, ast.Mult) and sizes and longs and sizes[0] * longs[0] > _MOST:
            raise UnfoldableError("a long value")
        if isinstance(operator, ast.Mod) and isinstance(left, str):
            return self._formatted(left, lambda: left % right)
        if isinstance(operator, ast.Mod) and isinstance(left, bytes):
            raise UnfoldableError("a format")
        if type(operator) not in _OPERATORS:
            raise UnfoldableError(type(operator).__name__)
        return _OPERATORS[type(operator)](left, right)

    def _called(self, node: ast.Call) -> Any:
        if not isinstance(node.func, ast.Name) or node.func.id in self.known or node.func.id in self.rebound:
            raise UnfoldableError("a call")
        arguments = list(self._items(node.args))
        words = self._words(node)
        if node.func.id == "range" and not words:
            return range(*arguments)
        if node.func.id not in _CALLS:
            raise UnfoldableError(node.func.id)
        return _CALLS[node.func.id](*arguments, **words)

    def _words(self, node: ast.Call) -> dict[str, Any]:
        if any(word.arg is None for word in node.keywords):
            raise UnfoldableError("keywords in a dict")
        return {word.arg: self.value(word.value) for word in node.keywords if word.arg}

    def _formatted(self, form: str, result: Callable[[], str]) -> str:
        if _WIDE.search(form) or _NESTED.search(form):
            raise UnfoldableError("a wide format")
        return result()

    def _part(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return format(self.value(value), "")
            case ast.FormattedValue(
                value=value, conversion=-1, format_spec=ast.JoinedStr(values=[ast.Constant(value=str(form))])
            ):
                return self._formatted(form, lambda: format(self.value(value), form))
        raise UnfoldableError("a conversion")

    def _loop(self, generators: Sequence[ast.comprehension]) -> Iterator["Folder"]:
        first, rest = generators[0], generators[1:]
        if first.is_async or not isinstance(first.target, ast.Name):
            raise UnfoldableError("a loop")
        for item in self.value(first.iter):
            if next(self._rounds, None) is None:
                raise UnfoldableError("a long loop")
            inner = Folder({**self.known, first.target.id: item}, self.rebound, self._rounds)
            if all(inner.value(test) for test in first.ifs):
                yield from inner._loop(rest) if rest else [inner]


def _is_large(value: object) -> bool:
    """Return whether a value has too many items in all, those of the lists in it included."""
    waiting, count = [value], 0
    while waiting and count <= _MOST:
        each = waiting.pop()
        if isinstance(each, str | bytes):
            count += len(each)
        elif isinstance(each, list | tuple | set | frozenset | dict):
            count += len(each)
            if count <= _MOST:
                waiting += each.values() if isinstance(each, dict) else each
    return count > _MOST
