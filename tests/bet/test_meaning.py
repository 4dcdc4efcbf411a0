"""What recorded constants and sweeps mean, whatever words they are written in."""

import ast
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.diff import changes, prose_changes
from pytest_bets.bet.meaning import meaning, same
from tests.helpers.example import changed, of

ALIKE = [
    ("range(0, 4)", "range(4)"),
    ("range(4)", "[0, 1, 2, 3]"),
    ("dict()", "{}"),
    ("dict(a=1, b=2)", "{'a': 1, 'b': 2}"),
    ("set([2, 1])", "{1, 2}"),
    ("list((1, 2))", "[1, 2]"),
    ("tuple([1, 2])", "(1, 2)"),
    ("sorted(list((2, 1)))", "sorted((2, 1))"),
    ("[x for x in range(3)]", "list(range(3))"),
    ("[x * y for x in (1, 2) for y in (3, 4) if y > 3]", "[4, 8]"),
    ("2 ** 10", "1024"),
    ("float('1.5')", "1.5"),
    ("not a == b", "not (a == b)"),
    ("Config(steps=range(0, 2), name='x')", 'Config(steps=range(2), name="x")'),
    ("f\"{NAMES['a']} b\"", "f'{NAMES[\"a\"]} b'"),
    ("BASE * 2", "6"),
    ("'{} steps'.format(BASE)", "f'{BASE} steps'"),
    ("'%d steps' % BASE", "'3 steps'"),
    ("'%s and %s' % (BASE, 4)", "f'{BASE} and {4}'"),
    ("'{0:.2f}'.format(BASE)", "f'{BASE:.2f}'"),
    ("'{x}'.format(x=BASE)", "f'{BASE}'"),
    ("[*range(2), 5]", "[0, 1, 5]"),
    ("f'{x}' 'a' f'b{y}'", "f'{x}ab{y}'"),
]
APART = [
    ("range(0, 4)", "range(5)"),
    ("range(4)", "range(0, 8, 2)"),
    ("lab.sizes()", "lab.easier()"),
    ("{1, 2}", "{1, 3}"),
    ("f\"{NAMES['a']}\"", "f\"{NAMES['b']}\""),
    ("from lab import X", "from lab import Y"),
    ("[x for x in range(3)]", "[x + 1 for x in range(3)]"),
    ("1", "1.0"),
    ("1", "True"),
    ("BASE * 2", "BASE * 3"),
    ('len("\'".strip())', "len(\"''''\".strip())"),
    ("f(\"a', 'b\")", "f('a', 'b')"),
    ('f("it\'s")', "f('its')"),
]
KNOWN = {"BASE": 3, "OTHER": {"source": "lab.OTHER"}}


def text(source: str) -> dict[str, object]:
    return {"source": source}


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_other_words_for_the_same_mean_the_same(one: str, other: str) -> None:
    """As formatters, linters and versions of Python write them."""
    assert same(text(one), text(other), (KNOWN, KNOWN))


@pytest.mark.parametrize(("one", "other"), APART)
def test_another_value_means_another_thing(one: str, other: str) -> None:
    """However alike the texts are."""
    assert not same(text(one), text(other), (KNOWN, KNOWN))


def test_the_text_of_a_later_python_is_compared_as_it_is() -> None:
    """Python 3.12 writes f-strings that 3.11 cannot parse."""
    assert same(text("f'{NAMES['a']}'"), text("f\"{NAMES['a']}\""))
    later, now = "g(f'{x:>{w}} {{a}} {NAMES['b']}', '{')", "g(f\"{x:>{w}} {{a}} {NAMES['b']}\", '{')"
    assert same(text(later), text(now))
    assert not same(text(later), text(now.replace("'b'", "'c'")))


def test_a_builtin_that_the_file_binds_is_not_computed() -> None:
    """`range` may be a function of the laboratory, or of the bet file itself."""
    listed, called = ("STEPS = 100", "STEPS = [1, 2]"), ("STEPS = 100", "STEPS = list(range(1, 3))")
    (spelled,) = changes(changed(*listed), changed(*called))
    assert spelled.kind == "reworded"
    for binding in (
        "from bets.lab import losses as range",
        "def range(*_):\n    return [9]",
        "if True:\n    range = enumerate",
        "def other():\n    global range\n    range = enumerate",
    ):
        (moved,) = changes(changed(*listed), changed("STEPS = 100", f"STEPS = list(range(1, 3))\n{binding}"))
        assert moved.kind == "replaced", binding


