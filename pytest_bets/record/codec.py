"""The record of a bet and the line of its journal, as JSON objects."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pytest_bets.bet.declaration import Declaration
from pytest_bets.diagnostics import RecordError
from pytest_bets.record.schema import line_misfits, record_misfits
from pytest_bets.record.verdict import Cell, Judged, Verdict
from pytest_bets.values import encoded, indented, number, row

RECORD_SCHEMA: Final = "pytest-bets/record/2"
JOURNAL_SCHEMA: Final = "pytest-bets/journal/2"
RECORD_SCHEMAS: Final = ("pytest-bets/record/1", RECORD_SCHEMA)
JOURNAL_SCHEMAS: Final = ("pytest-bets/journal/1", JOURNAL_SCHEMA)
"""Those that can be read: what is written is of the last."""

Json = dict[str, Any]


def build(
    declaration: Declaration,
    verdict: Verdict,
    cells: Sequence[Cell],
    *,
    registration: Mapping[str, object],
    code: Mapping[str, object],
    environment: Mapping[str, object],
    pilot: bool = False,
) -> Json:
    """Return the record of a complete run."""
    return {
        "schema": RECORD_SCHEMA,
        **({"pilot": True} if pilot else {}),
        "bet": {
            "id": declaration.id,
            "number": declaration.number,
            "name": declaration.name,
            "title": declaration.title,
            "file": declaration.file,
        },
        "declaration": {
            **declared(declaration),
            "docstring": declaration.docstring.text,
            "withdrawn": declaration.withdrawn,
        },
        "registration": dict(registration),
        "code": dict(code),
        "verdict": verdict.verdict,
        "catastrophic": verdict.catastrophic,
        "noise_floor": verdict.noise_floor,
        "void": verdict.void,
        "criteria": [criterion_json(judged) for judged in verdict.criteria],
        "cells": [{"params": cell.params, "measured": cell.measured} for cell in cells],
        "environment": dict(environment),
    }


def declared(declaration: Declaration) -> Json:
    """Return what a record holds of all that must not move after the run, and its digest."""
    return {
        "digest": declaration.digest,
        "hypothesis": declaration.docstring.prose("Hypothesis"),
        **declaration.texts(),
        "constants": dict(declaration.constants),
        "sweep": {**declaration.sweep, **({"replicate": declaration.replicate} if declaration.replicate else {})},
        "challenges": list(declaration.challenges),
    }


def criterion_json(judged: Judged) -> Json:
    """Return one judged sentence as a record holds it."""
    return {
        "tier": judged.tier,
        "sentence": judged.sentence,
        "value": judged.value,
        "threshold": judged.threshold,
        "met": judged.met,
        "margin": judged.margin,
    }


def journal_line(
    record: Json,
    rows: Sequence[str],
    *,
    record_sha256: str | None,
    time: str,
    host: str,
    seconds: float,
    previous: str | None,
) -> Json:
    """Return the journal's line for a run whose record, written or not, is given with the rows of its cells."""
    return {
        "schema": JOURNAL_SCHEMA,
        "kind": "run",
        **({"pilot": True} if record.get("pilot") else {}),
        "bet": record["bet"]["id"],
        "time": time,
        "host": host,
        "seconds": round(seconds, 3),
        "declaration": record["declaration"]["digest"],
        "code": record["code"]["digest"],
        "registration": record["registration"]["state"],
        "environment": record["environment"],
        "verdict": record["verdict"],
        "catastrophic": record["catastrophic"],
        "noise_floor": record["noise_floor"],
        "void": record["void"],
        "criteria": [{key: item[key] for key in ("tier", "sentence", "value", "met")} for item in record["criteria"]],
        "cells": {"count": len(rows), "sha256": cells_sha256(rows)},
        "record": record_sha256,
        "previous": previous,
    }


def rows_of(record: Json) -> list[str]:
    """Return each cell of a record as it stands on a line of the record's file."""
    return [row(cell) for cell in record["cells"]]


def cells_sha256(rows: Sequence[str]) -> str:
    """Return the SHA-256 of the rows, joined by line feeds."""
    return sha256("\n".join(rows).encode())


def dump(record: Json, rows: Sequence[str]) -> bytes:
    """Return the bytes of a record's file: strict JSON, sorted keys, a cell a line, so that diffs are short."""
    head, empty, tail = indented({**record, "cells": []}).partition('\n "cells": []')
    joined = ",\n  ".join(rows)
    cells = f'\n "cells": [\n  {joined}\n ]' if rows else empty
    return encoded(f"{head}{cells}{tail}\n")


