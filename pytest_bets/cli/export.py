"""The command `export`: results and declarations as files for other programs."""

import argparse
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from pytest_bets.bet.declaration import matching
from pytest_bets.cli.bets import unknown
from pytest_bets.cli.command import Answer, Command, no_results
from pytest_bets.diagnostics import CommandError, ExtraError, count_noun, did_you_mean
from pytest_bets.export.committed import committed
from pytest_bets.export.crate import crate
from pytest_bets.export.csv import as_csv
from pytest_bets.export.folder import check, write
from pytest_bets.export.frames import to_parquet
from pytest_bets.export.load import load
from pytest_bets.export.prml import dump, manifests
from pytest_bets.export.results import Results
from pytest_bets.export.tables import TABLES
from pytest_bets.project import Project
from pytest_bets.record.places import catalogue_of
from pytest_bets.walk import relative

DESCRIPTION: Final = """\
Write results and declarations as files for other programs, into a folder that is new or empty:

  csv       the tables bets, criteria, cells and runs, as `pytest_bets.load` gives them
  parquet   the same tables (needs pyarrow)
  prml      a PRML manifest for each sentence that a claim needs, with its hash; of committed bets, run or not
            (needs PyYAML, and --producer)
  ro-crate  records, journal, summary and bet files as an RO-Crate 1.1, for an archive

Exit status: 0 done, 2 usage error, 3 cannot determine.
"""
Files = tuple[dict[str, bytes], str]
"""Files by path, and a note."""


def configure(exported: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    exported.add_argument("bets", metavar="BET", nargs="*", help="numbers or ids of bets (default: all)")
    exported.add_argument("--to", metavar="FORMAT", required=True, help=", ".join(_FORMATS))
    exported.add_argument("--out", type=Path, metavar="DIR", help="folder of the files (default: export/FORMAT)")
    exported.add_argument(
        "--producer", metavar="ID", help="prml: who makes the claim: a DNS name, an ORCID or a GitHub handle"
    )
    exported.add_argument(
        "--license",
        metavar="URL",
        help="ro-crate: the license of the results, as an address or a text (default: the file LICENSE of the project)",
    )


def run(project: Project, options: argparse.Namespace) -> Answer:
    """Run the command."""
    make = _FORMATS.get(options.to)
    if make is None:
        expected = f"expected one of {', '.join(_FORMATS)}"
        raise CommandError(f"there is no format {options.to!r}{did_you_mean(options.to, _FORMATS)}; {expected}")
    folder = options.out or Path("export") / options.to
    check(folder)
    try:
        files, note = make(project, options)
    except ExtraError as error:
        raise CommandError(str(error)) from None
    write(folder, files)
    return Answer(f"{relative(folder)}: {count_noun(len(files), 'file')}\n{note}")


def _results(project: Project, options: argparse.Namespace) -> Results:
    """Return the results of the bets that were asked for."""
    if not project.results.is_dir():
        raise CommandError(no_results(project.results))
    found = load(project.results, rootdir=project.root)
    ids = _asked(project, options.bets, [bet.id for bet in found.bets])
    return Results(found.folder, found.summary, tuple(bet for bet in found.bets if bet.id in ids))


def _asked(project: Project, asked: Sequence[str], ids: Sequence[str]) -> frozenset[str]:
    if not asked:
        return frozenset(ids)
    found = {name: matching(name, ids) for name in asked}
    missing = next((name for name, bets in found.items() if not bets), None)
    if missing is not None:
        raise CommandError(unknown(missing, catalogue_of(project), ids))
    return frozenset(bet for bets in found.values() for bet in bets)


def _csv(project: Project, options: argparse.Namespace) -> Files:
    results = _results(project, options)
    tables = {name: as_csv(results.table(name)) for name in TABLES}
    return {f"{name}.csv": text.encode(errors="backslashreplace") for name, text in tables.items()}, ""


def _parquet(project: Project, options: argparse.Namespace) -> Files:
    results = _results(project, options)
    return {f"{name}.parquet": to_parquet(results.table(name)) for name in TABLES}, ""


def _prml(project: Project, options: argparse.Namespace) -> Files:
    if not options.producer:
        raise CommandError("prml needs --producer: a DNS name, an ORCID or a GitHub handle of who makes the claims")
    catalogue = catalogue_of(project)
    declarations, unreadable = catalogue.declarations()
    ids = _asked(project, options.bets, [bet.id for bet in declarations])
    bets = [bet for bet in declarations if bet.id in ids]
    known, left = committed(catalogue, bets)
    files: dict[str, bytes] = {}
    for bet in bets:
        for name, manifest in manifests(bet, known[bet.id], options.producer) if bet.id in known else ():
            data = dump(manifest)
            files[f"{name}.prml.yaml"] = data
            files[f"{name}.prml.prml.sha256"] = f"{hashlib.sha256(data).hexdigest()}\n".encode()
    notes = [f"left out: bet {bet}: {why}\n" for bet, why in left.items()]
    notes += [f"left out: {error}\n" for error in unreadable if not options.bets]
    if not files:
        raise CommandError(f"no bet is committed as it is: commit the bets first\n{''.join(notes)}".rstrip())
    return files, "".join(notes)


def _ro_crate(project: Project, options: argparse.Namespace) -> Files:
    return crate(project, _results(project, options), options.license), ""


_FORMATS: Final[Mapping[str, Callable[[Project, argparse.Namespace], Files]]] = {
    "csv": _csv,
    "parquet": _parquet,
    "prml": _prml,
    "ro-crate": _ro_crate,
}
COMMAND: Final = Command(run, "pytest-bets export --to csv --out tables", configure, DESCRIPTION)
