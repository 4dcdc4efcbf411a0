"""An audit as a report to a colleague, or as one JSON object."""

import json
import textwrap
from collections.abc import Iterator
from typing import Final

from pytest_bets.audit.change import shown
from pytest_bets.audit.document import document
from pytest_bets.audit.finding import BetReport, Entry, Report
from pytest_bets.diagnostics import count_noun
from pytest_bets.git.revision import Commit
from pytest_bets.record.encode import encode
from pytest_bets.record.verdict import Verdict
from pytest_bets.render.words import verdict_words

_SHORT: Final = 10
_INDENT: Final = 4


def as_text(report: Report, width: int = 80) -> str:
    """Return the report, bets in the order of their numbers and what was said of each in the order of its history."""
    bets = count_noun(len(report.bets), "bet")
    lines = [f"Audit of {bets} in {report.commits} commits.", ""]
    for bet in report.bets:
        lines += [*_bet(bet, width), ""]
    for entry in report.entries:
        lines += _entry(entry, width)
    if report.entries:
        lines.append("")
    return "\n".join([*lines, _closing(report)]) + "\n"


def _bet(bet: BetReport, width: int) -> Iterator[str]:
    verdict = _words(bet.verdict)
    parts = [verdict] if verdict else []
    parts += [f"declared {_at(bet.declared)}" if bet.declared else "never declared"]
    parts += [f"first result {_at(bet.first_result)}"] if bet.first_result else []
    yield f"{bet.id}: {', '.join(parts)}"
    for entry in bet.entries:
        yield from _entry(entry, width)
    if bet.under_first:
        first = f"under its criteria as first declared: {_words(bet.under_first)}"
        yield from _wrapped(f"{first}; as they are now: {verdict or 'no verdict'}", width)


def _entry(entry: Entry, width: int) -> Iterator[str]:
    level = entry.level.upper() if entry.level != "note" else "note"
    what = ", ".join(filter(None, [shown(entry.change) if entry.change else "", entry.text]))
    where = f' [{_at(entry.commit)} "{entry.commit.subject}"]' if entry.commit and entry.commit.id else ""
    where = where or (" [not committed]" if entry.commit else "")
    yield from _wrapped(f"{level} {entry.kind}: {what}{where}", width)


def _wrapped(text: str, width: int) -> list[str]:
    first, rest = " " * _INDENT, " " * (2 * _INDENT)
    plain = "".join(letter if letter.isprintable() else "?" for letter in text)  # a subject can hold anything
    return textwrap.wrap(plain, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


def _closing(report: Report) -> str:
    entries = report.all
    count = {level: sum(entry.level == level for entry in entries) for level in ("finding", "note", "unknown")}
    parts = [f"{count[level]} {level}{'s' * (count[level] != 1)}" for level in ("finding", "note")]
    if count["unknown"]:
        parts.append(f"{count['unknown']} undetermined")
    return {"clean": "Clean", "findings": "Not clean", "unknown": "Cannot determine"}[
        report.state
    ] + f": {', '.join(parts)}."


def _at(commit: Commit) -> str:
    return f"{commit.id[:_SHORT]} {commit.date[:10]}" if commit.id else commit.subject


def _words(verdict: Verdict | None) -> str:
    return verdict_words(verdict) if verdict else ""


def as_json(report: Report) -> str:
    """Return the report as JSON text."""
    return json.dumps(encode(document(report)), indent=1) + "\n"
