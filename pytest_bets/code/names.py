"""The scope of each name, by Python's own rules."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal

from pytest_bets.bet.source import origins

Function = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
OTHER: Final = None
"""A binding that is not an import."""


@dataclass(frozen=True)
class Imported:
    """The target of an import: a module by its dotted name, with leading dots for its level, or a name in it."""

    module: str
    name: str | None = None


Bindings = dict[str, list[Imported | None]]


@dataclass
class Scope:
    """A scope and its bindings. The module's scope has no parent."""

    kind: Literal["module", "class", "function"]
    parent: "Scope | None" = None
    bindings: Bindings = field(default_factory=dict)
    parameters: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()
    """Names declared global here."""
    outer: frozenset[str] = frozenset()
    """Names declared nonlocal here."""
    place: int = 0
    slots: dict[str, int] = field(default_factory=dict)
    name: str = ""
    """The name of a class."""

    def home(self, name: str) -> "Scope | None":
        """Return the scope that binds a name used here, None for the module's scope and the builtins."""
        scope: Scope = self
        while scope.parent is not None:
            if name in scope.elsewhere:
                return None
            own = name in scope.parameters or (name in scope.bindings and name not in scope.outer)
            if own and (scope.kind != "class" or scope is self):
                return scope
            scope = scope.parent
        return None

    def imported(self, name: str) -> Imported | None:
        """Return the import that binds the name in this scope, None if anything else binds it."""
        return None if name in self.parameters else single(self.bindings.get(name, ()))

    def mangled(self, name: str) -> str:
        """Return a name as Python mangles it in a class."""
        scope: Scope | None = self
        while scope is not None and scope.kind != "class":
            scope = scope.parent
        if scope is None or not name.startswith("__") or name.endswith("__") or not scope.name.strip("_"):
            return name
        return f"_{scope.name.lstrip('_')}{name}"


def single(bindings: Sequence[Imported | None]) -> Imported | None:
    """Return the import if all bindings are the same one, else None."""
    return bindings[0] if bindings and len(set(bindings)) == 1 else None


def running(tree: ast.Module) -> ast.Module:
    """Return a module without `if TYPE_CHECKING`, but for its `else`, where that is what type checkers alone run."""
    _Running(tree).visit(tree)
    return tree


class _Running(ast.NodeTransformer):
    """Takes the name as false if `typing` gives it or it is assigned `False`, and nothing else binds it."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._false: dict[str, bool] = {}

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        return node.orelse if self._is_false(node.test) else node

    def _is_false(self, test: ast.expr) -> bool:
        if isinstance(test, ast.Name) and test.id == "TYPE_CHECKING":
            holder, name, known = "", test.id, {"typing.TYPE_CHECKING", "= False"}
        elif isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING" and isinstance(test.value, ast.Name):
            holder, name, known = test.value.id, test.value.id, {"typing"}
        else:
            return False
        if name not in self._false:
            found = origins(self._tree, name)
            self._false[name] = bool(found) and found <= known and not (holder and self._is_set)
        return self._false[name]

    @cached_property
    def _is_set(self) -> bool:
        attributes = (node for node in ast.walk(self._tree) if isinstance(node, ast.Attribute))
        return any(node.attr == "TYPE_CHECKING" and not isinstance(node.ctx, ast.Load) for node in attributes)


def imports(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Imported]]:
    """Yield the names that an import binds, with their targets; `*` for a star import."""
    for alias in node.names:
        if isinstance(node, ast.Import):
            top = alias.name.partition(".")[0]
            yield (alias.asname, Imported(alias.name)) if alias.asname else (top, Imported(top))
        else:
            yield alias.asname or alias.name, Imported("." * node.level + (node.module or ""), alias.name)


def function_scope(node: Function | ast.Lambda, parent: Scope) -> Scope:
    """Return the scope of a function's body."""
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    body: list[ast.stmt] | list[ast.expr] = [node.body] if isinstance(node, ast.Lambda) else node.body
    scope = _scope("function", parent, body)
    scope.parameters = frozenset(scope.mangled(argument.arg) for argument in every if argument)
    for parameter in getattr(node, "type_params", ()):
        scope.bindings.setdefault(parameter.name, []).append(OTHER)
    return scope


