"""Swept values that are not plain have one name each: what pytest shows, wherever they stand in the sweep."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.fixtures import Run, WriteBet

ABOVE = """
import enum

class Good: value = 1.0
class Bad: value = -1.0
class Colour(enum.Enum): RED = 1
def double(x): return 2 * x
class Box:
    def __init__(self, held): self.held = held
    def __eq__(self, other): return type(self) is type(other) and self.held == other.held
    __hash__ = None
class Strange:
    def __eq__(self, other): raise RuntimeError("not comparable")
    __hash__ = object.__hash__

class Odd(Strange):
    __hash__ = None

def other_good():
    class Good: value = 3.0
    return Good

POOL = [
    Good, Bad, double, other_good(), lambda x: x, lambda x: x + 1, (1, 2), (1, 2), (2, 1), {"a": 1}, {"a": 1}, {"a": 2},
    "Good", "rule1", 3, 2.5, None, True, Colour.RED, Box(1), Box(1), Box(2), [1], [1], Strange(), frozenset({1}), 1j,
    Odd(), Odd(),
]

def key(value):
    "Return which value of the pool this is, by identity or else by equality, one by one."
    for index, other in enumerate(POOL):
        if other is value:
            break
    for first, other in enumerate(POOL[:index]):
        try:
            if type(other) is type(value) and other == value:
                return first
        except RuntimeError:
            pass
    return index
