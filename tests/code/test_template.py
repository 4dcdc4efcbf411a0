"""Names of local variables do not count, proved by all programs of a few shapes: one text, one behaviour."""

import itertools
import re
from collections.abc import Iterator

import pytest

from pytest_bets.code.outline import outline
from pytest_bets.code.template import Readers

NAMES = ("a", "b", "c", "g")
"""A parameter, two names that nothing gives, and a global variable."""
SHAPES = {
    "assignments": "def f(a):\n {} = 1\n {} = {}\n return {}",
    "several": "def f(a):\n {} = {}, 2\n return {}, {}",
    "augmented": "def f(a):\n {} = 3\n {} += {}\n return {}",
    "a loop": "def f(a):\n for {} in [1, 2]:\n  {} = {}\n return {}",
    "a comprehension": "def f(a):\n {} = [{} for {} in [a, 5]]\n return {}",
    "a comprehension in another": "def f(a):\n return [[{} for {} in [1, 2]] for {} in [{}, 5]]",
    "a condition in a comprehension": "def f(a):\n return [{} for {} in [a, 5] if {}], {}",
    "a generator": "def f(a):\n {} = ({} for {} in [a])\n return list({})",
    "a nested function": "def f(a):\n {} = 4\n def h():\n  {} = {}\n  return {}\n return h()",
    "a nested function's parameter": "def f(a):\n {} = 4\n def h({}):\n  return {}\n return h(5), {}",
    "a closure": "def f(a):\n {} = 4\n def h():\n  return {}\n {} = 5\n return h(), {}",
    "nonlocal": "def f(a):\n {} = 6\n def h():\n  nonlocal {}\n  {} = 7\n h()\n return {}",
    "global": "def f(a):\n global {}\n {} = 8\n return {}, {}",
    "a lambda": "def f(a):\n {} = 9\n h = lambda {}=2: ({}, {})\n return h()",
    "an exception": "def f(a):\n try:\n  raise KeyError\n except KeyError as {}:\n  {} = 1\n return {}, {}",
    "a walrus": "def f(a):\n ({} := 4)\n return [({} := {}) for _ in [1]], {}",
    "a class": "def f(a):\n {} = 2\n class K:\n  {} = {}\n  m = {}\n return [i for i in vars(K).items() if i[0] < 'n']",
    "a class in between": "def f(a):\n {} = 2\n class K:\n  {} = 3\n  def m(self):\n   return {}\n return K().m(), {}",
    "a deletion": "def f(a):\n {} = 2\n del {}\n return {}, {}",
    "a pattern": "def f(a):\n match [a, 2]:\n  case [{}, {}]: ...\n return {}, {}",
    "a context": "def f(a):\n with open('/dev/null') as {}:\n  {} = 1\n return type({}), type({})",
    "an import": "def f(a):\n import math as {}\n {} = 1\n return type({}), type({})",
    "an annotation": "def f(a):\n {}: int\n {}: int = 2\n return {}, {}",
    "a text": "def f(a):\n {} = 1\n {} = 2\n return '{{b}}'.format(**locals()), {}, {}",
    "a text of a name": "def f(a):\n {} = 1\n {} = 2\n return f'{{{}=}}', {}",
    "eval": "def f(a):\n {} = 1\n {} = 2\n return eval('b'), {}, {}",
}


def programs(shape: str) -> Iterator[str]:
    """Yield the program of a shape with every choice of names; some choices make none."""
    for names in itertools.product(NAMES, repeat=shape.replace("{{", "").count("{}")):
        program = f"g = 10\n{shape.format(*names)}\n"
        try:
            compile(program, "program", "exec")
        except SyntaxError:
            continue
        yield program


def behaviour(program: str) -> str:
    """Return what a program does: what the function returns or raises, and what becomes of the global variables."""
    namespace: dict[str, object] = {}
    try:
        exec(program, namespace)
        done = repr(namespace["f"](1))  # type: ignore[operator]
    except Exception as error:
        done = type(error).__name__
    names = {name: repr(namespace.get(name)) for name in NAMES}
    return re.sub("0x[0-9a-f]+", "", f"{done} {names}")


def text(program: str) -> str:
    """Return the template of the function, and of the rest of its module."""
    found = outline(program.encode())
    return "\0".join(
        f"{name}:{part if isinstance(part, str) else (part.root, part.tail)}"
        for name, unit in found.units.items()
        for part in unit.parts(Readers())
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_programs_with_one_text_do_the_same(shape: str) -> None:
    """Every choice of four names for the four places of a shape."""
    found: dict[str, set[str]] = {}
    count = 0
    for program in programs(SHAPES[shape]):
        found.setdefault(text(program), set()).add(behaviour(program))
        count += 1
    assert {key: done for key, done in found.items() if len(done) > 1} == {}
    assert shape in ("a text", "eval", "a class") or len(found) < count, "no two names are the same variable"
