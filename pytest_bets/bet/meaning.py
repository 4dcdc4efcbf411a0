"""What a declaration means: a constant or a sweep that is written in other words is the same.

A declaration's digest is over its text, and stays as it was recorded. Formatters, linters and other versions of Python
write the same value in other words, so two declarations with other digests may still mean the same.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pytest_bets.bet.folding import Folder
from pytest_bets.bet.literals import jsonable
from pytest_bets.diagnostics import UnfoldableError
from pytest_bets.values import digest, row

_QUOTES: Final = re.compile(r"""['"]+""")


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
                return jsonable(Folder(names).value(statement.value))
            except (UnfoldableError, ValueError):
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
    optional: Mapping[str, object],
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
            **optional,
        }
    )


def _plain(text: str) -> str:
    """Return a text with one kind of quotes: versions of Python choose different ones in f-strings."""
    return _QUOTES.sub("'", text)


class _Folding(ast.NodeTransformer):
    """Replaces every expression whose value is known by that value."""

    def __init__(self, known: Mapping[str, object]) -> None:
        self._folder = Folder(known)

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.expr) and not isinstance(node, ast.Name | ast.Constant):
            try:
                return ast.parse(_literal(self._folder.value(node)), mode="eval").body
            except (UnfoldableError, SyntaxError):
                pass
        return self.generic_visit(node)


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
