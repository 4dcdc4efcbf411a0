"""What a record says, held against its declaration, its own measurements and the journal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pytest_bets.bet.declaration import CRITERIA, Criterion, Declaration
from pytest_bets.bet.reading import Reading
from pytest_bets.diagnostics import SentenceError
from pytest_bets.record.build import declared
from pytest_bets.record.codec import cells_sha256, rows_of
from pytest_bets.record.consistency import Declared, other_cells
from pytest_bets.record.encode import encode
from pytest_bets.record.line import RunLine
from pytest_bets.record.record import Record
from pytest_bets.record.verdict import judge
from pytest_bets.sentence.parse import parse
from pytest_bets.values import spelled


def differences(record: Record, declaration: Declaration, line: RunLine | None) -> list[str]:
    """Return where a record differs from what it was made of, a line each.

    `line` is that of the run which wrote the record, None where the journal has none.
    """
    found = [*_undeclared(record, declaration), *misjudged(record, declaration.criteria), *other_cells(record)]
    found += unlucky(record, declaration)
    return found + ([*_unrun(record, line)] if line else [])


def _undeclared(record: Record, declaration: Declaration) -> Iterator[str]:
    part = declared(declaration)
    says, said = encode(record.declaration), encode(part)
    reading = Reading(declaration.reading.rebound)
    is_same = Declared("", record.declaration, reading).meaning == Declared("", part, reading).meaning
    spelling = {"digest", "constants", "sweep"} if is_same else set()
    for key in {**says, **said}:  # optional parts stand only where they are declared
        if key not in ("docstring", "withdrawn", "world", *spelling):
            yield from _apart(f"declaration.{key}", says.get(key), said.get(key), "the bet file says")


def misjudged(record: Record, criteria: Sequence[Criterion]) -> Iterator[str]:
    """Yield where a record's judgement is not what these sentences give for its own measurements."""
    if record.verdict is None and not record.criteria:
        return
    fresh = judge(criteria, record.cells)
    for key in ("verdict", "catastrophic", "noise_floor", "void"):
        yield from _apart(key, getattr(record, key), getattr(fresh, key), "its measurements give")
    if len(fresh.criteria) != len(record.criteria):
        yield f"criteria: the record has {len(record.criteria)}, its measurements give {len(fresh.criteria)}"
    for item, judged in zip(record.criteria, fresh.criteria, strict=False):
        where, says = f'{judged.tier} "{judged.sentence}"', encode(item)
        for key, value in encode(judged).items():
            yield from _apart(f"{where}: {key}", says[key], value, "its measurements give")


def unlucky(record: Record, declaration: Declaration) -> Iterator[str]:
    """Yield where the recorded chances are not those of the declaration and the measurements."""
    if record.luck is None and (record.verdict is None or not declaration.nulls):
        return
    from pytest_bets.chance.luck import luck  # here: few bets have a null

    cells = record.cells if record.verdict else ()  # without a verdict there is none that chance could have given
    fresh = luck(declaration, [cell.params for cell in cells], [cell.row for cell in cells])
    yield from _apart("luck", _by_place(encode(record.luck)), _by_place(encode(fresh)), "its measurements give")


def _by_place(item: object) -> object:
    """Return a JSON value with an object for every list, by place, so that a difference names its place."""
    if isinstance(item, Mapping):
        return {key: _by_place(value) for key, value in item.items()}
    return {str(place): _by_place(value) for place, value in enumerate(item)} if isinstance(item, list) else item


def misjudged_by_itself(record: Record) -> list[str]:
    """Return where a record's judgement, or its digest, is not what its own sentences and measurements give.

    So a record can be judged at every commit, whatever its bet is called or declares today.
    """
    texts = [(tier, text) for tier in CRITERIA for text in record.declaration.sentences(tier)]
    try:
        criteria = [Criterion(tier, parse(text), 0) for tier, text in texts]
    except SentenceError as error:
        return [f"a sentence of the record cannot be read: {error}"]
    ordered = tuple(sorted(record.criteria, key=lambda item: CRITERIA.index(item.tier)))
    found = list(misjudged(replace(record, criteria=ordered), criteria))
    if Declared(record.id, record.declaration).digest != record.declaration.digest:
        found.append("declaration.digest: it is not that of what the record declares")
    return found


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
