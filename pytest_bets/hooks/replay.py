"""Replay: a record held against its own measurements, its declaration and the journal."""

from collections.abc import Mapping, Sequence

import pytest

from pytest_bets.bet.declaration import Declaration
from pytest_bets.diagnostics import RecordError
from pytest_bets.record.codec import Json, sha256
from pytest_bets.record.store import Results
from pytest_bets.record.verify import differences


def replayed(declaration: Declaration, results: Results, written: Mapping[str, Sequence[Json]]) -> dict[str, object]:
    """Return the recorded cells, for judging again; the pytest outcome of skip or fail where that cannot be done."""
    path = results.record_path(declaration.id)
    try:
        record = results.record(declaration.id)
    except RecordError as error:
        pytest.fail(str(error), pytrace=False)
    if record is None:
        pytest.skip("no record: the bet was never run to its end")
    lines = written.get(declaration.id, [])
    # a checkout may give the file other line ends; within its strings JSON escapes them
    digest = sha256(path.read_bytes().replace(b"\r\n", b"\n"))
    found = []
    if digest not in {line["record"] for line in lines}:
        found.append("the journal has no run that wrote these bytes: the record was edited, or its run's line is gone")
    if record["declaration"]["digest"] != declaration.digest:
        found.append("the bet file declares something else than the record: run the bet again")
    else:
        found += differences(record, declaration, _wrote(digest, lines))
    if found:
        pytest.fail("\n".join([f"{path} does not hold:", *(f"  {line}" for line in found)]), pytrace=False)
    if record["verdict"] is None:
        pytest.skip(f"the record is void: {record['void']}")
    return {"replayed": record["cells"]}


def _wrote(digest: str, lines: Sequence[Json]) -> Json | None:
    """Return the line of the run that wrote a record; where it was edited since, that of the last that wrote one."""
    return next((line for line in reversed(lines) if line["record"] == digest), lines[-1] if lines else None)
