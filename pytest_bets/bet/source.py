"""The constants of a bet file and the markers on its functions, found with `ast`."""

import ast
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

UNREAD: Final = object()
PILOT: Final = "PILOT"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Mark:
    """One `pytest.mark.<name>(...)`; `call` is None for a marker without parentheses."""

    name: str
    call: ast.Call | None
    line: int

    @property
    def arguments(self) -> Sequence[ast.expr]:
        """The positional arguments."""
        return self.call.args if self.call else ()


@dataclass(frozen=True)
class Constants:
    """The module-level names in capitals, assigned or imported.

    `values` are as recorded, `lines` their lines, `literals` the literal ones, `nodes` the assigned expressions.
    """

    values: Mapping[str, object]
    lines: Mapping[str, int]
    literals: Mapping[str, object]
    nodes: Mapping[str, ast.AST]


def module(text: str | bytes, file: str) -> ast.Module:
    """Parse a module without Python's warnings, which appear when it runs.

    Raises:
        SyntaxError: if the text is not Python.

    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # with warnings as errors, they would be syntax errors
        try:
            return ast.parse(text, file)
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error) or "it is nested too deeply") from None


@lru_cache(maxsize=2)
def parsed(text: str) -> ast.Module:
    """Parse a bet file, which is parsed to see whether it is a bet, and then read as one; the tree is not changed.

    Raises:
        SyntaxError: if the text is not Python.

    """
    return module(text, "<bet>")


def marks(decorators: Sequence[ast.expr]) -> tuple[Mark, ...]:
    """Return the pytest markers among the decorators, in source order."""
    return tuple(mark for mark in map(_mark, decorators) if mark is not None)


def _mark(decorator: ast.expr) -> Mark | None:
    call = decorator if isinstance(decorator, ast.Call) else None
    target = call.func if call else decorator
    if not isinstance(target, ast.Attribute):
        return None
    return Mark(target.attr, call, decorator.lineno) if _name(target.value) == "mark" else None


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def uses(tree: ast.Module, names: Sequence[str]) -> Iterator[tuple[str, ast.Call | None]]:
    """Yield these markers wherever they are, on an alias too, each with its call if it is called."""
    found = _attributes(tree, names)
    calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    yield from ((node.attr, calls.get(id(node))) for node in found)
    marked = {id(node): node.attr for node in found}
    assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and id(node.value) in marked]
    aliases = {_name(target): marked[id(node.value)] for node in assigned for target in node.targets}
    for call in calls.values():
        if isinstance(call.func, ast.Name) and call.func.id in aliases:
            yield aliases[call.func.id], call


def strings(call: ast.Call | None) -> list[str]:
    """Return the string literals in a call."""
    nodes = ast.walk(call) if call else ()
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def docstring(tree: ast.Module) -> str:
    """Return the docstring of a module, or an empty string."""
    return ast.get_docstring(tree) or ""


def mentioned(tree: ast.Module, names: Sequence[str]) -> int | None:
    """Return the line of the first of these markers anywhere: behind an alias, nested, in `pytestmark`."""
    return min((node.lineno for node in _attributes(tree, names)), default=None)


def _attributes(tree: ast.Module, names: Sequence[str]) -> list[ast.Attribute]:
    holders = {"mark"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            holders |= {alias.asname for alias in node.names if alias.name == "mark" and alias.asname}
        elif isinstance(node, ast.Assign) and _name(node.value) == "mark":
            holders |= {_name(target) for target in node.targets}
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return [node for node in attributes if node.attr in names and _name(node.value) in holders]


def functions(tree: ast.Module) -> Iterator[tuple[Function, ast.ClassDef | None]]:
    """Yield the functions of the module, and those of its classes with their class."""
    for node in tree.body:
        if isinstance(node, Function):
            yield node, None
        elif isinstance(node, ast.ClassDef):
            yield from ((child, node) for child in node.body if isinstance(child, Function))


def yields(function: Function) -> int | None:
    """Return the line of a function's first `yield`, outside nested functions."""
    pending: list[ast.AST] = list(function.body)
    lines = []
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            lines.append(node.lineno)
        if not isinstance(node, Function | ast.Lambda):
            pending += ast.iter_child_nodes(node)
    return min(lines, default=None)


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


def constants(tree: ast.Module) -> Constants:
    """Return the module-level names in capitals; a name assigned twice or conditionally has its source as value."""
    sources: dict[str, list[str]] = {}
    lines: dict[str, int] = {}
    literals: dict[str, object] = {}
    nodes: dict[str, ast.AST] = {}
    for statement, nested in _statements(tree.body, nested=False):
        for name, node in _assigned(statement):
            again = name in sources
            shown = statement if nested and not isinstance(statement, ast.ImportFrom) else node
            sources.setdefault(name, []).append(ast.unparse(shown))
            lines.setdefault(name, statement.lineno)
            literals[name] = UNREAD if nested or again else literal(node)
            nodes[name] = statement if nested or again else node
    values = {
        name: {"source": "; ".join(texts)} if literals[name] is UNREAD else literals[name]
        for name, texts in sources.items()
    }
    return Constants(values, lines, {name: value for name, value in literals.items() if value is not UNREAD}, nodes)


def _statements(body: Sequence[ast.stmt], nested: bool) -> Iterator[tuple[ast.stmt, bool]]:
    for statement in body:
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.ImportFrom):
            yield statement, nested or isinstance(statement, ast.AugAssign)
        elif not isinstance(statement, Function | ast.ClassDef):
            for field in ("body", "orelse", "finalbody"):
                if inner := getattr(statement, field, []):
                    yield from _statements(inner, nested=True)
            for handler in getattr(statement, "handlers", []):
                yield from _statements(handler.body, nested=True)


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(statement, ast.ImportFrom):
        for alias in statement.names:
            name = alias.asname or alias.name
            if name.isupper():
                yield name, ast.ImportFrom(statement.module, [alias], statement.level)
        return
    if isinstance(statement, ast.Assign):
        pairs = [(target, statement.value) for target in statement.targets]
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign) and statement.value is not None:
        pairs = [(statement.target, statement.value)]
    else:
        pairs = []
    for target, value in pairs:
        if isinstance(target, ast.Tuple | ast.List):
            parts = value.elts if isinstance(value, ast.Tuple | ast.List) else []
            same = len(parts) == len(target.elts)
            inner = [(part, parts[index] if same else value) for index, part in enumerate(target.elts)]
        else:
            inner = [(target, value)]
        for part, node in inner:
            if isinstance(part, ast.Name) and part.id.isupper():
                yield part.id, node


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
        if function.name == "pytest_generate_tests":
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
        if any(_name(target) == "pytestmark" for target in targets):
            found += marks(node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value])
    return found


def _argument_names(node: ast.expr) -> str:
    value = literal(node)
    names = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else [ast.unparse(node)]
    return ", ".join(str(name).strip() for name in names)
