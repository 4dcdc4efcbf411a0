"""Notes every function under a folder that a process executes, in any thread, and for which bet: a line each, once.

A process does so from its first import where it has the `environment` that this module makes; its own child processes
inherit it. `executing` says which bet it is that runs.

The functions note themselves: a mark is put into each while its module is compiled, however it is loaded. A profiler
would see the same, and on Python 3.11 it makes everything two to three times slower.
"""

# without `from __future__ import annotations`: it would hold for all code that is compiled through `Marking.compiled`
import ast
import builtins
import gc
import os
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

FOLDER = "EXECUTED"
UNDER = "EXECUTED_UNDER"
BET = "EXECUTED_BET"
NAME = "__executed__"
ROOT = Path(__file__).parents[2]


class Notes(dict[str, bool]):
    """The notes of this process: the places that were executed for this bet, a line in the file for each."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.file = os.open(folder / f"{os.getpid()}.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def __missing__(self, place: str) -> bool:
        """Note a place; a mark asks for its own, and finds it from the second time on."""
        self[place] = True
        os.write(self.file, f"{os.environ.get(BET, '')}\t{place}\n".encode())  # whole, in any thread, without a lock
        return True

    def turn(self, bet: str) -> None:
        """Note for another bet from now on; generators that the last one has left are closed before."""
        gc.collect()
        os.environ[BET] = bet
        self.clear()


class Marks(ast.NodeTransformer):
    """Puts a mark into every function of a module, which it executes first.

    A lambda has one too. A generator has one after each `yield` as well, and a generator expression one before each
    item: either may go on for another bet than it began for. A list, a set or a dict that is built in a comprehension
    is built by the function around it.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.around: list[ast.expr] = []  # the marks of the functions around what is visited, the innermost last

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Mark a function."""
        return self._defined(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        """Mark an asynchronous function."""
        return self._defined(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """Mark a lambda: a mark is true."""
        mark = self._within(node, node.lineno, "<lambda>")
        node.body = ast.BoolOp(ast.And(), [mark, node.body])
        return node

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        """Mark a generator expression: no item is left out."""
        mark = self._within(node, node.lineno, "<genexpr>")
        node.generators[0].ifs.insert(0, mark)
        return node

    def visit_Yield(self, node: ast.Yield) -> ast.AST:
        """Mark what comes after a yield."""
        return self._resumed(node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> ast.AST:
        """Mark what comes after a `yield from`."""
        return self._resumed(node)

    def _defined(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        """Mark the body, after the docstring."""
        mark = self._within(node, min(each.lineno for each in (node, *node.decorator_list)), node.name)
        node.body.insert(0 if ast.get_docstring(node, clean=False) is None else 1, ast.Expr(mark))
        return node

    def _resumed(self, node: ast.Yield | ast.YieldFrom) -> ast.AST:
        """Mark what comes after an expression, whose value stays as it is."""
        self.generic_visit(node)
        return ast.Subscript(ast.Tuple([node, self.around[-1]], ast.Load()), ast.Constant(0), ast.Load())

    def _within(self, node: ast.AST, line: int, name: str) -> ast.expr:
        """Visit what is in a function, and return the function's mark."""
        place = ast.Constant(f"{self.path}\t{line}\t{name}")
        self.around.append(ast.Subscript(ast.Name(NAME, ast.Load()), place, ast.Load()))
        self.generic_visit(node)
        return self.around.pop()


class Marking:
    """Has every module under a folder marked, with whatever loader; code of the folder without marks is refused."""

    def __init__(self, under: str) -> None:
        self.under = under
        self.compile, self.stats = builtins.compile, SourceFileLoader.path_stats
        self.marked: set[CodeType] = set()

    def start(self) -> None:
        """Begin. All source becomes code in `compile`: for the import system, for pytest-bets, for `python -m`."""
        marking = self

        def path_stats(loader: SourceFileLoader, path: str) -> Any:
            """Read and write no byte code of the folder: a loader does neither for a file without a date."""
            if marking.holds(path):
                raise OSError
            return marking.stats(loader, path)

        builtins.compile = self.compiled
        SourceFileLoader.path_stats = path_stats  # type: ignore[method-assign, assignment]
        sys.addaudithook(self.check)

    def holds(self, path: Any) -> bool:
        """Whether a file is in the folder; <string> and the like are no files."""
        name = os.fsdecode(path)
        return not name.startswith("<") and Path(name).absolute().is_relative_to(self.under)

    def compiled(self, source: Any, filename: Any, mode: str, flags: int = 0, *settings: Any, **named: Any) -> Any:
        """Compile as `compile` does, with marks in what lies in the folder."""
        if flags & ast.PyCF_ONLY_AST or not self.holds(filename):
            return self.compile(source, filename, mode, flags, *settings, **named)
        tree = source if isinstance(source, ast.AST) else ast.parse(source, filename, mode)
        marks = Marks(str(Path(os.fsdecode(filename)).absolute()))
        marked = ast.fix_missing_locations(marks.visit(tree))
        code = self.compile(marked, filename, mode, flags, *settings, **named)
        self.marked.add(code)
        return code

    def check(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Refuse to execute a module whose functions would not be noted."""
        if event == "exec" and self.holds(arguments[0].co_filename) and arguments[0] not in self.marked:
            raise RuntimeError(f"{arguments[0].co_filename}: its functions are not noted")


def environment(folder: Path, under: Path) -> dict[str, str]:
    """Return what a process and its children need to note what they execute under a folder, in `folder/notes`."""
    site = folder / "site"
    for new in (folder / "notes", site):
        new.mkdir()
    start = f"import sys\nsys.path.append({str(ROOT)!r})\nimport tests.lab.executed\n"
    (site / "sitecustomize.py").write_text(start)
    return {FOLDER: str(folder / "notes"), UNDER: str(under), "PYTHONPATH": f"{site}{os.pathsep}{ROOT}"}


NOTES = Notes(Path(os.environ[FOLDER])) if FOLDER in os.environ else None
if NOTES is not None:
    setattr(builtins, NAME, NOTES)
    Marking(os.environ[UNDER]).start()
