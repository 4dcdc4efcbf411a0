"""The outline of a file: its definitions and their meaning."""

import ast
import hashlib
from collections.abc import Callable, Iterator
from typing import Final, Literal

from pytest_bets.bet.resources import are_pytests, without_resources
from pytest_bets.bet.source import module
from pytest_bets.code.expressions import is_constant
from pytest_bets.code.names import (
    Comprehension,
    Function,
    Imported,
    Scope,
    annotations,
    has_effect,
    imports,
    module_scope,
    running,
    single,
)
from pytest_bets.code.template import MAIN, MODULE, Outline, Ref, Unit
from pytest_bets.code.writer import Writer

_PLAIN_DECORATORS: Final = frozenset({"property", "staticmethod", "classmethod"})


def outline(data: bytes) -> Outline:
    """Return the outline of a file; one that cannot be parsed has no definitions and counts by its bytes."""
    plain = data.replace(b"\r\n", b"\n")
    sha256 = hashlib.sha256(plain).hexdigest()
    try:
        tree = module(plain, "code")
        if b"resources" in plain and are_pytests(tree):
            tree = without_resources(tree)
        if b"TYPE_CHECKING" in plain:
            tree = running(tree)
        return _outline(tree, sha256)
    except (SyntaxError, RecursionError):
        return Outline(sha256, {}, readable=False)


def _outline(tree: ast.Module, sha256: str) -> Outline:
    scope = module_scope(tree)
    units: dict[str, Unit] = {}
    rest: list[ast.stmt] = []
    main: list[ast.stmt] = []
    ran: list[ast.Import | ast.ImportFrom] = []
    stars: list[Imported] = []
    order: list[str] = []
    functions = {each.name for each in tree.body if isinstance(each, Function | ast.ClassDef)}

    def is_fixed(name: str) -> bool:
        if name in units or name not in scope.bindings or scope.imported(name) is not None:
            return True
        return name in functions and len(scope.bindings[name]) == 1

    is_main_known = scope.bindings.keys().isdisjoint(("__name__", "*"))  # else the module can be any name to itself
    for statement in tree.body:
        name = _defined(statement, scope, is_fixed)
        if name is not None:
            units[name] = _definition(statement, scope, is_fixed)
            order.append(name)
        elif isinstance(statement, ast.Import | ast.ImportFrom) and _binds_alone(statement, scope):
            ran.append(statement)
        elif is_main_known and _is_main(statement):
            main.append(statement)
        elif not isinstance(statement, ast.Pass) and not is_constant(statement):
            rest.append(statement)
            order.append("")
            stars += _stars(statement)
    writer = Writer(scope, rest)
    for imported in ran:
        writer.run_imports(imported)
    writer.docstring(tree)
    for statement in rest:
        writer.visit(statement)
    units[MODULE] = _unit(writer, "module", always=True)
    if main:
        writer = Writer(scope, main)
        writer.body(main)
        units[MAIN] = _unit(writer, "module")
    bound = {name: single(bindings) for name, bindings in scope.bindings.items()}
    return Outline(sha256, units, bound, tuple(stars), tuple(order))


def _defined(statement: ast.stmt, scope: Scope, is_fixed: Callable[[str], bool]) -> str | None:
    """Return the name that only this statement binds, so that it can count by itself; None if there is none."""
    if isinstance(statement, Function | ast.ClassDef):
        name = statement.name
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1 and _is_still(statement.value, is_fixed):
        name = getattr(statement.targets[0], "id", "")
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None and _is_still(statement.value, is_fixed):
        name = getattr(statement.target, "id", "")
        if has_effect(statement.annotation):
            return None
    else:
        return None
    return name if len(scope.bindings.get(name, ())) == 1 else None


def _is_still(value: ast.expr, is_fixed: Callable[[str], bool]) -> bool:
    """Return whether a value does not depend on its place in the module: constants, fixed names, and lists of them.

    `is_fixed` returns whether a name has only one binding.
    """
    match value:
        case ast.Constant():
            return True
        case ast.Name():
            return is_fixed(value.id)
        case ast.Tuple() | ast.List() | ast.Set():
            return all(_is_still(item, is_fixed) for item in value.elts)
        case ast.Dict():
            return all(key is not None and _is_still(key, is_fixed) for key in (*value.keys, *value.values))
        case _:
            return _is_number(value)


def _is_number(value: ast.expr) -> bool:
    match value:
        case ast.UnaryOp():
            return _is_number(value.operand)
        case ast.BinOp():
            return _is_number(value.left) and _is_number(value.right)
        case _:
            return isinstance(value, ast.Constant)


