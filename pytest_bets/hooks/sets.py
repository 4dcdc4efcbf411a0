"""Sets as the values of a sweep: they have no order, and each process would number the cells in its own."""

import ast
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

import pytest

from pytest_bets.bet import source
from pytest_bets.bet.axes import axes
from pytest_bets.bet.declaration import Declaration
from pytest_bets.diagnostics import Fault
from pytest_bets.hooks.pytest_private import fixture_functions
from pytest_bets.hooks.sweep import given
from pytest_bets.walk import relative

_EXPECTED: Final = "a list, or `sorted(...)`"
_SHOWN: Final = 100
"""The most characters of a set that are shown."""


def set_faults(
    declaration: Declaration, path: Path, unordered: Collection[str], cell: pytest.Function
) -> Iterator[Fault]:
    """Yield a fault for each parameter that gets its values from a set: by `parametrize`, or by a fixture's `params`.

    `unordered` are the parameters that `parametrize` got a set for; of a fixture, pytest keeps no set.
    """
    for name in sorted(unordered):
        node = _values(declaration, path, name)
        line, text = (node.lineno, _short(node)) if node else (declaration.line, f"def {declaration.function}(...)")
        yield Fault(declaration.file, line, _problem(f"parametrize gives `{name}`"), text, _EXPECTED)
    for name in sorted(given(cell).keys() - {*unordered}):
        for function in fixture_functions(cell, name)[-1:]:
            code, known = getattr(function, "__code__", None), getattr(function, "__globals__", {})
            file = Path(code.co_filename) if code else None
            if file is None or "_pytest" in file.parts:  # pytest makes a fixture for direct parameters
                continue
            node = _params(file, getattr(function, "__name__", ""))
            if node is not None and _is_set(node, known):
                shown = declaration.file if file == path else relative(file, cell.config.rootpath)
                yield Fault(shown, node.lineno, _problem(f"the fixture `{name}` takes"), _short(node), _EXPECTED)


def _problem(who: str) -> str:
    return f"{who} its values from a set, which has no order: each process would number the cells in its own"


def _values(declaration: Declaration, path: Path, name: str) -> ast.expr | None:
    """Return the values of a parameter in the source; None where its `parametrize` is not written there."""
    tree = source.module(path.read_bytes(), path.name)
    functions = [function for function, _ in source.functions(tree) if function.name == declaration.function]
    own = [mark for function in functions for mark in source.marks(function.decorator_list)]
    for mark, values in axes(tree, own):
        keywords = {word.arg: word.value for word in mark.call.keywords} if mark.call else {}
        written = mark.arguments[0] if mark.arguments else keywords["argnames"]
        texts = [part.value for part in ast.walk(written) if isinstance(part, ast.Constant)]
        if name in {word.strip() for text in texts for word in str(text).split(",")}:
            return values
    return None


def _params(file: Path, name: str) -> ast.expr | None:
    """Return what a fixture is given as `params`; None where the source does not show it."""
    try:
        tree = source.module(file.read_bytes(), file.name)
    except (OSError, SyntaxError):
        return None
    for function, _ in source.functions(tree):
        for decorator in function.decorator_list if function.name == name else ():
            for word in decorator.keywords if isinstance(decorator, ast.Call) else ():
                if word.arg == "params":
                    return word.value
    return None


def _is_set(node: ast.expr, known: dict[str, object]) -> bool:
    """Return whether an expression gives a set; `known` are the names of its module."""
    if isinstance(node, ast.BinOp):  # such as a union
        return _is_set(node.left, known) or _is_set(node.right, known)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in ("set", "frozenset")
    return isinstance(node, ast.Set | ast.SetComp) or isinstance(_value(node, known), set | frozenset)


def _value(node: ast.expr, known: dict[str, object]) -> object:
    if isinstance(node, ast.Attribute):
        return getattr(_value(node.value, known), node.attr, None)
    return known.get(node.id) if isinstance(node, ast.Name) else None


def _short(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
