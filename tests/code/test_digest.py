"""Code by meaning and by definition: what changes a bet's digest, and what does not."""

import ast
import importlib.util
import symtable
import sys
import sysconfig
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_bets.code import names
from pytest_bets.code.digest import Code
from pytest_bets.code.index import CodeIndex
from pytest_bets.code.names import Scope
from pytest_bets.code.outline import outline
from pytest_bets.code.staleness import Move, moved_words
from tests.helpers.code import code, write

BET = """\
from lab import train


def experiment(seed):
    return {"loss": train(seed)}


@mark
def marked(): ...


experiment = mark(experiment)
"""
LAB = '''\
"""The laboratory."""

from dataclasses import dataclass

RATE = 0.5
SIZES = {"small": 1}


def train(seed: int) -> float:
    """Train."""
    loss = seed * RATE  # a comment
    return halved(loss)


def halved(loss: float) -> float:
    return loss / 2


def unused(loss):
    return loss


class Unused:
    def method(self):
        return unused(1)


@dataclass
class Budget:
    steps: int
'''


def digest(root: Path, lab: str, **others: str) -> str:
    write(root, {"bet_1_a.py": BET, "lab.py": lab, **{f"{name}.py": text for name, text in others.items()}})
    return code(root, "bet_1_a.py").digest


SAME = {
    "a comment": ("# a comment", "# another one"),
    "a docstring": ('"""Train."""', '"""Train a model.\n\n    For long.\n    """'),
    "no docstring": ('    """Train."""\n', ""),
    "the docstring of the module": ('"""The laboratory."""', '"""What bets share."""'),
    "an annotation": ("seed: int", "seed: float"),
    "no annotation": ("(seed: int) -> float", "(seed)"),
    "layout": ("seed * RATE", "(\n        seed\n        * RATE\n    )"),
    "the spelling of a number": ("0.5", "5e-1"),
    "the quotes of a text": ('{"small": 1}', "{'small': 1,}"),
    "a function that nothing reaches": ("    return loss\n", "    return 2 * loss\n"),
    "a class that nothing reaches": ("unused(1)", "unused(2)"),
    "a function that is not there": ("def unused", "def new(): ...\n\n\ndef unused"),
    "the name of a local variable": ("    loss = seed * RATE  # a comment\n    return halved(loss)",
                                     "    found = seed * RATE\n    return halved(found)"),
    "an annotation of a local variable": ("loss = seed", "loss: float = seed"),
    "an annotation of a constant": ("RATE = ", "RATE: float = "),
    "the order of definitions": ("RATE = 0.5\nSIZES", "SIZES"),
    "an import that nothing uses": ("from dataclasses", "import json\nfrom dataclasses"),
    "a name that is imported as another": ("from dataclasses import dataclass", "import dataclasses as d"),
    "pass": ("def halved(loss: float) -> float:\n", "def halved(loss: float) -> float:\n    pass\n"),
    "what runs where the module is the program": ("def unused", 'if __name__ == "__main__":\n    train(1)\n\n\ndef unused'),  # noqa: E501
}  # fmt: skip
MORE = {"the order of definitions": ("def unused", "RATE = 0.5\n\n\ndef unused"),
        "a name that is imported as another": ("@dataclass\n", "@d.dataclass\n")}  # fmt: skip


@pytest.mark.parametrize("change", SAME)
def test_what_does_not_change_what_is_computed_changes_no_digest(tmp_path: Path, change: str) -> None:
    """A record stays valid for such a change."""
    before = digest(tmp_path, LAB)
    changed = LAB
    for old, new in (SAME[change], *([MORE[change]] if change in MORE else [])):
        assert old in changed
        changed = changed.replace(old, new, 1)
    assert digest(tmp_path, changed) == before


