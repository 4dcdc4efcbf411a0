"""Replay: compare a record with its own measurements, its declaration and the journal."""

import json
from collections.abc import Sequence

import pytest

from pytest_bets.bet.declaration import Declaration
from pytest_bets.diagnostics import RecordError
from pytest_bets.record.build import declared
from pytest_bets.record.codec import cell_of, file_sha256, rows_of
from pytest_bets.record.consistency import means_same
from pytest_bets.record.store import Results
from pytest_bets.record.verdict import Cell
from pytest_bets.record.verify import differences


def encode_record(declaration: Declaration, results: Results) -> str:
    """Return the recorded cells as JSON, for judging again; raise pytest's skip or fail where that is impossible."""
    path = results.record_path(declaration.id)
    try:
        record = results.record(declaration.id)
        if record is None:
            pytest.skip("no record: the bet was never run to its end")
        line, is_known = results.writer(declaration.id, file_sha256(path.read_bytes()))
    except RecordError as error:
        pytest.fail(str(error), pytrace=False)
    found = []
    if not is_known:
        found.append("the journal has no run that wrote these bytes: the record was edited, or its run's line is gone")
    if not means_same(record.declaration, declared(declaration), declaration.reading.rebound):
        found.append("the bet file declares something else than the record: run the bet again")
    else:
        found += differences(record, declaration, line)
    if found:
        pytest.fail("\n".join([f"{path} does not hold:", *(f"  {line}" for line in found)]), pytrace=False)
    if record.verdict is None and not record.criteria:
        pytest.skip(f"the record is void: {record.void}")
    return f"[{','.join(rows_of(record))}]"


def decode_record(text: str) -> Sequence[Cell]:
    """Return the recorded cells in their JSON."""
    return [cell_of(cell) for cell in json.loads(text)]
