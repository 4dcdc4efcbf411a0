"""The documents of the corpora: modules, their docstrings and comments, help topics, licences, stories."""

import ast
import functools
import gc
import hashlib
import importlib.metadata
import importlib.util
import io
import sysconfig
import tokenize
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Final

STORIES: Final = Path(__file__).parent / "texts" / "novelist"
SKIPPED: Final = {"test", "tests", "idle_test", "site-packages", "dist-packages", "turtledemo", "__pycache__"}
# Code pages are tables; the help topics are a corpus of their own; the others differ from machine to machine.
SKIPPED_NAMES: Final = ("encodings.", "pydoc_data.", "_sysconfigdata", "sitecustomize", "usercustomize", "config-")
# The direct dependencies whose wheels bring the same licence to every platform.
LICENSED: Final = ("cryptography", "fastapi", "filelock", "httpx", "hypothesis", "markdown-it-py", "pytest", "uvicorn")


class CorpusError(ValueError):
    """A corpus that cannot be had, and why."""


@dataclass(frozen=True)
class Document:
    """A named text that is read when it is asked for."""

    name: str
    read: Callable[[], str]


def digest(name: str) -> bytes:
    """The hash that orders documents."""
    return hashlib.sha256(name.encode()).digest()


def split(name: str) -> str:
    """Where a document belongs, in every corpus: 70 % train, 10 % validation, 20 % held_out."""
    share = int.from_bytes(digest(name)[-8:], "big") % 10
    return "held_out" if share < 2 else "validation" if share < 3 else "train"


def normalised(text: str) -> str:
    """Line feeds alone end lines, the last one too; what UTF-8 cannot say is a question mark."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").encode(errors="replace").decode()
    return text if text.endswith("\n") else text + "\n"


def of(name: str, part: str | None) -> list[Document]:
    """All documents of a built-in corpus, or of one kind of the programmer's text."""
    match name:
        case "programmer":
            kind = source if part is None else KINDS[part]
            return [Document(module, partial(kind, path)) for module, path in standard_library()]
        case "scientist":
            found = [each for package in ("numpy", "scipy") for each in modules(installed(package), package)]
            return [Document(module, partial(docstrings, path)) for module, path in found]
        case "novelist":
            return [Document(path.stem, partial(path.read_text, "utf-8")) for path in STORIES.glob("*.txt")]
        case _:
            library = [Document(module, partial(docstrings, path)) for module, path in standard_library()]
            return [*library, *topics(), *licences()]


def standard_library() -> Iterator[tuple[str, Path]]:
    """The modules of the standard library, by name, without its tests."""
    for name, path in modules(Path(sysconfig.get_path("stdlib")), ""):
        if not name.startswith(SKIPPED_NAMES):
            yield name, path


def modules(folder: Path, package: str) -> Iterator[tuple[str, Path]]:
    """The modules under a folder, by dotted name."""
    for path in folder.rglob("*.py"):
        parts = path.relative_to(folder).with_suffix("").parts
        if SKIPPED.isdisjoint(parts):
            yield ".".join((package, *parts) if package else parts), path


def installed(package: str) -> Path:
    """The folder of a package, found without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise CorpusError(f"corpus 'scientist' needs {package}, which is not installed: pip install 'pytest-bets[lab]'")
    return Path(spec.origin).parent


def source(path: Path) -> str:
    """The source of a module, decoded as it says."""
    return importlib.util.decode_source(path.read_bytes())


def parsed(path: Path) -> ast.Module:
    """The tree of a module; the collector would only walk what is about to grow, and takes half of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source(path))
    finally:
        if enabled:
            gc.enable()


Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def definitions(tree: ast.AST) -> Iterator[Definition]:
    """Functions and classes in the order of the source, wherever statements nest."""
    for field in ("body", "handlers", "orelse", "finalbody"):
        for node in getattr(tree, field, ()):
            if isinstance(node, Definition):
                yield node
            if isinstance(node, (ast.stmt, ast.ExceptHandler)):
                yield from definitions(node)


@functools.cache  # two corpora read them
def docstrings(path: Path) -> str:
    """The docstrings of a module, its classes and functions, a blank line between two."""
    tree = parsed(path)
    found = (ast.get_docstring(node) for node in (tree, *definitions(tree)))
    return "\n\n".join(text.strip() for text in found if text and text.strip())


def functions(path: Path) -> str:
    """The functions and methods of a module without comments and docstrings, each from the left margin."""
    tree = parsed(path)
    nested: set[ast.AST] = set()
    for node in definitions(tree):
        while ast.get_docstring(node, clean=False) is not None:  # a second string would take the place of the first
            node.body = node.body[1:] or [ast.Pass()]
        if not isinstance(node, ast.ClassDef):
            nested.update(definitions(node))
    top = (node for node in definitions(tree) if node not in nested and not isinstance(node, ast.ClassDef))
    return "\n\n".join(ast.unparse(node) for node in top)


def comments(path: Path) -> str:
    """The comments of a module, a line each, without their marks."""
    tokens = tokenize.generate_tokens(io.StringIO(source(path)).readline)
    found = (token.string.lstrip("#!:").strip() for token in tokens if token.type == tokenize.COMMENT)
    return "\n".join(text for text in found if text)


KINDS: Final[dict[str, Callable[[Path], str]]] = {"functions": functions, "docs": docstrings, "comments": comments}


def topics() -> list[Document]:
    """The language reference as `help` shows it."""
    found: dict[str, str] = import_module("pydoc_data.topics").topics
    return [Document(f"topics/{name}", partial(str, text)) for name, text in found.items()]


def licences() -> list[Document]:
    """Python's licence, where it lies beside the library, and those of LICENSED, where they are installed."""
    library = Path(sysconfig.get_path("stdlib"))
    beside = [path for path in (library / "LICENSE.txt", library.parent / "LICENSE.txt") if path.is_file()]
    found = [Document("licences/python", partial(path.read_text, "utf-8")) for path in beside[:1]]
    for name in LICENSED:
        try:
            files = importlib.metadata.files(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for file in files:
            if file.name.upper().startswith(("LICENSE", "LICENCE", "COPYING")) and ".dist-info" in str(file):
                path = Path(str(file.locate()))
                found.append(Document(f"licences/{name}/{file.name}", partial(path.read_text, "utf-8")))
    return found
