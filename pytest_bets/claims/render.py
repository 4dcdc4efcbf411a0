"""What write-ups say that the records do not, a line each, or as one JSON object."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from pytest_bets.bet.declaration import bet_id, number_of
from pytest_bets.claims.check import Bet, Checked
from pytest_bets.diagnostics import DeclarationError
from pytest_bets.record.codec import Json, cells_of
from pytest_bets.render.words import standing_words, verdict_words

CLAIMS_SCHEMA: Final = "pytest-bets/claims/1"


def bets(overview: Json, records: Sequence[Json], unreadable: Sequence[DeclarationError]) -> list[Bet]:
    """Return what write-ups can be held against, from the summary, its records, and the files that cannot be read."""
    by_id = {record["bet"]["id"]: record for record in records}
    faults = {bet_id(error.faults[0].file): error.faults[0] for error in unreadable}
    found = []
    for row in overview["bets"]:
        standing, record = row["standing"], by_id.get(row["id"])
        ends = {challenge["end"] for challenge in standing["challenges"]}
        gone = {"withdrawn"} if standing["withdrawn"] else set()
        gone |= {"retracted"} if "retracts" in ends else set()
        found.append(
            Bet(
                row["id"],
                row["number"],
                verdict_words(row),
                standing_words(standing),
                frozenset(gone),
                [cell.row for cell in cells_of(record)] if record and record["verdict"] else (),
                row["void"] or "",
            )
        )
    known = [bet for bet in found if bet.id not in faults]
    broken = [
        Bet(bet, number_of(fault.file), "", "", frozenset(), (), f"{fault.file}:{fault.line}: {fault.problem}", False)
        for bet, fault in faults.items()
    ]
    return known + broken


def as_text(checked: Mapping[str, Checked], *, fixed: bool) -> str:
    """Return a line a finding and one of counts; `checked` is by file, `fixed` tells whether edits were made."""
    lines = [
        f"{file}:{finding.line}: {finding.stands}: {finding.record}{' (fixed)' if fixed and finding.edit else ''}"
        for file, page in checked.items()
        for finding in page.findings
    ]
    counts = _counts(checked, fixed=fixed)
    said = f"{_many(counts['mentions'], 'mention')} and {_many(counts['values'], 'value')}"
    told = f"{_many(counts['files'], 'file')} with {said} of bets: {_many(counts['findings'], 'finding')}"
    told += f", {counts['fixed']} fixed" if fixed else ""
    return "\n".join([*lines, f"{told}."]) + "\n"


def as_json(checked: Mapping[str, Checked], *, fixed: bool) -> str:
    """Return the findings as the text of a JSON object; its schema is schema/claims.json."""
    findings = [
        {
            "file": file,
            "line": finding.line,
            "kind": finding.kind,
            "bet": finding.bet,
            "stands": finding.stands,
            "record": finding.record,
            "due": finding.edit.text if finding.edit else None,
            "fixed": fixed and finding.edit is not None,
        }
        for file, page in checked.items()
        for finding in page.findings
    ]
    told = {"schema": CLAIMS_SCHEMA, "counts": _counts(checked, fixed=fixed), "findings": findings}
    return json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _counts(checked: Mapping[str, Checked], *, fixed: bool) -> dict[str, int]:
    found = [finding for page in checked.values() for finding in page.findings]
    return {
        "files": len(checked),
        "mentions": sum(page.mentions for page in checked.values()),
        "values": sum(page.values for page in checked.values()),
        "findings": len(found),
        "fixed": sum(finding.edit is not None for finding in found) if fixed else 0,
    }


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
