"""Ways in which a bet file could give a constant a value that its declaration does not show."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from pytest_bets.bet.constants import Constants
from pytest_bets.bet.source import Function
from pytest_bets.diagnostics import Faults

_CODING: Final = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_UTF8: Final = frozenset({"utf8", "utf8sig", "utf8unix", "ascii", "usascii"})
_LITERAL: Final = "an assignment of its own, as in STEPS = 3"

Found = tuple[int, str, str]
"""A line, what is wrong there, and what is expected."""


def check(tree: ast.Module, constants: Constants, faults: Faults) -> None:
    """Add a fault for each constant that is bound in a way that no declaration shows, and for another encoding."""
    for number, line in enumerate(faults.source.splitlines()[:2], start=1):
        coding = _CODING.match(line)
        if coding and re.sub(r"[-_]", "", coding[1].lower()) not in _UTF8:
            problem = f"the file says that its encoding is {coding[1]}: Python would read other code than git shows"
            faults.add(number, problem, "UTF-8, without such a comment")
            return
        if line.strip() and not line.lstrip().startswith("#"):
            break
    for line_number, problem, expected in sorted(set(_bindings(tree, constants, faults.source))):
        faults.add(line_number, problem, expected)


def _bindings(tree: ast.Module, constants: Constants, source: str) -> Iterator[Found]:
    for node in _module_scope(tree):
        match node:
            case ast.ImportFrom() if any(alias.name == "*" for alias in node.names):
                problem = f"`{ast.unparse(node)}` can give any constant another value"
                yield node.lineno, problem, "the names that are imported, one by one"
            case ast.Import():
                for alias in node.names:
                    if alias.asname and alias.asname.isupper():
                        expected = "`from ... import ... as`, or a name that is not in capitals"
                        yield node.lineno, f"`{alias.asname}` is a module, not a constant", expected
            case ast.For() | ast.AsyncFor():
                yield from _stored(node.target, "is the variable of a loop")
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    if item.optional_vars:
                        yield from _stored(item.optional_vars, "is bound by `with`")
            case ast.NamedExpr():
                yield from _stored(node.target, "is bound inside an expression")
            case ast.Delete():
                for target in node.targets:
                    yield from _stored(target, "is deleted")
            case ast.ExceptHandler(name=str(name)) if name.isupper():
                yield node.lineno, f"`{name}` is bound by `except`", _LITERAL
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) if name.isupper():
                yield node.lineno, f"`{name}` is bound by `match`", _LITERAL
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                if name in constants.values:
                    yield (
                        node.lineno,
                        f"`{name}` is a constant, and a definition, too",
                        "another name for one of the two",
                    )
    for node in ast.walk(tree) if "global" in source else ():
        if isinstance(node, ast.Global):
            for name in node.names:
                if name.isupper():
                    yield node.lineno, f"`global {name}` lets a function change a constant", "a constant that stays"


def _stored(target: ast.expr, how: str) -> Iterator[Found]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) and node.id.isupper():
            yield node.lineno, f"`{node.id}` {how}: no declaration shows its value", _LITERAL


def _module_scope(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield every node that runs in the scope of the module: comprehensions bind `:=` there, functions do not."""
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, Function):
            pending += [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
        elif isinstance(node, ast.ClassDef):
            pending += [*node.decorator_list, *node.bases, *(word.value for word in node.keywords)]
        elif isinstance(node, ast.Lambda):
            pending += [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        else:
            pending += ast.iter_child_nodes(node)
