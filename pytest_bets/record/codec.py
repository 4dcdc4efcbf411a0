"""The bytes of records and of journal lines: built, written, read."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Final, TypeVar

from pytest_bets.bet.declaration import Declaration
from pytest_bets.chance.result import Luck
from pytest_bets.diagnostics import MisfitError, RecordError
from pytest_bets.record.decode import decode, encode
from pytest_bets.record.field import CHECKED
from pytest_bets.record.line import (
    FIRST_JOURNAL_SCHEMA,
    JOURNAL_SCHEMA,
    JOURNAL_SCHEMAS,
    Attempt,
    CellsDigest,
    Line,
    Replicated,
    RunLine,
    UpgradeLine,
    ValueRow,
)
from pytest_bets.record.record import (
    FIRST_RECORD_SCHEMA,
    RECORD_SCHEMA,
    RECORD_SCHEMAS,
    BetRef,
    Code,
    CodeDefinitions,
    CodeFiles,
    DeclarationPart,
    Environment,
    Record,
    Registration,
)
from pytest_bets.record.verdict import Cell, Verdict
from pytest_bets.values import canonical, encoded, indented, row

T = TypeVar("T")

MAX_LINE: Final = 2_000_000
"""The maximum number of bytes of a journal line."""
MAX_RECORD: Final = 100_000_000
"""The maximum number of bytes of a record."""


def build(
    declaration: Declaration,
    verdict: Verdict,
    cells: Sequence[Cell],
    *,
    registration: Registration,
    code: Code,
    environment: Environment,
    luck: Luck | None = None,
    pilot: bool = False,
) -> Record:
    """Return the record of a complete run."""
    bet = declaration
    return Record(
        schema=RECORD_SCHEMA,
        pilot=pilot,
        bet=BetRef(bet.id, bet.number, bet.name, bet.title, bet.file),
        declaration=declared(bet),
        registration=registration,
        code=code,
        verdict=verdict.verdict,
        catastrophic=verdict.catastrophic,
        noise_floor=verdict.noise_floor,
        void=verdict.void,
        criteria=verdict.criteria,
        cells=tuple(cells),
        environment=environment,
        luck=luck,
    )


def declared(declaration: Declaration) -> DeclarationPart:
    """Return what a record holds of a declaration."""
    texts = {tier: tuple(sentences) for tier, sentences in declaration.texts().items()}
    return DeclarationPart(
        digest=declaration.digest,
        hypothesis=declaration.docstring.prose("Hypothesis"),
        **texts,
        constants=dict(declaration.constants),
        sweep={**declaration.sweep, **({"replicate": declaration.replicate} if declaration.replicate else {})},
        challenges=declaration.challenges,
        docstring=declaration.docstring.text,
        withdrawn=declaration.withdrawn,
        known=declaration.known,
        null=tuple(null.plain for null in declaration.nulls),
        odds=declaration.odds,
        world=declaration.world.source if declaration.world else None,
    )


def journal_line(
    record: Record,
    rows: Sequence[str],
    *,
    record_sha256: str | None,
    time: str,
    host: str,
    seconds: float,
    previous: str | None,
    resumed: int = 0,
    replication: Replicated | None = None,
    attempts: tuple[Attempt, ...] = (),
) -> RunLine:
    """Return the journal's line for a run whose record, written or not, is given with the rows of its cells."""
    return RunLine(
        schema=JOURNAL_SCHEMA,
        kind="run",
        pilot=record.pilot,
        bet=record.id,
        time=time,
        host=host,
        seconds=round(seconds, 3),
        declaration=record.declaration.digest,
        code=record.code.digest,
        registration=record.registration.state,
        environment=record.environment,
        verdict=record.verdict,
        catastrophic=record.catastrophic,
        noise_floor=record.noise_floor,
        void=record.void,
        criteria=tuple(ValueRow(item.tier, item.sentence, item.value, item.met) for item in record.criteria),
        cells=CellsDigest(len(rows), cells_sha256(rows)),
        record=record_sha256,
        previous=previous,
        resumed=resumed,
        replication=replication,
        attempts=attempts,
    )


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


def load(data: bytes, name: str, *, outline: bool = False) -> Record:
    """Return the record in a file's bytes; an outline has no cells, which are checked all the same.

    Raises:
        RecordError: naming the file, and the line or the field at fault.

    """
    item = _strict(data, name, "keep one side, and run `pytest-bets rollup`")
    schema = item.get("schema") if isinstance(item, dict) else type(item).__name__
    if schema not in RECORD_SCHEMAS:
        raise RecordError(f"{name}: this is no record: its schema is {schema!r}, expected {_either(RECORD_SCHEMAS)}")
    code = CodeFiles if schema == FIRST_RECORD_SCHEMA else CodeDefinitions
    return _decoded(Record, item, name, code=code, **({"cells": _UNKEPT} if outline else {}))


_UNKEPT: Final = Annotated[tuple[Cell, ...], CHECKED]


def load_line(line: bytes, name: str) -> Line:
    """Return one line of the journal.

    Raises:
        RecordError: naming the journal's line and what is wrong.

    """
    item = _strict(line, name, "keep the lines of both, and run `pytest-bets rollup`")
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


def _strict(data: bytes, name: str, merged: str) -> Any:
    def refuse(token: str) -> None:
        raise RecordError(f'{name}: {token} is not valid JSON; write "{_SPELLING[token]}"')

    try:
        text = data.decode()
        try:
            return json.loads(text, parse_constant=refuse, object_pairs_hook=_once)
        except KeyError:  # of `_once`; what comes later may be no JSON
            where = _doubled(json.loads(text, parse_constant=refuse, object_pairs_hook=_Pairs))
            raise RecordError(f"{name}: {where}") from None
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


class _Pairs(list[tuple[str, Any]]):
    """An object of JSON with all its keys."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise KeyError
    return found


def _doubled(item: object) -> str:
    """Say where a key is there twice; the value has such an object."""
    pending: list[tuple[str, object]] = [("", item)]
    while pending:
        path, found = pending.pop()
        if isinstance(found, _Pairs):
            seen: set[str] = set()
            for key, _ in found:
                if key in seen:
                    return f"`{f'{path}.{key}'.lstrip('.')[:200]}`: the key is there twice; expected once"
                seen.add(key)
            pending += [(f"{path}.{key}", value) for key, value in found]
        elif isinstance(found, list):
            pending += [(f"{path}[{index}]", value) for index, value in enumerate(found)]
    raise AssertionError  # no key is there twice


_SPELLING: Final = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}
_CONFLICT: Final = (b"<<<<<<< ", b"||||||| ", b"=======", b">>>>>>> ")


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
