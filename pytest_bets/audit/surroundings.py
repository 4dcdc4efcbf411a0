"""Read what is around an audited history: other refs, and the bets and results outside of the project."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from posixpath import basename, dirname
from typing import Final

from pytest_bets.audit.evidence import bet_content, record_header
from pytest_bets.audit.lines import run_of
from pytest_bets.audit.outside import Outside, Unmerged
from pytest_bets.bet.declaration import Declaration, is_bet_name
from pytest_bets.git import log as history
from pytest_bets.record.codec import sha256
from pytest_bets.record.filenames import JOURNAL
from pytest_bets.record.line import RunLine

_OTHERS: Final = ("--all", "--not", "HEAD")
_READ: Final = 200
"""The maximum number of bet files outside of the project that are read."""


def unmerged(
    top: Path, is_ours: Callable[[str], bool], lines: Collection[str], records: Collection[str]
) -> list[Unmerged]:
    """Return the results of all branches, remotes and tags that are in no commit of HEAD.

    `is_ours` returns whether a path is a journal or a record of the project; `lines` and `records` are the hashes
    of those that HEAD or the working tree has or had.
    """
    refs = history.refs(top, _OTHERS)
    if not refs:
        return []
    found: list[Unmerged] = []
    commits = {name: replace(commit, order=1 << 60) for name, commit in history.commits(top, _OTHERS).items()}
    known, wrote = set(lines), set(records)
    for name, path, came, line in history.line_touches(top, [f":(top,glob)**/{JOURNAL}"], _OTHERS):
        digest = sha256(line)
        entry = run_of(line) if came and digest not in known and is_ours(path) else None
        known.add(digest)
        if entry:
            found.append(Unmerged(entry.bet, str(entry.verdict), refs[name], commits[name]))
            wrote.add(entry.record or "")
    touches = [touch for touch in history.touches(top, is_ours, _OTHERS) if touch.after and touch.path]
    contents = history.contents(top, [touch.after or "" for touch in touches])
    for touch, data in zip(touches, contents, strict=True):
        said = record_header(data) if data is not None else None
        if said and said.verdict and said.sha256 not in wrote:
            wrote.add(said.sha256)
            bet = basename(touch.path or "").removesuffix(".json")
            found.append(Unmerged(bet, said.verdict, refs[touch.commit], commits[touch.commit]))
    return found


def outside(
    top: Path, head: str, root: str, results: str, bets: Collection[str], journals: Mapping[str, Sequence[RunLine]]
) -> Iterator[Outside]:
    """Yield what this repository has outside of the project or of its folder of results.

    `bets` are the ids of the project's bets, `journals` the runs in journals outside of the project, by path.
    """
    for path, runs in sorted(journals.items()):
        yield Outside(path, tuple(f"{run.bet} {run.verdict}" for run in runs))
    blobs = history.blobs(top, head) or {}
    records = {f"{bet}.json" for bet in bets}
    copies = [path for path in blobs if basename(path) in records and (dirname(path) or ".") != results]
    others = [path for path in blobs if is_bet_name(path) and root != "." and not path.startswith(f"{root}/")][:_READ]
    contents = history.contents(top, [blobs[path] for path in (*copies, *others)])
    for path, data in zip((*copies, *others), contents, strict=True):
        if path.endswith(".json"):
            said = record_header(data) if data is not None else None
            if said and said.verdict and dirname(path) not in map(dirname, journals):
                yield Outside(path, (f"{basename(path).removesuffix('.json')} {said.verdict}",))
        elif data is not None and isinstance(bet_content(data, path), Declaration):
            yield Outside(path)
