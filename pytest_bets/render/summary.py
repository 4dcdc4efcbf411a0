"""The summary as a page of Markdown."""

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pytest_bets.record.encode import encode
from pytest_bets.record.judgement import in_the_noise, premise_unmet
from pytest_bets.record.summary import lacks_control
from pytest_bets.record.summary_model import Counts, RunCounts, Summary, SummaryRow, Unrecorded
from pytest_bets.render.luck import NO_PROBABILITY, rates_lines
from pytest_bets.render.markdown import code, link, plain, row, section
from pytest_bets.render.runs import REPEATED, runs_words
from pytest_bets.render.words import challenged_words, counts_words, decided_words, standing_words, verdict_words
from pytest_bets.values import indented


def as_json(overview: Summary) -> str:
    """Return the summary as the text of SUMMARY.json."""
    return indented(encode(overview)) + "\n"


def as_markdown(overview: Summary, to_root: str) -> str:
    """Return the summary as the text of SUMMARY.md; `to_root` leads from its folder to the root, as in `../`."""
    rows = overview.bets
    linked = {item.id: _linked(item, to_root) for item in rows}
    scopes = [f"{linked[item.id]}: {plain(item.scope)}" for item in rows if item.scope]
    known = [f"{linked[item.id]}: {plain(item.known)}" for item in rows if item.known]
    parts = [
        "# Summary of the bets",
        "Made by `pytest-bets rollup` from the records, the journal and the declarations; nothing is typed by hand.",
        f"**{counts_words(overview.counts)}.**",
        _at_risk(overview.counts),
        _table(rows, linked),
        *([REPEATED] if any(item.runs.same > 1 for item in rows) else []),
        section(
            "Falsified",
            [_failed(item, linked) for item in rows if item.verdict == "FAIL" and not in_the_noise(item)],
        ),
        section(
            "In the noise, so neither shown nor falsified",
            [_failed(item, linked) for item in rows if in_the_noise(item)],
        ),
        *_premises(rows, linked),
        section(
            "Retracted or withdrawn",
            [
                f"{linked[item.id]}, {_standing(item, linked)}: {plain(item.title)}"
                for item in rows
                if item.standing.gone
            ],
        ),
        section(
            "Unstable",
            [f"{linked[item.id]}, {verdict_words(item)}: {_same(item.runs)}" for item in rows if item.is_unstable],
        ),
        section(
            "No control, so not compared with noise",
            [f"{linked[item.id]}, {verdict_words(item)}: {plain(item.title)}" for item in rows if lacks_control(item)],
        ),
        section(
            "Declared and never run",
            [f"{linked[item.id]}: {plain(item.title)}" for item in rows if item.is_never_run],
        ),
        *_unrecorded(overview.unrecorded, linked),
        *([section("Known in part before the run", known)] if known else []),
        *([section("Known error rates", _error_rates(overview, linked))] if overview.error_rates else []),
        section("Scope", scopes),
    ]
    if overview.unreadable:
        faults = [code(fault.splitlines()[0]) for fault in overview.unreadable]
        parts.append(section("Declarations that cannot be read", faults))
    return "\n\n".join(parts) + "\n"


def _at_risk(counts: Counts) -> str:
    said = "no bet says" if not counts.known else "1 bet says" if counts.known == 1 else f"{counts.known} bets say"
    return (
        "Registered means that the criteria were committed before the run. It does not mean that the outcome was "
        f"unknown then: {said} in a section `Known` what was known of it."
    )


def _error_rates(overview: Summary, linked: Mapping[str, str]) -> list[str]:
    if overview.error_rates is None:
        return []
    errors = {item.id: item.known_error for item in overview.bets if item.known_error is not None}
    return [*rates_lines(overview.error_rates, errors, linked), NO_PROBABILITY]


def _table(rows: Sequence[SummaryRow], linked: Mapping[str, str]) -> str:
    lines = [
        "| bet | verdict | claim | what decided | registered | runs | standing |",
        "|---|---|---|---|---|---|---|",
    ]
    for item in rows:
        verdict = verdict_words(item)
        lines.append(
            row(
                [
                    linked[item.id],
                    link(verdict, f"{item.id}.json") if item.recorded else verdict,
                    plain(item.title),
                    _measured(item) or plain(item.void or ""),
                    _registered(item),
                    ("unstable: " if item.is_unstable else "") + _runs(item),
                    _standing(item, linked),
                ]
            )
        )
    return "\n".join(lines)


def _runs(item: SummaryRow) -> str:
    return runs_words(item.runs) if item.recorded else _lost_words(item.runs.total, item.runs.failed)


def _lost_words(runs: int, failed: int) -> str:
    return f"{runs} ({failed} FAIL)" if failed else str(runs)


def _unrecorded(found: Sequence[Unrecorded], linked: Mapping[str, str]) -> list[str]:
    """Return the section of the bets whose record is gone, none where none is."""
    lines = [
        f"{linked.get(item.bet, f'{plain(item.bet)} (its file is gone)')}, runs: {_lost_words(item.runs, item.failed)}"
        for item in found
    ]
    return [section("A verdict in the journal, and no record", lines)] if lines else []


def _measured(item: SummaryRow) -> str:
    return "; ".join(decided_words(item, item.decided, code))


def _registered(item: SummaryRow) -> str:
    state = {"registered": "yes", "unregistered": "no", "unknown": "unknown", None: ""}[item.registration]
    return f"{state}; the declaration has changed since" if item.declaration_changed else state


def _same(runs: RunCounts) -> str:
    return f"{runs.agreed} of {runs.same} runs of the same declaration and code came to this"


def _standing(item: SummaryRow, linked: Mapping[str, str]) -> str:
    standing = item.standing
    words = standing_words(replace(standing, withdrawn=plain(standing.withdrawn or "")), linked)
    return "; ".join([words, *challenged_words(item.challenged, linked)])


def _premises(rows: Sequence[SummaryRow], linked: Mapping[str, str]) -> list[str]:
    """Return the section of the experiments that cannot speak, none where all can."""
    found = [(item, plain(item.void or "")) for item in rows if premise_unmet(item)]
    lines = [f"{linked[item.id]}: {_ended(plain(item.title))} {void[:1].upper()}{void[1:]}" for item, void in found]
    return [section("Premise not met, so no verdict", lines)] if lines else []


def _failed(item: SummaryRow, linked: Mapping[str, str]) -> str:
    title, decided = _ended(plain(item.title)), _measured(item)
    return f"{linked[item.id]}, {verdict_words(item)}: {title} {decided[:1].upper()}{decided[1:]}"


def _ended(title: str) -> str:
    return title if title.endswith((".", "?", "!")) else f"{title}."


def _linked(item: SummaryRow, to_root: str) -> str:
    if item.file is None:
        fate = f"renamed to {plain(item.renamed_to)}" if item.renamed_to else "its file is gone"
        return f"{plain(item.id)} ({fate})"
    return link(item.id, posixpath.join(to_root, item.file))
