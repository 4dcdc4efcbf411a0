"""Strict JSON: no key twice, no NaN, and errors that name the line."""

import json
from typing import Any, Final

from pytest_bets.diagnostics import RecordError


def strict(data: bytes, name: str, merged: str) -> Any:
    """Return the value of JSON; `merged` says what to do about a merge conflict in it.

    Raises:
        RecordError: naming the file, and the line or the key at fault.

    """

    def refuse(token: str) -> None:
        raise RecordError(f'{name}: {token} is not valid JSON; write "{_SPELLING[token]}"')

    try:
        text = data.decode()
        try:
            return json.loads(text, parse_constant=refuse, object_pairs_hook=_once)
        except KeyError:  # of `_once`; what comes later may be no JSON
            where = _doubled(json.loads(text, parse_constant=refuse, object_pairs_hook=_Pairs))
            raise RecordError(f"{name}: {where}") from None
    except json.JSONDecodeError as error:
        lines = data.splitlines()
        where = f"{name}:{error.lineno}" if len(lines) > 1 else name
        if b"".join(lines[error.lineno - 1 : error.lineno]).startswith(_CONFLICT):
            raise RecordError(f"{where}: a merge conflict was left here; {merged}") from None
        raise RecordError(f"{where}: this is not JSON: {error.msg}") from None
    except RecordError:
        raise
    except (ValueError, RecursionError) as error:  # no UTF-8, an integer of thousands of digits, too deep
        raise RecordError(f"{name}: this is not JSON: {error}") from None


class _Pairs(list[tuple[str, Any]]):
    """An object of JSON with all its keys."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise KeyError
    return found


def _doubled(item: object) -> str:
    """Say where a key is there twice; the value has such an object."""
    pending: list[tuple[str, object]] = [("", item)]
    while pending:
        path, found = pending.pop()
        if isinstance(found, _Pairs):
            seen: set[str] = set()
            for key, _ in found:
                if key in seen:
                    return f"`{f'{path}.{key}'.lstrip('.')[:200]}`: the key is there twice; expected once"
                seen.add(key)
            pending += [(f"{path}.{key}", value) for key, value in found]
        elif isinstance(found, list):
            pending += [(f"{path}[{index}]", value) for index, value in enumerate(found)]
    raise AssertionError  # no key is there twice


_SPELLING: Final = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}
_CONFLICT: Final = (b"<<<<<<< ", b"||||||| ", b"=======", b">>>>>>> ")
