"""Evaluation: held against numpy on random sentences, and against the laws that a criterion must keep."""

import math
import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from pytest_bets.diagnostics import EvaluationError, SentenceError
from pytest_bets.sentence.ast import Sentence, names
from pytest_bets.sentence.evaluate import Row, distance, satisfied, value
from pytest_bets.sentence.parse import parse

Array = NDArray[Any]
Table = dict[str, Array]
Meaning = Callable[[Table], Array]
Phrase = tuple[str, Meaning]
"""A piece of a sentence, and what it says in numpy."""

ARITHMETIC: dict[str, Callable[[Array, Array], Array]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": lambda left, right: np.where(right == 0, np.nan, np.divide(left, right)),
}
COMPARISONS: dict[str, Callable[[Array, Array], Array]] = {
    ">=": np.greater_equal,
    ">": np.greater,
    "<=": np.less_equal,
    "<": np.less,
    "==": np.equal,
    "!=": np.not_equal,
}


def parse_or_assume(text: str) -> Sentence:
    try:
        return parse(f"{text} >= 0")
    except SentenceError as error:
        assume("reads no measurement" not in error.problem)
        raise


def constant(number: float) -> Phrase:
    return f"({number})", lambda _: np.array(float(number))


def joined(sign: str, left: Phrase, right: Phrase) -> Phrase:
    return f"({left[0]} {sign} {right[0]})", lambda table: ARITHMETIC[sign](left[1](table), right[1](table))


def compared(sign: str, left: Phrase, right: Phrase) -> Phrase:
    def meaning(table: Table) -> Array:
        one, other = left[1](table), right[1](table)
        return np.where(np.isnan(one) | np.isnan(other), np.nan, COMPARISONS[sign](one, other))

    return f"({left[0]} {sign} {right[0]})", meaning


def decided(word: str, left: Phrase, right: Phrase) -> Phrase:
    def meaning(table: Table) -> Array:
        both = np.stack(np.broadcast_arrays(left[1](table), right[1](table)))
        decisive = (both == 0).any(axis=0) if word == "and" else ((both != 0) & ~np.isnan(both)).any(axis=0)
        return np.where(
            decisive, float(word == "or"), np.where(np.isnan(both).any(axis=0), np.nan, float(word == "and"))
        )

    return f"({left[0]} {word} {right[0]})", meaning


def denied(phrase: Phrase) -> Phrase:
    def meaning(table: Table) -> Array:
        truth = phrase[1](table)
        return np.where(np.isnan(truth), np.nan, truth == 0)

    return f"(not {phrase[0]})", meaning


def turned(phrase: Phrase) -> Phrase:
    return f"(-{phrase[0]})", lambda table: -phrase[1](table)


def kind_is(kind: str) -> Phrase:
    return f"(kind == '{kind}')", lambda table: (table["kind"] == kind).astype(float)


def named(name: str) -> Phrase:
    return name, lambda table: table[name]


NAMED = st.sampled_from("ab").map(named)
DIVISORS = st.one_of(NAMED, st.sampled_from([0, 2, 3, -4]).map(constant))


def numeric(inner: st.SearchStrategy[Phrase]) -> st.SearchStrategy[Phrase]:
    return st.one_of(
        st.builds(joined, st.sampled_from("+-*"), inner, inner),
        st.builds(joined, st.just("/"), inner, DIVISORS),
        st.builds(turned, inner),
    )


def truthful(inner: st.SearchStrategy[Phrase]) -> st.SearchStrategy[Phrase]:
    return st.one_of(
        st.builds(compared, st.sampled_from(sorted(COMPARISONS)), inner, inner),
        st.builds(decided, st.sampled_from(["and", "or"]), inner, inner),
        st.builds(denied, inner),
    )


COLUMNS = st.recursive(
    st.one_of(NAMED, st.sampled_from(["red", "blue"]).map(kind_is), st.integers(-3, 3).map(constant)),
    lambda inner: numeric(inner) | truthful(inner),
    max_leaves=6,
)


def unless_nan(reduce: Callable[[Array], Any]) -> Callable[[Array], float]:
    return lambda column: math.nan if np.isnan(column).any() else float(reduce(column))


REDUCERS: dict[str, Callable[[Array], float]] = {
    "count": unless_nan(np.count_nonzero),
    "share": unless_nan(lambda column: np.mean(column != 0)),
    "sum": unless_nan(np.sum),
    "mean": unless_nan(np.mean),
    "median": unless_nan(np.median),
    "min": unless_nan(np.min),
    "max": unless_nan(np.max),
    "std": unless_nan(lambda column: np.std(column, ddof=1)),
    "iqm": unless_nan(lambda column: stats.trim_mean(column, 0.25)),
}
BY_ORDER = ("count", "median", "min", "max")  # which round nothing, so that a comparison with them is certain