"""
SIZE = 29


def cells(pytester: pytest.Pytester) -> list[dict[str, dict[str, Any]]]:
    """Return the recorded cells of bet 1."""
    found: list[dict[str, dict[str, Any]]] = json.loads((pytester.path / "results/1_first.json").read_text())["cells"]
    return found


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["plain", "distributed"])
@pytest.mark.parametrize("values", ["[Good, Bad]", '["Good", "Bad"]'], ids=["classes", "strings"])
def test_groups_of_classes_are_those_of_their_names(
    bet: WriteBet, run: Run, pytester: pytest.Pytester, values: str, arguments: tuple[str, ...]
) -> None:
    """Two axes and a class on one of them: one good rule of two, and the record says which cell was which."""
    bet(
        body='return {"gain": rule.value if isinstance(rule, type) else {"Good": 1.0, "Bad": -1.0}[rule]}',
        above=ABOVE,
        arguments="seed, rule",
        markers={
            "strict": '"groups(rule, mean(gain) > 0) >= 2"',
            "lenient": '"groups(rule, mean(gain) > 0) >= 1"',
            "catastrophic": '"mean(gain) < -10"',
            "replicate": "3",
            "parametrize": f'"rule", {values}',
        },
        sections={"Strict": "2", "Lenient": "1", "Catastrophic": "-10"},
    )
    shown = run(*arguments)
    assert "1_first  LENIENT  strict not met: groups(rule, mean(gain) > 0)" in shown
    assert [cell["params"]["rule"] for cell in cells(pytester)] == ["Good", "Bad"] * 3


@given(
    axes=st.lists(st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=5), min_size=1, max_size=3),
    replicate=st.sampled_from([None, 2]),
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_names_group_the_cells_as_their_values_do(
    pytester: pytest.Pytester, bet: WriteBet, axes: list[list[int]], replicate: int | None
) -> None:
    """For random sweeps, two cells share a name where they share a value, and nowhere else."""
    names = [f"rule{number or ''}" for number in range(len(axes))]
    stacked = "\n".join(
        f'@pytest.mark.parametrize("{name}", [POOL[index] for index in {axis}])'
        for name, axis in zip(names, axes, strict=True)
    )
    keys = ", ".join(f'"key_{name}": key({name})' for name in names)
    path = bet(
        body=f'return {{"gain": 1, {keys}}}',
        above=ABOVE,
        arguments=", ".join([*names, *(["seed"] if replicate else [])]),
        markers={
            "strict": '"mean(gain) > 0"',
            "lenient": '"mean(gain) > 0"',
            "catastrophic": '"mean(gain) < 0"',
            "parametrize": None,
            "replicate": str(replicate) if replicate else None,
        },
        sections={"Strict": "0", "Lenient": "0", "Catastrophic": "0"},
    )
    path.write_text(path.read_text().replace("def experiment", f"{stacked}\ndef experiment"))
    results = pytester.path / "results"
    result = pytester.runpytest_inprocess("-p", "no:randomly", "-q", "--bets-results", str(results))
    assert result.ret == pytest.ExitCode.OK
    found = cells(pytester)
    for name in names:
        pairs = [(cell["params"][name], type(cell["params"][name]), cell["measured"][f"key_{name}"]) for cell in found]
        for one, other in product(pairs, pairs):
            assert (one[:2] == other[:2]) is (one[2] == other[2]), (one, other)


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ('"rule", [{"x": 1}, {"x": 2}], ids=["small", "large"]', ["small", "large"]),
        ('"rule", [{"x": 1}, {"x": 2}], ids=lambda value: f"x{value[\'x\']}"', ["x1", "x2"]),
        ('"rule", [pytest.param({"x": 1}, id="small"), {"x": 2}]', ["small", "rule1"]),
        ('argnames="rule", argvalues=[{"x": 1}, {"x": 2}], ids=iter(["small", "large"])', ["small", "large"]),
        ('["rule"], [({"x": 1},), ({"x": 2},)], ids=["small", "large"]', ["small", "large"]),
    ],
)
def test_an_id_that_the_author_gives_is_the_name(
    bet: WriteBet, run: Run, pytester: pytest.Pytester, marker: str, expected: list[str]
) -> None:
    """As pytest shows it in the node id, with a second axis beside it."""
    bet(
        body='return {"gain": 1}',
        arguments="rule, seed",
        markers={
            "strict": '"groups(rule, mean(gain) > 0) >= 2"',
            "lenient": '"mean(gain) > 0"',
            "catastrophic": '"mean(gain) < 0"',
            "parametrize": marker,
            "replicate": "2",
        },
        sections={"Strict": "2", "Lenient": "0", "Catastrophic": "0"},
    )
    run()
    assert [cell["params"]["rule"] for cell in cells(pytester)] == expected * 2


@pytest.mark.parametrize("indirect", ["", ', indirect=["rule"]'], ids=["fixture", "indirect"])
def test_parameters_of_fixtures_have_the_same_names(
    bet: WriteBet, run: Run, pytester: pytest.Pytester, indirect: str
) -> None:
    """A fixture with params, and one that is parametrized indirectly, beside another axis."""
    params = "" if indirect else 'params=[Good, Bad, {"a": 1}], ids=["good", None, "dict"], '
    bet(
        body='return {"gain": 1, "is_good": rule is Good}',
        above=f'{ABOVE}\n@pytest.fixture({params}scope="module")\ndef rule(request): return request.param',
        arguments="rule, part",
        markers={
            "strict": '"groups(rule, mean(gain) > 0) >= 3"',
            "lenient": '"mean(gain) > 0"',
            "catastrophic": '"mean(gain) < 0"',
            "parametrize": '"part", [1, 2]' if not indirect else f'"part, rule", [(1, Good), (2, Bad)]{indirect}',
        }
        | ({"strict": '"groups(rule, mean(gain) > 0) >= 2"'} if indirect else {}),
        sections={"Strict": "2 or 3", "Lenient": "0", "Catastrophic": "0"},
    )
    run()
    names = {cell["params"]["rule"] for cell in cells(pytester)}
    assert names == ({"Good", "Bad"} if indirect else {"good", "Bad", "dict"})
    good = {cell["params"]["rule"] for cell in cells(pytester) if cell["measured"]["is_good"]}
    assert good == ({"Good"} if indirect else {"good"})


REPEATED = (
    "its cells were not run: the parameter `{name}` multiplies the cells, and is defined neither in the bet file nor "
    "in code that its record covers. A plugin that repeats tests adds such parameters (pytest-repeat, flakefinder): "
    "leave its option out. @pytest.mark.replicate(n) declares repetitions."
)


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["plain", "distributed"])
def test_pytest_repeat_cannot_double_the_cells(bet: WriteBet, run: Run, arguments: tuple[str, ...]) -> None:
    """The bet is refused with the parameter's name; the test beside it is repeated, as the user asked."""
    pytest.importorskip("pytest_repeat")
    bet(body='raise AssertionError("this cell ran")')
    Path("test_beside.py").write_text("def test_one(): pass\n")
    shown = run("-p", "pytest_repeat", "--count", "2", *arguments, expect=pytest.ExitCode.TESTS_FAILED)
    assert REPEATED.format(name="__pytest_repeat_step_number") in shown
    assert "this cell ran" not in shown
    assert "2 passed, 11 skipped, 1 error" in shown
    assert not Path("results").exists()


