"""The section that closes a session: a row a bet, the bets that need a reader first where there are many."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_bets.diagnostics import count_noun
from pytest_bets.render.luck import NOT_KNOWN
from pytest_bets.render.table import HEADINGS, Table, wrap
from pytest_bets.render.words import short

GROUPED_ABOVE: Final = 20
"""With more bets than this they stand in groups by verdict, with a count for each."""
FOLDED_ABOVE: Final = 40
"""With more bets than this a PASS with nothing else to say is only named."""
UNJUDGED: Final = "not judged"
ERROR: Final = "known error"
"""The heading of a column that is there where a bet has one."""
_GROUPS: Final = ("FAIL, catastrophic", "FAIL", UNJUDGED, "LENIENT", "PASS")
_VERDICT: Final = HEADINGS.index("verdict")

Paint = Callable[[str, str], str]
"""Colours a text (second) as a verdict (first) is coloured."""


@dataclass(frozen=True)
class Row:
    """What the table says about a bet; with `plain`, only the verdict is worth reading."""

    bet: str
    verdict: str
    decided: Sequence[str]
    standing: str
    plain: bool
    error: str = ""
    """The known error of the verdict in words."""

    @property
    def cells(self) -> list[str]:
        """The row's text by column, without its known error."""
        return [self.bet, self.verdict, "\n".join(self.decided), self.standing]

    @property
    def group(self) -> str:
        """The group that the row stands in where there are many."""
        if self.verdict in _GROUPS:
            return self.verdict
        return "FAIL" if self.verdict.startswith("FAIL") else UNJUDGED


def closing_table(rows: Sequence[Row], room: int, paint: Paint, *, verbose: bool) -> list[str]:
    """Return the lines of the table, none of which is longer than `room`, colours aside."""
    groups = _groups(rows) if len(rows) > GROUPED_ABOVE else [("", list(rows))]
    fold = len(rows) > FOLDED_ABOVE and not verbose

    def folds(row: Row) -> bool:
        return fold and row.plain and row.group == "PASS"

    errors = any(row.error and row.error != NOT_KNOWN for row in rows)  # a column of unknowns says nothing

    def cells(row: Row) -> list[str]:
        return [*row.cells[:-1], row.error, row.cells[-1]] if errors else row.cells

    headings = [*HEADINGS[:-1], ERROR, HEADINGS[-1]] if errors else HEADINGS
    table = Table(headings, [cells(row) for row in rows if not folds(row)], room)
    lines = [] if all(map(folds, rows)) else table.head()
    for title, members in groups:
        lines += ["", f"{paint(title, title)}: {count_noun(len(members), 'bet')}"] if title else []
        for row in members:
            lines += [] if folds(row) else table.row(cells(row), {_VERDICT: _painted(paint, row.verdict)})
        folded = [row for row in members if folds(row)]
        lines += _folded(folded, room) if folded else []
    return lines


def _painted(paint: Paint, verdict: str) -> Callable[[str], str]:
    return lambda text: paint(verdict, text)


def _groups(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    for title in _GROUPS:
        members = [row for row in rows if row.group == title]
        if members:
            yield title, members


def _folded(rows: Sequence[Row], room: int) -> list[str]:
    names = ", ".join(short(row.bet) for row in rows)
    return wrap(f"{len(rows)} with nothing else to say (-v shows each): {names}", room)
