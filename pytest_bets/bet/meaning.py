"""What a declaration means: a constant or a sweep that is written in other words is the same.

A declaration's digest is over its text, and stays as it was recorded. Formatters, linters and other versions of Python
write the same value in other words, so two declarations with other digests may still mean the same.
"""

import ast
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pytest_bets.bet.source import jsonable
from pytest_bets.values import digest, row

_MOST: Final = 10_000
"""The most items of a folded value, and the most rounds of all loops in an expression."""
_QUOTES: Final = re.compile(r"""['"]+""")
_CALLS: Final[Mapping[str, Callable[..., Any]]] = {
    **{each.__name__: each for each in (list, tuple, set, frozenset, dict, sorted, len, min, max, sum, abs, round)},
    **{each.__name__: each for each in (int, float, str, bool, zip, enumerate, reversed)},
}
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


class _UnfoldableError(Exception):
    """The value of an expression is not known without running the file."""


def meaning(value: object, known: Mapping[str, object] | None = None) -> object:
    """Return what a recorded constant or sweep means: its value where it is known, else its text in one form.

    `known` are the constants that the text may name.
    """
    text = source_of(value)
    if text is None:
        return value
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {"source": _plain(text)}  # the text of a later Python
    names = {name: item for name, item in (known or {}).items() if source_of(item) is None}
    try:
        statement = tree.body[0] if len(tree.body) == 1 else None
        if isinstance(statement, ast.Expr):
            try:
                return jsonable(_Folder(names).value(statement.value))
            except (_UnfoldableError, ValueError):
                pass
        return {"source": _plain(ast.unparse(_Folding(names).visit(tree)))}
    except RecursionError:
        return {"source": _plain(text)}


def source_of(value: object) -> str | None:
    """Return the text of a recorded value that is one, None of any other value."""
    if isinstance(value, Mapping) and value.keys() == {"source"}:
        text = value["source"]
        return text if isinstance(text, str) else None
    return None


def same(before: object, after: object, known: Sequence[Mapping[str, object]] = ({}, {})) -> bool:
    """Return whether two recorded values mean the same; `known` are the constants of the two sides."""
    return row(before) == row(after) or row(meaning(before, known[0])) == row(meaning(after, known[1]))


def meaning_digest(
    hypothesis: str,
    texts: Mapping[str, Sequence[str]],
    constants: Mapping[str, object],
    sweep: Mapping[str, object],
    replicate: int | None,
    challenges: Sequence[int | str],
) -> str:
    """Return the SHA-256 of what a declaration means: the same for two that differ in spelling alone."""
    return digest(
        {
            "hypothesis": hypothesis,
            **{tier: list(sentences) for tier, sentences in texts.items()},
            "constants": {name: meaning(value, constants) for name, value in constants.items()},
            "sweep": {name: meaning(value, constants) for name, value in sweep.items()},
            "replicate": replicate,
            "challenges": list(challenges),
        }
    )


def _plain(text: str) -> str:
    """Return a text with one kind of quotes: versions of Python choose different ones in f-strings."""
    return _QUOTES.sub("'", text)


class _Folding(ast.NodeTransformer):
    """Replaces every expression whose value is known by that value."""

    def __init__(self, known: Mapping[str, object]) -> None:
        self._folder = _Folder(known)

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.expr) and not isinstance(node, ast.Name | ast.Constant | ast.JoinedStr):
            try:
                return ast.parse(_literal(self._folder.value(node)), mode="eval").body
            except (_UnfoldableError, SyntaxError):
                pass
        return self.generic_visit(node)


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


def _literal(value: object) -> str:
    """Return the text of a value; that of a set does not depend on the order in which it was filled."""
    match value:
        case set() | frozenset():
            name, items = type(value).__name__, ", ".join(sorted(map(_literal, value)))
            return f"{name}([{items}])"
        case list():
            return f"[{', '.join(map(_literal, value))}]"
        case tuple():
            return f"({''.join(f'{_literal(item)}, ' for item in value)})"
        case dict():
            return "{" + ", ".join(f"{_literal(key)}: {_literal(item)}" for key, item in value.items()) + "}"
        case _:
            return repr(value)