def load(data: bytes, name: str) -> Json:
    """Return the record in a file's bytes.

    Raises:
        RecordError: naming the file, and the line or the field at fault.

    """
    record = _strict(data, name, "keep one side, and run `pytest-bets rollup`")
    if not isinstance(record, dict) or record.get("schema") not in RECORD_SCHEMAS:
        found = record.get("schema") if isinstance(record, dict) else type(record).__name__
        raise RecordError(f"{name}: this is no record: its schema is {found!r}, expected {_either(RECORD_SCHEMAS)}")
    for misfit in record_misfits(record):
        raise RecordError(f"{name}: {misfit}")
    return record


def load_line(line: bytes, name: str) -> Json:
    """Return one journal line as an object.

    Raises:
        RecordError: naming the journal's line and what is wrong.

    """
    entry = _strict(line, name, "keep the lines of both, and run `pytest-bets rollup`")
    if not isinstance(entry, dict) or entry.get("schema") not in JOURNAL_SCHEMAS:
        raise RecordError(f"{name}: this is no line of a journal, expected schema {_either(JOURNAL_SCHEMAS)}")
    for misfit in line_misfits(entry):
        raise RecordError(f"{name}: {misfit}")
    return entry


def _either(schemas: Sequence[str]) -> str:
    return " or ".join(map(repr, schemas))


def _strict(data: bytes, name: str, merged: str) -> Any:
    def refuse(token: str) -> None:
        raise RecordError(f"{name}: the token {token} is no JSON; records spell it as a string")

    try:
        return json.loads(data, parse_constant=refuse)
    except json.JSONDecodeError as error:
        lines = data.splitlines()
        where = f"{name}:{error.lineno}" if len(lines) > 1 else name
        if b"".join(lines[error.lineno - 1 : error.lineno]).startswith(_CONFLICT):
            raise RecordError(f"{where}: a merge conflict was left here; {merged}") from None
        raise RecordError(f"{where}: this is not JSON: {error.msg}") from None
    except RecordError:
        raise
    except (ValueError, RecursionError) as error:  # no UTF-8, an integer of thousands of digits, too deep
        raise RecordError(f"{name}: this is not JSON: {error}") from None


_CONFLICT: Final = (b"<<<<<<< ", b"||||||| ", b"=======", b">>>>>>> ")


def cells_of(record: Json) -> tuple[Cell, ...]:
    """Return the cells of a record as they were judged, spelled numbers as numbers."""
    return tuple(cell_of(cell) for cell in record["cells"])


def cell_of(row: Json) -> Cell:
    """Return one cell from its row, spelled numbers as numbers."""
    return Cell(_unspelled(row["params"]), _unspelled(row["measured"]))


_WORDY: Final = frozenset({str, list})
"""The types that may hold a spelled number."""


def _unspelled(values: dict[str, object]) -> dict[str, object]:
    if _WORDY.isdisjoint(map(type, values.values())):
        return values

    def one(item: object) -> object:
        if isinstance(item, list):
            return [one(part) for part in item]
        return number(item) if item in ("nan", "inf", "-inf") else item

    return {key: one(item) for key, item in values.items()}


def verdict_of(record: Json) -> Verdict:
    """Return the record's verdict without its criteria, to compare with another."""
    return Verdict(record["verdict"], record["catastrophic"], record["noise_floor"], record["void"])


def same_pair(one: Json, other: Json) -> bool:
    """Tell whether two records are of the same declaration and the same code."""
    return bool(
        one["declaration"]["digest"] == other["declaration"]["digest"]
        and one["code"]["digest"] == other["code"]["digest"]
    )


def agreeing(journal: Sequence[Json], record: Json) -> tuple[int, int]:
    """Return how many runs of the record's pair came to a verdict, and how many of them to the record's."""
    pair = (record["bet"]["id"], record["declaration"]["digest"], record["code"]["digest"])
    verdicts = [line["verdict"] for line in journal if (line["bet"], line["declaration"], line["code"]) == pair]
    return sum(verdict is not None for verdict in verdicts), verdicts.count(record["verdict"] or object())


def file_sha256(data: bytes) -> str:
    """Return the SHA-256 of a file's bytes, whichever line ends its check-out has."""
    return hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()


def sha256(data: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
