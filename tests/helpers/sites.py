"""Catalogues with results for the tests of the site, written without running a session."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.parse import read
from pytest_bets.record.build import build, journal_line
from pytest_bets.record.codec import cell_row, dump, sha256
from pytest_bets.record.line import RunLine
from pytest_bets.record.record import CodeDefinitions, Environment, Record, Registration
from pytest_bets.record.store import Results
from pytest_bets.record.summary import overview
from pytest_bets.record.verdict import Cell, judge
from pytest_bets.report.source import Source, WriteUps

HOSTILE: Final = (
    "</title></style></svg><script>alert('pwned')</script><img src=x onerror=alert(1)> {{ 7*7 }} \x1b[31m\u202e"
)
"""What a stranger could write to run a script in a reader's browser, or to turn the text around."""
PARTS: Final = ("functions", "docs", "comments")
SEEDS: Final = 5

_BET: Final = '''\
"""Bet {number}: {title}

Hypothesis: norm gives a lower perplexity than full, whatever the part.
Strict: norm wins in at least 12 of 15 cells.
Lenient: norm wins in at least 9 of 15 cells.
Catastrophic: norm wins in fewer than 3 of 15 cells.
Control: the placebo wins in at most 9 cells.
Scope: small models alone.
Run: pytest bets/bet_{number}_made.py
"""

import pytest

SIZE = "tiny"


@pytest.mark.strict("count(norm < full) >= 12")
@pytest.mark.lenient("count(norm < full) >= 9")
@pytest.mark.catastrophic("count(norm < full) < 3")
@pytest.mark.control("count(placebo < full) <= 9")
{challenges}@pytest.mark.replicate(5)
@pytest.mark.parametrize("part", ("functions", "docs", "comments"))
def experiment(seed, part):
    return {{}}
'''


def declaration(number: int, title: str = "the norm wins.", challenges: int | None = None) -> tuple[Declaration, str]:
    """Return a declaration and its source."""
    marker = "" if challenges is None else f"@pytest.mark.challenges({challenges})\n"
    plain = title.replace("\\", "\\\\").replace("\x1b", "\\x1b").replace('"', "'")
    text = _BET.format(number=number, title=plain, challenges=marker)
    found = read(text, f"bets/bet_{number}_made.py")
    assert found is not None
    return found, text


def cells(wins: int, note: str = "") -> list[Cell]:
    """Return fifteen cells in so many of which norm wins; a curve, and a text, are measured too."""
    found = []
    for index in range(len(PARTS) * SEEDS):
        full = 5.0 + index % len(PARTS) + (index * 7 % 11) / 100
        norm = full + (-0.25 if index < wins else 0.25)
        part = PARTS[index % len(PARTS)]
        found.append(
            Cell(
                {"part": f"{part}{note}", "seed": 100 + index // len(PARTS)},
                {"full": full, "norm": norm, "placebo": full + 0.5, "loss": (4.0, 3.0, norm - 3), "text": note or "so"},
            )
        )
    return found


def record_of(bet: Declaration, found: list[Cell]) -> Record:
    """Return the record of a run that measured these cells."""
    return build(
        bet,
        judge(bet.criteria, found),
        found,
        registration=Registration("unknown", None),
        code=CodeDefinitions("0" * 64, {bet.file: {"experiment": "0" * 16}}),
        environment=Environment("3.11", "Linux", {"pytest": "9.2.0"}, "cpu", 1, None, None),
    )


def source_of(
    records: Sequence[Record], runs: Sequence[RunLine] = (), declarations: Sequence[Declaration] = ()
) -> Source:
    """Return what a site is made of, without a folder; runs stand on lines 7, 8 and so on of the journal."""
    by_bet: dict[str, list[tuple[int, RunLine]]] = {}
    for number, run in enumerate(runs, start=7):
        by_bet.setdefault(run.bet, []).append((number, run))
    return Source(
        folder="results",
        summary=overview(list(records), runs, declarations),
        records={record.id: record for record in records},
        files={record.id: dump(record, [cell_row(cell) for cell in record.cells]) for record in records},
        journal=b"",
        runs=by_bet,
        declarations={bet.id: bet for bet in declarations},
        audit="no git",
        write_ups=WriteUps({}, {}),
        known={},
        schemas={f"{name}.json": b"{}" for name in ("record", "journal", "summary")},
        version="1.0",
    )


def write_catalogue(folder: Path, count: int = 4, hostile: str = "") -> None:
    """Write the bets and the results of a project: PASS, LENIENT, FAIL, catastrophic and so on; bet 2 doubts bet 1.

    `hostile` stands in every text that a stranger can choose.
    """
    (folder / "bets").mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[tool.pytest.ini_options]\ntestpaths = ["bets"]\n')
    lines, records = [], {}
    for number in range(1, count + 1):
        bet, text = declaration(number, f"claim {number} {hostile}".strip(), 1 if number == 2 else None)
        (folder / bet.file).write_text(text, encoding="utf-8")
        record = record_of(bet, cells((13, 5, 10, 1)[(number - 1) % 4], hostile))
        rows = [cell_row(cell) for cell in record.cells]
        records[bet.id] = dump(record, rows)
        time = f"2026-01-{number % 28 + 1:02d}T12:00:00Z"
        host, digest = f"host{hostile}", sha256(records[bet.id])
        lines.append(journal_line(record, rows, record_sha256=digest, time=time, host=host, seconds=1.5, previous=None))
    store = Results(folder / "results")
    with store.locked():
        store.add(lines, records)
