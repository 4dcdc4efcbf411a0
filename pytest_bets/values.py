"""Measured values as plain Python values, and their strict JSON."""

import dataclasses
import hashlib
import inspect
import json
import math
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Final

from pytest_bets.diagnostics import MeasurementError

MAX_TEXT: Final = 10_000
MAX_INTEGER: Final = 2**53
_SPELLED: Final = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}

Plain = bool | int | float | str | list[bool | int | float]


def plain(returned: object) -> dict[str, Plain]:
    """Return the measured values of one cell as plain Python values.

    Accepts a mapping from names to numbers, booleans, strings of at most 10,000 characters or lists of numbers. Scalars
    and one-dimensional arrays of numpy and torch are converted.

    Raises:
        MeasurementError: for anything else.

    """
    if type(returned) is not dict and not isinstance(returned, Mapping):  # the second check is slow
        raise MeasurementError(f"the experiment returned {_not_a_mapping(returned)}")
    if not returned:
        raise MeasurementError("the experiment returned an empty dict; expected measured names and values")
    return {_name(key): _value(key, item) for key, item in returned.items()}


def _not_a_mapping(returned: object) -> str:
    """Describe a wrong return value, what was expected, and how to convert it."""
    expected = "expected a dict of measured names and values"
    if returned is None:
        return f"nothing; {expected}"
    if dataclasses.is_dataclass(returned) and not isinstance(returned, type):
        return f"the dataclass {type(returned).__qualname__}; {expected}; return dataclasses.asdict(...)"
    if isinstance(returned, tuple) and hasattr(returned, "_asdict"):
        return f"the named tuple {type(returned).__qualname__}; {expected}; return ..._asdict()"
    if inspect.isgenerator(returned) or inspect.isasyncgen(returned):
        return f"a generator, which has not run; {expected}; collect its values first"
    if inspect.iscoroutine(returned):
        returned.close()  # otherwise Python warns later that it was never awaited
        return f"a coroutine, which has not run; {expected}; await it in an `async def` experiment"
    return f"{_named(returned)}; {expected}"


def _name(key: object) -> str:
    if isinstance(key, str) and key.isidentifier() and key.isascii():
        return key
    raise MeasurementError(
        f"measured name {key!r} is {_named(key)}; expected an ASCII identifier, as sentences name it"
    )


def _value(key: str, item: object) -> Plain:
    if type(item) in (bool, int, float):
        return _number(key, item)  # type: ignore[arg-type]  # the line above checks the type
    if isinstance(item, str):
        if len(item) > MAX_TEXT:
            raise MeasurementError(f"`{key}` is a string of {len(item)} characters; expected at most {MAX_TEXT}")
        if item in _SPELLED:
            raise MeasurementError(
                f"`{key}` is the string {item!r}, which means a number in a record; return the number"
            )
        return str(item)
    listed = unwrapped(item)
    if isinstance(listed, bool | int | float):
        return _number(key, listed)
    if isinstance(listed, list | tuple):
        return [_entry(key, index, entry) for index, entry in enumerate(listed)]
    raise MeasurementError(f"`{key}` is {_named(item)}; expected a number, a boolean, a string or a list of numbers")


def _entry(key: str, index: int, entry: object) -> bool | int | float:
    number = unwrapped(entry)
    if isinstance(number, bool | int | float):
        return _number(f"{key}[{index}]", number)
    raise MeasurementError(f"`{key}[{index}]` is {_named(entry)}; expected a number in the list `{key}`")


def unwrapped(item: object) -> object:
    """Return the Python value of a scalar or an array of numpy or torch, and any other value as it is.

    Times and lengths of time stay as they are: without its unit, a number of nanoseconds says nothing.
    """
    if not hasattr(item, "tolist") or isinstance(item, type):
        return item
    return item if getattr(getattr(item, "dtype", None), "kind", "") in ("m", "M") else item.tolist()


def misread(item: object) -> str:
    """Return why a record would not give back this value of a sweep; empty if it would."""
    if isinstance(item, int) and abs(item) > MAX_INTEGER:
        return "an integer beyond 2**53"
    if isinstance(item, str) and item in _SPELLED:
        return f"the string {item!r}, which means a number in a record"
    return ""


def _number(key: str, number: bool | int | float) -> bool | int | float:
    if isinstance(number, bool):
        return bool(number)
    if isinstance(number, int):
        if abs(number) > MAX_INTEGER:
            raise MeasurementError(f"`{key}` is an integer beyond 2**53; measure a float or a string instead")
        return int(number)
    return float(number)


def _named(item: object) -> str:
    kind = type(item)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    return f"{'an' if name[0] in 'aeio' else 'a'} {name}"


def spelled(item: object) -> object:
    """Return the value with every NaN and infinity as a string, for strict JSON."""
    match item:
        case float() if math.isnan(item):
            return "nan"
        case float() if math.isinf(item):
            return "inf" if item > 0 else "-inf"
        case dict():
            return {key: spelled(value) for key, value in item.items()}
        case list() | tuple():
            return [spelled(value) for value in item]
        case _:
            return item


def number(item: object) -> float:
    """Return a number that may be a string; the inverse of `spelled` for one value."""
    if isinstance(item, str):
        return _SPELLED[item]
    if isinstance(item, int | float):
        return float(item)
    raise TypeError(f"{item!r} is not a number")


_ROW: Final = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False)
_CANONICAL: Final = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def indented(item: object, end: str = "\n") -> str:
    """Return strict JSON for people: one entry per line, sorted keys, NaN and infinity as strings.

    The text is that of `json.dumps(..., indent=1)`, which takes three times as long: it passes each part through as
    many generators as there are levels. `end` ends a line of the value that this one is in.
    """
    inner = f"{end} "
    if isinstance(item, str):
        return encode_basestring(item)
    if isinstance(item, dict) and item:
        entries = (f"{encode_basestring(key)}: {indented(item[key], inner)}" for key in sorted(item))
        return f"{{{inner}{f',{inner}'.join(entries)}{end}}}"
    if isinstance(item, list | tuple) and item:
        return f"[{inner}{f',{inner}'.join([indented(entry, inner) for entry in item])}{end}]"
    if type(item) is int or (type(item) is float and math.isfinite(item)):
        return repr(item)
    return _strict(_ROW, item)


def row(item: object) -> str:
    """Return strict JSON for people, on one line."""
    return encoded(_strict(_ROW, item)).decode()


def canonical(item: object) -> str:
    """Return the canonical JSON of a value: sorted keys, no white space, NaN and infinity as strings."""
    return encoded(_strict(_CANONICAL, item)).decode()


def _strict(encoder: json.JSONEncoder, item: object) -> str:
    try:
        return encoder.encode(item)
    except ValueError:  # searching for NaN takes longer than encoding, and few values have one
        return encoder.encode(spelled(item))


def encoded(text: str) -> bytes:
    """Return JSON text as UTF-8; a lone surrogate, which UTF-8 lacks, becomes a JSON escape."""
    return text.encode(errors="backslashreplace")


def digest(item: object) -> str:
    """Return the SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical(item).encode()).hexdigest()
