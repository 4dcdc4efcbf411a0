"""Tell continuous integration how a session ended: annotations and a summary, from the process that judges."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_bets.bet.declaration import CRITERIA
from pytest_bets.compare.source import of_commit
from pytest_bets.diagnostics import CommandError, RecordError
from pytest_bets.hooks.judging import FinishedBet
from pytest_bets.hooks.session import Session
from pytest_bets.record.judgement import premise_unmet
from pytest_bets.render.ci import Annotation, Row, quote, summary
from pytest_bets.render.words import decided_words, standing_words, tier_words, verdict_words
from pytest_bets.walk import checkout


def annotations(session: Session, finished: Sequence[FinishedBet]) -> Iterator[Annotation]:
    """Yield a message for each error and for each bet that turns the session red, at the first sentence not met."""
    for run, text in session.reporter.errors:
        bet, error = run.declaration, text.partition("\n")[0]  # what was measured follows in the log
        yield Annotation("error", _from_workspace(run.path), bet.line, bet.id, error)
    for item in finished:
        bet, result = item.declaration, item.result
        path = _from_workspace(item.run.path)
        if item.verdict is None and (item.run.broken or not item.missing) and not premise_unmet(result):
            yield Annotation("error", path, bet.line, bet.id, f"no verdict: {result.void}")
        for tier in CRITERIA:
            bad = [judged.sentence for judged in result.criteria if judged.tier == tier and not judged.good]
            if item.verdict is not None and bad and tier in item.gated:
                line = next(c.line for c in bet.criteria if c.tier == tier and c.sentence.text == bad[0])
                yield Annotation("error", path, line, f"{bet.id}: {verdict_words(result)}", tier_words(tier, result))


def page(session: Session, finished: Sequence[FinishedBet], *, red: bool) -> str:
    """Return the summary of a session in Markdown: each verdict beside that of the base branch, or of the record."""
    named, before = _base(session)
    rows = []
    for item in finished:
        bet, standing = item.declaration, session.standing(item.declaration.id)
        decided = decided_words(item.result, item.result.criteria, quote) or [quote(item.result.void or "")]
        rows.append(
            Row(
                bet.id,
                bet.title,
                "not judged" if item.missing else verdict_words(item.result),
                before.get(bet.id),
                decided,
                standing_words(standing) if standing else "",
            )
        )
    return summary(rows, named, red=red)


def _base(session: Session) -> tuple[str, dict[str, str]]:
    """Return where the verdicts before this run are from, and the verdicts by bet."""
    branch, results = os.environ.get("GITHUB_BASE_REF"), session.settings.results
    top = checkout(results.parent)
    if branch and top:
        try:
            side = of_commit(f"origin/{branch}", top, results)
        except (CommandError, RecordError):  # it was not fetched, or has no records
            pass
        else:
            return branch, {bet: verdict_words(run) for bet, run in side.runs.items()}
    recorded = session.baseline.records.items()
    return "the records before this run", {bet: verdict_words(record) for bet, record in recorded}


def _from_workspace(path: Path) -> str:
    """Return a path as annotations name it: relative to the folder of the workflow, with forward slashes."""
    workspace = os.environ.get("GITHUB_WORKSPACE")
    try:
        return path.resolve().relative_to(Path(workspace or Path.cwd()).resolve()).as_posix()
    except ValueError:
        return path.as_posix()


def write(path: Path, mode: str, text: str) -> None:
    """Write or append a summary."""
    with path.open(mode, encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        file.write(text)
