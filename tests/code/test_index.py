"""The code of a bet: every file under the root that it runs, found by reading, and nothing else."""

import re
import sys
import warnings
from pathlib import Path

import pytest

from pytest_bets.code.index import CodeIndex
from tests.helpers.code import code, write


def test_the_record_names_every_definition_by_file_and_name(tmp_path: Path) -> None:
    """Each with the start of the hash of what it means, and one digest of them all."""
    write(tmp_path, {"bet_1_a.py": "import lab\nprint(lab.X)\n", "lab.py": "X = 1\n\ndef unused(): ...\n"})
    found = code(tmp_path, "bet_1_a.py")
    assert re.fullmatch("[0-9a-f]{64}", found.digest)
    definitions = found.definitions
    assert {path: set(names) for path, names in definitions.items()} == {"bet_1_a.py": {"<module>"}, "lab.py": {"X"}}
    assert all(re.fullmatch("[0-9a-f]{16}", sha) for names in definitions.values() for sha in names.values())


IMPORTS = {
    "a module": ("import lab", {"lab.py": ""}),
    "a module under another name": ("import lab as l", {"lab.py": ""}),
    "a name of a module": ("from lab import train", {"lab.py": "def train(): ..."}),
    "everything of a module": ("from lab import *", {"lab.py": ""}),
    "a package": ("import lab", {"lab/__init__.py": ""}),
    "a module of a package": ("import lab.train", {"lab/__init__.py": "", "lab/train.py": ""}),
    "a module of a package by from": ("from lab import train", {"lab/__init__.py": "", "lab/train.py": ""}),
    "a name of a module of a package": ("from lab.train import run", {"lab/__init__.py": "", "lab/train.py": ""}),
    "a package in a package": ("import a.b.c", {"a/__init__.py": "", "a/b/__init__.py": "", "a/b/c.py": ""}),
    "a namespace package": ("from ns import train", {"ns/train.py": ""}),
    "several at once": ("import lab, other", {"lab.py": "", "other.py": ""}),
    "one over another": ("import lab", {"lab.py": "import base", "base.py": "import deep", "deep.py": ""}),
    "a circle": ("import lab", {"lab.py": "import other", "other.py": "import lab"}),
    "one that the package imports": ("import lab", {"lab/__init__.py": "from . import train", "lab/train.py": ""}),
    "a sibling": ("import lab.a", {"lab/__init__.py": "", "lab/a.py": "from .b import x", "lab/b.py": ""}),
    "a cousin": (
        "import lab.a.x",
        {"lab/__init__.py": "", "lab/a/__init__.py": "", "lab/a/x.py": "from ..b.y import z",
         "lab/b/__init__.py": "", "lab/b/y.py": ""},
    ),
    "the parent": ("import lab.a", {"lab/__init__.py": "", "lab/a.py": "from .. import lab"}),
    "one in a function": ("def f():\n    import lab\nf()", {"lab.py": ""}),
    "one under a condition": ("if False:\n    import lab\nelse:\n    import other", {"lab.py": "", "other.py": ""}),
    "one that may be missing": ("try:\n    import lab\nexcept ImportError:\n    lab = None", {"lab.py": ""}),
    "a package before a module of its name": ("import lab", {"lab/__init__.py": "import inner", "inner.py": ""}),
}  # fmt: skip


@pytest.mark.parametrize("kind", IMPORTS)
def test_every_file_that_an_import_reaches_is_code(tmp_path: Path, kind: str) -> None:
    """For every form of import, through any number of files."""
    source, files = IMPORTS[kind]
    write(tmp_path, {"bet_1_a.py": f"{source}\n", "unused.py": "", **files})
    found = code(tmp_path, "bet_1_a.py")
    assert set(found.files) == {"bet_1_a.py", *files}
    assert found.modules == frozenset()


@pytest.mark.parametrize(
    "source",
    [
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import lab\n",
        "def unused():\n    import lab\n",
        "if __name__ == '__main__':\n    import lab\n",
    ],
)
def test_an_import_that_does_not_run_reaches_nothing(tmp_path: Path, source: str) -> None:
    """One for types alone, one in a function that nothing calls, one where the file is the program."""
    write(tmp_path, {"bet_1_a.py": source, "lab.py": ""})
    assert set(code(tmp_path, "bet_1_a.py").files) == {"bet_1_a.py"}


