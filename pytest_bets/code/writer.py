"""Turn a syntax tree into templates: functions, classes and statements.

Layout, comments, `pass`, constant statements, and annotations that no code can read are left out.
"""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pytest_bets.bet.source import module
from pytest_bets.code.expressions import Expressions, constant_text
from pytest_bets.code.names import (
    Comprehension,
    Function,
    Imported,
    Scope,
    annotations,
    class_scope,
    comprehension_scope,
    function_scope,
    has_effect,
    imports,
)
from pytest_bets.code.template import Annotations, Doc, Ref

_AS_TEXT: Final = Imported("__future__", "annotations")
"""The import that makes every annotation of a module a string."""


class Writer(Expressions):
    """Writes nodes of a module as items of a template."""

    @contextmanager
    def _within(self, scope: Scope) -> Iterator[None]:
        self._scopes += 1
        scope.place = self._scopes
        around, self._scope = self._scope, scope
        yield
        self._scope = around

    def _functiondef(self, node: Function) -> None:
        self._text(f"({type(node).__name__} {node.name} ")
        self._binding(node.name)
        self._decorators(node)
        self._defaults(node.args)
        self._annotations(node)
        with self._within(function_scope(node, self._scope)):
            self._parameters(node.args)
            self._docstring(node)
            self.body(node.body)
        self._text(")")

    _asyncfunctiondef = _functiondef

    def _binding(self, name: str) -> None:
        home = self._scope.home(self._scope.mangled(name))
        if home is not None and home.kind == "function":
            self._nested.add(self._scope.mangled(name))
            self._local(home, self._scope.mangled(name))

    def _decorators(self, node: Function | ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            self._text("@")
            self.visit(decorator)

    def _defaults(self, arguments: ast.arguments) -> None:
        for default in (*arguments.defaults, *arguments.kw_defaults):
            self._text("=")
            if default:
                self.visit(default)

    def _parameters(self, arguments: ast.arguments) -> None:
        kinds = (arguments.posonlyargs, arguments.args, [arguments.vararg], arguments.kwonlyargs, [arguments.kwarg])
        for kind in kinds:
            self._text(f"<{' '.join(argument.arg for argument in kind if argument)}>")

    def _annotations(self, node: Function) -> None:
        """Write the annotations, always if a decorator may read them, if they have an effect, or for `__call__`."""
        found = [*annotations(node), *getattr(node, "type_params", ())]
        if not found:
            return
        around, self.items = self.items, []
        for annotation in found:
            self._text(":")
            self._annotation(annotation)
        written, self.items = self.items, around
        if node.decorator_list or node.name == "__call__" or any(map(has_effect, found)):
            for item in written:
                self._text(item) if isinstance(item, str) else self.items.append(item)
        else:
            self.items.append(Annotations(self._reader(node.name), tuple(written)))

    def _reader(self, name: str) -> str:
        """Return the value that code must have to read the annotations of a function."""
        if self._scope.kind != "class":
            return name
        return self._scope.name if name in ("__init__", "__new__") else f".{name}"

    def _annotation(self, node: ast.AST) -> None:
        before = len(self.strings)
        self._text("'" if self._module.imported("annotations") == _AS_TEXT else "")
        self.visit(node)
        del self.strings[before:]  # a string in an annotation is an annotation itself
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                try:
                    meant = module(part.value.strip(), "annotation").body
                except SyntaxError:
                    continue
                self.body(meant)

    def _docstring(self, node: Function | ast.ClassDef | ast.Module) -> None:
        text = ast.get_docstring(node, clean=False)
        if text is not None:
            self.items.append(Doc(constant_text(text)))

    docstring = _docstring

    def _lambda(self, node: ast.Lambda) -> None:
        self._text("(Lambda ")
        self._defaults(node.args)
        with self._within(function_scope(node, self._scope)):
            self._parameters(node.args)
            self.visit(node.body)
        self._text(")")

    def _classdef(self, node: ast.ClassDef) -> None:
        self._text(f"(ClassDef {node.name} ")
        self._binding(node.name)
        self._decorators(node)
        for parameter in getattr(node, "type_params", ()):
            self.visit(parameter)
        for base in node.bases:
            self._text(" ")
            self.visit(base)
        for keyword in node.keywords:
            self._text(f" {keyword.arg or '**'}=")
            self.visit(keyword.value)
        with self._within(class_scope(node, self._scope)):
            self._docstring(node)
            self.body(node.body)
        self._text(")")

    def _comprehension(self, node: Comprehension) -> None:
        self._text(f"({type(node).__name__} ")
        self.visit(node.generators[0].iter)
        with self._within(comprehension_scope(node, self._scope)):
            for index, each in enumerate(node.generators):
                self._text(" async for " if each.is_async else " for ")
                self.visit(each.target)
                if index:
                    self._text(" in ")
                    self.visit(each.iter)
                for condition in each.ifs:
                    self._text(" if ")
                    self.visit(condition)
            for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
                self._text(" ")
                self.visit(part)
        self._text(")")

    _listcomp = _setcomp = _dictcomp = _generatorexp = _comprehension

    # statements

    def _global(self, node: ast.Global | ast.Nonlocal) -> None:
        """Write nothing: each use of the name is already resolved."""

    _nonlocal = _global

    def _annassign(self, node: ast.AnnAssign) -> None:
        """Write an assignment, with its annotation only in a class or if the annotation has an effect."""
        in_class = self._scope.kind == "class"
        runs = self._scope.kind != "function" and has_effect(node.annotation)
        if in_class or runs:
            self._text(f"(AnnAssign {node.simple} ")
            self._annotation(node.annotation)
        elif node.value is None:
            return
        else:
            self._text("(Assign targets=[")
        self.visit(node.target)
        self._text("" if in_class or runs else "]")
        if node.value is not None:
            self._text(" value=")
            self.visit(node.value)
        self._text(")")

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        """Write an import that is conditional, or whose name has other bindings."""
        self.run_imports(node)
        self._text("(import")
        for name, imported in imports(node):
            scope = self._scope
            hidden = scope.kind == "class" or name in scope.elsewhere | scope.outer
            alone = not hidden and name != "*" and scope.imported(name) == imported
            if not alone:
                self._text(f" {name}=")
            self._ref(Ref(imported, binds=alone))
            if not alone and isinstance(node, ast.Import):
                for alias in node.names:
                    self._ref(Ref(Imported(alias.name)))
        self._text(")")

    _importfrom = _import

    def run_imports(self, node: ast.Import | ast.ImportFrom) -> None:
        """Add the modules that an import statement runs."""
        if isinstance(node, ast.Import):
            self.imports += [Imported(alias.name) for alias in node.names]
        else:
            self.imports += [imported for _, imported in imports(node)]

    def _excepthandler(self, node: ast.ExceptHandler) -> None:
        self._named(node, node.name, "name")

    def _matchas(self, node: ast.MatchAs) -> None:
        self._named(node, node.name, "name")

    def _matchstar(self, node: ast.MatchStar) -> None:
        self._named(node, node.name, "name")

    def _matchmapping(self, node: ast.MatchMapping) -> None:
        self._named(node, node.rest, "rest")

    def _named(self, node: ast.AST, name: str | None, field: str) -> None:
        if name:
            self._text("(as ")
            self._variable(name, called=True)
            self._text(")")
        self._any(node, but=(field,))