def test_a_hook_of_a_plugin_that_no_record_covers_is_refused(
    bet: WriteBet, run: Run, pytester: pytest.Pytester
) -> None:
    """It is not in the code digest, so two runs with the same digests could have different cells."""
    hook = """
def pytest_generate_tests(metafunc):
    metafunc.fixturenames.append("turn")
    metafunc.parametrize("turn", [1, 2])
"""
    outside = pytester.mkdir("outside")
    (outside / "turning.py").write_text(hook)
    pytester.syspathinsert(outside)
    bet("bets/bet_1_first.py")
    Path("bets/pytest.ini").write_text("[pytest]\n")
    shown = run("-p", "turning", "bets", expect=pytest.ExitCode.TESTS_FAILED)
    assert REPEATED.format(name="turn") in shown


@pytest.mark.parametrize("place", ["conftest", "bet"])
def test_a_hook_of_the_project_may_span_the_sweep(
    bet: WriteBet, run: Run, pytester: pytest.Pytester, place: str
) -> None:
    """A conftest.py and the bet file are in the code that the record covers."""
    hook = """
def pytest_generate_tests(metafunc):
    if "part" in metafunc.fixturenames:
        metafunc.parametrize("part", [1, 2, 3, 4])
"""
    bet(markers={"parametrize": None}, above=hook if place == "bet" else "")
    if place == "conftest":
        Path("conftest.py").write_text(hook)
    run()
    assert [cell["params"]["part"] for cell in cells(pytester)] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--forked", "--forked does not go with bets: what a forked child measures is lost."),
        ("--force-flaky", "--force-flaky does not go with bets: running until it passes"),
        ("--retries=2", "--retries does not go with bets: running until it passes"),
    ],
)
def test_options_that_repeat_or_hide_cells_refuse_the_bet(bet: WriteBet, run: Run, option: str, words: str) -> None:
    """pytest-forked, flaky and pytest-retry are known by their options, which a conftest.py stands in for here."""
    Path("conftest.py").write_text(
        "def pytest_addoption(parser):\n"
        '    parser.addoption("--forked", action="store_true")\n'
        '    parser.addoption("--force-flaky", action="store_true")\n'
        '    parser.addoption("--retries", type=int)\n'
    )
    bet()
    assert words in run(option, expect=pytest.ExitCode.TESTS_FAILED)
    assert not Path("results").exists()
    run()


@pytest.mark.parametrize(
    ("base", "values", "named"),
    [
        ("str, enum.Enum", '"docs", "code"', ["docs", "code"]),
        ("enum.IntEnum", "3, 4", [3, 4]),
        ("enum.StrEnum", '"a", "b"', ["a", "b"]),
    ],
)
def test_a_member_of_an_enum_that_is_plain_has_the_name_of_its_value(
    bet: WriteBet, run: Run, pytester: pytest.Pytester, base: str, values: str, named: list[object]
) -> None:
    """It equals its value in Python, and so in a sentence."""
    first, second = values.split(", ")
    bet(
        above=f"import enum\nclass Kind({base}):\n    FIRST = {first}\n    SECOND = {second}",
        body='return {"gain": 1.0 if part is Kind.FIRST else -1.0}',
        markers={
            "strict": f"'count(part == {first} and gain > 0) >= 1'",
            "lenient": f"'count(part == {first} and gain > 0) >= 1'",
            "catastrophic": f"'count(part == {first} and gain > 0) < 1'",
            "parametrize": '"part", [Kind.FIRST, Kind.SECOND]',
        },
        sections={
            "Strict": "at least 1 of the parts 3 or docs.",
            "Lenient": "at least 1 of the parts 3 or docs.",
            "Catastrophic": "fewer than 1 of the parts 3 or docs.",
        },
    )
    assert "1_first  PASS" in run()
    assert [cell["params"]["part"] for cell in cells(pytester)] == named
