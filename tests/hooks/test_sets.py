"""A set as the values of a sweep is refused: it has no order, and each process would number the cells in its own."""

from pathlib import Path

import pytest

from tests.helpers.fixtures import Refused, Run, WriteBet

NO_ORDER = "its values from a set, which has no order: each process would number the cells in its own"
EXPECTED = "  expected: a list, or `sorted(...)`"
FIXTURE = "@pytest.fixture(params={})\ndef part(request): return request.param"
PARTS = 'PARTS = frozenset({("a", 1), ("b", 2)})'


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ('{("a", 1), ("b", 2)}', "{('a', 1), ('b', 2)}"),
        ('{"a", "b"}', "{'a', 'b'}"),
        ("{1, 2}", "{1, 2}"),
        ('frozenset("ab")', "frozenset('ab')"),
        ("PARTS", "PARTS"),
        ("PARTS | {1}", "PARTS | {1}"),
        ("{part for part in PARTS}", "{part for part in PARTS}"),
    ],
)
def test_a_set_is_refused_with_its_line(bet: WriteBet, refused: Refused, values: str, shown: str) -> None:
    """By `parametrize` and by a fixture; strings too, as their order depends on the seed of hashes."""
    path = bet(above=PARTS, markers={"parametrize": f'"part", {values}'})
    line = 1 + path.read_text().splitlines().index(f'@pytest.mark.parametrize("part", {values})')
    lines = f"bet_1_first.py:{line}: parametrize gives `part` {NO_ORDER}\n    {shown}\n{EXPECTED}"
    assert lines in refused()
    path = bet(above=f"{PARTS}\n{FIXTURE.format(values)}", markers={"parametrize": None})
    line = 1 + path.read_text().splitlines().index(f"@pytest.fixture(params={values})")
    lines = f"bet_1_first.py:{line}: the fixture `part` takes {NO_ORDER}\n    {shown}\n{EXPECTED}"
    assert lines in refused()


@pytest.mark.parametrize(
    ("mark", "names"),
    [
        ('argnames=("part", "other"), argvalues={(1, 2), (3, 4)}', ["other", "part"]),
        ('"part, other", {(1, 2), (3, 4)}', ["other", "part"]),
    ],
)
def test_every_parameter_of_a_set_is_named(bet: WriteBet, refused: Refused, mark: str, names: list[str]) -> None:
    """Whatever the form of `parametrize`."""
    bet(markers={"parametrize": mark}, arguments="part, other")
    shown = refused()
    assert all(f"parametrize gives `{name}` {NO_ORDER}" in shown for name in names)


def test_sets_elsewhere_are_found(bet: WriteBet, refused: Refused) -> None:
    """In a hook of the bet file, and in a fixture of a conftest.py."""
    hook = 'def pytest_generate_tests(metafunc): metafunc.parametrize("part", {1, 2})'
    bet(above=hook, markers={"parametrize": None})
    assert f"parametrize gives `part` {NO_ORDER}" in refused()
    Path("conftest.py").write_text(f"import pytest\n\n{FIXTURE.format('{1, 2}')}\n")
    bet(markers={"parametrize": None})
    assert f"conftest.py:3: the fixture `part` takes {NO_ORDER}" in refused()


def test_workers_refuse_a_set_too(bet: WriteBet, run: Run) -> None:
    """The error is the same, and nothing is measured."""
    bet(markers={"parametrize": '"part", {("a", 1), ("b", 2)}'})
    assert f"parametrize gives `part` {NO_ORDER}" in run("-n", "2", expect=pytest.ExitCode.TESTS_FAILED)
    assert not Path("results").exists()


@pytest.mark.parametrize(
    "values", ["{1: 2, 3: 4, 5: 6, 7: 8}", "{1: 2, 3: 4, 5: 6, 7: 8}.keys()", "sorted({1, 2, 3, 4})"]
)
def test_what_has_an_order_is_welcome(bet: WriteBet, run: Run, values: str) -> None:
    """The keys of a dict stand in the order in which they are written."""
    bet(markers={"parametrize": f'"part", {values}'})
    run()
    bet(above=FIXTURE.format(values), markers={"parametrize": None})
    run()
