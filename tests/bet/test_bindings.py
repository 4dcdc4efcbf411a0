"""Constants whose value no declaration shows are refused, and other code is not."""

import pytest

from pytest_bets.bet.parse import read
from pytest_bets.diagnostics import DeclarationError
from tests.helpers.example import EXAMPLE, of
from tests.helpers.fixtures import Refused, Run, WriteBet

REFUSED = {
    "a loop": ("for STEPS in (1, 2):\n    pass", "`STEPS` is the variable of a loop"),
    "a loop over pairs": ("for _, STEPS in [(1, 2)]:\n    pass", "`STEPS` is the variable of a loop"),
    "a nested loop": ("if True:\n    for STEPS in (1, 2):\n        pass", "`STEPS` is the variable of a loop"),
    "a walrus": ("print(STEPS := 3)", "`STEPS` is bound inside an expression"),
    "a walrus in a comprehension": ("_ = [STEPS := each for each in (1, 2)]", "`STEPS` is bound inside an expression"),
    "a walrus in a decorator": ("@(STEPS := pytest.fixture)\ndef f():\n    pass", "`STEPS` is bound inside an"),
    "a walrus in a default": ("def f(x=(STEPS := 3)):\n    pass", "`STEPS` is bound inside an expression"),
    "with": ("with open(__file__) as STEPS:\n    pass", "`STEPS` is bound by `with`"),
    "except": ("try:\n    pass\nexcept OSError as STEPS:\n    pass", "`STEPS` is bound by `except`"),
    "match": ("match 3:\n    case STEPS:\n        pass", "`STEPS` is bound by `match`"),
    "del": ("del STEPS", "`STEPS` is deleted"),
    "global": ("def f():\n    global STEPS\n    STEPS = 3", "`global STEPS` lets a function change a constant"),
    "import as": ("import math as STEPS", "`STEPS` is a module, not a constant"),
    "a star": ("from math import *", "`from math import *` can give any constant another value"),
    "a nested star": ("try:\n    from math import *\nexcept ImportError:\n    pass", "can give any constant another"),
    "a function": ("def STEPS():\n    pass", "`STEPS` is a constant, and a definition, too"),
    "a class": ("class STEPS:\n    pass", "`STEPS` is a constant, and a definition, too"),
}
ACCEPTED = [
    "STEPS += 1",
    "if USER:\n    STEPS = 3",
    "try:\n    from fast import SPEED\nexcept ImportError:\n    SPEED = 1",
    "from math import pi as PI",
    "import numpy as np",
    "for name in ('a', 'b'):\n    pass",
    "def f():\n    for N in range(3):\n        print(N)\n    return [LAST := 3]",
    "class SGD:\n    for RATE in (1, 2):\n        pass",
    "def MSE(a, b):\n    return (a - b) ** 2",
    "A, B = 1, 2",
    "_ = [N for N in range(3)]",
]
CODINGS = ["# coding: latin-1", "# -*- coding: utf-7 -*-", "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :"]


def with_code(code: str) -> str:
    return EXAMPLE.replace("@pytest.mark.strict", f"{code}\n\n\n@pytest.mark.strict", 1)


@pytest.mark.parametrize("name", REFUSED)
def test_a_binding_that_no_declaration_shows_is_refused(name: str) -> None:
    """With its line."""
    code, message = REFUSED[name]
    with pytest.raises(DeclarationError, match=r"bet_46_norm_replication\.py:") as caught:
        of(with_code(code))
    assert message in str(caught.value)


@pytest.mark.parametrize("code", ACCEPTED)
def test_what_a_declaration_shows_or_what_is_no_constant_is_accepted(code: str) -> None:
    """Names of functions, of classes and of functions' variables are not constants of the module."""
    assert of(with_code(code))


@pytest.mark.parametrize("coding", CODINGS)
def test_another_encoding_is_refused(coding: str) -> None:
    """Python would read other code than the text that git shows."""
    with pytest.raises(DeclarationError, match="its encoding is"):
        of(f"{coding}\n{EXAMPLE}")


@pytest.mark.parametrize("coding", ["# coding: utf-8", "# -*- coding: UTF8 -*-", "# vim: fileencoding=utf_8_sig"])
def test_utf_8_may_be_named(coding: str) -> None:
    """In any of its spellings; and a later line is a comment like any other."""
    assert of(f"{coding}\n{EXAMPLE}")
    assert of(EXAMPLE.replace("import pytest", "import pytest\n# coding: latin-1", 1))


def test_a_revision_of_the_past_keeps_its_declaration() -> None:
    """What an earlier version accepted was declared."""
    assert read(with_code("for STEPS in (1, 2):\n    pass"), "bet_46_a.py", lenient=True) is not None


@pytest.mark.parametrize("above", ["STEPS = 3\nglobals()['STEPS'] = 4", "STEPS = [1]\nSTEPS.append(2)"])
def test_a_constant_with_another_value_after_the_import_is_refused(bet: WriteBet, refused: Refused, above: str) -> None:
    """Whatever changed it."""
    bet(above=above)
    text = refused()
    assert "`STEPS` is" in text
    assert "after the import, and the file declares" in text


def test_constants_that_are_what_they_say_are_accepted(bet: WriteBet, run: Run) -> None:
    """Tuples are lists in a declaration; a rehearsal changes constants on purpose."""
    bet(above="SIZES = (1, (2, 3))\nNAMES = {'a': (1, 2)}\nRATE = 1e-3\nNONE = None\nPILOT = {'RATE': 1.0}")
    run()
    run("--bets-pilot")
