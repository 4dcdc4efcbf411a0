"""The constants of a bet file and the markers on its functions, found with `ast`."""

import ast
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

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
    return Mark(target.attr, call, decorator.lineno) if last_name(target.value) == "mark" else None


def last_name(node: ast.expr) -> str:
    """Return the last part of a dotted name; an empty string for other expressions."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def uses(tree: ast.Module, names: Sequence[str]) -> Iterator[tuple[str, ast.Call | None]]:
    """Yield these markers wherever they are, on an alias too, each with its call if it is called."""
    nodes = list(ast.walk(tree))  # once: the summary of a catalogue reads every file
    found = _attributes(nodes, names)
    calls = {id(node.func): node for node in nodes if isinstance(node, ast.Call)}
    yield from ((node.attr, calls.get(id(node))) for node in found)
    marked = {id(node): node.attr for node in found}
    assigned = [node for node in nodes if isinstance(node, ast.Assign) and id(node.value) in marked]
    aliases = {last_name(target): marked[id(node.value)] for node in assigned for target in node.targets}
    for call in calls.values():
        if isinstance(call.func, ast.Name) and call.func.id in aliases:
            yield aliases[call.func.id], call


def strings(call: ast.Call | None) -> list[str]:
    """Return the string literals in a call."""
    nodes = ast.walk(call) if call else ()
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def origins(tree: ast.Module, name: str) -> set[str]:
    """Return what a name can be in any scope of a file: `module`, `module.name`, `= value`, or `?` for all else."""
    found: set[str] = set()
    plain: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            bound = ((alias.asname or alias.name.partition(".")[0], alias.name) for alias in node.names)
            found |= {module for own, module in bound if own == name}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found |= {f"{module}.{alias.name}" for alias in node.names if (alias.asname or alias.name) == name}
            found |= {"?" for alias in node.names if alias.name == "*"}
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant | ast.Attribute):
            targets = [target for target in node.targets if isinstance(target, ast.Name) and target.id == name]
            plain.update(targets)
            found |= {f"= {ast.unparse(node.value)}" for _ in targets}
        elif not isinstance(node, ast.alias | ast.keyword | ast.Attribute | ast.Global | ast.Nonlocal):
            is_read = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
            names = {getattr(node, field, None) for field in ("id", "arg", "name", "rest")}
            if name in names and not is_read and node not in plain:
                found.add("?")
    return found


def docstring(tree: ast.Module) -> str:
    """Return the docstring of a module, or an empty string."""
    return ast.get_docstring(tree) or ""


def mentioned(tree: ast.Module, names: Sequence[str]) -> int | None:
    """Return the line of the first of these markers anywhere: behind an alias, nested, in `pytestmark`."""
    return min((node.lineno for node in _attributes(list(ast.walk(tree)), names)), default=None)


def _attributes(nodes: Sequence[ast.AST], names: Sequence[str]) -> list[ast.Attribute]:
    holders = {"mark"}
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            holders |= {alias.asname for alias in node.names if alias.name == "mark" and alias.asname}
        elif isinstance(node, ast.Assign) and last_name(node.value) == "mark":
            holders |= {last_name(target) for target in node.targets}
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    return [node for node in attributes if node.attr in names and last_name(node.value) in holders]


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
