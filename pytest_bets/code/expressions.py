"""Expressions as canonical text: equal for equal meaning, in every Python version.

Local variables are numbered in order of appearance, so that their names do not count.
"""

import ast
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from pytest_bets.code.names import Imported, Scope
from pytest_bets.code.template import Item, Ref

_UNSAID: Final = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
"""Node fields without meaning at run time."""
_NAMING: Final = frozenset({"locals", "vars", "dir", "eval", "exec", "compile", "breakpoint", "inspect"})
"""Names that give code access to the names of its local variables; `closure.FRAMES` has those for a caller's."""
_READING: Final = frozenset({"open", "read_text", "read_bytes", "getline", "getlines", "open_code", "fromfile"})
OWN_SOURCE: Final = "<own source>"
"""Stands among the words for a read of the module's own file."""
_OWN_NAMESPACE: Final = frozenset({"vars", "dir"})
_WORD: Final = re.compile(r"\w+")


class Expressions:
    """Writes expressions as items of a template, and collects what the closure needs."""

    def __init__(self, module: Scope, nodes: Sequence[ast.AST]) -> None:
        self.items: list[Item] = []
        self.imports: list[Imported] = []
        self.strings: list[str] = []
        self._passed: set[str] = set()
        self.words: set[str] = set()
        self._module = self._scope = module
        self._scopes = 0
        self._kept = _names_that_count(nodes)
        self._nested: set[str] = set()
        self._loaded: set[str] = set()

    @property
    def passed(self) -> frozenset[str]:
        """The attributes (with a dot) and nested functions that are used without a call."""
        return frozenset(self._passed | (self._loaded & self._nested))

    def body(self, body: Iterable[ast.stmt]) -> None:
        """Write the statements that have an effect."""
        self._text("[")
        for statement in body:
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
            self._text(constant_text(value))

    def _text(self, text: str) -> None:
        if self.items and isinstance(self.items[-1], str):
            self.items[-1] += text
        else:
            self.items.append(text)

    def _constant(self, node: ast.Constant) -> None:
        self._text(constant_text(node.value))
        if isinstance(node.value, str):
            self.strings.append(node.value)

    def _joinedstr(self, node: ast.JoinedStr) -> None:
        """Write a formatted string with its text parts joined: Python versions split them differently."""
        self._text("(f")
        pending = ""
        for part in node.values:
            if isinstance(part, ast.Constant):
                pending += str(part.value)
                continue
            self._string(pending)
            pending = ""
            self.visit(part)
        self._string(pending)
        self._text(")")

    def _string(self, text: str) -> None:
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
        elif home.kind == "class":  # until the class binds it, the name is the module's
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
        if _reads_its_file(node):
            self.words.add(OWN_SOURCE)
        self._called(node.func)
        for argument in node.args:
            self._text(" ")
            self.visit(argument)
        for keyword in node.keywords:
            self._text(f" {keyword.arg or '**'}=")
            self.visit(keyword.value)
        self._text(")")


def _reads_its_file(call: ast.Call) -> bool:
    """Return whether this is `open(__file__)`, `Path(__file__).read_text()` or the like; not what lies beside it."""
    node: ast.expr = call.func
    name = getattr(node, "attr", getattr(node, "id", ""))
    if name not in _READING:
        return False
    if call.args and isinstance(call.args[0], ast.Name) and call.args[0].id == "__file__":
        return True
    while isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call):
        within = node.value
        if within.args or within.keywords:
            return [getattr(argument, "id", "") for argument in within.args] == ["__file__"]
        node = within.func
    return False


def _names_that_count(nodes: Sequence[ast.AST]) -> frozenset[str] | None:
    """Return the variable names that a string may refer to, None if the code can see all of them."""
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
    """Return whether a statement is a constant: a docstring, an ellipsis, the docstring of an assignment."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def constant_text(value: object) -> str:
    """Return a constant as text, the same in every Python version."""
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
