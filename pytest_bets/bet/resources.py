"""The resources that the cells of a bet ask for: a matter of the site that runs them, and no part of the claim."""

import ast
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from pytest_bets.bet import literals
from pytest_bets.bet.source import origins
from pytest_bets.diagnostics import Faults, did_you_mean, nearest

RESOURCES: Final = "resources"
_UNITS: Final = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_MEMORY: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(KB|MB|GB|TB)\s*", re.IGNORECASE)
EXPECTED: Final = {
    "cpus": "a whole number of 1 or more, or a number between 0 and 1 for a cell that mostly waits, as in cpus=0.5",
    "gpus": "a whole number of 0 or more, as in gpus=1",
    "memory": 'a size of more than zero in KB, MB, GB or TB, as in memory="16GB"',
    "hours": "a number above 0, as in hours=2 or hours=0.5",
}
_FORM: Final = 'literals by name, as in resources(cpus=2, gpus=1, memory="16GB", hours=2)'


@dataclass(frozen=True)
class Need:
    """What one cell needs; `memory` in bytes and `hours` are None where nothing limits them."""

    cpus: float = 1
    gpus: int = 0
    memory: int | None = None
    hours: float | None = None

    def __str__(self) -> str:
        """Return it as it is written."""
        memory = f"memory={size(self.memory)}" if self.memory else ""
        hours = f"hours={self.hours:g}" if self.hours else ""
        gpus = f"gpus={self.gpus}" if self.gpus else ""
        return " ".join(part for part in (f"cpus={self.cpus:g}", gpus, memory, hours) if part)


def size(memory: int) -> str:
    """Return a number of bytes in the largest unit that it is at least one of."""
    name, unit = next(((name, unit) for name, unit in reversed(_UNITS.items()) if memory >= unit), ("KB", 1000))
    return f"{memory / unit:g}{name}"


def checked(name: str, value: object) -> Any:
    """Return a resource as `Need` holds it.

    Raises:
        ValueError: with what is expected of it.

    """
    if name == "memory":
        found = _MEMORY.fullmatch(value) if isinstance(value, str) else None
        amount = int(float(found[1]) * _UNITS[found[2].upper()]) if found else 0
        if amount > 0:
            return amount
    elif type(value) is int:
        if value >= (name != "gpus"):
            return value
    elif isinstance(value, float) and 0 < value < {"cpus": 1, "hours": math.inf}.get(name, 0):
        return value
    raise ValueError(EXPECTED[name])


def narrowed(need: Need, given: Mapping[str, object]) -> Need:
    """Return a need with some of its parts replaced; the values were checked where they were read."""
    return replace(need, **{name: checked(name, value) for name, value in given.items()})


def overrides(lines: Sequence[str]) -> dict[str, dict[str, object]]:
    """Return the resources in the setting `bets_resources` by the number or id of a bet, or `*`.

    Raises:
        ValueError: with the line at fault and what was expected.

    """
    found: dict[str, dict[str, object]] = {}
    for line in filter(None, map(str.strip, lines)):
        bet, colon, rest = line.partition(":")
        if not colon or not bet.strip() or not rest.split():
            raise ValueError(f"bets_resources has the line {line!r}; expected `46: gpus=1 hours=4`, or `*: hours=1`")
        entry = found.setdefault(bet.strip(), {})
        for word in rest.split():
            name, _, text = word.partition("=")
            if name not in EXPECTED:
                raise ValueError(
                    f"bets_resources has the line {line!r}; `{name}` is no resource; expected some of "
                    f"{', '.join(EXPECTED)}{did_you_mean(name, EXPECTED)}"
                )
            value = text if name == "memory" else _number(text)
            try:
                checked(name, value)
            except ValueError as error:
                raise ValueError(f"bets_resources has the line {line!r}; `{word}`: expected {error}") from None
            entry[name] = value
    return found


def _number(text: str) -> object:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def check(tree: ast.Module, faults: Faults) -> None:
    """Find every `resources` marker in a bet file that is not a call with literal resources."""
    calls = {id(call.func): call for call in ast.walk(tree) if isinstance(call, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _is_mark(node):
            call = calls.get(id(node))
            if call is None or call.args or not call.keywords:
                faults.add(node.lineno, "`resources` takes resources by name", _FORM)
                continue
            for word in call.keywords:
                _check(word, faults)


def _check(word: ast.keyword, faults: Faults) -> None:
    if word.arg not in EXPECTED:
        name = word.arg or "**"
        problem = f"`resources` has no resource `{name}`"
        faults.add(word.value.lineno, problem, f"some of {', '.join(EXPECTED)}", nearest(name, EXPECTED))
        return
    try:
        checked(word.arg, literals.evaluated(word.value))
    except ValueError:
        problem = f"`resources` has {word.arg}={ast.unparse(word.value)}"
        faults.add(word.value.lineno, problem, f"{EXPECTED[word.arg]}, literally")


def stated(tree: ast.Module) -> list[dict[str, object]]:
    """Return the resources of every marker in a checked file."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_mark(node.func)]
    return [{word.arg: literals.evaluated(word.value) for word in call.keywords if word.arg} for call in calls]


def _is_mark(node: ast.AST) -> bool:
    if not isinstance(node, ast.Attribute) or node.attr != RESOURCES:
        return False
    holder = node.value
    return (holder.attr if isinstance(holder, ast.Attribute) else getattr(holder, "id", "")) == "mark"


def are_pytests(tree: ast.Module) -> bool:
    """Return whether every `resources` marker is pytest's: a class of the project can be called `mark`, too."""
    holders = {
        ast.dump(node.value): node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and _is_mark(node)
    }
    return all(map(partial(_is_pytests, tree), holders.values()))


def _is_pytests(tree: ast.Module, holder: ast.expr) -> bool:
    if isinstance(holder, ast.Attribute):
        return isinstance(holder.value, ast.Name) and origins(tree, holder.value.id) == {"pytest"}
    found = origins(tree, "mark")
    if "= pytest.mark" in found and origins(tree, "pytest") != {"pytest"}:
        return False
    return bool(found) and found <= {"pytest.mark", "= pytest.mark"}


def without_resources(tree: ast.Module) -> ast.Module:
    """Return a module without its `resources` markers: neither a declaration nor code depends on them."""
    if any(isinstance(node, ast.Attribute) and _is_mark(node) for node in ast.walk(tree)):
        ast.fix_missing_locations(_Without().visit(tree))
    return tree


class _Without(ast.NodeTransformer):
    """Removes the marker from decorators and from the marks of a case, which is then its plain values again."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list = list(_kept(node.decorator_list))
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.decorator_list = list(_kept(node.decorator_list))
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        marks = next((word for word in node.keywords if word.arg == "marks"), None)
        if marks is None or getattr(node.func, "attr", getattr(node.func, "id", "")) != "param":
            return node
        listed = marks.value.elts if isinstance(marks.value, ast.List | ast.Tuple) else [marks.value]
        kept = list(_kept(listed))
        if len(kept) == len(listed):
            return node
        if kept and isinstance(marks.value, ast.List | ast.Tuple):
            marks.value.elts = kept
            return node
        node.keywords.remove(marks)
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            return node
        return node.args[0] if len(node.args) == 1 else ast.copy_location(ast.Tuple(node.args, ast.Load()), node)


def _kept(nodes: Sequence[ast.expr]) -> Iterator[ast.expr]:
    for node in nodes:
        if not _is_mark(node.func if isinstance(node, ast.Call) else node):
            yield node
