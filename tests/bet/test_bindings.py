"""Constants whose value no declaration shows are refused, and so is a second experiment; other code is not."""

from pathlib import Path

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
    "a dict like the text of an expression": (
        'ROWS = {"source": "f()"}',
        '`ROWS` is a dict whose only key is "source"',
    ),
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
AGAIN = {
    "a function": ("def experiment(part=1):\n    return {}", "`experiment` is defined a second time"),
    "an async function": ("async def experiment():\n    return {}", "`experiment` is defined a second time"),
    "a class": ("class experiment:\n    pass", "`experiment` is the experiment, and a class, too"),
    "a value": ("experiment = lambda: {}", "`experiment` is the experiment, and is given another value"),
    "one of a tuple": ("_, [*experiment] = 1, [2]", "and is given another value"),
    "a typed value": ("experiment: object = print", "and is given another value"),
    "a sum": ("experiment += 1", "and is given another value"),
    "an import": ("from other import experiment", "`experiment` is the experiment, and imported, too"),
    "an import as": ("from other import fast as experiment", "and imported, too"),
    "a module": ("import experiment.fast", "and imported, too"),
    "a module as": ("import fast as experiment", "and imported, too"),
    "in an if": ("if True:\n    def experiment():\n        return {}", "is defined a second time"),
    "in a try": ("try:\n    from fast import experiment\nexcept ImportError:\n    pass", "and imported, too"),
    "in an except": ("try:\n    pass\nexcept OSError:\n    experiment = 1", "and is given another value"),
    "in a finally": ("try:\n    pass\nfinally:\n    experiment = 1", "and is given another value"),
    "a loop": ("for experiment in ():\n    pass", "and is given another value"),
    "with": ("with open(__file__) as experiment:\n    pass", "and is given another value"),
    "except": ("try:\n    pass\nexcept OSError as experiment:\n    pass", "and is given another value"),
    "a walrus": ("print(experiment := 3)", "and is given another value"),
    "a walrus in a comprehension": ("_ = [experiment := each for each in (1, 2)]", "and is given another value"),
    "a walrus in an annotation": ("def f(x: (experiment := 3)) -> None:\n    pass", "and is given another value"),
    "match": ("match 3:\n    case experiment:\n        pass", "and is given another value"),
    "a part of a match": ("match []:\n    case [1, *experiment]:\n        pass", "and is given another value"),
    "the rest of a match": ("match {}:\n    case {**experiment}:\n        pass", "and is given another value"),
    "del": ("del experiment", "`experiment` is the experiment, and is deleted"),
    "global": ("def f():\n    global experiment\n    experiment = 3", "`global experiment` lets a function replace"),
}
ONCE = [
    "experiment: object",
    "_ = [experiment for experiment in (1, 2)]",
    "def f(experiment):\n    experiment = 1\n    return [experiment := 2]",
    "class Box:\n    experiment = 1\n    def run(self, experiment):\n        self.experiment = experiment",
    "_ = lambda experiment: experiment",
    "import fast.experiment",
    "from fast import experiment as fast_experiment",
    "print(experiment.__name__)",
    "experiment.note = 1",
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


@pytest.mark.parametrize("name", AGAIN)
@pytest.mark.parametrize("place", ["above", "below"])
def test_a_second_meaning_of_the_experiments_name_is_refused(name: str, place: str) -> None:
    """Wherever it stands in the module: pytest would run one of them, and the declaration shows the other."""
    code, message = AGAIN[name]
    with pytest.raises(DeclarationError, match=r"bet_46_norm_replication\.py:") as caught:
        of(with_code(code) if place == "above" else f"{EXAMPLE}\n\n{code}\n")
    assert message in str(caught.value)
    assert "expected: the experiment of line" in str(caught.value)


@pytest.mark.parametrize("code", ONCE)
def test_the_experiments_name_in_other_scopes_is_accepted(code: str) -> None:
    """A function, a class, a lambda and a comprehension have names of their own."""
    assert of(f"{EXAMPLE}\n\n{code}\n")


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
    assert read(f"{EXAMPLE}\n\nexperiment = print\n", "bet_46_a.py", lenient=True) is not None


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


LOSES = 'return {"gain": -1.0}'
"""The body of an experiment that loses, below which another one wins."""


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["plain", "distributed"])
def test_a_losing_experiment_is_not_replaced_by_a_winning_one(
    bet: WriteBet, run: Run, pytester: pytest.Pytester, arguments: tuple[str, ...]
) -> None:
    """The file is refused, with the line of the second one; no cell runs and nothing is recorded."""
    path = bet(body=LOSES)
    path.write_text(path.read_text() + '\n\ndef experiment(part=1):\n    return {"gain": 5.0}\n')
    failed = pytest.ExitCode.TESTS_FAILED if arguments else pytest.ExitCode.INTERRUPTED
    shown = run(*arguments, expect=failed)
    assert "bet_1_first.py:22: `experiment` is defined a second time, and pytest would run the definition" in shown
    assert "expected: the experiment of line 18 alone under this name" in shown
    assert not (pytester.path / "results/1_first.json").exists()


