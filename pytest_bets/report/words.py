"""Names of pages, dates, and tables as CSV."""

import csv
from calendar import timegm
from collections.abc import Iterator, Sequence
from hashlib import sha256
from re import fullmatch
from string import ascii_letters, digits
from typing import Final

_KEPT: Final = frozenset(ascii_letters + digits + "_-")
_LONGEST: Final = 120
_DAY: Final = 86_400
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""The first characters of a text that a spreadsheet would take for a formula."""


def page_name(bet: str) -> str:
    """Return the name of a bet's files: its id with other characters than letters, digits, _ and - spelled out."""
    name = "".join(char if char in _KEPT else f"~{ord(char):x}~" for char in bet)
    if len(name) <= _LONGEST:
        return name
    return f"{name[:_LONGEST]}~{sha256(bet.encode(errors='surrogatepass')).hexdigest()[:12]}"


def seconds(stamp: str) -> float | None:
    """Return the seconds since 1970 of a date in the form of ISO 8601; None where it is none."""
    match = fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?", stamp)
    if match is None:
        return None
    zone = (match[7] or "Z").replace(":", "")
    offset = 0 if zone == "Z" else int(f"{zone[0]}1") * (int(zone[1:3]) * 60 + int(zone[3:5])) * 60
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    if not (1 <= month <= 12 and year):
        return None
    return float(timegm((year, month, day, hour, minute, second)) - offset)


def stamp(time: float) -> str:
    """Return a time as people read it, in UTC."""
    day, rest = divmod(int(time), _DAY)
    return f"{_date(day)} {rest // 3600:02d}:{rest % 3600 // 60:02d}"


def utc(time: float) -> str:
    """Return a time as the journal spells it: in ISO 8601, to the second, in UTC."""
    day, rest = divmod(int(time), _DAY)
    return f"{_date(day)}T{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}Z"


def _date(day: int) -> str:
    """Return the date of a day since 1970, by the algorithm of Howard Hinnant (days_from_civil)."""
    shifted = day + 719_468
    era, of_era = divmod(shifted, 146_097)
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    date = of_year - (153 * month + 2) // 5 + 1
    month += 3 if month < 10 else -9
    return f"{year + era * 400 + (month <= 2):04d}-{month:02d}-{date:02d}"


def days(first: float, last: float, count: int) -> Iterator[tuple[float, str]]:
    """Yield at most so many midnights between two times, evenly spaced, and their dates."""
    start, end = -int(-first // _DAY), int(last // _DAY)
    step = max(1, -(-(end - start + 1) // count))
    for day in range(start, end + 1, step):
        yield float(day * _DAY), _date(day)


class _Lines(list[str]):
    """A file in memory: what `csv` writes to."""

    write = list.append


def as_csv(header: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    """Return a table as CSV. A text that a spreadsheet would compute gets an apostrophe before it."""
    lines = _Lines()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow([_cell(name) for name in header])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return "".join(lines)


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
