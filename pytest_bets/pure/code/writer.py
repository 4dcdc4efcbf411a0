"""From a syntax tree to templates: the same text for the same meaning, whichever Python parsed it.

Left out are layout, comments, `pass`, statements that are a constant, and annotations that nothing can read. Local
variables are numbered in the order in which they appear, so that their names do not count.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from pytest_bets.pure.code.names import (
    Comprehension,
    Function,
    Imported,
    Scope,
    annotations,
    class_scope,
    comprehension_scope,
    function_scope,
    imports,
    statements,
)
from pytest_bets.pure.code.template import Annotations, Doc, Item, Ref

_UNSAID: Final = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
"""Fields of nodes that say nothing of what they do."""
_NAMING: Final = frozenset({"locals", "vars", "dir", "eval", "exec", "compile", "breakpoint", "inspect"})
"""Names by which code can see what its local variables are called; that of a caller is `closure.FRAMES`."""
_OWN_NAMESPACE: Final = frozenset({"vars", "dir"})
_WORD: Final = re.compile(r"\w+")


class Writer:
    """Writes nodes of a module as items of a template, and notes what a closure has to know of them."""

    def __init__(self, module: Scope, nodes: Sequence[ast.AST]) -> None:
        self.items: list[Item] = []
        self.imports: list[Imported] = []
        self.strings: list[str] = []
        self._passed: set[str] = set()
        self.words: set[str] = set()
        self._scope = module
        self._scopes = 0
        self._kept = _names_that_count(nodes)
        self._nested: set[str] = set()
        self._loaded: set[str] = set()

    @property
    def passed(self) -> frozenset[str]:
        """The attributes, after a dot, and the nested functions that are used other than by a call."""
        return frozenset(self._passed | (self._loaded & self._nested))

    def body(self, body: Iterable[ast.stmt]) -> None:
        """Write the statements that do something."""
        self._text("[")
        for statement in statements(body):
            if not isinstance(statement, ast.Pass) and not is_constant(statement):
                self.visit(statement)
        self._text("]")

    def visit(self, node: ast.AST) -> None:
        """Write a node."""
        method: Callable[[ast.AST], None] | None = getattr(self, f"_{type(node).__name__.lower()}", None)
        (method or self._any)(node)

    def _any(self, node: ast.AST, *, but: Sequence[str] = ()) -> None:
        self._text(f"({type(node).__name__}")
        for name, value in ast.iter_fields(node):
            if value is None or value == [] or name in _UNSAID or name in but:
                continue
            self._text(f" {name}=")
            if name in ("body", "orelse", "finalbody") and isinstance(value, list):
                self.body(value)
            elif isinstance(value, list):
                self._text("[")
                for item in value:
                    self._value(item)
                self._text("]")
            else:
                self._value(value)
        self._text(")")

    def _value(self, value: object) -> None:
        if isinstance(value, ast.AST):
            self.visit(value)
        else:
            self._text(_plain(value))

    def _text(self, text: str) -> None:
        if self.items and isinstance(self.items[-1], str):
            self.items[-1] += text
        else:
            self.items.append(text)

    def _constant(self, node: ast.Constant) -> None:
        self._text(_plain(node.value))
        if isinstance(node.value, str):
            self.strings.append(node.value)

    def _joinedstr(self, node: ast.JoinedStr) -> None:
        """Write a formatted string: how its text is cut differs between versions of Python."""
        self._text("(f")
        pending = ""
        for part in node.values:
            if isinstance(part, ast.Constant):
                pending += str(part.value)
                continue
            self._said(pending)
            pending = ""
            self.visit(part)
        self._said(pending)
        self._text(")")

    def _said(self, text: str) -> None:
        if text:
            self._constant(ast.Constant(text))

    def _formattedvalue(self, node: ast.FormattedValue) -> None:
        self._text(f"({{{node.conversion}:")
        self.visit(node.value)
        if isinstance(node.format_spec, ast.JoinedStr) and node.format_spec.values:
            self.visit(node.format_spec)
        self._text("})")

    # names

    def _name(self, node: ast.Name, *, called: bool = False) -> None:
        self._variable(node.id, called=called or not isinstance(node.ctx, ast.Load))

    def _variable(self, name: str, *, called: bool = False) -> None:
        name = self._scope.mangled(name)
        home = self._scope.home(name)
        if home is None:
            self._ref(Ref(name, (), called))
        elif home.kind == "class":  # until the class has it, the name is the module's
            self._text(f"c:{name}:")
            self._ref(Ref(name, (), called))
        elif imported := home.imported(name):
            self._ref(Ref(imported, (), called))
        else:
            if not called:
                self._loaded.add(name)
            self._local(home, name)

    def _local(self, home: Scope, name: str) -> None:
        if name in home.parameters or self._kept is None or name in self._kept:
            self._text(f"n{home.place}:{name}:")
        else:
            self._text(f"v{home.place}:{home.slots.setdefault(name, len(home.slots))}:")

    def _ref(self, ref: Ref) -> None:
        self.items.append(ref)
        self.words.update(ref.tail)
        if isinstance(ref.root, str):
            self.words.add(ref.root)

    def _attribute(self, node: ast.Attribute, *, called: bool = False) -> None:
        chain = [self._scope.mangled(node.attr)]
        value = node.value
        while isinstance(value, ast.Attribute):
            chain.append(self._scope.mangled(value.attr))
            value = value.value
        tail = tuple(reversed(chain))
        if isinstance(value, ast.Name):
            name = self._scope.mangled(value.id)
            home = self._scope.home(name)
            imported = home.imported(name) if home and home.kind != "class" else None
            if home is None or imported:
                self._ref(Ref(imported or name, tail, called))
                return
        if not called:
            self._passed.add(f".{chain[0]}")
        self.words.update(chain)
        self._text(f"(.{'.'.join(tail)} ")
        if isinstance(value, ast.Name):
            self._name(value, called=True)
        else:
            self.visit(value)
        self._text(")")

    def _called(self, node: ast.expr) -> None:
        if isinstance(node, ast.Name):
            self._name(node, called=True)
        elif isinstance(node, ast.Attribute):
            self._attribute(node, called=True)
        else:
            self.visit(node)

    def _call(self, node: ast.Call) -> None:
        self._text("(Call ")
        if not node.args and not node.keywords and getattr(node.func, "id", None) in _OWN_NAMESPACE:
            self.words.add("globals")
        self._called(node.func)
        for argument in node.args:
            self._text(" ")
            self.visit(argument)
        for keyword in node.keywords:
            self._text(f" {keyword.arg or '**'}=")
            self.visit(keyword.value)
        self._text(")")

    # scopes

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
        """Write the annotations: for good where a decorator may read them, where they call something, and of calls."""
        found = [*annotations(node), *getattr(node, "type_params", ())]
        if not found:
            return
        around, self.items = self.items, []
        for annotation in found:
            self._text(":")
            self._annotation(annotation)
        written, self.items = self.items, around
        calls = any(isinstance(part, ast.Call | ast.Await) for each in found for part in ast.walk(each))
        if node.decorator_list or node.name == "__call__" or calls:
            for item in written:
                self._text(item) if isinstance(item, str) else self.items.append(item)
        else:
            self.items.append(Annotations(self._reader(node.name), tuple(written)))

    def _reader(self, name: str) -> str:
        """Return what is passed around where something reads the annotations of a function."""
        if self._scope.kind != "class":
            return name
        return self._scope.name if name in ("__init__", "__new__") else f".{name}"

    def _annotation(self, node: ast.AST) -> None:
        said = len(self.strings)
        self.visit(node)
        del self.strings[said:]  # a text in an annotation is one too
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                try:
                    meant = ast.parse(part.value.strip(), mode="eval").body
                except (SyntaxError, ValueError, RecursionError):
                    continue
                self.visit(meant)

    def _docstring(self, node: Function | ast.ClassDef | ast.Module) -> None:
        text = ast.get_docstring(node, clean=False)
        if text is not None:
            self.items.append(Doc(_plain(text)))

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
        """Write nothing: each use of the name is written as what it is."""

    _nonlocal = _global

    def _annassign(self, node: ast.AnnAssign) -> None:
        """Write an assignment as one without its annotation, which counts in a class and where it calls something."""
        in_class = self._scope.kind == "class"
        calls = self._scope.kind != "function" and any(isinstance(part, ast.Call) for part in ast.walk(node.annotation))
        if in_class or calls:
            self._text(f"(AnnAssign {node.simple} ")
            self._annotation(node.annotation)
        elif node.value is None:
            return
        else:
            self._text("(Assign targets=[")
        self.visit(node.target)
        self._text("" if in_class or calls else "]")
        if node.value is not None:
            self._text(" value=")
            self.visit(node.value)
        self._text(")")

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        """Write an import that may not run, or binds a name that something else binds too."""
        self.run_imports(node)
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            self._text(f"(future {' '.join(sorted(alias.name for alias in node.names))})")
            return
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
        """Note the modules that an import statement runs."""
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


def _names_that_count(nodes: Sequence[ast.AST]) -> frozenset[str] | None:
    """Return the names of variables that a text constant may mean, None where code sees all of them."""
    texts = []
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.append(node.value)
        elif isinstance(node, ast.Name) and node.id in _NAMING:
            return None
        for name, value in ast.iter_fields(node):
            if name not in ("annotation", "returns", "type_params"):
                children = value if isinstance(value, list) else [value]
                waiting += [
                    child
                    for child in children
                    if isinstance(child, ast.AST) and not (isinstance(child, ast.stmt) and is_constant(child))
                ]
    return frozenset(_WORD.findall(" ".join(texts)))


def is_constant(statement: ast.stmt) -> bool:
    """Tell whether a statement is a constant: a docstring, an ellipsis, a text for readers of an assignment."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _plain(value: object) -> str:
    """Return a constant as text, the same for every version of Python."""
    match value:
        case str():
            return f"s{len(value)}:{value}"
        case bool() | None:
            return f"={value}="
        case int():
            return f"i{value:x};"
        case bytes():
            return f"b{value.hex()};"
        case _:
            return f"{type(value).__name__}{value!r};"