OTHER = {
    "a constant": ("0.5", "0.6"),
    "a constant that a table holds": ('"small": 1', '"small": 2'),
    "a function that is called": ("seed * RATE", "seed + RATE"),
    "a function that a function calls": ("loss / 2", "loss // 2"),
    "a default": ("def halved(loss: float)", "def halved(loss: float = 1.0)"),
    "the name of a parameter": ("def halved(loss: float) -> float:\n    return loss /", "def halved(x):\n    return x /"),  # noqa: E501
    "the kind of a parameter": ("def halved(loss: float)", "def halved(loss: float, /)"),
    "a statement of the module": ("def unused", "print(RATE)\n\n\ndef unused"),
    "a definition that is decorated": ("steps: int", "steps: float"),
    "a decorator": ("def halved", "@abs\ndef halved"),
    "a local variable that is another one": ("return halved(loss)", "return halved(seed)"),
    "a local variable that becomes one of the module": ("loss = seed * RATE  # a comment\n    return halved(loss)",
                                                        "seed * RATE\n    return halved(RATE)"),
    "a global declaration": ("    loss = seed * RATE", "    global loss\n    loss = seed * RATE"),
    "an annotation that calls something": ("seed: int", "seed: print()"),
    "a function of Python's that the module defines": ("def unused", "def print(): ...\n\n\ndef unused"),
}  # fmt: skip


@pytest.mark.parametrize("change", OTHER)
def test_what_changes_what_is_computed_changes_the_digest(tmp_path: Path, change: str) -> None:
    """In any place, if it runs or is used."""
    lab = LAB.replace("def halved(loss: float) -> float:\n", "def halved(loss: float) -> float:\n    print()\n")
    before = digest(tmp_path, lab)
    changed = lab.replace(*OTHER[change], 1)
    if change == "the name of a parameter":
        changed = lab.replace("halved(loss: float) -> float:\n    print()\n    return loss",
                              "halved(x: float) -> float:\n    print()\n    return x")  # fmt: skip
    assert changed != lab
    assert digest(tmp_path, changed) != before


