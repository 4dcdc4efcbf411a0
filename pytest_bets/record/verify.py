"""What a record says, held against its declaration, its own measurements and the journal."""

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_bets.bet.declaration import Declaration
from pytest_bets.record.codec import Json, cells_of, cells_sha256, criterion_json, declared, rows_of
from pytest_bets.record.verdict import judge
from pytest_bets.values import spelled


def differences(record: Json, declaration: Declaration, line: Json | None) -> list[str]:
    """Return where a record differs from what it was made of, a line each.

    `line` is that of the run which wrote the record, None where the journal has none.
    """
    found = [*_undeclared(record, declaration), *misjudged(record, declaration)]
    return found + ([*_unrun(record, line)] if line else [])


def _undeclared(record: Json, declaration: Declaration) -> Iterator[str]:
    for key, expected in declared(declaration).items():
        yield from _apart(f"declaration.{key}", record["declaration"][key], spelled(expected), "the bet file says")


def misjudged(record: Json, declaration: Declaration) -> Iterator[str]:
    """Yield where a record's judgement is not what its own measurements give."""
    if record["verdict"] is None:
        return
    fresh = judge(declaration.criteria, cells_of(record))
    for key in ("verdict", "catastrophic", "noise_floor", "void"):
        yield from _apart(key, record[key], getattr(fresh, key), "its measurements give")
    if len(fresh.criteria) != len(record["criteria"]):
        yield f"criteria: the record has {len(record['criteria'])}, its measurements give {len(fresh.criteria)}"
    for item, judged in zip(record["criteria"], fresh.criteria, strict=False):
        where = f'{judged.tier} "{judged.sentence}"'
        for key, expected in criterion_json(judged).items():
            yield from _apart(f"{where}: {key}", item[key], spelled(expected), "its measurements give")


def _unrun(record: Json, line: Json) -> Iterator[str]:
    cells = line["cells"]
    if cells_sha256(rows_of(record)) != cells["sha256"]:
        yield f"cells: the {len(record['cells'])} of the record are not the {cells['count']} that the run measured"
    for name, recorded, ran in (
        ("code.digest", record["code"]["digest"], line["code"]),
        ("registration.state", record["registration"]["state"], line["registration"]),
        ("environment", record["environment"], line["environment"]),
    ):
        yield from _apart(name, recorded, ran, "the journal says")


def _apart(name: str, recorded: Any, expected: Any, source: str) -> Iterator[str]:
    if isinstance(recorded, dict) and isinstance(expected, Mapping):
        for key in sorted({*recorded, *expected}):
            yield from _apart(f"{name}.{key}", recorded.get(key), expected.get(key), source)
    elif recorded != expected:
        yield f"{name}: the record says {recorded!r}, {source} {expected!r}"
