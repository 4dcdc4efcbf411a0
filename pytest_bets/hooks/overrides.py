"""Rehearsals: import a bet file with other values for its constants, before other values are derived from them."""

import ast
import importlib.abc
import importlib.machinery
import math
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.bet.declaration import Declaration, is_bet_name
from pytest_bets.bet.markers import overriding
from pytest_bets.hooks.settings import Settings


def constants(declaration: Declaration, settings: Settings) -> dict[str, object]:
    """Return the constants that this session overrides in a bet.

    A value of another type is left out: its error in the module would hide the usage error that names the option.
    """
    chosen = dict(declaration.pilot) if settings.pilot else {}
    for name, text in settings.overrides.items():
        if name in declaration.constants:
            with suppress(ValueError):
                chosen[name] = overriding(name, text, declaration.constants, declaration.file)
    return chosen


class Finder(importlib.abc.MetaPathFinder):
    """Finds bet files before pytest does, and loads them with the constants of this session."""

    def __init__(self, settings: Settings, catalogue: Catalogue) -> None:
        self.settings = settings
        self.catalogue = catalogue
        self._found: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the spec of a bet's module with a loader that overrides, None for any other module."""
        if not is_bet_name(f"{fullname.rpartition('.')[2]}.py"):
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            return None
        declaration = self.catalogue.declaration(Path(spec.origin))
        if declaration is not None:
            spec.loader = _Loader(fullname, spec.origin, constants(declaration, self.settings))
            self._found.add(fullname)
        return spec

    def install(self) -> None:
        """Put this finder before all others."""
        sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Remove this finder and its modules, for a later session of this process."""
        sys.meta_path.remove(self)
        for name in self._found:
            sys.modules.pop(name, None)


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, fullname: str, path: str, values: Mapping[str, object]) -> None:
        super().__init__(fullname, path)
        self.values = values

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002  # importlib's signature
        tree = _Override(self.values).visit(ast.parse(self.get_data(self.path), self.path))
        return compile(ast.fix_missing_locations(tree), self.path, "exec", dont_inherit=True)


class _Override(ast.NodeTransformer):
    """Replaces the value of every module-level assignment to one of the names."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self.values = values

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> Any:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        return node

    def visit_Assign(self, node: ast.Assign) -> Any:
        names = [name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
        again = [self._assignment(name, node) for name in names if name in self.values]
        return [node, *again] if again else node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        if isinstance(node.target, ast.Name) and node.target.id in self.values:
            return [node, self._assignment(node.target.id, node)]
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        if isinstance(node.target, ast.Name) and node.target.id in self.values:
            return [node, self._assignment(node.target.id, node)]
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:
        names = [alias.asname or alias.name for alias in node.names]
        return [node, *(self._assignment(name, node) for name in names if name in self.values)]

    def _assignment(self, name: str, near: ast.stmt) -> ast.Assign:
        # a literal's repr is its source, so the module sees a value of its own, never one that it shares
        value = _Infinite().visit(ast.parse(repr(self.values[name]), mode="eval")).body
        return ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], value), near)


class _Infinite(ast.NodeTransformer):
    """Replaces `inf`, the one name in a literal's repr, by a number."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(math.inf) if node.id == "inf" else node