def reduced(name: str, column: Phrase) -> Phrase:
    return f"{name}({column[0]})", lambda table: np.array(
        REDUCERS[name](np.broadcast_to(column[1](table), len(table["a"])))
    )


def grouped(condition: Phrase) -> Phrase:
    def meaning(table: Table) -> Array:
        parts = [{name: column[table["user"] == user] for name, column in table.items()} for user in set(table["user"])]
        return np.array(REDUCERS["count"](np.array([condition[1](part) for part in parts])))

    return f"groups(user, {condition[0][1:-1]})", meaning


CERTAIN = st.builds(reduced, st.sampled_from(BY_ORDER), COLUMNS)
VALUES = st.recursive(
    st.builds(reduced, st.sampled_from(sorted(REDUCERS)), COLUMNS) | truthful(CERTAIN).map(grouped),
    lambda inner: st.one_of(
        st.builds(joined, st.sampled_from("+-"), inner, inner),
        st.builds(joined, st.sampled_from("*/"), inner, st.sampled_from([2, 3, -4]).map(constant)),
        st.builds(turned, inner),
    ),
    max_leaves=3,
)
CELLS = st.lists(
    st.fixed_dictionaries(
        {
            "a": st.integers(-4, 4) | st.booleans() | st.just(math.nan),
            "b": st.integers(-4, 4) | st.sampled_from([0.25, -0.5]),
            "kind": st.sampled_from(["red", "blue", ""]),
            "user": st.sampled_from([1, 2, 3]),
        }
    ),
    min_size=1,
    max_size=9,
)


@settings(max_examples=400, deadline=None)
@given(VALUES, CELLS)
def test_a_value_is_what_numpy_computes(phrase: Phrase, cells: list[Row]) -> None:
    """Any value over any cells, NaN among them, is that of the same expression over numpy arrays."""
    text, meaning = phrase
    assume(len(text) < 480)
    sentence = parse_or_assume(text)
    table = {name: np.array([cell[name] for cell in cells]) for name in ("a", "b", "kind", "user")}
    table |= {name: table[name].astype(float) for name in "ab"}
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        expected = float(meaning(table))
    assert value(sentence, cells) == pytest.approx(expected, rel=1e-9, abs=1e-6, nan_ok=True)


FLOATS = st.floats() | st.sampled_from([0.0, -0.0, 1.0, 5e-324, 1.7e308, -1.7e308])
ROWS = st.lists(st.fixed_dictionaries({"a": FLOATS, "b": FLOATS, "user": st.integers(1, 3)}), min_size=1, max_size=9)
NUMERIC = st.recursive(
    NAMED | st.integers(-3, 3).map(constant), lambda inner: numeric(inner) | truthful(inner), max_leaves=5
)
LEVELS = {"quantile": ", 0.3", "low": ", 0.9", "high": ""}
SENTENCES = st.one_of(
    st.tuples(st.sampled_from(sorted({*REDUCERS, *LEVELS})), NUMERIC).map(
        lambda parts: f"{parts[0]}({parts[1][0]}{LEVELS.get(parts[0], '')})"
    ),
    st.tuples(st.sampled_from(sorted(REDUCERS)), NUMERIC).map(
        lambda parts: f"groups(user, {parts[0]}({parts[1][0]}) > 0.5) + mean(a)"
    ),
)


@settings(max_examples=300, deadline=None)
@given(SENTENCES, ROWS, st.randoms(use_true_random=False))
def test_the_order_of_cells_never_matters(text: str, rows: list[Row], shuffler: random.Random) -> None:
    """Shuffled cells give the same value to the last bit, the sign of a zero included."""
    sentence = parse_or_assume(text)
    shuffled = list(rows)
    shuffler.shuffle(shuffled)
    assert repr(value(sentence, shuffled)) == repr(value(sentence, rows))


TIGHTER: dict[str, Callable[[float, float], bool]] = {
    ">=": lambda tight, loose: tight >= loose,
    ">": lambda tight, loose: tight >= loose,
    "<=": lambda tight, loose: tight <= loose,
    "<": lambda tight, loose: tight <= loose,
}
THRESHOLDS = st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)


@given(FLOATS, THRESHOLDS, THRESHOLDS, st.sampled_from(sorted(TIGHTER)))
def test_tightening_a_threshold_never_turns_unmet_into_met(
    measured: float, one: float, other: float, operator: str
) -> None:
    """What meets a tight threshold meets every looser one."""
    tight, loose = (one, other) if TIGHTER[operator](one, other) else (other, one)
    if satisfied(parse(f"a {operator} {tight!r}"), measured):
        assert satisfied(parse(f"a {operator} {loose!r}"), measured)


