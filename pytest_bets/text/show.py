"""One bet on one page: declaration, record, standing, history."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pytest_bets.pure.declaration import CRITERIA, Declaration
from pytest_bets.pure.measured import number
from pytest_bets.pure.record import Json
from pytest_bets.pure.staleness import Difference, moved_words, named
from pytest_bets.pure.verdict import figure
from pytest_bets.text.words import challenged_words, standing_words, verdict_words

_INDENT: Final = 14
_SHORT: Final = 12
"""Characters of a digest or a commit that are shown."""


def show(
    declaration: Declaration | None,
    record: Json | None,
    row: Json,
    journal: Sequence[Json],
    width: int = 80,
    code: Difference | None = None,
) -> str:
    """Return the page of a bet, of which the declaration or the record may be gone; `row` is its row of the summary.

    `code` is how the bet's code differs from the code in the record.
    """
    lines = [f"{row['id']}: {row['title']}", ""]
    lines += _declaration(declaration, record, width) if declaration else ["The bet's file is gone.", ""]
    lines += _record(record, row, width, code) if record else ["Never run: there is no record.", ""]
    lines += _entry("Standing", standing_words(row["standing"]), width)
    if row["challenged"]:
        lines += _entry("Challenges", "; ".join(challenged_words(row["challenged"])), width)
    lines += ["", *_history(row, journal)]
    return "\n".join(lines) + "\n"


def _declaration(declaration: Declaration, record: Json | None, width: int) -> Iterator[str]:
    yield from _entry("File", f"{declaration.file}, declaration {declaration.digest[:_SHORT]}", width)
    yield from _entry("Hypothesis", declaration.docstring.prose("Hypothesis"), width)
    for tier in CRITERIA:
        for sentence in declaration.sentences(tier):
            yield from _entry(tier.capitalize(), sentence.text, width)
    sweep = {**declaration.sweep, **({"replicate": declaration.replicate} if declaration.replicate else {})}
    for title, values in (("Sweep", sweep), ("Constants", declaration.constants)):
        if values:
            yield from _entry(title, "; ".join(f"{name} = {_value(value)}" for name, value in values.items()), width)
    if declaration.docstring.prose("Scope"):
        yield from _entry("Scope", declaration.docstring.prose("Scope"), width)
    if record and record["declaration"]["digest"] != declaration.digest:
        changed = f"the record below is of another declaration, {record['declaration']['digest'][:_SHORT]}"
        yield from _entry("Changed", changed, width)
    yield ""


def _value(value: object) -> str:
    return str(value["source"]) if isinstance(value, Mapping) and set(value) == {"source"} else repr(value)


def _record(record: Json, row: Json, width: int, code: Difference | None) -> Iterator[str]:
    commit = record["registration"].get("commit")
    registered = record["registration"]["state"] + (f" at {commit[:_SHORT]}" if commit else "")
    yield from _entry("Verdict", f"{verdict_words(row)} over {len(record['cells'])} cells; {registered}", width)
    if record["void"]:
        yield from _entry("Void", record["void"], width)
    for item in record["criteria"]:
        met = "undefined" if item["met"] is None else "true" if item["met"] else "false"
        words = f"{item['sentence']} is {met}: measured {_figure(item['value'])}, margin {_figure(item['margin'])}"
        yield from _entry(item["tier"].capitalize(), words, width)
    environment = record["environment"]
    packages = ", ".join(f"{name} {version}" for name, version in environment["packages"].items())
    where = f"Python {environment['python']}, {environment['platform']}, {environment['device']}"
    yield from _entry("Ran on", f"{where}, threads {environment['threads']}; {packages}", width)
    yield from _code(record["code"], code, width)
    yield ""


def _code(part: Json, code: Difference | None, width: int) -> Iterator[str]:
    files = part["definitions"] if "definitions" in part else part["files"]
    named_in = f"{sum(map(len, part['definitions'].values()))} definitions in " if "definitions" in part else ""
    yield from _entry("Code", f"{named_in}{len(files)} file{'s' * (len(files) != 1)}, {part['digest'][:_SHORT]}", width)
    if code and code.changed:
        what = named(code.changed) if any(code.changed.values()) else ", ".join(code.changed)
        changed = f"{what} changed since" if what else "its definitions use others than they did"
        yield from _entry("Stale", f"{changed}; run the bet again", width)
    if code and code.moved:
        yield from _entry("Moved", f"the same code at another place: {moved_words(code.moved)}", width)


def _figure(value: Any) -> str:
    return figure(number(value))


def _history(row: Json, journal: Sequence[Json]) -> Iterator[str]:
    if not journal:
        yield "History       no run in the journal"
        return
    runs = row["runs"]
    count = f"{runs['total']} run{'s' if runs['total'] != 1 else ''}"
    agreed = f"{runs['agreed']} of {runs['same']} agree with it"
    yield f"History       {count}; of the record's declaration and code {agreed}"
    for line in journal:
        values = ", ".join(_figure(item["value"]) for item in line["criteria"] if item["tier"] == "strict")
        told = f"strict {values}" if values else str(line["void"] or "")
        what = f"{verdict_words(line)}  {told}  ({line['seconds']:.1f} s, {line['host']})"
        yield f"  {line['time']}  {what}"


def _entry(title: str, text: str, width: int) -> list[str]:
    wrapped = textwrap.wrap(text, max(width - _INDENT, 20), break_on_hyphens=False) or [""]
    return [f"{title:<{_INDENT}}{wrapped[0]}", *(" " * _INDENT + line for line in wrapped[1:])]
