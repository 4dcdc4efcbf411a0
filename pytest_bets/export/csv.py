"""Tables as CSV that can be read back exactly."""

import json
from collections.abc import Mapping, Sequence

from pytest_bets.values import spelled


def as_csv(columns: Mapping[str, Sequence[object]]) -> str:
    """Return columns as CSV: every string is quoted, and a missing value is an empty field without quotes.

    Numbers have all their digits; NaN and infinity are `nan`, `inf` and `-inf`. A list is its JSON, quoted.
    """
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(map(_quoted, columns)), *(",".join(map(_field, row)) for row in rows)]
    return "".join(f"{line}\r\n" for line in lines)


def _field(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    return _quoted(value if isinstance(value, str) else json.dumps(spelled(value)))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