REACHED = {
    "a name of a module": ("import lab\nlab.f()", "lab", "f"),
    "a name of a module under another name": ("import lab as l\nl.f()", "lab", "f"),
    "a name": ("from lab import f\nf()", "lab", "f"),
    "a name under another name": ("from lab import f as g\ng()", "lab", "f"),
    "a chain": ("import pkg.sub\npkg.sub.f()", "pkg/sub", "f"),
    "a module of a package": ("from pkg import sub\nsub.f()", "pkg/sub", "f"),
    "a re-export": ("from pkg import f\nf()", "pkg/sub", "f"),
    "a re-export as an attribute": ("import pkg\npkg.f()", "pkg/sub", "f"),
    "an import in a function": ("def g():\n    import lab\n    lab.f()\ng()", "lab", "f"),
    "a name in a nested function": ("import lab\ndef g():\n    return lambda: [lab.f() for _ in ()]\ng()", "lab", "f"),
    "a default": ("import lab\ndef g(x=lab.f): ...\ng()", "lab", "f"),
    "a call in a default of what nothing calls": ("import lab\ndef g(x=lab.f()): ...", "lab", "f"),
    "a decorator": ("import lab\n@lab.f\ndef g(): ...", "lab", "f"),
    "a base": ("import lab\nclass C(lab.K): ...\nC()", "lab", "K"),
    "a base of a class that nothing uses": ("import lab\nclass C(lab.M, lab.K): ...", "lab", "K"),
    "a method": ("import lab\nclass C:\n    def m(self):\n        lab.f()\nC()", "lab", "f"),
    "a table": ("import lab\nTABLE = {'f': lab.f}", "lab", "f"),
    "an alias": ("import lab\ng = lab.f\ng()", "lab", "f"),
    "an import that may fail": ("try:\n    from lab import f\nexcept ImportError:\n    f = None\nf()", "lab", "f"),
    "a module that may be missing": ("try:\n    import lab\nexcept ImportError:\n    lab = None\nlab.f()", "lab", ""),
    "a star": ("from lab import *\nf()", "lab", ""),
    "getattr": ("import lab\ngetattr(lab, 'f')()", "lab", ""),
    "vars": ("import lab\nvars(lab)['f']()", "lab", ""),
    "its dict": ("import lab\nlab.__dict__['f']()", "lab", ""),
    "a module that is passed on": ("import lab\nprint(lab)", "lab", ""),
    "a package that is passed on": ("import pkg.sub\nprint(pkg)", "pkg/sub", ""),
    "a name by a text": ("from importlib import import_module\nimport_module('lab').f()", "lab", ""),
    "a name by a text of two parts": ("X = 'pkg.sub'", "pkg/sub", ""),
    "a name by what a text begins with": ("from importlib import import_module\nimport_module('pkg.' + X)", "pkg/sub", ""),  # noqa: E501
    "a program": ("X = 'import sys; from lab import f; f(sys.argv)'", "lab", "f"),
    "a text in a program": ("X = \"import json; from pkg import sub; json.loads('lab.f')\"", "lab", ""),
    "a program by its module": ("X = ['python', '-m', 'pkg.sub']", "pkg/sub", ""),
    "a program by its file": ("X = ['python', 'pkg/sub.py']", "pkg/sub", ""),
    "a plugin": ("pytest_plugins = ['lab']", "lab", ""),
    "an attribute that the module does not have": ("import lab\nlab.other()", "lab", ""),
    "an annotation that something reads": ("import lab\ndef g(x: lab.K): ...\nprint(g)", "lab", "K"),
    "an annotation in quotes that something reads": ("import lab\ndef g(x: 'lab.K'): ...\nprint(g)", "lab", "K"),
    "an annotation of a field": ("import lab\n@print\nclass C:\n    x: lab.K", "lab", "K"),
    "a hook of pytest": ("import lab\ndef pytest_generate_tests(metafunc):\n    lab.f()", "lab", "f"),
    "a set-up of pytest": ("import lab\ndef setup_module():\n    lab.f()", "lab", "f"),
    "a name of the class's scope": ("from lab import f\nclass C:\n    f = f\nC()", "lab", "f"),
    "a name that is declared global": ("import lab\ndef g():\n    global x\n    x = lab.f\ng()", "lab", "f"),
    "a match": ("import lab\nmatch 1:\n    case lab.K(): ...", "lab", "K"),
    "sys.modules": ("import sys, lab\nsys.modules['lab']", "lab", ""),
}  # fmt: skip
FILES = {
    "lab.py": "def f(): ...\n\nclass K: ...\n\ndef other_f(): ...\n\nclass M:\n    def __init_subclass__(cls): ...\n",
    "pkg/__init__.py": "from pkg.sub import f\n",
    "pkg/sub.py": "def f(): ...\n\ndef other_f(): ...\n",
}


@pytest.mark.parametrize("way", REACHED)
def test_whatever_names_a_definition_reaches_it_and_what_cannot_be_followed_takes_the_module_whole(
    tmp_path: Path, way: str
) -> None:
    """In doubt more is code, and never less."""
    source, module, name = REACHED[way]
    write(tmp_path, {"bet_1_a.py": f"{source}\n", **FILES})
    found = code(tmp_path, "bet_1_a.py").definitions.get(f"{module}.py", {})
    assert (name or "<whole>") in found
    assert "other_f" not in found