def _definition(statement: ast.stmt, scope: Scope, is_fixed: Callable[[str], bool]) -> Unit:
    writer = Writer(scope, [statement])
    writer.visit(statement)
    if not isinstance(statement, Function | ast.ClassDef):
        return _unit(writer, "constant", always=True)
    decorators = [_plain_name(decorator) for decorator in statement.decorator_list]
    known = tuple(decorator for decorator in decorators if decorator)
    odd = len(known) < len(decorators)
    if isinstance(statement, Function):
        moment = not _is_steady_when_made(statement, is_fixed)
        always = bool(decorators) or moment
        return _unit(writer, "function", always=always, ordered=odd or moment, decorators=known)
    bases = [_plain_name(base) for base in statement.bases]
    moment = None in bases or bool(statement.keywords) or not _is_inert(statement, is_fixed)
    found = tuple(base for base in bases if base)
    always = bool(decorators) or moment
    return _unit(writer, "class", always=always, ordered=odd or moment, decorators=known, bases=found)


def _plain_name(node: ast.expr) -> Ref | None:
    """Return a decorator or base that is a plain name, even called or subscripted with constants; else None."""
    if isinstance(node, ast.Call) and all(isinstance(each, ast.Constant) for each in _arguments(node)):
        node = node.func
    elif isinstance(node, ast.Subscript):
        node = node.value
    tail: list[str] = []
    while isinstance(node, ast.Attribute):
        tail.insert(0, node.attr)
        node = node.value
    return Ref(node.id, tuple(tail)) if isinstance(node, ast.Name) else None


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _defaults(function: Function) -> list[ast.expr]:
    return [*function.args.defaults, *(default for default in function.args.kw_defaults if default)]


def _is_steady_when_made(function: Function, is_fixed: Callable[[str], bool]) -> bool:
    """Return whether defining a function runs no code and does not depend on its place in the module."""
    steady = all(_is_steady(default, is_fixed) for default in _defaults(function))
    return steady and not any(map(has_effect, annotations(function)))


def _is_steady(value: ast.expr, is_fixed: Callable[[str], bool]) -> bool:
    """Return whether an expression runs no code and does not depend on its place in the module."""
    for node in ast.walk(value):
        if isinstance(node, ast.Name) and not is_fixed(node.id):
            return False
        if isinstance(node, ast.Call | ast.Await | ast.Yield | ast.NamedExpr | ast.Lambda | Comprehension):
            return False
    return True


def _is_inert(statement: ast.ClassDef, is_fixed: Callable[[str], bool]) -> bool:
    """Return whether a class body has no side effect, and the class no effect on its subclasses."""
    own = {name for inner in statement.body for name in _names(inner)}

    def is_known(name: str) -> bool:
        return name in own or is_fixed(name)

    for inner in statement.body:
        if isinstance(inner, Function):
            decorators = {getattr(each, "id", "") for each in inner.decorator_list}
            steady = _is_steady_when_made(inner, is_known)
            if not steady or not decorators <= _PLAIN_DECORATORS or inner.name in ("__init_subclass__", "__set_name__"):
                return False
        elif isinstance(inner, ast.Assign | ast.AnnAssign):
            if not _is_steady(inner.value or ast.Constant(None), is_known):
                return False
            if isinstance(inner, ast.AnnAssign) and has_effect(inner):
                return False
        elif not isinstance(inner, ast.Pass) and not is_constant(inner):
            return False
    return True


def _names(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, Function):
        yield statement.name
    yield from (node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and not _is_load(node))


def _is_load(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)


def _is_main(statement: ast.stmt) -> bool:
    """Return whether the statement is `if __name__ == "__main__"`."""
    if not isinstance(statement, ast.If) or statement.orelse or not isinstance(statement.test, ast.Compare):
        return False
    sides = [statement.test.left, *statement.test.comparators]
    names = {getattr(side, "id", None) or getattr(side, "value", None) for side in sides}
    return names == {"__name__", "__main__"} and isinstance(statement.test.ops[0], ast.Eq)


def _binds_alone(statement: ast.Import | ast.ImportFrom, scope: Scope) -> bool:
    return all(name != "*" and scope.imported(name) == imported for name, imported in imports(statement))


def _stars(statement: ast.stmt) -> Iterator[Imported]:
    for node in ast.walk(statement):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            yield Imported("." * node.level + (node.module or ""))


def _unit(
    writer: Writer,
    kind: Literal["module", "function", "class", "constant"],
    *,
    always: bool = False,
    ordered: bool = False,
    decorators: tuple[Ref, ...] = (),
    bases: tuple[Ref, ...] = (),
) -> Unit:
    return Unit(
        kind,
        tuple(writer.items),
        always,
        ordered,
        decorators,
        bases,
        tuple(dict.fromkeys(writer.imports)),
        tuple(dict.fromkeys(writer.strings)),
        writer.passed,
        frozenset(writer.words),
    )
