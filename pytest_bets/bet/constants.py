"""The constants of a bet file: its module-level names in capitals."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_bets.bet.literals import UNREAD, literal
from pytest_bets.bet.source import Function


@dataclass(frozen=True)
class Constants:
    """The module-level names in capitals, assigned or imported.

    `values` are as recorded, `lines` their lines, `literals` the literal ones, `nodes` the assigned expressions.
    """

    values: Mapping[str, object]
    lines: Mapping[str, int]
    literals: Mapping[str, object]
    nodes: Mapping[str, ast.AST]


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