COLD_ONES = {
    "a block under a name that the module binds": "TYPE_CHECKING = True\nif TYPE_CHECKING:\n    COLD = 1\n",
    "a block under a name of another module": "from other import TYPE_CHECKING\nif TYPE_CHECKING:\n    COLD = 1\n",
    "a block under a name of a star": "from other import *\nif TYPE_CHECKING:\n    COLD = 1\n",
    "a block under an attribute of another module": "import other\nif other.TYPE_CHECKING:\n    COLD = 1\n",
    "a block under an attribute that is set": "import typing\ntyping.TYPE_CHECKING = 1\nif typing.TYPE_CHECKING:\n    COLD = 1\n",  # noqa: E501
    "a block under a name with two bindings": "from typing import TYPE_CHECKING\nfor TYPE_CHECKING in [1]: ...\nif TYPE_CHECKING:\n    COLD = 1\n",  # noqa: E501
    "a block of a program by another name": "from other import __name__\nif __name__ == '__main__':\n    COLD = 1\n",
    "a block of a program by a name of a star": "from other import *\nif __name__ == '__main__':\n    COLD = 1\n",
    "an annotation that binds": "def f(x) -> (COLD := 1): ...\n",
    "an annotation of a method that binds": "class C:\n    def f(self, x: (A := print(1))): ...\n",
    "an annotation of a constant that binds": "X: (COLD := 1) = 0\n",
    "an annotation in a class that binds": "class C:\n    global COLD\n    x: (COLD := 1) = 0\n",
    "a marker of a class of the project": "class mark:\n    def resources(x): return abs\n\n\n@mark.resources(1)\ndef f(): ...\n",  # noqa: E501
    "a marker of another module": "from other import mark\n\n\n@mark.resources(1)\ndef f(): ...\n",
    "a marker of another pytest": "import other as pytest\n\n\n@pytest.mark.resources(1)\ndef f(): ...\n",
    "a comment that the module reads": "from pathlib import Path\nCOLD = Path(__file__).resolve().read_text()\n# cold 1\n",  # noqa: E501
    "a comment that the module opens": "with open(__file__) as file:\n    COLD = file.read()\n# cold 1\n",
}  # fmt: skip


@pytest.mark.parametrize("kind", COLD_ONES)
def test_what_only_seems_to_have_no_effect_is_code(tmp_path: Path, kind: str) -> None:
    """The value can be changed after a PASS, so the digest must have it."""
    bet, lab = "import lab\nlab.loss()\n", f"COLD = 2.5\n{COLD_ONES[kind]}\n\ndef loss():\n    return COLD\n"
    changed = lab.replace("1", "9")
    assert changed != lab
    others = {"other.py": "__all__ = ['TYPE_CHECKING', '__name__']\nTYPE_CHECKING = True\n__name__ = '__main__'\n"}
    found = []
    for text in (lab, changed):
        write(tmp_path, {"bet_1_a.py": bet, "lab.py": text, **others})
        found.append(code(tmp_path, "bet_1_a.py").digest)
    assert found[0] != found[1]


@pytest.mark.parametrize(
    "text",
    [
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    COLD = 1\n",
        "import typing as t\nif t.TYPE_CHECKING:\n    COLD = 1\n",
        "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    COLD = 1\n",
        "if __name__ == '__main__':\n    COLD = 1\n",
        "from pytest import mark\n\n\n@mark.resources(cpus=1)\ndef f(): ...\n",
        "import pytest as pt\n\n\n@pt.mark.resources(cpus=1)\ndef f(): ...\n",
        "import pytest\nmark = pytest.mark\n\n\n@mark.resources(cpus=1)\ndef f(): ...\n",
        "from pathlib import Path\nX = Path(__file__).with_name('x').read_text()\n# 1\n",
        "from pathlib import Path\nX = (Path(__file__).parent / 'x').read_text()\n# 1\n",
    ],
)
def test_what_has_no_effect_is_no_code(tmp_path: Path, text: str) -> None:
    """Blocks for type checkers and for a program, resources of a cell, and comments beside a read of other files."""
    found = []
    for lab in (text, text.replace("1", "9")):
        write(tmp_path, {"bet_1_a.py": "import lab\nlab.loss()\n", "lab.py": f"{lab}\n\ndef loss(): ...\n"})
        found.append(code(tmp_path, "bet_1_a.py").digest)
    assert found[0] == found[1]


def test_a_module_that_reads_source_makes_every_file_count_by_its_bytes(tmp_path: Path) -> None:
    """A comment is part of what such code computes with."""
    write(tmp_path, {"bet_1_a.py": "import inspect, lab\ninspect.getsource(lab.f)\n", "lab.py": "def f(): ...\n"})
    before = code(tmp_path, "bet_1_a.py")
    write(tmp_path, {"lab.py": "def f(): ...  # a comment\n"})
    assert code(tmp_path, "bet_1_a.py").digest != before.digest
    assert before.definitions["lab.py"].keys() == {"<whole>"}


