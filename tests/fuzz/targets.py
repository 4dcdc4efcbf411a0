"""The fuzz targets: each reads bytes that may be anything, and raises only the errors that it declares.

An error of another kind is a bug, and so is an input that takes seconds.
"""

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.parse import read
from pytest_bets.claims.check import check
from pytest_bets.claims.finding import Bet, apply_edits
from pytest_bets.code.digest import close
from pytest_bets.code.program import Outlines, Program
from pytest_bets.diagnostics import DeclarationError, EvaluationError, RecordError, SentenceError
from pytest_bets.record.build import build, declared
from pytest_bets.record.codec import dump, dump_line, load, rows_of
from pytest_bets.record.journal_file import JournalFile
from pytest_bets.record.line import CellsDigest, RunLine
from pytest_bets.record.record import CodeDefinitions, Environment, Registration
from pytest_bets.record.summary import overview
from pytest_bets.record.verdict import Cell, judge
from pytest_bets.record.verify import differences
from pytest_bets.render.show import show, show_cells
from pytest_bets.render.summary import as_json, as_markdown
from pytest_bets.sentence.evaluate import satisfied, value
from pytest_bets.sentence.interval import certainty
from pytest_bets.sentence.parse import parse, parse_value

BET: Final = '''"""Bet 1: it gains.

Hypothesis: it gains.
Strict: at least 3 of 4.
Lenient: at least 2 of 4.
Catastrophic: below 1 of 4.
Control: at most 2 of 4.
Run: pytest
"""
import pytest

STEPS = 100
PILOT = {"STEPS": 1}


@pytest.mark.strict("count(gain > 0) >= 3")
@pytest.mark.lenient("count(gain > 0) >= 2")
@pytest.mark.catastrophic("count(gain > 0) < 1")
@pytest.mark.control("count(part > 2) <= 2")
@pytest.mark.parametrize("part", [1, 2, 3, 4])
@pytest.mark.replicate(2)
def experiment(part, seed):
    return {"gain": part}
'''
CELLS: Final = tuple(Cell({"part": part, "kind": "x"}, {"gain": part / 7, "curve": [1.0, 2]}) for part in (1, 2, 3, 4))
ROWS: Final = [cell.row for cell in CELLS]


def bet(data: bytes) -> None:
    """Read a bet file; what can be read has a digest, seeds and the declaration of a record."""
    with suppress(DeclarationError, UnicodeDecodeError):
        found = read(data.decode(), "bet_1_first.py")
        if found:
            assert len(found.seeds(2)) == 2
            assert declared(found).digest == found.digest


def sentence(data: bytes) -> None:
    """Parse a sentence and a value, and evaluate them."""
    text = data.decode(errors="replace")
    with suppress(SentenceError):
        parse_value(text)
    with suppress(SentenceError, EvaluationError):
        found = parse(text)
        certainty(found, 4, lambda _: 2)
        satisfied(found, value(found, ROWS))


def record(data: bytes) -> None:
    """Read a record; what can be read can be written, judged again, summarized and shown."""
    with suppress(RecordError):
        load(data, "1_first.json", header=True)
        found = load(data, "1_first.json")
        written = dump(found, rows_of(found))
        assert load(written, "again").bet == found.bet
        differences(found, _declaration(), None)
        summary = overview([found], [], [])
        as_json(summary)
        as_markdown(summary, "../")
        show(None, found, summary.bets[0], [])
        show_cells(found, summary.bets[0])


def journal(data: bytes) -> None:
    """Read a journal; a line can be added to what can be read, and then it is read the same."""
    with tempfile.TemporaryDirectory() as folder, suppress(RecordError):
        path = Path(folder, "journal.jsonl")
        path.write_bytes(data)
        first = JournalFile(path)
        first.refresh(Path(folder, "index"))
        total = first.tally("1_first").total
        first.notices()
        first.append([_line()], Path(folder, "cut-off"))
        again = JournalFile(path)
        again.refresh(Path(folder, "index"))
        assert again.tally("1_first").total == total + 1
        assert not again.notices()


