"""Measured values: what is made plain, what is refused in which words, and the JSON that holds it."""

import json
import math
from collections import OrderedDict
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_bets.diagnostics import MeasurementError
from pytest_bets.values import canonical, digest, indented, number, plain, spelled


class Tensor:
    """What a tensor of torch shows of itself: `tolist`, and no number that Python knows."""

    def __init__(self, items: Any) -> None:
        self.items = items

    def tolist(self) -> Any:
        return self.items


class Grade(IntEnum):
    GOOD = 3


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (3, 3),
        (-0.5, -0.5),
        (math.inf, math.inf),
        ("adam", "adam"),
        ("", ""),
        ([], []),
        ([1, 2.5, True], [1, 2.5, True]),
        ((1, 2), [1, 2]),
        (2**53, 2**53),
        (Grade.GOOD, 3),
        (np.float64(0.5), 0.5),
        (np.float32(0.1), float(np.float32(0.1))),
        (np.float16(0.5), 0.5),
        (np.int8(-3), -3),
        (np.uint64(7), 7),
        (np.bool_(True), True),
        (np.str_("adam"), "adam"),
        (np.array(2.5), 2.5),
        (np.array([1, 2]), [1, 2]),
        (np.array([0.5, math.inf]), [0.5, math.inf]),
        (np.array([True, False]), [True, False]),
        (np.linspace(0, 1, 3)[::2], [0.0, 1.0]),
        ([np.float32(0.5), np.int64(2)], [0.5, 2]),
        (Tensor(0.5), 0.5),
        (Tensor([1.0, 2.0]), [1.0, 2.0]),
        ([Tensor(1.0), Tensor(2.0)], [1.0, 2.0]),
    ],
)
def test_a_value_is_made_plain(value: object, expected: object) -> None:
    """Scalars, arrays and lists of numpy and of torch come out as Python's own types, value for value."""
    found = plain({"x": value})["x"]
    assert found == expected
    assert type(found) is type(expected)
    if isinstance(found, list):
        assert {type(entry) for entry in found} <= {bool, int, float}


def test_a_nan_stays_a_nan() -> None:
    """A diverged run measures NaN, and that is kept."""
    row = plain({"x": math.nan, "y": np.float32("nan"), "z": np.array([math.nan])})
    assert math.isnan(float(str(row["x"])))
    assert math.isnan(float(str(row["y"])))
    assert repr(row["z"]) == "[nan]"


def test_any_mapping_is_a_row_in_its_own_order() -> None:
    """The names come out as they were returned."""
    assert list(plain(OrderedDict(b=1, a=2))) == ["b", "a"]
    assert plain(MappingProxyType({"a": 1})) == {"a": 1}


ROW = "expected a dict of measured names and values"
VALUE = "expected a number, a boolean, a string or a list of numbers"


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, f"the experiment returned nothing; {ROW}"),
        ([1], f"the experiment returned a list; {ROW}"),
        (np.float64(1), f"the experiment returned a numpy.float64; {ROW}"),
        ({}, "the experiment returned an empty dict; expected measured names and values"),
        ({3: 1}, "measured name 3 is an int; expected an ASCII identifier, as sentences name it"),
        ({"a b": 1}, "measured name 'a b' is a str; expected an ASCII identifier, as sentences name it"),
        ({"\u0430": 1}, "measured name '\u0430' is a str; expected an ASCII identifier, as sentences name it"),
        ({"x": None}, f"`x` is a NoneType; {VALUE}"),
        ({"x": {"a": 1}}, f"`x` is a dict; {VALUE}"),
        ({"x": {1}}, f"`x` is a set; {VALUE}"),
        ({"x": b"a"}, f"`x` is a bytes; {VALUE}"),
        ({"x": 1j}, f"`x` is a complex; {VALUE}"),
        ({"x": range(3)}, f"`x` is a range; {VALUE}"),
        ({"x": Decimal(1)}, f"`x` is a decimal.Decimal; {VALUE}"),
        ({"x": Fraction(1)}, f"`x` is a fractions.Fraction; {VALUE}"),
        ({"x": np.complex128(1)}, f"`x` is a numpy.complex128; {VALUE}"),
        ({"x": np.timedelta64(5, "ns")}, f"`x` is a numpy.timedelta64; {VALUE}"),
        ({"x": np.datetime64(5, "ns")}, f"`x` is a numpy.datetime64; {VALUE}"),
        ({"x": np.array([5], "m8[ns]")}, f"`x` is a numpy.ndarray; {VALUE}"),
        ({"x": [np.timedelta64(5, "ns")]}, "`x[0]` is a numpy.timedelta64; expected a number in the list `x`"),
        ({"x": np.datetime64("2020-01-01")}, f"`x` is a numpy.datetime64; {VALUE}"),
        ({"x": np.float64}, f"`x` is a type; {VALUE}"),
        ({"x": Tensor(None)}, f"`x` is a {__name__}.Tensor; {VALUE}"),
        ({"x": ["a"]}, "`x[0]` is a str; expected a number in the list `x`"),
        ({"x": [1, None]}, "`x[1]` is a NoneType; expected a number in the list `x`"),
        ({"x": [[1], [2]]}, "`x[0]` is a list; expected a number in the list `x`"),
        ({"x": np.ones((2, 2))}, "`x[0]` is a list; expected a number in the list `x`"),
        ({"x": np.array(["a"])}, "`x[0]` is a str; expected a number in the list `x`"),
        ({"x": [Decimal(1)]}, "`x[0]` is a decimal.Decimal; expected a number in the list `x`"),
        ({"x": [np.ones(2)]}, "`x[0]` is a numpy.ndarray; expected a number in the list `x`"),
        ({"x": 2**53 + 1}, "`x` is an integer beyond 2**53; measure a float or a string instead"),
        ({"x": -(2**60)}, "`x` is an integer beyond 2**53; measure a float or a string instead"),
        ({"x": [0, 10**400]}, "`x[1]` is an integer beyond 2**53; measure a float or a string instead"),
        ({"x": "a" * 10_001}, "`x` is a string of 10001 characters; expected at most 10000"),
        ({"x": "nan"}, "`x` is the string 'nan', which means a number in a record; return the number"),
        ({"x": "-inf"}, "`x` is the string '-inf', which means a number in a record; return the number"),
    ],
)
def test_anything_else_is_refused_by_key_and_type(returned: object, message: str) -> None:
    """The message names the key, the type that was found and what can be measured."""
    with pytest.raises(MeasurementError) as caught:
        plain(returned)
    assert str(caught.value) == message


