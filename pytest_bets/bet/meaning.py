"""What a declaration means: a constant or a sweep that is written in other words is the same.

A declaration's digest is over its text, and stays as it was recorded. Formatters, linters and other versions of Python
write the same value in other words, so two declarations with other digests may still mean the same.
"""

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from pytest_bets.bet.folding import Folder
from pytest_bets.bet.fstrings import parsed
from pytest_bets.bet.literals import jsonable
from pytest_bets.bet.reading import AS_WRITTEN, Reading
from pytest_bets.diagnostics import UnfoldableError
from pytest_bets.values import digest, row


def meaning(value: object, known: Mapping[str, object] | None = None, rebound: Collection[str] = ()) -> object:
    """Return what a recorded constant or sweep means: its value where it is known, else its syntax tree as text.

    `known` are the constants that the text may name, `rebound` the builtins that mean something else there.
    """
    text = source_of(value)
    if text is None:
        return value
    try:
        tree = parsed(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {"source": text}
    return _meaning(tree, text, known, rebound)


def axis_meaning(name: str, value: object, known: Mapping[str, object], reading: Reading) -> object:
    """Return what a recorded part of the sweep means: `pytest.param(1, id="a")` is the value 1, and so may `(1,)` be.

    `name` are its parameters.
    """
    is_single = name in reading.single
    text = source_of(value)
    if text is None:
        if is_single and isinstance(value, list) and all(isinstance(item, list) and len(item) == 1 for item in value):
            return [item[0] for item in value]
        return value
    try:
        tree = parsed(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {"source": text}
    statement = tree.body[0] if len(tree.body) == 1 else None
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.List | ast.Tuple):
        items = statement.value.elts
        if not is_single or all(_is_wrapped(item) for item in items):
            statement.value.elts = [_unwrapped(item, is_single) for item in items]
    return _meaning(tree, text, known, reading.rebound)


def _is_wrapped(item: ast.expr) -> bool:
    return (isinstance(item, ast.Tuple | ast.List) and len(item.elts) == 1) or _is_param(item)


def _is_param(item: ast.expr) -> bool:
    """Return whether an item of a sweep is a `pytest.param` that only names its values."""
    match item:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="pytest"), attr="param"), keywords=words, args=args):
            return all(word.arg == "id" for word in words) and not any(isinstance(arg, ast.Starred) for arg in args)
    return False


def _unwrapped(item: ast.expr, is_single: bool) -> ast.expr:
    if isinstance(item, ast.Call) and _is_param(item):
        return item.args[0] if len(item.args) == 1 else ast.Tuple(item.args, ast.Load())
    return item.elts[0] if is_single and isinstance(item, ast.Tuple | ast.List) else item


def _meaning(tree: ast.Module, text: str, known: Mapping[str, object] | None, rebound: Collection[str]) -> object:
    names = {name: item for name, item in (known or {}).items() if source_of(item) is None}
    try:
        statement = tree.body[0] if len(tree.body) == 1 else None
        if isinstance(statement, ast.Expr):
            try:
                return jsonable(Folder(names, rebound).value(statement.value))
            except (UnfoldableError, ValueError):
                pass
        return {"source": ast.dump(_Joining().visit(_Folding(names, rebound).visit(tree)))}
    except RecursionError:
        return {"source": text}


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
    optional: Mapping[str, object],
    reading: Reading = AS_WRITTEN,
) -> str:
    """Return the SHA-256 of what a declaration means: the same for two that differ in spelling alone."""
    return digest(
        {
            "hypothesis": hypothesis,
            **{tier: list(sentences) for tier, sentences in texts.items()},
            "constants": {name: meaning(value, constants, reading.rebound) for name, value in constants.items()},
            "sweep": {name: axis_meaning(name, value, constants, reading) for name, value in sweep.items()},
            "replicate": replicate,
            "challenges": list(challenges),
            **optional,
        }
    )


class _Folding(ast.NodeTransformer):
    """Replaces every expression whose value is known by that value."""

    def __init__(self, known: Mapping[str, object], rebound: Collection[str]) -> None:
        self._folder = Folder(known, rebound)

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.expr) and not isinstance(node, ast.Name | ast.Constant):
            try:
                return ast.parse(_literal(self._folder.value(node)), mode="eval").body
            except (UnfoldableError, SyntaxError):
                pass
        return self.generic_visit(node)


class _Joining(ast.NodeTransformer):
    """Joins adjacent texts in f-strings: versions of Python split them in different places."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:  # the name of the class
        """Join the texts of an f-string."""
        self.generic_visit(node)
        node.values = list(_joined(node.values))
        return node


def _joined(parts: Sequence[ast.expr]) -> Iterator[ast.expr]:
    text = ""
    for part in parts:
        if isinstance(part, ast.Constant):
            text += str(part.value)
            continue
        yield from [ast.Constant(text)] if text else []
        text = ""
        yield part
    yield from [ast.Constant(text)] if text else []


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
