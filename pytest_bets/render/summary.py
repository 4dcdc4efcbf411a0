"""The summary as a page of Markdown."""

import json
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pytest_bets.diagnostics import count_noun
from pytest_bets.record.decode import encode
from pytest_bets.record.model import RunCounts, Summary, SummaryRow
from pytest_bets.record.summary import lacks_control
from pytest_bets.render.markdown import code, link, plain, row, section
from pytest_bets.render.words import challenged_words, counts_words, decided_words, standing_words, verdict_words
from pytest_bets.values import spelled


def as_json(overview: Summary) -> str:
    """Return the summary as the text of SUMMARY.json."""
    return json.dumps(spelled(encode(overview)), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def as_markdown(overview: Summary, to_root: str) -> str:
    """Return the summary as the text of SUMMARY.md; `to_root` leads from its folder to the root, as in `../`."""
    rows = overview.bets
    linked = {item.id: _linked(item, to_root) for item in rows}
    scopes = [f"{linked[item.id]}: {plain(item.scope)}" for item in rows if item.scope]
    parts = [
        "# Summary of the bets",
        "Made by `pytest-bets rollup` from the records, the journal and the declarations; nothing is typed by hand.",
        f"**{counts_words(overview.counts)}.**",
        _table(rows, linked),
        section("Falsified", [_falsified(item, linked) for item in rows if item.verdict == "FAIL"]),
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
            [f"{linked[item.id]}: {plain(item.title)}" for item in rows if not item.recorded],
        ),
        section("Scope", scopes),
    ]
    if overview.unreadable:
        faults = [code(fault.splitlines()[0]) for fault in overview.unreadable]
        parts.append(section("Declarations that cannot be read", faults))
    return "\n\n".join(parts) + "\n"


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
                    ("unstable: " if item.is_unstable else "") + _runs(item.runs),
                    _standing(item, linked),
                ]
            )
        )
    return "\n".join(lines)


def _measured(item: SummaryRow) -> str:
    return "; ".join(decided_words(item, item.decided, code))


def _registered(item: SummaryRow) -> str:
    state = {"registered": "yes", "unregistered": "no", "unknown": "unknown", None: ""}[item.registration]
    return f"{state}; the declaration has changed since" if item.declaration_changed else state


def _runs(runs: RunCounts) -> str:
    told = f"{runs.agreed} of {runs.same} agree" if runs.same else "0 judged" if runs.total else "0"
    others = runs.total - runs.same
    told = f"{told}; {others} more of other code, or without a verdict" if others else told
    return f"{told}; {count_noun(runs.attempts, 'attempt')} cut off" if runs.attempts else told


def _same(runs: RunCounts) -> str:
    return f"{runs.agreed} of {runs.same} runs of the same declaration and code came to this"


def _standing(item: SummaryRow, linked: Mapping[str, str]) -> str:
    standing = item.standing
    told = standing_words(replace(standing, withdrawn=plain(standing.withdrawn or "")), linked)
    return "; ".join([told, *challenged_words(item.challenged, linked)])


def _falsified(item: SummaryRow, linked: Mapping[str, str]) -> str:
    title, decided = plain(item.title), _measured(item)
    end = "" if title.endswith((".", "?", "!")) else "."
    return f"{linked[item.id]}, {verdict_words(item)}: {title}{end} {decided[:1].upper()}{decided[1:]}"


def _linked(item: SummaryRow, to_root: str) -> str:
    if item.file is None:
        fate = f"renamed to {plain(item.renamed_to)}" if item.renamed_to else "its file is gone"
        return f"{plain(item.id)} ({fate})"
    return link(item.id, posixpath.join(to_root, item.file))