@pytest.mark.parametrize(
    "source",
    [
        "from inspect import getsource as g\ng(lab.f)",
        "import sys\nsys._getframe(1)",
        "from sys import modules as m\nm['lab']",
        "lab.f.__globals__",
    ],
)
def test_code_that_looks_at_frames_modules_or_source_is_found(tmp_path: Path, source: str) -> None:
    """Under any name."""
    write(tmp_path, {"bet_1_a.py": f"import lab\n{source}\n", "lab.py": "def f(): ...\n"})
    assert code(tmp_path, "bet_1_a.py").definitions["lab.py"].keys() == {"<whole>"}


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("def f(x: int): ...\nf.__doc__", "def f(x: int):\n    'A text.'\nf.__doc__", False),
        ("def f(x: int): ...\nf()", "def f(x: str): ...\nf()", True),
        ("def f(x: int): ...\ng = f", "def f(x: str): ...\ng = f", False),
        ("def f(x: int): ...\nf.__annotations__", "def f(x: str): ...\nf.__annotations__", False),
        ("class C:\n    def m(self, x: int): ...\nC().m()", "class C:\n    def m(self, x: str): ...\nC().m()", True),
        ("class C:\n    def m(self, x: int): ...\nC().m", "class C:\n    def m(self, x: str): ...\nC().m", False),
        ("class C:\n    def __init__(self, x: int): ...\nC()", "class C:\n    def __init__(self, x: str): ...\nC()", True),  # noqa: E501
        ("class C:\n    def __init__(self, x: int): ...\ng(C)", "class C:\n    def __init__(self, x: str): ...\ng(C)", False),  # noqa: E501
        ("class C:\n    def m(self, x: int): ...\ngetattr(C(), 'm')", "class C:\n    def m(self, x: str): ...\ngetattr(C(), 'm')", False),  # noqa: E501
        ("import lab\ndef unused(x: lab.f()): ...", "import lab\ndef unused(x: lab.g()): ...", False),
        ("import beartype\ndef f(x: int): ...\nf()", "import beartype\ndef f(x: str): ...\nf()", False),
        ("class C:\n    x: int = 1\nC()", "class C:\n    x: str = 1\nC()", False),
        ("def f():\n    a = 1\n    return a\nf()", "def f():\n    b = 1\n    return b\nf()", True),
        ("def f():\n    a = 1\n    return locals()\nf()", "def f():\n    b = 1\n    return locals()\nf()", False),
        ("def f():\n    a = 1\n    return eval('a')\nf()", "def f():\n    b = 1\n    return eval('a')\nf()", False),
        ("def f(d):\n    a = 1\n    d.query('@a')\nf(1)", "def f(d):\n    b = 1\n    d.query('@a')\nf(1)", False),
        ("def f():\n    a = 1\n    print(f'{a=}')\nf()", "def f():\n    b = 1\n    print(f'{b=}')\nf()", False),
        ("def f(a, b):\n    x = a\n    y = b\n    return x\nf()", "def f(a, b):\n    x = a\n    y = b\n    return y\nf()", False),  # noqa: E501
        ("def f():\n    x = 1\n    return [y for y in x]\nf()", "def f():\n    x = 1\n    return [x for x in x]\nf()", True),  # noqa: E501
        ("def f():\n    def g(): ...\n    return g\nf()", "def f():\n    def h(): ...\n    return h\nf()", False),
        ("def f():\n    for a in b(): c(a)\nf()", "def f():\n    for b in b(): c(b)\nf()", False),
        ("A = 1\nB = A\nA = 2", "A = 1\nA = 2\nB = A", False),
        ("@a\ndef f(): ...\n@a\ndef g(): ...", "@a\ndef g(): ...\n@a\ndef f(): ...", False),
        ("@a\ndef f(): ...\nb()", "b()\n@a\ndef f(): ...", False),
        ("import pytest as p\n@p.fixture\ndef f(): ...\nb()", "import pytest as p\nb()\n@p.fixture\ndef f(): ...", True),  # noqa: E501
        ("A = b()\ndef f(x=A): ...\nf()", "A = b()\ndef f(x=A): ...\nA = c()\nf()", False),
        ("x = f'a{b}c' 'd'", "x = f'a{b}cd'", True),
        ("x = f'{b:>{w}}'", "x = f'{b:<{w}}'", False),
        ("x = 1", "x = True", False),
        ("x = 1", "x = 1.0", False),
        ("x = 'a'", "x = b'a'", False),
        ("x = 0.0", "x = -0.0", False),
        ("from json import loads as f\nf()", "from pickle import loads as f\nf()", False),
        ("import json\njson.loads()", "from json import loads\nloads()", True),
        ("from __future__ import annotations\nx = 1", "x = 1", True),
        ("from __future__ import annotations\nclass C:\n    x: int\nC()", "class C:\n    x: int\nC()", False),
        ("try: f()\nexcept E as e: g(e)", "try: f()\nexcept E as e: g(E)", False),
        ("def f():\n    try: ...\n    except E as e: g(e)\nf()", "def f():\n    try: ...\n    except E as x: g(x)\nf()", True),  # noqa: E501
    ],
)  # fmt: skip
def test_two_sources_have_one_digest_where_they_mean_the_same(
    tmp_path: Path, old: str, new: str, *, same: bool
) -> None:
    """Names of local variables, annotations and docstrings count where something can read them."""
    found = []
    for source in (old, new):
        write(tmp_path, {"bet_1_a.py": f"{source}\n"})
        found.append(code(tmp_path, "bet_1_a.py").digest)
    assert (found[0] == found[1]) is same


