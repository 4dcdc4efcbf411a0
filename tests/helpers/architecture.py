"""Writes the generated part of docs/architecture.md from the package: `python -m tests.helpers.architecture`."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest_bets

PACKAGE: Final = Path(pytest_bets.__file__).parent
DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "architecture.md"
START, END = "<!-- generated: python -m tests.helpers.architecture -->\n", "<!-- end -->\n"
Graph = dict[str, set[str]]


def phrase(path: Path) -> str:
    """Return the first sentence or two of a module's docstring, on one line."""
    docstring = ast.get_docstring(ast.parse(path.read_bytes())) or ""
    return " ".join(docstring.partition("\n\n")[0].split())


def folders() -> list[Path]:
    """Return the folders of the package that hold modules."""
    return sorted({path.parent for path in PACKAGE.glob("*/*.py")})


def imported_folders(folder: Path) -> Iterator[str]:
    """Yield the folders from which the modules of a folder import, whenever they do."""
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("pytest_bets."):
                name = node.module.split(".")[1]
                if (PACKAGE / name).is_dir() and name != folder.name:
                    yield name
            elif isinstance(node, ast.ImportFrom) and node.module == "pytest_bets":
                yield from (alias.name for alias in node.names if (PACKAGE / alias.name).is_dir())


def reduced(graph: Graph) -> Graph:
    """Return the edges without those that a longer way implies."""

    def reachable(start: str) -> set[str]:
        return graph[start].union(*(reachable(name) for name in graph[start]))

    return {name: targets - set().union(*(reachable(other) for other in targets)) for name, targets in graph.items()}


def drawing() -> Iterator[str]:
    """Yield the lines of the drawing of the folders."""
    yield from ("```mermaid", "flowchart TD")
    graph = reduced({folder.name: set(imported_folders(folder)) for folder in folders()})
    yield from (f"    {name} --> {target}" for name in sorted(graph) for target in sorted(graph[name]))
    yield "```"


def table() -> Iterator[str]:
    """Yield the lines that name every module with one phrase."""
    yield from (f"- `{path.name}`: {phrase(path)}" for path in sorted(PACKAGE.glob("*.py")))
    for folder in folders():
        yield from ("", f"**`{folder.name}/`** {phrase(folder / '__init__.py')}", "")
        paths = (path for path in sorted(folder.glob("*.py")) if path.name != "__init__.py")
        yield from (f"- `{path.name}`: {phrase(path)}" for path in paths)


def generated() -> str:
    """Return the part of the document that is made from the package."""
    return "\n".join([*drawing(), "", *table(), ""])


def main() -> None:
    """Write the generated part again."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(START)
    after = rest.partition(END)[2]
    DOCUMENT.write_text(f"{before}{START}\n{generated()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