REPLACED = {
    "a lambda": 'globals()["experiment"] = lambda: {"gain": 5.0}',
    "a factory": """
def make():
    def experiment(part): return {"gain": 5.0}
    return experiment
vars()["exp" + "eriment"] = make()""",
    "another module": 'import json, sys\nsetattr(sys.modules[__name__], "experiment", json.dumps)',
    "an object": 'class Call:\n    def __call__(self): return {"gain": 5.0}\nglobals()["experiment"] = Call()',
    "nothing": 'del globals()["experiment"]',
    "with its marks": """
def other(part): return {"gain": 5.0}
other.pytestmark = experiment.pytestmark
globals()["experiment"] = other""",
}


@pytest.mark.parametrize("name", REPLACED)
def test_an_experiment_that_is_replaced_at_run_time_is_refused(bet: WriteBet, refused: Refused, name: str) -> None:
    """No binding in the source shows it."""
    path = bet(body=LOSES)
    path.write_text(f"{path.read_text()}\n\n{REPLACED[name]}\n")
    assert (
        "bet_1_first.py:18: `experiment` is not the function of the source when pytest runs it\n"
        "    def experiment(...)\n"
        "  expected: no other value for it at run time"
    ) in refused()


DECORATORS = """
import functools

def wrapped(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner

def bare(function):
    def inner(part):
        return function(part)
    return inner
"""


@pytest.mark.parametrize(
    "lines",
    [
        "@wrapped\n{marks}",
        "{marks}\n@wrapped",
        "{marks}\n@bare",
        "@functools.cache\n{marks}",
        "{marks}\n@functools.cache",
    ],
)
def test_a_decorator_that_keeps_the_markers_is_accepted(bet: WriteBet, run: Run, lines: str) -> None:
    """The source shows it, and the markers are on what pytest runs; in a rehearsal, too."""
    decorated(bet(above=DECORATORS), lines)
    assert "1_first  PASS" in run()
    run("--bets-pilot")


def test_a_decorator_that_loses_the_markers_is_refused(bet: WriteBet, refused: Refused) -> None:
    """They would be declared, and the sweep would not be run."""
    decorated(bet(above=DECORATORS.replace("(part)", "(part=1)")), "@bare\n{marks}")
    text = refused()
    assert "`experiment` is without the marker catastrophic of the source when pytest runs it" in text
    assert "expected: a decorator that keeps the markers, with functools.wraps" in text


def decorated(path: Path, lines: str) -> None:
    """Put decorators around the markers of a bet file."""
    text = path.read_text()
    marks = text[text.index("@pytest.mark.strict") : text.index("\ndef experiment")]
    path.write_text(text.replace(marks, lines.format(marks=marks)))


FIXTURE = "@pytest.fixture(params=[1, 2]{})\ndef device(request):\n    return request.param"


def test_an_axis_that_no_cell_has_is_refused(bet: WriteBet, refused: Refused) -> None:
    """A fixture that nothing uses spans nothing."""
    bet(above=FIXTURE.format(""))
    assert (
        "bet_1_first.py:20: the declaration sweeps `device`, and no cell has it\n"
        "    def experiment(...)\n"
        "  expected: an experiment that takes it, or no such sweep"
    ) in refused()


def test_an_axis_of_another_name_is_accepted(bet: WriteBet, run: Run) -> None:
    """A fixture may have another name than its function."""
    bet(
        above=FIXTURE.format(', name="unit"'),
        arguments="part, unit",
        sections={"Strict": "at least 3 cells gain."},
    )
    assert "1_first  PASS" in run()


def test_a_sweep_like_the_text_of_an_expression_is_refused() -> None:
    """It would have the digest of a sweep over what `f()` returns."""
    with pytest.raises(DeclarationError, match='the sweep is a dict whose only key is "source"'):
        of(EXAMPLE.replace('"part", SLICES', '"part", {"source": "f()"}'))
