"""The shape of a record and of a journal's line: which fields they have, and what those can hold."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pytest_bets.bet.declaration import CRITERIA


def record_misfits(record: Mapping[str, Any]) -> Iterator[str]:
    """Tell of every field that holds what no record has there."""
    misfits = list(_misfits("", record, _FIELDS))
    yield from misfits
    if misfits:
        return
    for part, fields in _PARTS.items():
        yield from _misfits(part, record[part], fields)
    yield from _misfits("code", record["code"], _CODE[record["schema"]])
    for index, cell in enumerate(record["cells"]):
        if _is_cell(cell):  # nearly all are, and a sweep may have thousands
            continue
        yield from _misfits(f"cells[{index}]", cell, _CELL)
        for part in _CELL:
            values = cell.get(part) if isinstance(cell, dict) else None
            if isinstance(values, dict):
                yield from _misfits(f"cells[{index}].{part}", values, dict.fromkeys(values, _is_plain))
    for index, item in enumerate(record["criteria"]):
        yield from _misfits(f"criteria[{index}]", item, _CRITERION)


def line_misfits(line: Mapping[str, Any]) -> Iterator[str]:
    """Tell of every field that holds what no line of a journal has there."""
    if line["schema"] != "pytest-bets/journal/1":
        yield from _misfits("", line, {"kind": _is_one_of("run", "upgrade")})
        if line.get("kind") == "upgrade":
            yield from _upgrade_misfits(line)
            return
    misfits = list(_misfits("", line, _LINE))
    yield from misfits
    if misfits:
        return
    yield from _misfits("cells", line["cells"], _COUNTED)
    for index, item in enumerate(line["criteria"]):
        yield from _misfits(f"criteria[{index}]", item, _VALUED)


def _upgrade_misfits(line: Mapping[str, Any]) -> Iterator[str]:
    misfits = list(_misfits("", line, _UPGRADE))
    yield from misfits
    if not misfits:
        yield from _misfits("was", line["was"], _WAS)
        yield from _misfits("was.code", line["was"].get("code"), _CODE["pytest-bets/record/1"])


def _misfits(where: str, item: object, fields: "_Fields") -> Iterator[str]:
    if not isinstance(item, dict):
        yield f"{where} is a {type(item).__name__}, expected an object"
        return
    for key, fits in fields.items():
        if not fits(item.get(key, _ABSENT)):
            found = "nothing" if key not in item else json.dumps(item[key])[:80]
            yield f"`{where}{'.' if where else ''}{key}` holds {found}, which none has there"


_ABSENT: Final = object()


def _is_there(item: object) -> bool:
    return item is not _ABSENT


def _is(*kinds: type) -> Callable[[object], bool]:
    return lambda item: isinstance(item, kinds)


def _is_list_of(*kinds: type) -> Callable[[object], bool]:
    return lambda item: isinstance(item, list) and all(isinstance(entry, kinds) for entry in item)


def _is_dict_of(kind: type) -> Callable[[object], bool]:
    return lambda item: isinstance(item, dict) and all(isinstance(entry, kind) for entry in item.values())


def _is_one_of(*values: str | None) -> Callable[[object], bool]:
    return lambda item: item in values


def _is_number(item: object) -> bool:
    if isinstance(item, int):
        return abs(item) <= sys.float_info.max
    return isinstance(item, float) or item in ("nan", "inf", "-inf")


def _is_plain(item: object) -> bool:
    return isinstance(item, _SCALARS) or (isinstance(item, list) and all(map(_is_number, item)))


_SCALARS: Final = (str, int, float, type(None))


def _is_cell(item: object) -> bool:
    return isinstance(item, dict) and all(map(_are_plain, map(item.get, _CELL)))


def _are_plain(values: object) -> bool:
    return isinstance(values, dict) and all(map(_is_plain, values.values()))


_Fields = Mapping[str, Callable[[object], bool]]

_VERDICT: Final[_Fields] = {
    "verdict": _is_one_of("PASS", "LENIENT", "FAIL", None),
    "catastrophic": _is(bool),
    "noise_floor": _is(bool, type(None)),
    "void": _is(str, type(None)),
    "criteria": _is(list),
}
_FIELDS: Final[_Fields] = {
    **dict.fromkeys(("bet", "declaration", "registration", "code", "environment"), _is(dict)),
    **_VERDICT,
    "cells": _is(list),
}
_PARTS: Final[Mapping[str, _Fields]] = {
    "bet": {"id": _is(str), "number": _is(int, type(None)), "name": _is(str), "title": _is(str), "file": _is(str)},
    "declaration": {
        **dict.fromkeys(("digest", "hypothesis", "docstring"), _is(str)),
        **dict.fromkeys(CRITERIA, _is_list_of(str)),
        **dict.fromkeys(("constants", "sweep"), _is(dict)),
        "challenges": _is_list_of(int, str),
        "withdrawn": _is(str, type(None)),
    },
    "registration": {"state": _is_one_of("registered", "unregistered", "unknown"), "commit": _is(str, type(None))},
    "environment": {
        **dict.fromkeys(("python", "platform"), _is(str)),
        "packages": _is(dict),
        **dict.fromkeys(("device", "threads", "commit", "dirty"), _is_there),
    },
}
_CODE: Final[Mapping[str, _Fields]] = {
    "pytest-bets/record/1": {"digest": _is(str), "files": _is(dict)},
    "pytest-bets/record/2": {"digest": _is(str), "definitions": _is_dict_of(dict)},
}
_UPGRADE: Final[_Fields] = {
    **dict.fromkeys(("bet", "declaration", "code", "time", "host", "record"), _is(str)),
    "was": _is(dict),
    "previous": _is(str, type(None)),
}
_WAS: Final[_Fields] = {"schema": _is_one_of("pytest-bets/record/1"), "record": _is(str), "code": _is(dict)}
_CELL: Final[_Fields] = {"params": _is(dict), "measured": _is(dict)}
_CRITERION: Final[_Fields] = {
    **dict.fromkeys(("tier", "sentence"), _is(str)),
    **dict.fromkeys(("value", "threshold", "margin"), _is_number),
    "met": _is(bool, type(None)),
}
_LINE: Final[_Fields] = {
    **dict.fromkeys(("bet", "declaration", "code", "registration", "time", "host"), _is(str)),
    **_VERDICT,
    **dict.fromkeys(("record", "previous"), _is(str, type(None))),
    **dict.fromkeys(("environment", "cells"), _is(dict)),
    "seconds": _is(int, float),
}
_VALUED: Final[_Fields] = {key: _CRITERION[key] for key in ("tier", "sentence", "value", "met")}
_COUNTED: Final[_Fields] = {"count": _is(int), "sha256": _is(str)}