def class_scope(node: ast.ClassDef, parent: Scope) -> Scope:
    """Return the scope of a class's body."""
    scope = _scope("class", parent, node.body, node.name)
    for parameter in getattr(node, "type_params", ()):
        scope.bindings.setdefault(parameter.name, []).append(OTHER)
    return scope


def comprehension_scope(node: Comprehension, parent: Scope) -> Scope:
    """Return the scope of a comprehension, which binds its targets."""
    scope = Scope("function", parent)
    targets = (name for each in node.generators for name in ast.walk(each.target) if isinstance(name, ast.Name))
    scope.bindings = {scope.mangled(name.id): [OTHER] for name in targets if isinstance(name.ctx, ast.Store)}
    return scope


def module_scope(tree: ast.Module) -> Scope:
    """Return the scope of a module, with the names that its functions declare global."""
    scope = _scope("module", None, tree.body)
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            for name in node.names:
                scope.bindings.setdefault(name, []).append(OTHER)
                scope.bindings[name].append(Imported(""))  # a second, different binding: the name is not a plain import
    return scope


def _scope(
    kind: Literal["module", "class", "function"], parent: Scope | None, body: Sequence[ast.AST], name: str = ""
) -> Scope:
    scope = Scope(kind, parent, name=name)
    found, elsewhere, outer = _bound(body)
    scope.elsewhere = frozenset(map(scope.mangled, elsewhere))
    scope.outer = frozenset(map(scope.mangled, outer))
    for bound, bindings in found.items():
        scope.bindings.setdefault(scope.mangled(bound), []).extend(bindings)
    return scope


def _bound(body: Sequence[ast.AST]) -> tuple[Bindings, set[str], set[str]]:
    """Return the bindings of these nodes in their own scope, and the names declared global and nonlocal."""
    found: Bindings = {}
    elsewhere: set[str] = set()
    outer: set[str] = set()
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        for name, imported in _binds(node):
            found.setdefault(name, []).append(imported)
        if isinstance(node, ast.Global):
            elsewhere.update(node.names)
        elif isinstance(node, ast.Nonlocal):
            outer.update(node.names)
        pending += _within(node)
    return found, elsewhere, outer


def _binds(node: ast.AST) -> Iterator[tuple[str, Imported | None]]:
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            yield node.id, OTHER
    elif isinstance(node, Function | ast.ClassDef):
        yield node.name, OTHER
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from imports(node)
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        if node.name:
            yield node.name, OTHER
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest, OTHER


def _within(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the children that are evaluated in the scope around the node."""
    if isinstance(node, Function):
        yield from (*node.decorator_list, *_defaults(node.args), *annotations(node))
    elif isinstance(node, ast.Lambda):
        yield from _defaults(node.args)
    elif isinstance(node, ast.ClassDef):
        yield from (*node.decorator_list, *node.bases, *node.keywords)
    elif isinstance(node, Comprehension):
        yield node.generators[0].iter
        yield from _walrus(node)
    else:
        yield from ast.iter_child_nodes(node)


def _walrus(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the names that `:=` in a comprehension binds in the scope around it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.NamedExpr):
            yield child.target
        if not isinstance(child, ast.Lambda):
            yield from _walrus(child)


def _defaults(arguments: ast.arguments) -> Iterator[ast.expr]:
    yield from arguments.defaults
    yield from (default for default in arguments.kw_defaults if default)


def has_effect(annotation: ast.AST) -> bool:
    """Return whether evaluating an annotation can do more than give its value: it calls something, or binds a name."""
    effects = ast.Call | ast.Await | ast.NamedExpr | ast.Yield | ast.YieldFrom
    return any(isinstance(part, effects) for part in ast.walk(annotation))


def annotations(node: Function) -> Iterator[ast.expr]:
    """Yield the annotations of a function's parameters and return value."""
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs, arguments.kwarg]
    yield from (argument.annotation for argument in every if argument and argument.annotation)
    if node.returns:
        yield node.returns
