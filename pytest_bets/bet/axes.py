"""The sweep of a bet file: what spans its cells."""

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from pytest_bets.bet.literals import literal, recorded
from pytest_bets.bet.source import Mark, functions, last_name, marks

GENERATOR: Final = "pytest_generate_tests"


def sweep(tree: ast.Module, own: Sequence[Mark], known: Mapping[str, object]) -> dict[str, object]:
    """Return the sweep: `parametrize` on the experiment or the module, parametrized fixtures, generators.

    `own` are the markers on the experiment.
    """
    found: dict[str, object] = {}
    for mark in (*own, *_module_marks(tree)):
        arguments = _axis(mark)
        if {"argnames", "argvalues"} <= arguments.keys():
            found[_argument_names(arguments["argnames"])] = recorded(arguments["argvalues"], known)
    for function, _ in functions(tree):
        if function.name == GENERATOR:
            found[function.name] = {"source": ast.unparse(function)}
        for decorator in function.decorator_list:
            for word in decorator.keywords if isinstance(decorator, ast.Call) else ():
                if word.arg == "params" and "fixture" in ast.unparse(decorator):
                    found[function.name] = recorded(word.value, known)
    return found


def axes(tree: ast.Module, own: Sequence[Mark]) -> Iterator[tuple[Mark, ast.expr]]:
    """Yield the values of each `parametrize` on the experiment or the module."""
    for mark in (*own, *_module_marks(tree)):
        if values := _axis(mark).get("argvalues"):
            yield mark, values


def single(tree: ast.Module, own: Sequence[Mark]) -> frozenset[str]:
    """Return the parameters that are named by a tuple or a list of one name: each value is in a sequence of its own."""
    names = (_axis(mark).get("argnames") for mark in (*own, *_module_marks(tree)))
    return frozenset(
        _argument_names(name) for name in names if isinstance(name, ast.Tuple | ast.List) and len(name.elts) == 1
    )


def idle(spans: Iterable[tuple[str, ...]], parameters: Collection[str]) -> list[tuple[str, ...]]:
    """Return the axes, each given by the names of its parameters, that span no cell.

    `parameters` are those of the cells. Where no axis names one of them, none is returned: a fixture or an expression
    may give the parameter of an axis another name than the source shows.
    """
    spans = list(spans)
    if not set(parameters) <= {name for axis in spans for name in axis}:
        return []
    return [axis for axis in spans if not set(axis) <= set(parameters)]


def _axis(mark: Mark) -> dict[str, ast.expr]:
    if mark.name != "parametrize" or not mark.call:
        return {}
    arguments = dict(zip(("argnames", "argvalues"), mark.call.args, strict=False))
    return arguments | {word.arg: word.value for word in mark.call.keywords if word.arg}


def _module_marks(tree: ast.Module) -> tuple[Mark, ...]:
    found: tuple[Mark, ...] = ()
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(last_name(target) == "pytestmark" for target in targets):
            found += marks(node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value])
    return found


def _argument_names(node: ast.expr) -> str:
    value = literal(node)
    names = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else [ast.unparse(node)]
    return ", ".join(str(name).strip() for name in names)