class _Folder:
    """Computes expressions of literals, plain builtins and known constants."""

    def __init__(self, known: Mapping[str, object], rounds: Iterator[int] | None = None) -> None:
        self.known = known
        self._rounds = rounds or iter(range(_MOST))

    def value(self, node: ast.AST) -> Any:
        """Return the value of an expression.

        Raises:
            _UnfoldableError: if it is not known, or would take long.

        """
        try:
            found = self._value(node)
        except (ArithmeticError, TypeError, ValueError, LookupError, AttributeError, MemoryError) as error:
            raise _UnfoldableError(str(error)) from None
        if isinstance(found, range) and len(found) > _MOST:
            raise _UnfoldableError("a long range")
        if isinstance(found, range | zip | enumerate | reversed):
            found = list(found)
        if isinstance(found, int) and abs(found) > 2**64:
            raise _UnfoldableError("a large number")
        if isinstance(found, float) and not math.isfinite(found):
            raise _UnfoldableError("no literal")
        if isinstance(found, str | bytes | list | tuple | set | frozenset | dict) and _is_large(found):
            raise _UnfoldableError("a long value")
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
            case ast.Call():
                return self._called(node)
            case ast.ListComp(elt=item) | ast.GeneratorExp(elt=item):
                return [inner.value(item) for inner in self._loop(node.generators)]
            case ast.SetComp(elt=item):
                return {inner.value(item) for inner in self._loop(node.generators)}
            case ast.DictComp(key=key, value=value):
                return {inner.value(key): inner.value(value) for inner in self._loop(node.generators)}
        raise _UnfoldableError(type(node).__name__)

    def _items(self, nodes: Sequence[ast.expr]) -> Iterator[Any]:
        for node in nodes:
            if isinstance(node, ast.Starred):
                yield from self.value(node.value)
            else:
                yield self.value(node)

    def _combined(self, operator: ast.operator, left: Any, right: Any) -> Any:
        if isinstance(operator, ast.Pow):
            if type(left) not in (int, float) or type(right) not in (int, float) or abs(right) > 64:
                raise _UnfoldableError("a large power")
            return left**right
        sizes = [each for each in (left, right) if type(each) is int]
        longs = [len(each) for each in (left, right) if isinstance(each, str | bytes | list | tuple)]
        if isinstance(operator, ast.Mult) and sizes and longs and sizes[0] * longs[0] > _MOST:
            raise _UnfoldableError("a long value")
        if isinstance(operator, ast.Mod) and isinstance(left, str | bytes):
            raise _UnfoldableError("a format")
        if type(operator) not in _OPERATORS:
            raise _UnfoldableError(type(operator).__name__)
        return _OPERATORS[type(operator)](left, right)

    def _called(self, node: ast.Call) -> Any:
        if not isinstance(node.func, ast.Name) or node.func.id in self.known:
            raise _UnfoldableError("a call")
        arguments = list(self._items(node.args))
        words = {word.arg: self.value(word.value) for word in node.keywords if word.arg}
        if len(words) < len(node.keywords):
            raise _UnfoldableError("keywords in a dict")
        if node.func.id == "range" and not words:
            return range(*arguments)
        if node.func.id not in _CALLS:
            raise _UnfoldableError(node.func.id)
        return _CALLS[node.func.id](*arguments, **words)

    def _loop(self, generators: Sequence[ast.comprehension]) -> Iterator["_Folder"]:
        first, rest = generators[0], generators[1:]
        if first.is_async or not isinstance(first.target, ast.Name):
            raise _UnfoldableError("a loop")
        for item in self.value(first.iter):
            if next(self._rounds, None) is None:
                raise _UnfoldableError("a long loop")
            inner = _Folder({**self.known, first.target.id: item}, self._rounds)
            if all(inner.value(test) for test in first.ifs):
                yield from inner._loop(rest) if rest else [inner]