@given(FLOATS, THRESHOLDS, st.sampled_from(sorted([*TIGHTER, "=="])))
def test_the_margin_has_the_sign_of_the_answer(measured: float, threshold: float, operator: str) -> None:
    """The margin is positive where the sentence is met with room, negative where it is missed, NaN where undefined."""
    assume(operator != "==" or threshold == int(threshold))
    sentence = parse(f"a {operator} {threshold!r}")
    margin, met = distance(sentence, measured), satisfied(sentence, measured)
    if math.isnan(measured):
        assert met is None
        assert math.isnan(margin)
    elif margin > 0:
        assert met
    elif margin < 0:
        assert not met
    else:
        assert measured == pytest.approx(threshold, rel=1e-15, abs=0)


@pytest.mark.parametrize(
    ("operator", "measured", "met", "margin"),
    [
        (">=", 12, True, 0),
        (">=", 11.5, False, -0.5),
        (">", 12, False, 0),
        (">", 13, True, 1),
        ("<=", 12, True, 0),
        ("<=", math.inf, False, -math.inf),
        ("<", 12, False, 0),
        ("<", -math.inf, True, math.inf),
        ("==", 12, True, 0),
        ("==", 15, False, -3),
        ("==", math.inf, False, -math.inf),
    ],
)
def test_each_operator_compares_with_the_threshold(operator: str, measured: float, met: bool, margin: float) -> None:
    """Infinity compares as a number, and a margin says how far the value is on the sentence's side."""
    sentence = parse(f"a {operator} 12")
    assert satisfied(sentence, measured) is met
    assert distance(sentence, measured) == margin


@settings(max_examples=300, deadline=None)
@given(SENTENCES.filter(lambda text: " and " not in text and " or " not in text), ROWS, st.data())
def test_a_nan_that_is_read_makes_the_sentence_undefined(text: str, rows: list[Row], data: st.DataObject) -> None:
    """Arithmetic, comparisons, `not`, every reducer and groups let no NaN vanish, so that it satisfies nothing."""
    sentence = parse_or_assume(text)
    assume("a" in names(sentence.value))
    spoiled = [dict(row) for row in rows]
    data.draw(st.sampled_from(spoiled))["a"] = math.nan
    measured = value(sentence, spoiled)
    for operator in (*TIGHTER, "=="):
        assert satisfied(parse(f"a {operator} 0"), measured) is None


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("a > 6 or b > 0", 1),
        ("a > 6 or b > 9", math.nan),
        ("a > 6 and b > 9", 0),
        ("a > 6 and b > 0", math.nan),
        ("not (a > 6)", math.nan),
        ("not (a > 6 and b > 9)", 1),
        ("a != a", math.nan),
        ("a == a", math.nan),
        ("a * 0", math.nan),
        ("b or a", 1),
        ("a or b", 1),
    ],
)
def test_and_and_or_decide_without_the_nan_where_the_other_side_decides(column: str, expected: float) -> None:
    """`and` is false beside a false, `or` is true beside a true, whatever the undefined side would be."""
    assert value(parse(f"count({column}) >= 1"), [{"a": math.nan, "b": 1}]) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a / b", math.nan),
        ("-a / b", math.nan),
        ("a / -b", math.nan),
        ("b / b", math.nan),
        ("endless / b", math.nan),
        ("1 / (a / b)", math.nan),
        ("a / 5e-324", math.nan),
        ("endless / 2", math.inf),
        ("endless / -2", -math.inf),
        ("a / endless", 0),
        ("endless - endless", math.nan),
        ("a * 1e308 * 1e308", math.inf),
        ("flag + flag", 2),
        ("a - -a", 6),
    ],
)
def test_arithmetic_is_that_of_floats(text: str, expected: float) -> None:
    """But that a division by zero is undefined; overflow is infinite, a boolean counts: nothing raises."""
    cell = {"a": 3, "b": 0, "flag": True, "endless": math.inf}
    assert value(parse(f"{text} > 0"), [cell]) == pytest.approx(expected, nan_ok=True)


def test_groups_count_the_groups_in_which_the_condition_holds() -> None:
    """Cells are grouped by a parameter of any kind, and a number is no boolean and no string."""
    rows: list[Row] = [
        {"user": user, "a": a} for user, a in [("x", 1), ("x", 3), ("y", 0), ("y", 1), (1, 9), (True, 9), ("1", 9)]
    ]
    assert value(parse("groups(user, mean(a) >= 2) >= 1"), rows) == 4
    listed: list[Row] = [{"user": [1], "a": 1}, {"user": [1], "a": 0}, {"user": {"k": 1}, "a": 1}]
    assert value(parse("groups(user, min(a) > 0) >= 1"), listed) == 1


SIZES = st.lists(st.integers(1, 4), min_size=2, max_size=6)


