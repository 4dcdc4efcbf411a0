"""A bet file as pytest sees it: its experiment's arguments, functions that do not run, sections that none judges."""

import ast
import inspect
import warnings
from collections.abc import Iterator

import pytest

from pytest_bets.bet import source
from pytest_bets.bet.declaration import SEED, Declaration
from pytest_bets.bet.thresholds import unjudged
from pytest_bets.diagnostics import Fault, nearest
from pytest_bets.hooks.pytest_private import fixture_names, has_fixture


class BetWarning(pytest.PytestWarning):
    """What a bet file seems to say, and does not: a test that is not run, a section that is not judged."""


def argument_faults(declaration: Declaration, cell: pytest.Function) -> Iterator[Fault]:
    """Yield the arguments that neither the sweep nor a fixture gives: pytest would fail when it sets up a cell."""
    sweep = cell.callspec.params if hasattr(cell, "callspec") else {}
    own = inspect.signature(cell.obj).parameters
    for name in cell.fixturenames:
        if name == "request" or name in sweep or has_fixture(cell, name):
            continue
        problem = f"nothing gives the argument `{name}`" if name in own else f"a fixture needs `{name}`"
        problem += ": neither the sweep nor a fixture has that name"
        if name == SEED and not declaration.replicate:
            expected, near = "replicate above the experiment, which gives the seeds", "@pytest.mark.replicate(5)"
        else:
            expected, near = "parametrize with that name, or a fixture", nearest(name, [*sweep, *fixture_names(cell)])
        text = f"def {declaration.function}(...)"
        yield Fault(declaration.file, declaration.line, problem, text, expected, near)


def warn_of_tests(bet: pytest.Module, declaration: Declaration) -> None:
    """Warn of every test in a bet file: pytest runs only the experiment."""
    members = vars(bet.obj).items()
    tests = [name for name, member in members if name != declaration.function and _is_test(bet, name, member)]
    if not tests:
        return
    defined = {
        node.name: node.lineno
        for node in ast.walk(source.module(bet.path.read_bytes(), bet.path.name))
        if isinstance(node, source.Function | ast.ClassDef)
    }
    for name in tests:
        message = (
            f"`{name}` is not run: in a bet file pytest runs `{declaration.function}` alone. Rename it if it is a "
            f"helper; if it is a test, put it into a file of its own, such as test_{declaration.id}.py"
        )
        warnings.warn_explicit(BetWarning(message), None, str(bet.path), defined.get(name, declaration.line))


def warn_of_sections(bet: pytest.Module, declaration: Declaration) -> None:
    """Warn of every control, premise or null that only the docstring has: a reader takes it for one."""
    sections = list(unjudged(declaration))
    if not sections:
        return
    first = source.module(bet.path.read_bytes(), bet.path.name).body[0].lineno
    for section in sections:
        marker = f"@pytest.mark.{section.name.lower()}(...)"
        message = f"no marker judges what the section `{section.name}:` says: add {marker}, or take the section out"
        warnings.warn_explicit(BetWarning(message), None, str(bet.path), first + section.line)


def _is_test(bet: pytest.Module, name: str, member: object) -> bool:
    """Return whether pytest would run this in a test file: by its own rule, which BetFile overrides."""
    if getattr(member, "__module__", "") != bet.obj.__name__ or not getattr(member, "__test__", True):
        return False
    if inspect.isclass(member):
        return pytest.Module.istestclass(bet, member, name) and any(map(bet.funcnamefilter, vars(member)))
    return pytest.Module.istestfunction(bet, member, name)
