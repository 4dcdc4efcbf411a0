"""The table that closes a session: whatever it holds, it fits, and nothing is lost."""

import re

from hypothesis import given
from hypothesis import strategies as st

from pytest_bets.render.table import HEADINGS, table

TEXTS = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=90) | st.from_regex(
    r"[a-z]{1,12}(_[a-z]{0,9}){0,9}", fullmatch=True
)
ROWS = st.lists(st.lists(TEXTS, min_size=len(HEADINGS), max_size=len(HEADINGS)), max_size=4)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


@given(rows=ROWS, width=st.integers(60, 160))
def test_no_line_is_longer_than_the_terminal(rows: list[list[str]], width: int) -> None:
    """Whatever the cells hold, every line fits."""
    assert max(map(len, table(rows, width))) <= width


@given(row=st.lists(TEXTS, min_size=len(HEADINGS), max_size=len(HEADINGS)), width=st.integers(60, 160))
def test_no_text_of_a_cell_is_lost(row: list[str], width: int) -> None:
    """Read down its column, a cell says what it was given, white space apart."""
    lines = table([row], width)
    rule = next(index for index, line in enumerate(lines) if set(line) == {"-", " "})
    starts = [match.start() for match in re.finditer("-+", lines[rule])]
    ends = [*starts[1:], None]
    for cell, start, end in zip(row, starts, ends, strict=True):
        assert squeezed("".join(line[start:end] for line in lines[rule + 1 :])) == squeezed(cell)


def test_a_number_stays_with_what_it_is_of() -> None:
    """A value, or a threshold, alone on a line would say nothing."""
    lines = table([["1_first", "PASS", "count(gain > 0) >= 3 (measured 4)", "stands"]], 60)
    assert [line[18:50].strip() for line in lines[2:]] == ["count(gain > 0) >= 3", "(measured 4)"]
    lines = table([["1_first", "PASS", "median(norm) - median(full) <= 0.5", "stands"]], 60)
    assert [line[18:50].strip() for line in lines[2:]] == ["median(norm) - median(full)", "<= 0.5"]


def test_a_long_id_breaks_after_an_underscore() -> None:
    """A reader finds the parts of a name whole."""
    shown = "\n".join(table([["46_norm_replication_of_an_older_claim", "LENIENT", "mean(gain) >= 1 " * 6, "open"]], 80))
    assert all(part in shown for part in ("46_norm_ ", "replication_of_an_ ", "older_claim "))