@given(SIZES, st.sampled_from([0.5, 0.9, 0.95, 0.99]), st.data())
def test_an_interval_over_units_is_the_t_interval_of_their_means(
    sizes: list[int], level: float, data: st.DataObject
) -> None:
    """Held against scipy: the mean of the units' means, their standard error, and units - 1 degrees of freedom."""
    users = [user for user, size in enumerate(sizes) for _ in range(size)]
    values = [data.draw(st.integers(-100, 100)) / 8 for _ in users]
    rows: list[Row] = [{"user": user, "a": a} for user, a in zip(users, values, strict=True)]
    means = [float(np.mean([values[at] for at in range(len(values)) if users[at] == user])) for user in set(users)]
    low, high = (value(parse(f"{end}(a, {level}, user) > 0"), rows) for end in ("low", "high"))
    width = float(stats.t.ppf((1 + level) / 2, len(sizes) - 1) * stats.sem(means))
    assert low == pytest.approx(np.mean(means) - width)
    assert high == pytest.approx(np.mean(means) + width)


@given(st.integers(2, 5), st.integers(2, 4), st.randoms(use_true_random=False))
def test_replicates_that_repeat_a_unit_narrow_no_interval(units: int, replicates: int, shuffler: random.Random) -> None:
    """Cells that are copies of their unit say as much as one cell a unit does, in any order of the cells."""
    single: list[Row] = [{"user": user, "a": user + shuffler.random()} for user in range(0, 2 * units, 2)]
    repeated = [{**row, "seed": seed} for row in single for seed in range(replicates)]
    shuffler.shuffle(repeated)
    by_unit, by_cell = parse("low(a, user) > 0"), parse("low(a) > 0")
    assert value(by_unit, repeated) == pytest.approx(value(by_cell, single))
    assert value(by_unit, single) == value(by_cell, single)
    assert value(by_cell, repeated) > value(by_unit, repeated)


def test_an_interval_over_units_is_undefined_where_their_means_say_nothing() -> None:
    """One unit has no spread, a NaN in any cell of any unit is one of the whole, as without a unit."""
    rows: list[Row] = [{"user": "x", "a": 1}, {"user": "x", "a": 3}, {"user": "y", "a": 4}]
    assert math.isnan(value(parse("low(a, user) > 0"), rows[:2]))
    assert math.isnan(value(parse("low(a, user) > 0"), [*rows, {"user": "x", "a": math.nan}]))
    assert value(parse("groups(part, low(a, user) < 0) > 0"), [{"part": 1, **row} for row in rows]) == 1


@pytest.mark.parametrize(
    ("text", "cells", "message"),
    [
        ("low(a, user)", [{"a": 1}], "`user` was not measured; the names are a"),
        (
            "mean(gian)",
            [{"gain": 1, "loss": 2}],
            "`gian` was not measured; the names are gain, loss; did you mean gain?",
        ),
        ("mean(xyz)", [{"gain": 1}], "`xyz` was not measured; the names are gain"),
        ("mean(gain)", [{"gain": 1}, {"loss": 2}], "`gain` was not measured in 1 of 2 cells"),
        ("groups(user, max(gain) > 1)", [{"gain": 1}], "`user` was not measured; the names are gain"),
        ("mean(curve)", [{"curve": [1, 2]}], "`curve` is a list, and a sentence compares numbers and strings"),
        ("mean(none)", [{"none": None}], "`none` is a NoneType, and a sentence compares numbers and strings"),
        ("mean(kind)", [{"kind": "x"}], "'x' is a string, and `mean(...)` needs a number"),
        ("kind", [{"kind": "x"}], "'x' is a string, and `kind` needs a number"),
        ("count(kind and 1)", [{"kind": "x"}], "'x' is a string, and `and` needs a number"),
        ("count(not kind)", [{"kind": "x"}], "'x' is a string, and `not` needs a number"),
        ("count(-kind)", [{"kind": "x"}], "'x' is a string, and `-` needs a number"),
        ("count(kind + 1)", [{"kind": "x"}], "'x' is a string, and `+` needs a number"),
        ("count(kind == 1)", [{"kind": "x"}], "`'x' == 1.0` compares a number with a string"),
        ("count(kind < 'y')", [{"kind": "x"}], "`'x' < 'y'`: strings are compared with == and != alone"),
        ("a", [{"a": 1}, {"a": 2}], "`a` stands outside a reducer in a bet of 2 cells"),
        ("mean(a)", [], "there is no cell"),
        ("groups(user, max(a) > 1)", [], "there is no cell"),
        ("mean(a)", [{"a": 10**400}], "`a` is an integer beyond all floats"),
    ],
)
def test_what_cannot_be_evaluated_is_named(text: str, cells: list[Row], message: str) -> None:
    """A missing name, a list, a string among numbers, no cell at all: an error that says which and why."""
    with pytest.raises(EvaluationError) as caught:
        value(parse(f"{text} >= 1"), cells)
    assert str(caught.value).startswith(message)