NUMBERS = st.booleans() | st.integers(-(2**53), 2**53) | st.floats()
ROWS = st.dictionaries(st.from_regex(r"[a-z]\w{0,5}", fullmatch=True).filter(str.isascii), NUMBERS | st.lists(NUMBERS))


def back(item: Any) -> Any:
    return [back(entry) for entry in item] if isinstance(item, list) else number(item)


@given(ROWS)
def test_strict_json_carries_every_number_there_and_back(row: dict[str, Any]) -> None:
    """NaN and the infinities are spelled, no token is outside of JSON, and each number comes back bit for bit."""
    text = json.dumps(spelled(row), allow_nan=False)
    read = json.loads(text, parse_constant=lambda token: pytest.fail(f"{token} is no JSON"))
    assert repr({key: back(item) for key, item in read.items()}) == repr(
        {key: [float(entry) for entry in item] if isinstance(item, list) else float(item) for key, item in row.items()}
    )


def test_infinities_and_nan_are_spelled_as_words() -> None:
    """Three words stand for what JSON lacks, at any depth."""
    assert spelled({"a": [math.nan, (math.inf, -math.inf)], "b": 1.5}) == {"a": ["nan", ["inf", "-inf"]], "b": 1.5}
    assert (number("inf"), number("-inf"), number(3)) == (math.inf, -math.inf, 3)
    with pytest.raises(TypeError, match="None is not a number"):
        number(None)


@given(ROWS)
def test_canonical_json_heeds_no_order_of_keys(row: dict[str, Any]) -> None:
    """One value has one text, and so one digest, in whatever order its keys were written."""
    turned = dict(reversed(row.items()))
    assert canonical(turned) == canonical(row)
    assert digest(turned) == digest(row)


def test_canonical_json_and_its_digest_are_fixed() -> None:
    """Both are a format that others compute: sorted keys, no space, UTF-8, SHA-256 in hexadecimal."""
    item = {"b": [1, 1.0, True, None], "a": "größe", "c": math.nan}
    assert canonical(item) == '{"a":"größe","b":[1,1.0,true,null],"c":"nan"}'
    assert digest(item) == "c588033c28e5342f5f2612af86088100d4eca5f208b3ea1d66b020fe39ed5d9c"


def test_a_lone_surrogate_is_escaped_as_json_does_it() -> None:
    """A file name that is no UTF-8 can be measured, and neither text nor digest breaks over it."""
    assert canonical("\udcff") == '"\\udcff"'
    assert json.loads(canonical("\udcff")) == "\udcff"
    assert len(digest("\udcff")) == 64


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(JSON_VALUES)
@example({"a": [{}, [], (), (1,), 10**400, -0.0, 1e300, True, "\x7f\u2028\ud800"]})
def test_indented_is_the_json_of_the_standard_library(item: object) -> None:
    """To the byte, so that no recorded file changes; NaN and infinity are strings."""
    expected = json.dumps(spelled(item), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    assert indented(item) == expected
