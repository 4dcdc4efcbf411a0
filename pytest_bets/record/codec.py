"""The bytes of records and of journal lines: built, written, read."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final, TypeVar

from pytest_bets.diagnostics import MisfitError, RecordError
from pytest_bets.record.decode import decode
from pytest_bets.record.encode import encode
from pytest_bets.record.field import CHECKED
from pytest_bets.record.known_error import telling
from pytest_bets.record.line import FIRST_JOURNAL_SCHEMA, JOURNAL_SCHEMAS, Line, RunLine, UpgradeLine
from pytest_bets.record.record import FIRST_RECORD_SCHEMA, RECORD_SCHEMAS, CodeDefinitions, CodeFiles, Record
from pytest_bets.record.strict_json import strict
from pytest_bets.record.verdict import Cell, Verdict
from pytest_bets.values import canonical, encoded, indented, row

T = TypeVar("T")
MAX_LINE: Final = 2_000_000
"""The maximum number of bytes of a journal line."""
MAX_RECORD: Final = 100_000_000
"""The maximum number of bytes of a record."""


def rows_of(record: Record) -> list[str]:
    """Return each cell of a record as it stands on a line of the record's file."""
    return [cell_row(cell) for cell in record.cells]


def cell_row(cell: Cell) -> str:
    """Return a cell as its line in a record's file."""
    return row({"params": cell.params, "measured": cell.measured})


def cells_sha256(rows: Sequence[str]) -> str:
    """Return the SHA-256 of the rows, joined by line feeds."""
    return sha256("\n".join(rows).encode())


def dump(record: Record, rows: Sequence[str]) -> bytes:
    """Return the bytes of a record's file: strict JSON, sorted keys, a cell a line, so that diffs are short."""
    head, empty, tail = indented(encode(replace(record, cells=()))).partition('\n "cells": []')
    joined = ",\n  ".join(rows)
    cells = f'\n "cells": [\n  {joined}\n ]' if rows else empty
    return encoded(f"{head}{cells}{tail}\n")


def dump_line(line: Line) -> bytes:
    """Return the bytes of a line of the journal, without its end."""
    item = encode(line)
    if line.schema == FIRST_JOURNAL_SCHEMA:
        del item["kind"]
    return canonical(item).encode()


def load(data: bytes, name: str, *, header: bool = False) -> Record:
    """Return the record in a file's bytes; a header has the cells that a summary reads, and all are checked.

    Raises:
        RecordError: naming the file, and the line or the field at fault.

    """
    item = strict(data, name, "keep one side, and run `pytest-bets rollup`")
    schema = item.get("schema") if isinstance(item, dict) else type(item).__name__
    if schema not in RECORD_SCHEMAS:
        raise RecordError(f"{name}: this is no record: its schema is {schema!r}, expected {_either(RECORD_SCHEMAS)}")
    code = CodeFiles if schema == FIRST_RECORD_SCHEMA else CodeDefinitions
    record = _decoded(Record, item, name, code=code, **({"cells": _FIRST} if header else {}))
    return replace(record, cells=telling(record.criteria, map(cell_of, item["cells"]))) if header else record


_FIRST: Final = Annotated[tuple[Cell, ...], CHECKED]


def load_line(line: bytes, name: str) -> Line:
    """Return one line of the journal.

    Raises:
        RecordError: naming the journal's line and what is wrong.

    """
    item = strict(line, name, "keep the lines of both, and run `pytest-bets rollup`")
    schema = item.get("schema") if isinstance(item, dict) else None
    if schema not in JOURNAL_SCHEMAS:
        raise RecordError(f"{name}: this is no line of a journal, expected schema {_either(JOURNAL_SCHEMAS)}")
    if schema == FIRST_JOURNAL_SCHEMA:
        item["kind"] = "run"  # the first schema had no other
    if item.get("kind") not in ("run", "upgrade"):
        found = json.dumps(item["kind"])[:80] if "kind" in item else "nothing"
        raise RecordError(f'{name}: `kind`: expected "run" or "upgrade", got {found}')
    return _decoded(RunLine, item, name) if item["kind"] == "run" else _decoded(UpgradeLine, item, name)


def _decoded(kind: type[T], item: object, name: str, **given: object) -> T:
    try:
        return decode(kind, item, **given)
    except MisfitError as error:
        raise RecordError(f"{name}: {error}") from None


def _either(schemas: Sequence[str]) -> str:
    return " or ".join(map(repr, schemas))


def cell_of(item: object) -> Cell:
    """Return one cell from its JSON object, spelled numbers as numbers."""
    return decode(Cell, item)


def verdict_of(record: Record) -> Verdict:
    """Return the record's verdict without its criteria, to compare with another."""
    return Verdict(record.verdict, record.catastrophic, record.noise_floor, record.void)


def file_sha256(data: bytes) -> str:
    """Return the SHA-256 of a file's bytes, whichever line ends its check-out has."""
    return hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()


def sha256(data: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
