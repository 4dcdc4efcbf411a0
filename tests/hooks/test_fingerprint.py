"""The fingerprint of a sweep is the same in every process for the same values, and differs for others."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from pytest_bets.hooks.fingerprint import fingerprint

POOL: Final = """
import array, collections, dataclasses, datetime, decimal, enum, fractions, functools, itertools, pathlib, re, threading
import uuid

class Colour(enum.Enum): RED, BLUE = "red", "blue"
@dataclasses.dataclass
class Data: tags: set; near: object = None
class Plain:
    def __init__(self, **held): self.__dict__.update(held)
class Slotted:
    __slots__ = ("held",)
    def __init__(self, held): self.held = held
class Locked:
    def __init__(self, held): self.held, self.lock = held, threading.Lock()
class Hostile:
    def __reduce_ex__(self, protocol): raise RuntimeError("no")
Named = collections.namedtuple("Named", "a b")
def double(x): return 2 * x
def made(n): return lambda x: x + n
loop = Plain(a=1); loop.itself = loop
words = ["alpha", "beta", "gamma", "delta", "epsilon"]

POOL = [
    (1, "a"), (2, "a"), [1, "a"], {"x": 1}, {"x": 2}, set(words), set(words[:4]), frozenset(words), Colour.RED,
    Colour.BLUE, Data(set(words)), Data(set(words), 1), Plain(tags=set(words)), Plain(tags=set(words[1:])), Slotted(1),
    Slotted(2), Locked(1), Locked(2), Named(1, 2), double, Plain, made(1), made(2), lambda x: x, lambda x: x + 1,
    functools.partial(double, 1), functools.partial(double, 2), Plain(a=1).__eq__, pathlib.Path("a"), pathlib.Path("b"),
    re.compile("a"), re.compile("b"), 1j, 2j, b"a", range(3), range(4), datetime.date(2020, 1, 1), decimal.Decimal("1"),
    fractions.Fraction(1, 3), uuid.UUID(int=1), array.array("d", [1, 2]), array.array("d", [2, 1]), loop, Hostile(),
    collections.OrderedDict(a=1), collections.Counter("aab"), iter([1, 2]), 1, 1.0, True, "1", None, float("nan"), "a",
]
"""
PRINT: Final = """
from pytest_bets.hooks.fingerprint import fingerprint
print(*(fingerprint(["experiment[part0]"], [{"part": value}], []) for value in POOL))
"""


def fingerprints(seed: str) -> list[str]:
    """Return the fingerprint of each value of the pool, in a process with a seed of hashes."""
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    command = [sys.executable, "-c", f"{POOL}{PRINT}"]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.split()


def test_processes_agree_on_values_and_values_differ() -> None:
    """Sets, objects with sets, closures and cycles among them."""
    first = fingerprints("1")
    assert first == fingerprints("2")
    assert len(first) == len(set(first)) > 50


def _one(value: object, root: Path = Path("/none")) -> str:
    return fingerprint(["experiment[part0]"], [{"part": value}], [root])


def test_arrays_count_by_their_numbers() -> None:
    """Those of numpy, whose long reprs leave most of the numbers out; arrays of objects as well."""
    numpy = pytest.importorskip("numpy")
    many, other = numpy.zeros(300_000), numpy.zeros(300_000)
    other[150_000] = 1
    assert _one(many) == _one(many.copy()) != _one(other)
    assert _one(numpy.array([(1,), None], object)) == _one(numpy.array([(1,), None], object))
    assert _one(numpy.array([(1,), None], object)) != _one(numpy.array([(2,), None], object))
    assert _one(numpy.float64(1)) != _one(numpy.float64(2))


def test_a_large_value_counts_by_its_type() -> None:
    """Its parts are many, and so are those of a chain."""
    chain: list[object] = []
    for _ in range(1000):
        chain = [chain]
    assert _one([0] * 200_000) == _one([1] * 200_000) == _one(chain) != _one([0])


def test_paths_count_from_the_root_of_the_project(tmp_path: Path) -> None:
    """The node of an engine may have the project in another folder."""
    here, there = tmp_path / "here", tmp_path / "there"
    assert _one(here / "data/a", here) == _one(there / "data/a", there) != _one(there / "data/b", there)
    assert _one((f"{here}/a",), here) == _one((f"{there}/a",), there)


def test_names_order_and_parameters_count() -> None:
    """Values that are plain as well: authors may give ids that do not name them."""
    names, given = ["experiment[a]", "experiment[b]"], [{"part": 1}, {"part": 2}]
    found = [
        fingerprint(names, given, []),
        fingerprint(names[::-1], given, []),
        fingerprint(names, given[::-1], []),
        fingerprint(names, [{"other": 1}, {"other": 2}], []),
        fingerprint(names[:1], given[:1], []),
        fingerprint([], [], []),
        fingerprint(["experiment\ud800"], [{}], []),
    ]
    assert len(set(found)) == len(found)