@pytest.mark.parametrize("changed", ["bet_1_a.py", "lab/__init__.py", "lab/a.py", "lab/b.py", "conftest.py", "sub.py"])
def test_a_change_in_any_file_changes_the_digest(tmp_path: Path, changed: str) -> None:
    """At any distance from the bet."""
    files = {
        "bet_1_a.py": "import lab.a\n",
        "lab/__init__.py": "",
        "lab/a.py": "from . import b\nb.f()\n",
        "lab/b.py": "def f():\n    import sub\n",
        "sub.py": "",
        "conftest.py": "",
        "other.py": "",
    }
    write(tmp_path, files)
    before = code(tmp_path, "bet_1_a.py").digest
    write(tmp_path, {"other.py": "CHANGE = 1\n"})
    assert code(tmp_path, "bet_1_a.py").digest == before
    write(tmp_path, {changed: files[changed] + "CHANGE = 1\n"})
    assert code(tmp_path, "bet_1_a.py").digest != before


def test_the_line_ends_of_windows_are_the_same_code(tmp_path: Path) -> None:
    """A checkout with other line ends has the digest of the commit."""
    write(tmp_path, {"bet_1_a.py": "import lab\nX = 1\n", "lab.py": "Y = 2\n"})
    before = code(tmp_path, "bet_1_a.py")
    write(tmp_path, {"bet_1_a.py": "import lab\r\nX = 1\r\n", "lab.py": "Y = 2\r\n"})
    assert code(tmp_path, "bet_1_a.py") == before


def test_the_digest_does_not_depend_on_where_the_project_lies(tmp_path: Path) -> None:
    """Two checkouts, one digest."""
    for name in ("here", "there"):
        write(tmp_path / name, {"exp/bet_1_a.py": "import lab\n", "lab.py": ""})
    assert code(tmp_path / "here", "exp/bet_1_a.py") == code(tmp_path / "there", "exp/bet_1_a.py")


def test_a_conftest_counts_where_the_bet_is_below_it_with_what_it_imports(tmp_path: Path) -> None:
    """That of the root and each on the way, and none beside it."""
    write(
        tmp_path,
        {
            "conftest.py": "import fixtures\n",
            "fixtures.py": "",
            "exp/conftest.py": "import near\n",
            "exp/near.py": "",
            "exp/deep/bet_1_a.py": "",
            "other/conftest.py": "",
        },
    )
    assert set(code(tmp_path, "exp/deep/bet_1_a.py").files) == {
        "conftest.py", "fixtures.py", "exp/conftest.py", "exp/near.py", "exp/deep/bet_1_a.py"}  # fmt: skip


def test_the_packages_around_a_bet_are_code(tmp_path: Path) -> None:
    """Importing the bet runs them, and its relative imports start there."""
    write(
        tmp_path,
        {
            "exp/__init__.py": "import lab\n",
            "exp/sub/__init__.py": "",
            "exp/sub/bet_1_a.py": "from .near import x\nfrom ..far import y\nfrom exp.abs import z\n",
            "exp/sub/near.py": "",
            "exp/far.py": "",
            "exp/abs.py": "",
            "lab.py": "",
        },
    )
    assert set(code(tmp_path, "exp/sub/bet_1_a.py").files) == {
        "exp/__init__.py", "exp/sub/__init__.py", "exp/sub/bet_1_a.py", "exp/sub/near.py", "exp/far.py", "exp/abs.py",
        "lab.py"}  # fmt: skip


def test_a_package_that_does_not_begin_at_the_root_is_found_as_pytest_finds_it(tmp_path: Path) -> None:
    """The folder above the outermost package is where its imports start."""
    write(tmp_path, {"src/exp/__init__.py": "", "src/exp/bet_1_a.py": "import exp.lab\n", "src/exp/lab.py": ""})
    found = code(tmp_path, "src/exp/bet_1_a.py")
    assert set(found.files) == {"src/exp/__init__.py", "src/exp/bet_1_a.py", "src/exp/lab.py"}


