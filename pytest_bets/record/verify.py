"""What a record says, held against its declaration, its own measurements and the journal."""

from collections.abc import Iterator, Mapping

from pytest_bets.bet.declaration import Declaration
from pytest_bets.record.codec import cells_sha256, declared, rows_of
from pytest_bets.record.decode import encode
from pytest_bets.record.model import Record, RunLine
from pytest_bets.record.verdict import judge
from pytest_bets.values import spelled


def differences(record: Record, declaration: Declaration, line: RunLine | None) -> list[str]:
    """Return where a record differs from what it was made of, a line each.

    `line` is that of the run which wrote the record, None where the journal has none.
    """
    found = [*_undeclared(record, declaration), *misjudged(record, declaration)]
    return found + ([*_unrun(record, line)] if line else [])


def _undeclared(record: Record, declaration: Declaration) -> Iterator[str]:
    says, said = encode(record.declaration), encode(declared(declaration))
    for key in {**says, **said}:  # optional parts stand only where they are declared
        if key not in ("docstring", "withdrawn", "world"):
            yield from _apart(f"declaration.{key}", says.get(key), said.get(key), "the bet file says")


def misjudged(record: Record, declaration: Declaration) -> Iterator[str]:
    """Yield where a record's judgement is not what its own measurements give."""
    if record.verdict is None and not record.criteria:
        return
    fresh = judge(declaration.criteria, record.cells)
    for key in ("verdict", "catastrophic", "noise_floor", "void"):
        yield from _apart(key, getattr(record, key), getattr(fresh, key), "its measurements give")
    if len(fresh.criteria) != len(record.criteria):
        yield f"criteria: the record has {len(record.criteria)}, its measurements give {len(fresh.criteria)}"
    for item, judged in zip(record.criteria, fresh.criteria, strict=False):
        where, says = f'{judged.tier} "{judged.sentence}"', encode(item)
        for key, value in encode(judged).items():
            yield from _apart(f"{where}: {key}", says[key], value, "its measurements give")
    yield from _unlucky(record, declaration)


def _unlucky(record: Record, declaration: Declaration) -> Iterator[str]:
    """Yield where the recorded chances are not those of the declaration and the measurements."""
    if record.luck is None and not declaration.nulls:
        return
    from pytest_bets.chance.luck import luck  # here: few bets have a null

    cells = record.cells
    fresh = luck(declaration, [cell.params for cell in cells], [cell.row for cell in cells])
    yield from _apart("luck", _by_place(encode(record.luck)), _by_place(encode(fresh)), "its measurements give")


def _by_place(item: object) -> object:
    """Return a JSON value with an object for every list, by place, so that a difference names its place."""
    if isinstance(item, Mapping):
        return {key: _by_place(value) for key, value in item.items()}
    return {str(place): _by_place(value) for place, value in enumerate(item)} if isinstance(item, list) else item


def _unrun(record: Record, line: RunLine) -> Iterator[str]:
    if cells_sha256(rows_of(record)) != line.cells.sha256:
        yield f"cells: the {len(record.cells)} of the record are not the {line.cells.count} that the run measured"
    for name, recorded, ran in (
        ("code.digest", record.code.digest, line.code),
        ("registration.state", record.registration.state, line.registration),
        ("environment", encode(record.environment), encode(line.environment)),
    ):
        yield from _apart(name, recorded, ran, "the journal says")


def _apart(name: str, recorded: object, expected: object, source: str) -> Iterator[str]:
    recorded, expected = spelled(recorded), spelled(expected)
    if isinstance(recorded, Mapping) and isinstance(expected, Mapping):
        for key in sorted({*recorded, *expected}):
            yield from _apart(f"{name}.{key}", recorded.get(key), expected.get(key), source)
    elif recorded != expected:
        yield f"{name}: the record says {recorded!r}, {source} {expected!r}"
