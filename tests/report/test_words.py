"""Names of files, dates and CSV."""

import csv
from datetime import UTC, datetime, timedelta

import pytest

from pytest_bets.report.words import as_csv, days, page_name, seconds, stamp


@pytest.mark.parametrize(
    ("bet", "name"),
    [("46_norm", "46_norm"), ("../../etc", "~2e~~2e~~2f~~2e~~2e~~2f~etc"), ('a"<b>', "a~22~~3c~b~3e~"), ("ü", "~fc~")],
)
def test_a_page_is_named_after_its_bet(bet: str, name: str) -> None:
    """With letters that a file and a link can have."""
    assert page_name(bet) == name


def test_long_names_are_cut_and_stay_apart() -> None:
    """A file system has no place for more than 255 bytes."""
    names = {page_name("a" * 400 + end) for end in ("x", "y")}
    assert len(names) == 2
    assert all(len(name) < 200 for name in names)


@pytest.mark.parametrize("text", ["2026-11-24T21:50:42Z", "2026-11-24T22:50:42+01:00", "2026-11-24T16:20:42-0530"])
def test_dates_are_read_with_their_zone(text: str) -> None:
    """As seconds since 1970."""
    assert seconds(text) == datetime(2026, 11, 24, 21, 50, 42, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z", "0000-01-01T00:00:00Z"])
def test_what_is_no_date_is_none(text: str) -> None:
    """A journal can come from a stranger."""
    assert seconds(text) is None


def test_dates_are_those_of_the_calendar() -> None:
    """Over four centuries of days."""
    first = datetime(1970, 1, 1, 13, 5, tzinfo=UTC)
    for day in range(0, 150_000, 97):
        date = first + timedelta(days=day)
        assert stamp(date.timestamp()) == date.strftime("%Y-%m-%d %H:%M")
    assert [name for _, name in days(1.0, 86_400.0 * 3, 5)] == ["1970-01-02", "1970-01-03", "1970-01-04"]


def test_csv_can_be_read_again() -> None:
    """Numbers to the bit; commas, quotes and line ends stay in their cell."""
    rows = [("a,b", 0.1 + 0.2, True, None), ('say "so"\nnow', -1.5, False, 3)]
    assert list(csv.reader(as_csv(("w", "x", "y", "z"), rows).splitlines(keepends=True))) == [
        ["w", "x", "y", "z"],
        ["a,b", "0.30000000000000004", "true", ""],
        ['say "so"\nnow', "-1.5", "false", "3"],
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_a_text_is_no_formula_in_a_spreadsheet(text: str) -> None:
    """A record can come from a stranger."""
    assert next(csv.reader([as_csv([text], [])]))[0] == f"'{text}"
