"""What write-ups say that the records do not, a line each, or as one JSON object."""

import json
from collections.abc import Mapping, Sequence

from pytest_bets.bet.declaration import bet_id, number_of
from pytest_bets.claims.document import counts, document
from pytest_bets.claims.finding import Bet, Checked
from pytest_bets.diagnostics import DeclarationError, count_noun
from pytest_bets.record.encode import encode
from pytest_bets.record.record import Record
from pytest_bets.record.summary_model import Summary
from pytest_bets.render.visible import visible
from pytest_bets.render.words import standing_words, verdict_words


def bets(overview: Summary, records: Sequence[Record], unreadable: Sequence[DeclarationError]) -> list[Bet]:
    """Return what write-ups can be held against, from the summary, its records, and the files that cannot be read."""
    by_id = {record.id: record for record in records}
    faults = {bet_id(error.faults[0].file): error.faults[0] for error in unreadable}
    numbers = {row.id: row.number for row in overview.bets}
    found = []
    # the last bet of a number is the one that it names: a bet whose file is gone may have had the number before
    for row in sorted(overview.bets, key=lambda row: row.file is not None):
        standing, record = row.standing, by_id.get(row.id)
        by = {challenge.by for challenge in standing.challenges if challenge.end == "retracts"}
        gone = {"withdrawn"} if standing.withdrawn else set()
        gone |= {"retracted"} if by else set()
        found.append(
            Bet(
                row.id,
                row.number,
                verdict_words(row),
                standing_words(standing),
                frozenset(gone),
                [cell.row for cell in record.cells] if record and record.verdict else (),
                row.void or "",
                noise=row.verdict == "FAIL" and row.noise_floor is False,
                by=frozenset({*by, *(str(number) for number in map(numbers.get, by) if number is not None)}),
            )
        )
    known = [bet for bet in found if bet.id not in faults]
    broken = [
        Bet(bet, number_of(fault.file), "", "", frozenset(), (), f"{fault.file}:{fault.line}: {fault.problem}", False)
        for bet, fault in faults.items()
    ]
    return known + broken


def as_text(checked: Mapping[str, Checked], unread: Mapping[str, str], *, fixed: bool) -> str:
    """Return a line a finding and one of counts, by file; `fixed` says whether edits were made."""
    lines = [
        f"{visible(file)}:{finding.line}: {finding.stands}: {finding.record}"
        + (" (fixed)" if fixed and finding.edit else "")
        for file, page in checked.items()
        for finding in page.findings
    ]
    found = counts(checked, unread, fixed=fixed)
    read = f"{count_noun(found.mentions, 'mention')} and {count_noun(found.values, 'value')}"
    text = f"{count_noun(found.files, 'file')} with {read} of bets: {count_noun(found.findings, 'finding')}"
    text += f", {found.fixed} fixed" if fixed else ""
    return "\n".join([*lines, f"{text}.{_not_read(unread)}"]) + "\n"


def _not_read(unread: Mapping[str, str]) -> str:
    """Return how many files were not read and why, with some of their names."""
    if not unread:
        return ""
    by_reason: dict[str, list[str]] = {}
    for file, reason in unread.items():
        by_reason.setdefault(reason, []).append(visible(file))
    why = [
        f"{', '.join(files[:3])}{f' and {len(files) - 3} more' if len(files) > 3 else ''} ({visible(reason)})"
        for reason, files in by_reason.items()
    ]
    return f" {count_noun(len(unread), 'file')} not read: {'; '.join(why)}."


def as_json(checked: Mapping[str, Checked], unread: Mapping[str, str], *, fixed: bool) -> str:
    """Return the findings as the text of a JSON object; its schema is schema/claims.json."""
    page = encode(document(checked, unread, fixed=fixed))
    return json.dumps(page, indent=1, sort_keys=True) + "\n"