def swept(arguments: str) -> Declaration:
    return changed('"part", SLICES', arguments)


@pytest.mark.parametrize(
    "alike",
    ['("part",), [(1,), (2,)]', '["part"], ([1], [2])', '("part",), [(1,), (1 + 1,)]',
     '"part", [pytest.param(1, id="a"), 2]', '("part",), [pytest.param(1), (2,)]'],
)  # fmt: skip
def test_a_sweep_of_one_name_may_be_in_tuples_and_its_values_may_have_ids(alike: str) -> None:
    """Ruff writes `("size",), [(1,)]` as `"size", [1]` (PT006)."""
    (moved,) = changes(swept(alike), swept('"part", [1, 2]'))
    assert (moved.subject, moved.kind) == ("sweep", "reworded")


@pytest.mark.parametrize(
    "other", ['"part", [(1,), (2,)]', '("part",), [(1,), (3,)]', '"part", [pytest.param(1, marks=SKIP), 2]']
)
def test_a_tuple_that_is_a_value_is_another_one(other: str) -> None:
    """And so is a value with a mark, which may leave it out."""
    (moved,) = changes(swept(other), swept('"part", [1, 2]'))
    assert moved.kind != "reworded"


@pytest.mark.parametrize(
    "hostile",
    ["10 ** 10 ** 10", "[0] * 10 ** 12", "range(10 ** 12)", "'a' * 10 ** 9", "'%99999999999d' % 3",
     "'%*d' % (99999999999, 3)", "'{:99999999999}'.format(3)", "f'{3:99999999999}'",

     "'{:{}}'.format(3, 99999999999)", "f'{3:{99999999999}}'",

     "[x for a in range(9999) for b in range(9999) for x in range(9999)]", "-" * 5000 + "1", "(" * 300 + ")" * 300,
     "sum(range(10 ** 9))", "(9 ** 60) ** 60 ** 2", "[[[0] * 9999] * 9999] * 9999", "max()", "1 / 0", "open('x')",
     "__import__('os').system('exit 1')", "round(1.5, 10 ** 9)"],
)  # fmt: skip
def test_hostile_text_is_compared_at_once_and_never_run(hostile: str) -> None:
    """It comes from a repository of a stranger."""
    start = time.process_time()
    meaning(text(hostile))
    assert time.process_time() - start < 2


LEAVES = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=4)
LISTS = st.lists(LEAVES | st.lists(LEAVES, max_size=2), max_size=3)
LITERALS = LEAVES | LISTS | st.dictionaries(st.text(max_size=3), LEAVES | LISTS, max_size=3)


@given(value=LITERALS)
def test_a_literal_means_its_value(value: object) -> None:
    """As the syntax tree has it."""
    assert meaning(text(repr(value))) == value
    assert meaning(value) == value
    assert ast.literal_eval(repr(value)) == value


def test_a_changed_spelling_is_reworded_and_a_changed_value_is_replaced() -> None:
    """Of a constant and of a sweep."""
    plain = of()
    (spelled,) = changes(plain, changed("STEPS = 100", "STEPS = 10 * 10"))
    assert (spelled.subject, spelled.kind, spelled.name) == ("constants", "reworded", "STEPS")
    (swept,) = changes(plain, changed('("part", SLICES)', '("part", sorted({"functions", "docs", "comments"}))'))
    assert (swept.subject, swept.kind) == ("sweep", "replaced")
    (swept,) = changes(plain, changed('("part", SLICES)', '("part", list(SLICES))'))
    assert (swept.subject, swept.kind) == ("sweep", "reworded")


def test_changes_of_what_people_read_name_the_section_and_both_texts() -> None:
    """The digest leaves them out; the words of a tier count where its sentences stay."""
    plain = of()
    (title,) = prose_changes(plain, changed("is not the luck of one seed", "is luck"))
    assert (title.subject, title.name, title.kind) == ("words", "title", "reworded")
    (scope,) = prose_changes(plain, changed("says nothing of 1B and more", "holds at 1B"))
    assert "says nothing" in scope.before
    assert "holds at 1B" in scope.after
    assert prose_changes(plain, changed("Run: pytest bets", "Run: pytest -q bets")) == []
    assert prose_changes(plain, changed("at least 12 of 15", "at least  12  of 15")) == []
    (strict,) = prose_changes(plain, changed("norm-only wins in at least 12", "norm-only is as good in at least 12"))
    assert strict.name == "strict"
