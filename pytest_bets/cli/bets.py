"""The bets of a project, and the ones that a command is asked for."""

from collections.abc import Collection, Sequence

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.bet.declaration import bet_id, matching, number_of
from pytest_bets.bet.known import FILE, read
from pytest_bets.diagnostics import CommandError, DeclarationError, did_you_mean
from pytest_bets.project import Project
from pytest_bets.record.summary_model import Summary


def the_one(asked: str, ids: Collection[str], declared: Collection[str]) -> str | None:
    """Return the bet that a number, an id, or an id without its number names; None if there is none.

    Of several, it is the one that is declared: the others are its former names, whose records stay.

    Raises:
        CommandError: if it names several, and not one of them alone is declared.

    """
    found = matching(asked, ids)
    there = [bet for bet in found if bet in declared] or found
    if len(there) > 1:
        raise CommandError(f"{asked} names several bets: {', '.join(there)}; give the id of one")
    return there[0] if there else None


def unknown(asked: str, catalogue: Catalogue, known: Sequence[str]) -> str:
    """Return why there is no such bet, with the nearest of the known ids."""
    named = (path for path in catalogue.paths if asked in (bet_id(path.name), str(number_of(path.name))))
    path = catalogue.find(int(asked) if asked.isdecimal() else asked) or next(named, None)
    if path:
        try:
            catalogue.declaration(path)
        except DeclarationError as error:
            return str(error)
        return f"{catalogue.name(path)} is not a bet: nothing in it carries a criterion"
    return f"there is no bet {asked!r} under {catalogue.root}{did_you_mean(asked, known)}"


def known_after(project: Project, summary: Summary, unreadable: Sequence[DeclarationError]) -> dict[str, str]:
    """Return what the file of the project says after the run of what was known before it, by bet."""
    path = project.root / FILE
    if not path.exists():
        return {}
    rows = sorted(summary.bets, key=lambda row: row.file is not None)  # of one number the declared bet is meant
    bets = [row.id for row in rows] + [bet_id(error.faults[0].file) for error in unreadable]
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CommandError(f"{FILE}: this is not UTF-8: {error}") from None
    return read(text, FILE, bets, {row.id for row in summary.bets if row.known})