def moved(tmp_path: Path, before: dict[str, str], after: dict[str, str]) -> tuple[Code, Code]:
    found = []
    for name, files in (("before", before), ("after", after)):
        write(tmp_path / name, files)
        found.append(code(tmp_path / name, "bet_1_a.py"))
    return found[0], found[1]


def test_a_definition_that_moved_is_the_same_code_at_another_place(tmp_path: Path) -> None:
    """However it is imported there, and whether or not others of its name are used."""
    one = "import math\n\nHALF = 0.5\n\ndef f():\n    return math.pi * HALF + g()\n\ndef g():\n    return HALF\n"
    before, after = moved(
        tmp_path,
        {"bet_1_a.py": "import lab, other\nlab.f()\nother.g()\n", "lab.py": one, "other.py": "def g(): ...\n"},
        {
            "bet_1_a.py": "from pkg.deep import f\nimport other as o\nf()\no.g()\n",
            "pkg/__init__.py": "",
            "pkg/deep.py": "from math import pi\n\nfrom pkg.base import HALF, g\n\n\ndef f():\n    return pi * HALF + g()\n",  # noqa: E501
            "pkg/base.py": "def g():\n    return HALF\n\nHALF = 0.5\n",
            "other.py": "def g(): ...\n",
        },
    )
    assert before.digest == after.digest
    assert before.definitions["lab.py"]["f"] == after.definitions["pkg/deep.py"]["f"]
    assert before.definitions["lab.py"]["g"] == after.definitions["pkg/base.py"]["g"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import a, b\na.g()\n", "import a, b\nb.g()\n"),
        ("import a, b\na.g()\nb.f()\n", "import a, b\nb.g()\na.f()\n"),
        ("import a, b\na.f()\nb.h()\n", "import a, b\nb.f()\na.h()\n"),
    ],
)
def test_a_use_of_another_definition_of_the_same_name_is_other_code(tmp_path: Path, before: str, after: str) -> None:
    """Also if both have the same text and only what they use differs."""
    lab = "def f():\n    return g()\n\n\ndef g():\n    return {}\n\n\ndef h():\n    return f()\n"
    files = {"a.py": lab.format(1), "b.py": lab.format(2)}
    one, other = moved(tmp_path, {"bet_1_a.py": before, **files}, {"bet_1_a.py": after, **files})
    assert one.digest != other.digest


