"""The code that records were measured with, held against the files as they are now."""

from collections.abc import Mapping
from pathlib import Path

from pytest_bets.pure.evidence import Commit, Drift, Json, file_sha256
from pytest_bets.world import history


def drift(
    root: Path, top: Path, now: Mapping[str, Json], commits: Mapping[str, Commit], work: Commit
) -> dict[str, list[Drift]]:
    """Return, by bet, the files that are not what its record was measured with, and the commits since it ran."""
    hashes: dict[str, str | None] = {}
    for record in now.values():
        for file in record["code"]["files"]:
            if file not in hashes:
                path = root / file
                hashes[file] = file_sha256(path.read_bytes()) if path.is_file() else None
    changed = {
        bet: files
        for bet, record in now.items()
        if (files := [file for file, was in record["code"]["files"].items() if hashes[file] != was])
    }
    places = {file: inside(root / file, top) for files in changed.values() for file in files}
    by = history.changed_by(top, sorted({path for path in places.values() if path}))
    found = {}
    for bet, files in changed.items():
        ran = commits.get(now[bet]["environment"]["commit"] or "")
        since = -1 if ran is None else ran.order
        told = {
            file: [commits[name] for name in by.get(places[file] or "", ()) if commits[name].order > since]
            for file in files
        }
        found[bet] = [Drift(file, tuple(told[file]) or (work,)) for file in files]
    return found


def inside(path: Path, top: Path) -> str | None:
    """Return a path relative to the top folder of a checkout, None where it lies elsewhere."""
    resolved = path.resolve()
    return resolved.relative_to(top).as_posix() if resolved.is_relative_to(top) else None
