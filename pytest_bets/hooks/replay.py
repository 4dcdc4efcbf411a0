"""Replay: compare a record with its own measurements, its declaration and the journal."""

import json
from collections.abc import Mapping, Sequence

import pytest

from pytest_bets.bet.declaration import Declaration
from pytest_bets.diagnostics import RecordError
from pytest_bets.record.codec import cell_of, declared, rows_of, sha256
from pytest_bets.record.consistency import means_same
from pytest_bets.record.model import RunLine
from pytest_bets.record.store import Results
from pytest_bets.record.verdict import Cell
from pytest_bets.record.verify import differences


def encode_record(declaration: Declaration, results: Results, written: Mapping[str, Sequence[RunLine]]) -> str:
    """Return the recorded cells as JSON, for judging again; raise pytest's skip or fail where that is impossible."""
    path = results.record_path(declaration.id)
    try:
        record = results.record(declaration.id)
    except RecordError as error:
        pytest.fail(str(error), pytrace=False)
    if record is None:
        pytest.skip("no record: the bet was never run to its end")
    lines = written.get(declaration.id, [])
    # a checkout may change the line ends; within strings JSON escapes them
    digest = sha256(path.read_bytes().replace(b"\r\n", b"\n"))
    found = []
    if digest not in {line.record for line in lines}:
        found.append("the journal has no run that wrote these bytes: the record was edited, or its run's line is gone")
    if not means_same(record.declaration, declared(declaration)):
        found.append("the bet file declares something else than the record: run the bet again")
    else:
        found += differences(record, declaration, _wrote(digest, lines))
    if found:
        pytest.fail("\n".join([f"{path} does not hold:", *(f"  {line}" for line in found)]), pytrace=False)
    if record.verdict is None:
        pytest.skip(f"the record is void: {record.void}")
    return f"[{','.join(rows_of(record))}]"


def decode_record(text: str) -> Sequence[Cell]:
    """Return the recorded cells in their JSON."""
    return [cell_of(cell) for cell in json.loads(text)]


def _wrote(digest: str, lines: Sequence[RunLine]) -> RunLine | None:
    """Return the line of the run that wrote this record; for an edited record, the line of the last written one."""
    return next((line for line in reversed(lines) if line.record == digest), lines[-1] if lines else None)
