"""The command `new`: write a bet file from a template."""

import argparse
from pathlib import Path, PurePath
from typing import Final

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.bet.declaration import bet_id
from pytest_bets.bet.template import LONGEST, SLUG, bet_file, created, slug
from pytest_bets.cli.command import Answer, Command
from pytest_bets.diagnostics import CommandError
from pytest_bets.git.attributes import unite
from pytest_bets.project import Project
from pytest_bets.record.filenames import JOURNAL
from pytest_bets.record.places import catalogue_of
from pytest_bets.walk import relative


def configure(new: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    new.add_argument("number", nargs="?", type=int, help="the bet's number (default: the next free one)")
    new.add_argument("title", help="the claim in one line")
    new.add_argument("--slug", metavar="NAME", help="name in the bet's id and file (default: the words of the title)")
    where = "where to write the file (default: beside the other bets, or the first of bets_paths, or bets)"
    new.add_argument("--folder", type=Path, help=where)


def run(project: Project, options: argparse.Namespace) -> Answer:
    """Run the command."""
    catalogue = catalogue_of(project)
    number = catalogue.next_number() if options.number is None else options.number
    taken = catalogue.find(number)
    if number < 0 or taken:
        used = f"is the number of {catalogue.name(taken)}" if taken else "is not a number for a bet"
        raise CommandError(f"{number} {used}; the next free one is {catalogue.next_number()}")
    name = _slug(options)
    folder = options.folder or _home(catalogue)
    path: Path = folder / f"bet_{number:02d}_{name}.py"
    shown = PurePath(relative(path))
    try:
        text = bet_file(number, options.title, shown).encode()
    except UnicodeEncodeError as error:  # an argument in another encoding than the terminal's
        raise CommandError(f"the title and the folder must be in UTF-8; found {error.object!r}") from None
    added = unite(project.results / JOURNAL)
    folder.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(text)
    attributes = (PurePath(relative(added[0])).as_posix(), added[1]) if added else None
    return Answer(created(shown.as_posix(), bet_id(path.name), number, attributes))


def _slug(options: argparse.Namespace) -> str:
    suggested = slug(options.slug or options.title)
    if options.slug is None:
        if not suggested:
            raise CommandError(f"the title {options.title!r} has no letter to name a file by; name it with --slug")
        return suggested
    if not SLUG.fullmatch(options.slug):
        near = f"; did you mean {suggested}?" if suggested else ""
        expected = f"lower-case letters and digits, in words that are joined by _, at most {LONGEST} characters"
        raise CommandError(f"--slug {options.slug}: expected {expected}{near}")
    return str(options.slug)


def _home(catalogue: Catalogue) -> Path:
    folders = [path.parent for path in catalogue.paths]
    if folders:
        return max(folders, key=folders.count)
    return catalogue.homes[0] if catalogue.homes else catalogue.root / "bets"


COMMAND: Final = Command(run, 'pytest-bets new 68 "receipts repair the ledger"', configure)