def claims(data: bytes) -> None:
    """Check a write-up, correct it, and check it again."""
    bets = [
        Bet("1_first", 1, "PASS", "stands", frozenset(), ROWS),
        Bet("2_other", 2, "FAIL", "retracted by 3", frozenset({"retracted"}), ()),
    ]
    text = data.decode(errors="replace")
    checked = check(text, bets)
    check(apply_edits(text, checked.findings), bets)


class _Files:
    """One module that a bet imports, and the bet."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files

    def is_file(self, name: str) -> bool:
        return name in self.files

    def is_folder(self, name: str) -> bool:
        return name == "."

    def read(self, name: str) -> bytes:
        return self.files[name]

    def below(self, folder: str) -> Sequence[str]:
        return sorted(self.files) if folder == "." else []


def code(data: bytes) -> None:
    """Close over the code that a bet reaches, in a module of any bytes."""
    files = _Files({"bet_1_first.py": b"import lab\nfrom lab import *\n" + BET.encode(), "lab.py": data})
    found = close(Program(files, (".",), Outlines()), ["bet_1_first.py"], ["bet_1_first.py"])
    json.dumps(found.definitions)


def _declaration() -> Declaration:
    found = read(BET, "bet_1_first.py")
    assert found
    return found


def _line() -> RunLine:
    return RunLine(
        *("pytest-bets/journal/2", "run", "1_first", "2026-11-26T11:00:00Z", "host", 1.0, "d", "c", "registered"),
        *(Environment("3", "p", {}, "cpu", 1, None, None), "PASS", False, None, None, ()),
        *(CellsDigest(1, "e"), None, None),
    )


def _record() -> bytes:
    declaration = _declaration()
    built = build(
        declaration,
        judge(declaration.criteria, CELLS),
        CELLS,
        registration=Registration("registered", "a" * 40),
        code=CodeDefinitions("c" * 64, {"bet_1_first.py": {"experiment": "d" * 16}}),
        environment=Environment("3.11.7", "Linux", {"pytest": "9.2.0"}, "cpu", 2, "a" * 40, False),
    )
    return dump(built, rows_of(built))


_PAGE: Final = """# Results

Bet 1: PASS, and [Bet 2: FAIL](results/2_other.json), which was retracted.

| bet | gain |
|---|---|
| 1 | <!-- bet 1: mean(gain) -->0.357<!-- /bet --> |

```
Bet 9: PASS
```
"""
_LABORATORY: Final = """import math as m
from dataclasses import dataclass

LIMITS = {"low": 1, "high": 0x10, **{}}


@dataclass
class Trader:
    name: str = "x"

    def trade(self, *, at=LIMITS["low"], **more):
        return [f"{self.name!r:>{at}}" for _ in range(3) if (y := at) > m.pi]


def helper(x, /, y=1, *rest):
    global LIMITS
    try:
        match x:
            case {"a": [1, *_]} | Trader(name="x"):
                yield from rest
    except (ValueError, KeyError) as error:
        raise RuntimeError from error
    return lambda: (await_ for await_ in rest)
"""
_SENTENCES: Final = (
    "count(gain > 0) >= 3",
    "groups(part, mean(gain) < 2 and median(gain) > 1) / 2 == 1",
    "quantile(gain, 0.9) - -low(gain, 0.5) * 2 <= 1e3",
    "sum(kind == 'x' and not gain < 1) < 4",
)
TARGETS: Final[dict[str, tuple[Callable[[bytes], None], Sequence[bytes]]]] = {
    "bet": (bet, [BET.encode()]),
    "sentence": (sentence, [text.encode() for text in _SENTENCES]),
    "record": (record, [_record()]),
    "journal": (journal, [dump_line(_line()) + b"\n", dump_line(_line()) + b"\n" + dump_line(_line())[:99]]),
    "claims": (claims, [_PAGE.encode()]),
    "code": (code, [_LABORATORY.encode()]),
}
"""Each target with the inputs that fuzzing starts from."""
