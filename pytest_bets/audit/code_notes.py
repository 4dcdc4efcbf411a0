"""What an audit says about the code that records were measured with."""

from collections.abc import Iterator, Sequence

from pytest_bets.audit.evidence import Evidence, RecordHeader
from pytest_bets.audit.finding import Entry, Level
from pytest_bets.code.staleness import difference, moved_words, named, package_changes
from pytest_bets.record.record import Record


def code_notes(evidence: Evidence, bet: str, record: Record) -> Iterator[Entry]:
    """Yield how the code of today differs from the code that the record was measured with."""
    for drift in evidence.drift.get(bet, ()):
        commits = ", ".join(commit.id[:10] or "not committed" for commit in drift.commits)
        what = named({drift.file: drift.names}) if drift.names else drift.file
        text = f"the record is stale: {what} changed since ({commits}); run the bet again"
        if not commits:
            text = f"the record is stale: the bet began or ceased to use {what}: no commit here changed the file"
            text = f"{text}, unless it is in a submodule; run the bet again"
        if not drift.file:
            text = "the record is stale: its definitions use others than they did; run the bet again"
        yield Entry("note", "stale", bet, None, text)
    if moved := evidence.moved.get(bet):
        text = f"the same code at another place: {moved_words(moved)}"
        yield Entry("note", "moved", bet, None, text)
    lock = evidence.lock
    if lock and (changes := package_changes(record.environment.packages, lock.versions)):
        yield Entry("note", "drift", bet, None, f"measured with other packages than {lock.file} names: {changes}")


def other_code(evidence: Evidence, ids: Sequence[str]) -> Iterator[Entry]:
    """Yield the runs of a bet that had these ids whose code their commits do not hold."""
    for other in evidence.other_code:
        run, commit = other.run, other.run.environment.commit or ""
        if run.bet in ids:
            text = (
                f"the run of {run.time} ({run.verdict}) used code that commit {commit[:10]} does not hold: {other.what}"
            )
            level: Level = "note" if other.undetermined else "finding"
            yield Entry(level, "other-code", run.bet, evidence.commits.get(commit), text)


def drifted(before: RecordHeader, after: RecordHeader) -> str:
    """Return in words how the code of a record differs from that of the record before it."""
    verdicts = f"{before.verdict or 'void'} before, {after.verdict or 'void'} after"
    if before.definitions is not None and after.definitions is not None:
        what = (
            named(difference(before.definitions, after.definitions).changed) or "the same definitions, used otherwise"
        )
    else:
        old, new = before.files or {}, after.files or {}
        files = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
        what = ", ".join(files if old and new else []) or "the records name it in different forms"
    packages = package_changes(before.packages, after.packages)
    also = f" and other packages ({packages})" if packages else ""
    return f"metric drift: measured again with other code ({what}){also}; {verdicts}"
