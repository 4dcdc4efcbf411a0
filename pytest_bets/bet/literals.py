"""Literals of a bet file, as JSON has them."""

import ast
from collections.abc import Mapping
from typing import Final

UNREAD: Final = object()


def literal(node: ast.AST) -> object:
    """Return the literal's value as JSON has it, or `UNREAD` if it is not a literal or JSON lacks its type."""
    try:
        return jsonable(evaluated(node))
    except (ValueError, RecursionError):
        return UNREAD


def evaluated(node: ast.AST) -> object:
    """Return the literal's value.

    Raises:
        ValueError: if the node is not a literal.

    """
    try:
        return ast.literal_eval(node)
    except (TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(str(error)) from None


def jsonable(value: object) -> object:
    """Return a value as JSON has it.

    Raises:
        ValueError: if JSON lacks its type.

    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: jsonable(item) for key, item in value.items()}
    raise ValueError(value)


def recorded(node: ast.expr, known: Mapping[str, object]) -> object:
    """Return the value of a literal or of a name of a literal constant, or else the source text."""
    if isinstance(node, ast.Name) and node.id in known:
        return known[node.id]
    value = literal(node)
    return {"source": ast.unparse(node)} if value is UNREAD else value
