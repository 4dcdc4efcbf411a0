"""The folders of the laboratory: none needs another in a circle, and each says what it is for."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

LAB = Path(__file__).parents[2] / "bets/lab"
FOLDERS = sorted(path.parent.name for path in LAB.glob("*/__init__.py"))


def needed(folder: str) -> Iterator[str]:
    """The other folders that a folder's modules import, wherever in a module."""
    for path in (LAB / folder).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bets.lab."):
                other = (node.module or "").split(".")[2]
                if other in FOLDERS and other != folder:
                    yield other


def test_no_folder_needs_another_in_a_circle() -> None:
    needs = {folder: set(needed(folder)) for folder in FOLDERS}
    assert needs["coordinator"] >= {"artifacts", "ledger", "robust"}
    assert sorted(TopologicalSorter(needs).static_order()) == FOLDERS


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_says_what_it_is_for_and_is_in_the_list(folder: str) -> None:
    about = ast.get_docstring(ast.parse((LAB / folder / "__init__.py").read_text(encoding="utf-8")))
    assert about
    assert f"| `{folder}/` |" in (LAB / "README.md").read_text(encoding="utf-8")
