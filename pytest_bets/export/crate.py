"""Gather the files of an RO-Crate from the folder of results and the project."""

from pathlib import Path

from pytest_bets.diagnostics import CommandError
from pytest_bets.export.results import Results
from pytest_bets.export.ro_crate import METADATA, Source, metadata
from pytest_bets.project import Project
from pytest_bets.record.codec import sha256
from pytest_bets.record.filenames import JOURNAL, SUMMARY_JSON, SUMMARY_TEXT
from pytest_bets.record.store import Results as Store
from pytest_bets.render.words import counts_words

LICENSES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING")


def crate(project: Project, results: Results, license: str | None) -> dict[str, bytes]:  # noqa: A002  # its name
    """Return the files of a crate by path: those of the results and the bets, the license, and the metadata.

    Raises:
        CommandError: if no bet was run, or no license is named.

    """
    store = Store(project.results)
    ran = [bet for bet in results.bets if bet.runs or bet.record]
    if not any(bet.runs for bet in ran):
        raise CommandError("none of these bets was run: there is nothing to describe")
    found = next((name for name in LICENSES if (project.root / name).is_file()), None)
    if license is None and found is None:
        raise CommandError(f"an RO-Crate names a license: there is no file LICENSE in {project.root}; use --license")
    records = {bet.id: f"results/{bet.id}.json" for bet in ran if bet.record}
    declared = {bet.id: bet.declaration.file for bet in ran if bet.declaration}
    sources = {bet: file for bet, file in declared.items() if _is_inside(project, file)}
    files = {path: store.record_path(bet).read_bytes() for bet, path in records.items()}
    for name in (JOURNAL, SUMMARY_JSON, SUMMARY_TEXT):
        if (project.results / name).is_file():
            files[f"results/{name}"] = (project.results / name).read_bytes()
    files |= {path: (project.root / path).read_bytes() for path in sources.values()}
    if license is None and found:
        files[found] = (project.root / found).read_bytes()
    writers = {}
    for bet, path in records.items():
        run, is_there = store.writer(bet, sha256(files[path]))
        if run is not None and is_there:
            writers[bet] = run
    source = Source(
        name=f"Bets of {project.root.name}",
        description=f"Falsifiable claims, their experiments and their results: {counts_words(results.summary.counts)}.",
        license=license or str(found),
        bets=ran,
        files={path: len(data) for path, data in sorted(files.items())},
        records=records,
        sources=sources,
        writers=writers,
    )
    return {**files, METADATA: metadata(source)}


def _is_inside(project: Project, file: str) -> bool:
    """Return whether a file of a bet is one below the root, and does not take the place of another in the crate."""
    parts = Path(file).parts
    is_below = not Path(file).is_absolute() and ".." not in parts and parts[0] != "results"
    return is_below and (project.root / file).is_file()