def test_a_folder_with_the_name_of_a_package_is_not_the_package(tmp_path: Path) -> None:
    """As one that the package itself has written: the digest does not depend on what lies there."""
    source = "import numpy, numpy.linalg\nfrom numpy import zeros\nnumpy.ones(zeros(1), numpy)\n"
    source += "numpy.linalg.norm(numpy)\n__import__('results')\n"
    write(tmp_path / "one", {"bet_1_a.py": source})
    write(tmp_path / "other", {"bet_1_a.py": source, "numpy/run.py": "X = 1\n", "results/run.py": "X = 1\n"})
    one, other = (code(tmp_path / name, "bet_1_a.py") for name in ("one", "other"))
    assert one == other
    assert one.modules == {"numpy"}


def test_an_empty_package_that_a_text_names_is_no_code(tmp_path: Path) -> None:
    """A set of folders to skip says "tests": an empty tests/__init__.py that comes later changes nothing."""
    lab = "from importlib import import_module\nSKIPPED = {'tests'}\ndef train(x): return import_module(x), SKIPPED\n"
    write(tmp_path, {"bet_1_a.py": BET, "lab.py": lab})
    before = code(tmp_path, "bet_1_a.py")
    write(tmp_path, {"tests/__init__.py": ""})
    assert code(tmp_path, "bet_1_a.py").digest == before.digest
    write(tmp_path, {"tests/__init__.py": "X = 1\n"})
    assert code(tmp_path, "bet_1_a.py").digest != before.digest


def test_of_a_file_from_which_much_moved_the_number_of_definitions_is_said() -> None:
    """A whole module that moved would fill a screen with its names."""
    few = [Move(name, "lab.py", "deep.py") for name in "abc"]
    many = [Move(name, "old.py", "new.py") for name in "abcd"]
    assert moved_words([*few, *many]) == "a, b, c from lab.py to deep.py; 4 definitions from old.py to new.py"


def test_a_definition_that_depends_on_its_module_is_another_where_it_moved(tmp_path: Path) -> None:
    """One that names its file, say."""
    source = "def f():\n    return __file__\n"
    one, other = moved(
        tmp_path,
        {"bet_1_a.py": "import a\na.f()\n", "a.py": source},
        {"bet_1_a.py": "import b\nb.f()\n", "b.py": source},
    )
    assert one.digest != other.digest


def test_the_digest_is_the_same_with_every_version_of_python(tmp_path: Path) -> None:
    """Held against what 3.11, 3.12 and 3.13 gave, for source with everything that they parse unlike."""
    write(tmp_path, {"bet_1_a.py": VERSIONS})
    assert code(tmp_path, "bet_1_a.py").digest == VERSIONS_DIGEST


VERSIONS = '''\
from __future__ import annotations

import cgi, tomllib
from typing import NamedTuple


class Row(NamedTuple):
    """A row."""

    x: int = 1
    y: "str | None" = None


def f(a, /, b=2, *args, c: int = 3, **kw) -> list[int]:
    text = f"a{a!r:>{b}}b" "c" f"{c=}" f"{a:}" rf"\\d{b}"
    match a:
        case {"k": [1, *rest], **more} if (n := len(rest)) > 1:
            return [x for x in rest if x]
        case Row(x=1) | None as found:
            return found
    try:
        with (open(a) as one, open(b) as two):
            yield one, two, -1, 1e400, 1j, b"\\xff", "\\ud800", ...
    except* (OSError, ValueError) as error:
        del error
    return lambda x=1: (text, tomllib, cgi, more, n)


f(1)
'''
VERSIONS_DIGEST = "e07ed27437732e6de3ded33d813ea54c2e3d2c979d95a3abc8c80d861d8382ca"


def scopes(node: ast.AST, scope: Scope) -> Iterator[tuple[str, str, int, Scope]]:
    """Yield kind, name and line of every function and class, with its scope."""
    inner, parts = scope, list(ast.iter_child_nodes(node))
    if isinstance(node, names.Function | ast.Lambda):
        inner = names.function_scope(node, scope)
        yield "function", getattr(node, "name", "lambda"), node.lineno, inner
    elif isinstance(node, ast.ClassDef):
        inner = names.class_scope(node, scope)
        yield "class", node.name, node.lineno, inner
    elif isinstance(node, names.Comprehension):
        inner = names.comprehension_scope(node, scope)
    body = getattr(node, "body", [])
    own = set(map(id, body if isinstance(body, list) else [body]))
    comprehension = isinstance(node, names.Comprehension)
    for part in parts:
        yield from scopes(part, inner if comprehension or id(part) in own else scope)


def tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from tables(child)


@pytest.mark.parametrize("module", ["argparse", "dataclasses", "typing", "_pydecimal", "enum", "asyncio.tasks", "ast"])
def test_a_name_belongs_to_the_scope_that_python_gives_it(module: str) -> None:
    """Held against the compiler's own tables, for modules of the standard library."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).read_text(encoding="utf-8")
    tree = ast.parse(source)
    theirs: dict[tuple[str, str, int], list[set[str]]] = {}
    for table in tables(symtable.symtable(source, module, "exec")):
        local = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_local()} - HIDDEN
        theirs.setdefault((str(table.get_type()), table.get_name(), table.get_lineno()), []).append(local)
    compared = 0
    inlined = {node.lineno for node in ast.walk(tree) if isinstance(node, names.Comprehension)}
    generic = {getattr(node, "lineno", 0) for node in ast.walk(tree) if getattr(node, "type_params", None)}
    spans = [(node.lineno, node.end_lineno or 0) for node in ast.walk(tree) if isinstance(node, names.Function)]
    for kind, name, line, scope in scopes(tree, names.module_scope(tree)):
        if line in generic:
            continue  # its type parameters have a scope of their own
        end = max((last for first, last in spans if first == line), default=line)
        if sys.version_info >= (3, 12) and any(line <= each <= end for each in inlined):
            continue  # its comprehensions have no scope of their own there
        bound = {each for each in scope.bindings if each not in scope.elsewhere | scope.outer}
        found = theirs[kind, name, line]
        if len(found) == 1:
            assert (scope.parameters | bound) - HIDDEN == found[0], (name, line)
            compared += 1
    assert compared > 40


HIDDEN = {"__class__", "__classdict__", "__static_attributes__", "__firstlineno__", "__classcell__", ".0"}


def mutations(source: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the source with one statement more at the start of each function and method, by top-level name."""
    lines = source.decode().splitlines(keepends=True)
    for node in ast.parse(source).body:
        for inner in ast.walk(node):
            if isinstance(node, names.Function | ast.ClassDef) and isinstance(inner, names.Function):
                first = inner.body[0]
                indent = " " * first.col_offset
                yield (
                    node.name,
                    "".join(
                        [*lines[: first.lineno - 1], f"{indent}print('mutant')\n", *lines[first.lineno - 1 :]]
                    ).encode(),
                )


LABORATORY = Path(__file__).parents[2] / "bets"


@pytest.mark.skipif(not LABORATORY.is_dir(), reason="the catalogue is not here")
@pytest.mark.parametrize("module", ["model", "training", "ensemble/combine"])
def test_a_change_of_any_definition_of_the_laboratory_changes_the_digest_where_it_is_code(module: str) -> None:
    """And of no other: each function and method of a module, one after the other."""
    root, bet, name = LABORATORY.parent, "bets/bet_31_weight_soup.py", f"bets/lab/{module}.py"
    before = CodeIndex(root, []).of(bet)
    source = (root / name).read_bytes()
    tried = {True: 0, False: 0}
    for definition, mutant in mutations(source):
        index = CodeIndex(root, [])
        index.files.read = _with(index.files.read, name, mutant)  # type: ignore[method-assign, assignment]
        is_code = definition in before.definitions[name]
        assert (index.of(bet).digest != before.digest) is is_code, definition
        tried[is_code] += 1
    assert tried[True] > 1
    assert tried[False] > 1 or module == "training"


def _with(read: Callable[[str], bytes], name: str, mutant: bytes) -> Callable[[str], bytes]:
    return lambda asked: mutant if asked == name else read(asked)


def test_a_whole_library_is_read_without_a_fault() -> None:
    """Every module of the standard library's top level has an outline, with or without warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[:60]:
            assert outline(path.read_bytes()).units, path
