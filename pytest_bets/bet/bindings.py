"""Ways in which a bet file could give a constant or the experiment's name a value that no declaration shows."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from pytest_bets.bet.axes import axes
from pytest_bets.bet.constants import Constants
from pytest_bets.bet.literals import literal
from pytest_bets.bet.meaning import source_of
from pytest_bets.bet.source import Function, marks
from pytest_bets.diagnostics import Faults

_CODING: Final = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_UTF8: Final = frozenset({"utf8", "utf8sig", "utf8unix", "ascii", "usascii"})
_LITERAL: Final = "an assignment of its own, as in STEPS = 3"

Found = tuple[int, str, str]
"""A line, what is wrong there, and what is expected."""


def check(tree: ast.Module, constants: Constants, experiment: Function, faults: Faults) -> None:
    """Add a fault for each constant that is bound in a way that no declaration shows, and for another encoding.

    The name of the experiment is bound once, by its definition: pytest runs what the name means in the end.
    """
    for number, line in enumerate(faults.source.splitlines()[:2], start=1):
        coding = _CODING.match(line)
        if coding and re.sub(r"[-_]", "", coding[1].lower()) not in _UTF8:
            problem = f"the file says that its encoding is {coding[1]}: Python would read other code than git shows"
            faults.add(number, problem, "UTF-8, without such a comment")
            return
        if line.strip() and not line.lstrip().startswith("#"):
            break
    found = {
        *_bindings(tree, constants, faults.source),
        *_second(tree, experiment),
        *_ambiguous(tree, constants, experiment),
    }
    for line_number, problem, expected in sorted(found):
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


def _ambiguous(tree: ast.Module, constants: Constants, experiment: Function) -> Iterator[Found]:
    """Yield the constants and the sweeps that a record cannot distinguish from the text of an expression."""
    for mark, values in axes(tree, marks(experiment.decorator_list)):
        if source_of(literal(values)) is not None:
            problem = 'the sweep is a dict whose only key is "source", as a record writes the text of an expression'
            yield mark.line, problem, "a list of values"
    for name, value in constants.literals.items():
        if source_of(value) is not None:
            problem = f'`{name}` is a dict whose only key is "source", as a record writes the text of an expression'
            yield constants.lines[name], problem, "another key, or a second one"


def rebound(tree: ast.Module, names: frozenset[str]) -> frozenset[str]:
    """Return those of these names that the module binds itself; a star import may bind all of them."""
    found: set[str] = set()
    for node in _module_scope(tree):
        match node:
            case ast.FunctionDef(name=str(name)) | ast.AsyncFunctionDef(name=str(name)) | ast.ClassDef(name=str(name)):
                found.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                bound = {alias.asname or alias.name.partition(".")[0] for alias in aliases}
                found |= names if "*" in bound else bound
            case (
                ast.Name(id=str(name), ctx=ast.Store() | ast.Del())
                | ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.MatchMapping(rest=str(name))
            ):
                found.add(name)
    found.update(name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names)
    return names & found


def _second(tree: ast.Module, experiment: Function) -> Iterator[Found]:
    """Yield every other binding of the experiment's name in the scope of the module."""
    name = experiment.name
    local: set[int] = set()  # names that a comprehension binds for itself, or that only have a type
    for node in _module_scope(tree):
        if isinstance(node, ast.comprehension):
            local |= {id(part) for part in ast.walk(node.target)}
        elif isinstance(node, ast.AnnAssign) and node.value is None:
            local.add(id(node.target))
        elif node is not experiment and id(node) not in local and (how := _binds(node, name)):
            yield _again(node, how, experiment)
    for node in ast.walk(tree):
        if isinstance(node, ast.Global) and name in node.names:
            yield _again(node, f"`global {name}` lets a function replace the experiment", experiment)


def _again(node: ast.AST, problem: str, experiment: Function) -> Found:
    expected = f"the experiment of line {experiment.lineno} alone under this name, and another name for anything else"
    return getattr(node, "lineno", 1), problem, expected


def _binds(node: ast.AST, name: str) -> str:
    """Return how a node binds a name in its scope; empty if it does not."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() if node.name == name:
            return f"`{name}` is defined a second time, and pytest would run the definition that is read last"
        case ast.ClassDef() if node.name == name:
            return f"`{name}` is the experiment, and a class, too"
        case ast.Import() | ast.ImportFrom():
            if any((alias.asname or alias.name.partition(".")[0]) == name for alias in node.names):
                return f"`{name}` is the experiment, and imported, too"
        case ast.Name(id=bound, ctx=ast.Del()) if bound == name:
            return f"`{name}` is the experiment, and is deleted"
        case (
            ast.Name(id=bound, ctx=ast.Store())
            | ast.ExceptHandler(name=bound)
            | ast.MatchAs(name=bound)
            | ast.MatchStar(name=bound)
            | ast.MatchMapping(rest=bound)
        ) if bound == name:
            return f"`{name}` is the experiment, and is given another value"
    return ""


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
            pending += [*_annotations(node)]
        elif isinstance(node, ast.ClassDef):
            pending += [*node.decorator_list, *node.bases, *(word.value for word in node.keywords)]
        elif isinstance(node, ast.Lambda):
            pending += [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        else:
            pending += ast.iter_child_nodes(node)


def _annotations(function: Function) -> Iterator[ast.expr]:
    arguments = function.args
    single = filter(None, (arguments.vararg, arguments.kwarg))
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *single):
        if argument.annotation:
            yield argument.annotation
    if function.returns:
        yield function.returns
