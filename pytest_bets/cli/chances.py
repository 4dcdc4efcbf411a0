"""The command `odds`: what is known of bets before their run, with their own nulls or those of a file."""

import ast
import importlib.util
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pytest_bets.bet import null
from pytest_bets.bet.declaration import SEED, Declaration
from pytest_bets.bet.null import Null
from pytest_bets.bet.source import Mark
from pytest_bets.bet.validate import unsatisfiable
from pytest_bets.bet.world import WORLD
from pytest_bets.chance import outlook, rules
from pytest_bets.chance.luck import luck
from pytest_bets.diagnostics import CommandError, DeclarationError, Fault, Faults, SimulationError, nearest
from pytest_bets.record.known_error import error_of
from pytest_bets.record.record import Record
from pytest_bets.record.standing import Standing
from pytest_bets.render.luck import error_words, luck_words
from pytest_bets.render.odds import Odds
from pytest_bets.render.words import standing_words
from pytest_bets.sentence.ast import names

MARGIN: Final = "margin"
Cells = Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class Chosen:
    """What a file says about one bet: its nulls, or why nothing is known."""

    nulls: tuple[Null, ...] = ()
    margin: str = ""


def read(path: Path, bets: Sequence[Declaration]) -> dict[str, Chosen]:
    """Return the nulls in a file of TOML, by the bet's id: an array of tables for each bet, by number or id.

    Raises:
        CommandError: if the file cannot be read, or a null in it is wrong.

    """
    try:
        text = path.read_text(encoding="utf-8")
        entries = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise CommandError(f"{path}: {error}") from None
    known = {key: bet for bet in bets for key in (bet.id, str(bet.number), bet.id.partition("_")[0])}
    found, faults = {}, Faults(str(path), text)
    for key, tables in entries.items():
        line = _line(text, key)
        if key not in known:
            faults.add(line, f"there is no bet {key!r}", "a bet's number or id", nearest(key, [bet.id for bet in bets]))
        elif not isinstance(tables, list):
            faults.add(line, f"`{key}` is not an array of tables", f"[[{key}]]")
        else:
            found[known[key].id] = _chosen(tables, known[key], line, faults)
    try:
        faults.raise_any()
    except DeclarationError as error:
        raise CommandError(str(error)) from None
    return found


def _line(text: str, key: str) -> int:
    lines = text.splitlines()
    return next((at for at, line in enumerate(lines, 1) if line.strip().strip('[]"') == key), 1)


def _chosen(tables: Sequence[Mapping[str, Any]], bet: Declaration, line: int, faults: Faults) -> Chosen:
    margins = [str(table[MARGIN]) for table in tables if MARGIN in table]
    if margins:
        return Chosen(margin=" ".join(margins[0].split()))
    marks = []
    for table in tables:
        words = [ast.keyword(name, ast.Constant(value)) for name, value in table.items() if name != "why"]
        marks.append(Mark(null.MARKER, ast.Call(ast.Name(null.MARKER), [], words), line))
    read_names = frozenset[str]().union(*(names(item.sentence.value) for item in bet.criteria))
    nulls = null.read(marks, read_names, _parameters(bet), faults)
    null.check_strict(nulls, bet.sentences("strict"), faults)
    return Chosen(tuple(nulls))


def _parameters(bet: Declaration) -> list[str]:
    return [name for key in bet.sweep for name in key.split(", ")] + ([SEED] if bet.replicate else [])


def _is_of(bet: Declaration, record: Record) -> bool:
    """Return whether a record is of this declaration: its cells and verdict are of no other."""
    return record.declaration.digest == bet.digest


def cells(bet: Declaration, record: Record | None) -> Cells | None:
    """Return the parameters of the cells: those of the record if it is of this declaration, else as declared."""
    if record is not None and record.cells and _is_of(bet, record):
        return [cell.params for cell in record.cells]
    return outlook.declared_cells(bet)


def odds_of(bet: Declaration, record: Record | None, chosen: Chosen | None, standing: Standing | None = None) -> Odds:
    """Return the row of a bet, with its own nulls or the chosen ones; `standing` is that of its claim.

    Raises:
        CommandError: if a chosen null does not fit the cells.

    """
    gone = standing_words(standing) if standing and standing.gone else ""
    return replace(_odds_of(bet, record, chosen), standing=gone)


def _odds_of(bet: Declaration, record: Record | None, chosen: Chosen | None) -> Odds:
    found = replace(bet, nulls=chosen.nulls) if chosen else bet
    params = cells(bet, record)
    faults = rules.faults(found, params) if params is not None else []
    if chosen:
        check(faults)
    elif faults:
        return Odds(bet.id, "; ".join(map(str, found.nulls)), faults[0].problem, "", "", None)
    words = "; ".join(map(str, found.nulls)) or (chosen.margin if chosen else "")
    before = outlook.before_words(found, params) if params else ""
    if record is None or record.verdict is None:
        return Odds(bet.id, words, before, "void" if record else "never run", "", None)
    if _is_of(bet, record):
        rows = [cell.row for cell in record.cells]
        measured = luck(found, [cell.params for cell in record.cells], rows) if record.cells else None
    else:
        measured = None if chosen else record.luck
    error = error_of(replace(record, luck=measured))
    largest = measured.largest("strict") if measured and measured.swaps else None
    shown = error_words(record.verdict, error)
    return Odds(bet.id, words, before, record.verdict, shown, largest[1].chance if largest else None)


def check(faults: Sequence[Fault]) -> None:
    """Raise the faults of nulls, if there are any.

    Raises:
        CommandError: with every fault.

    """
    if faults:
        raise CommandError("\n".join(map(str, faults)))


def entries(bet: Declaration, record: Record | None, chosen: Chosen | None, root: Path) -> list[tuple[str, str]]:
    """Return what is known of one bet: a name and a sentence or two each."""
    found = replace(bet, nulls=chosen.nulls) if chosen else bet
    params = cells(bet, record)
    excluded = [("Control", text) for text in unsatisfiable(bet)]
    if chosen and chosen.margin:
        return [("Null", f"none: {chosen.margin}"), *excluded]
    if params is None:
        unknown = "the source does not give the values of the sweep; they are known once the bet has run"
        return [("Cells", unknown), *excluded]
    check(rules.faults(found, params))
    lines = [*outlook.outlook(found, params)]
    if bet.world is not None:
        try:
            lines += outlook.simulated(found, params, _world(root / bet.file, root))
        except SimulationError as error:
            lines.append(("World", str(error)))
    if record and record.verdict and found.nulls:
        lines.append(("Measured", _measured_words(bet, found, record)))
    return [*(lines or [("Null", "none: the chance of a verdict is not known")]), *excluded]


def _measured_words(bet: Declaration, found: Declaration, record: Record) -> str:
    """Return what the nulls of `found`, the bet with its own or the chosen ones, say about a record's cells."""
    if not _is_of(bet, record):
        return f"the record is of another declaration: {record.verdict}; run the bet again"
    measured = luck(found, [cell.params for cell in record.cells], [cell.row for cell in record.cells])
    return " ".join([f"{record.verdict}.", *(luck_words(measured) if measured else ())])


def _world(path: Path, root: Path) -> Any:
    """Import a bet file as pytest would find its modules, and return its function `world`."""
    sys.path[:0] = [str(root), str(path.parent)]
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None  # noqa: S101  # it is a file of Python
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # a bet file may raise anything
        raise SimulationError(f"{path.name} cannot be imported: {type(error).__name__}: {error}") from None
    finally:
        del sys.path[:2]
    return getattr(module, WORLD)