def test_a_module_beside_the_bet_goes_before_one_of_its_name_elsewhere(tmp_path: Path) -> None:
    """As where pytest puts the bet's folder first on the path."""
    write(tmp_path, {"exp/bet_1_a.py": "import lab\n", "exp/lab.py": "", "lab.py": "", "lib/lab.py": ""})
    assert set(code(tmp_path, "exp/bet_1_a.py", ("lib",)).files) == {"exp/bet_1_a.py", "exp/lab.py"}


def test_a_module_on_the_settings_path_is_found(tmp_path: Path) -> None:
    """`pythonpath = src` of pytest's settings."""
    write(tmp_path, {"exp/bet_1_a.py": "import lab\n", "src/lab.py": ""})
    assert set(code(tmp_path, "exp/bet_1_a.py", ("src",)).files) == {"exp/bet_1_a.py", "src/lab.py"}


def test_files_beside_the_root_are_named_by_their_way_from_it(tmp_path: Path) -> None:
    """Two packages on a common path are two files, though both are `__init__.py`."""
    write(
        tmp_path,
        {
            "project/bet_1_a.py": "import a, b\n",
            "common/a/__init__.py": "",
            "common/b/__init__.py": "import c\n",
            "common/c.py": "",
        },
    )
    found = CodeIndex(tmp_path / "project", [tmp_path / "common"]).code(tmp_path / "project" / "bet_1_a.py")
    assert set(found.files) == {
        "bet_1_a.py", "../common/a/__init__.py", "../common/b/__init__.py", "../common/c.py"}  # fmt: skip


def test_other_peoples_modules_are_named_and_not_read(tmp_path: Path) -> None:
    """The standard library is the interpreter's; the rest goes into the environment by its version."""
    write(
        tmp_path,
        {
            "bet_1_a.py": "from __future__ import annotations\nimport json, os.path, torch.nn as nn\nimport lab\n",
            "lab.py": "from numpy.linalg import norm\nimport pytest\n",
        },
    )
    found = code(tmp_path, "bet_1_a.py")
    assert set(found.files) == {"bet_1_a.py", "lab.py"}
    assert found.modules == {"numpy", "pytest", "torch"}
    assert not found.modules & sys.stdlib_module_names


@pytest.mark.parametrize(
    "text", ["def (", "X = '\x00'", "X = " + "-" * 100_000 + "1", "# coding: nonsense\n", "\udcff"]
)
def test_a_module_that_cannot_be_parsed_is_code(tmp_path: Path, text: str) -> None:
    """Its bytes count; what it would import is unknown."""
    write(tmp_path, {"bet_1_a.py": "import lab\n"})
    (tmp_path / "lab.py").write_bytes(text.encode(errors="surrogateescape"))
    assert set(code(tmp_path, "bet_1_a.py").files) == {"bet_1_a.py", "lab.py"}


def test_a_module_that_python_warns_of_is_read_to_its_imports(tmp_path: Path) -> None:
    """Also where a session makes errors of warnings: the digest is the same in every session."""
    write(tmp_path, {"bet_1_a.py": "import lab\n", "lab.py": 'import other\nX = "\\d"\n', "other.py": ""})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = code(tmp_path, "bet_1_a.py")
    assert set(found.files) == {"bet_1_a.py", "lab.py", "other.py"}


def test_a_relative_import_beyond_the_root_of_all_folders_is_passed_over(tmp_path: Path) -> None:
    """It would fail if it ran."""
    write(tmp_path, {"bet_1_a.py": f"def f():\n    from {'.' * 99}x import y\n"})
    assert set(code(tmp_path, "bet_1_a.py").files) == {"bet_1_a.py"}


def test_bets_do_not_share_code_that_only_one_reaches(tmp_path: Path) -> None:
    """Each file is read once for all bets."""
    write(tmp_path, {"bet_1_a.py": "import a, c\n", "bet_2_b.py": "import b, c\n", "a.py": "", "b.py": "", "c.py": ""})
    index = CodeIndex(tmp_path, [])
    assert set(index.code(tmp_path / "bet_1_a.py").files) == {"bet_1_a.py", "a.py", "c.py"}
    assert set(index.code(tmp_path / "bet_2_b.py").files) == {"bet_2_b.py", "b.py", "c.py"}
