"""One bet on one page: declaration, record, standing, history; and its cells as a table."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pytest_bets.bet.declaration import CRITERIA, Criterion, Declaration
from pytest_bets.bet.known import FILE as KNOWN
from pytest_bets.bet.units import interval_lines, unvaried
from pytest_bets.code.staleness import Difference, moved_words, named
from pytest_bets.diagnostics import SentenceError, count_noun
from pytest_bets.record.build import declared
from pytest_bets.record.consistency import means_same
from pytest_bets.record.known_error import error_of
from pytest_bets.record.line import RunLine
from pytest_bets.record.record import Code, CodeDefinitions, Environment, Record
from pytest_bets.record.summary_model import SummaryRow
from pytest_bets.record.verdict import Judged, figure
from pytest_bets.render.cells import cells_table, measured_lines
from pytest_bets.render.evidence import evidence_words
from pytest_bets.render.luck import NO_PROBABILITY, NOT_KNOWN, error_words, held_fixed, luck_words, p_words
from pytest_bets.render.rehearsal import would_lines
from pytest_bets.render.runs import history_lines, history_words
from pytest_bets.render.table import wrap
from pytest_bets.render.visible import visible
from pytest_bets.render.words import cells_words, challenged_words, short, standing_words, state_words, verdict_words
from pytest_bets.sentence.parse import parse

_INDENT: Final = 14
_SHORT: Final = 12
"""Characters of a digest or a commit that are shown."""


def show(
    declaration: Declaration | None,
    record: Record | None,
    row: SummaryRow,
    journal: Sequence[RunLine],
    width: int = 80,
    results: str | None = None,
    code: Difference | None = None,
    *,
    earlier: int = 0,
    known: str = "",
    replications: Sequence[RunLine] = (),
    fault: str = "",
) -> str:
    """Return the page of a bet, of which the declaration or the record may be gone.

    `row` is its row of the summary; `results` names the folder as it was typed, where one was; `code` is how the bet's
    code differs from the code in the record; `earlier` is the number of runs that `journal` leaves out; `known` is
    what a file says after the run of what was known before it; `replications` are the lines of all replications;
    `fault` says why the bet's file cannot be read, where it is there.
    """
    lines = [*_heading(row, width), ""]
    lines += _declaration(declaration, record, width, known) if declaration else [*_gone(row, width, fault), ""]
    lines += _record(record, declaration, row, width, results, code) if record else [_no_record(row), ""]
    lines += _entry("Standing", standing_words(row.standing), width)
    if row.challenged:
        lines += _entry("Challenges", "; ".join(challenged_words(row.challenged)), width)
    declared = declaration.digest if declaration else record.declaration.digest if record else ""
    if words := evidence_words(replications, declared):
        lines += _entry("Evidence", words, width)
    runs = len(journal) + earlier
    words = history_words(row.runs) if record else count_noun(runs, "run") if runs else "no run in the journal"
    lines += ["", *_entry("History", words, width)]
    if earlier:
        lines.append(f"  {count_noun(earlier, 'run')} left out: `pytest-bets history` shows every run")
    lines += history_lines(record, journal)
    return "\n".join(lines) + "\n"


def _no_record(row: SummaryRow) -> str:
    return (
        "Never run: there is no record." if row.is_never_run else "There is no record, and the journal has a verdict."
    )


def _gone(row: SummaryRow, width: int, fault: str) -> list[str]:
    """Return why a bet has no declaration."""
    if fault:
        return _entry("File", f"cannot be read: {fault}", width)
    return [f"Renamed to {visible(row.renamed_to)}." if row.renamed_to else "The bet's file is gone."]


def show_cells(record: Record | None, row: SummaryRow, width: int = 80) -> str:
    """Return the cells of a bet's record as a table."""
    lines = _heading(row, width)
    if record is None:
        lines.append(_no_record(row))
    elif not record.cells:
        lines.append(f"{_outcome(record)}. The record has no cells.")
    else:
        lines += [f"{_outcome(record)}, {cells_words(len(record.cells))}", ""]
        lines += cells_table(record.cells, width)
    return "\n".join(lines) + "\n"


def _heading(row: SummaryRow, width: int) -> list[str]:
    return wrap(visible(f"{row.id}: {row.title}"), width)


def _outcome(record: Record) -> str:
    if record.pilot:
        return "rehearsal, no verdict of record"
    return verdict_words(record) + (f": {visible(record.void)}" if record.void else "")


def _declaration(declaration: Declaration, record: Record | None, width: int, known: str) -> Iterator[str]:
    yield from _entry("File", f"{declaration.file}, declaration {declaration.digest[:_SHORT]}", width)
    yield from _entry("Hypothesis", declaration.docstring.section_text("Hypothesis"), width)
    rebound = declaration.reading.rebound
    changed = record is not None and not means_same(record.declaration, declared(declaration), rebound)
    if changed or record is None or not (record.verdict or record.pilot):
        judged = {item.tier for item in record.criteria} if record and not changed else set()
        for tier in CRITERIA:
            for sentence in declaration.sentences(tier) if tier not in judged else ():
                yield from _entry(tier.capitalize(), sentence.text, width)
    for null in declaration.nulls:
        yield from _entry("Null", str(null), width)
    if declaration.odds:
        forecast = ", ".join(f"{outcome} {share:g} %" for outcome, share in declaration.odds.items())
        yield from _entry("Odds", forecast, width)
    sweep = {**declaration.sweep, **({"replicate": declaration.replicate} if declaration.replicate else {})}
    for title, values in (("Sweep", sweep), ("Constants", declaration.constants)):
        if values:
            yield from _entry(title, "; ".join(f"{name} = {_value(value)}" for name, value in values.items()), width)
    if declaration.docstring.section_text("Scope"):
        yield from _entry("Scope", declaration.docstring.section_text("Scope"), width)
    if declaration.known:
        yield from _entry("Known", declaration.known, width)
    elif known:
        yield from _entry("Known", f"{known} (said after the run, in {KNOWN})", width)
    if record is not None and changed:
        text = f"the record below is of another declaration, {record.declaration.digest[:_SHORT]}"
        yield from _entry("Changed", text, width)
    yield ""


def _value(value: object) -> str:
    return str(value["source"]) if isinstance(value, Mapping) and set(value) == {"source"} else repr(value)


def _record(
    record: Record,
    declaration: Declaration | None,
    row: SummaryRow,
    width: int,
    results: str | None,
    code: Difference | None,
) -> Iterator[str]:
    commit, state = record.registration.commit, record.registration.state
    registered = f"registered at {commit[:_SHORT]}" if commit else state.replace("unknown", "registration unknown")
    title = "Rehearsal" if record.pilot else "Verdict"
    outcome = "no verdict of record" if record.pilot else verdict_words(record)
    yield from _entry(title, f"{outcome} over {cells_words(len(record.cells))}; {registered}", width)
    if record.pilot:
        for tier, words in would_lines(_criteria(record), record.cells):
            yield from _entry(tier.capitalize(), words, width)
    elif record.void:
        yield from _entry("Void", record.void, width)
    for item in record.criteria:
        yield from _entry(item.tier.capitalize(), _judged(item), width)
    if record.verdict and record.noise_floor is None:
        yield from _entry("Control", "none: this verdict is not compared with noise", width)
    yield from _luck(record, declaration, width)
    cells = record.cells
    sentences = [item.sentence for item in record.criteria]
    same = unvaried(sentences, [cell.row for cell in cells])
    for line in [*interval_lines(sentences, [cell.params for cell in cells]), *([same] if same else [])]:
        yield from _entry("Interval", line, width)
    for place, line in enumerate(measured_lines(cells)):
        yield from _entry("" if place else "Measured", line, width)
    if cells:
        where = f" --results {shlex.quote(results)}" if results else ""
        yield from _entry("Cells", f"`pytest-bets show {short(row.id)}{where} --cells` prints every cell", width)
    yield from _environment(record.environment, width)
    yield from _code(record.code, code, width)
    yield ""


def _luck(record: Record, declaration: Declaration | None, width: int) -> Iterator[str]:
    error = error_words(record.verdict, error_of(record))
    if error and (record.luck or error != NOT_KNOWN):
        yield from _entry("Known error", error, width)
    if record.luck is not None:
        same = declaration is not None and declaration.digest == record.declaration.digest
        paragraphs = [*luck_words(record.luck), *(p_words(record, declaration) if same and declaration else ())]
        for place, text in enumerate([*paragraphs, NO_PROBABILITY]):
            yield from _entry("" if place else "Luck", text, width)
    fixed = held_fixed(record)
    if fixed:
        yield from _entry("Held fixed", f"{', '.join(fixed)}: the result says nothing of other values", width)


def _criteria(record: Record) -> list[Criterion]:
    """Return the sentences that a record's bet declares; one that cannot be read is left out."""
    found = []
    for tier in CRITERIA:
        for text in record.declaration.sentences(tier):
            try:
                found.append(Criterion(tier, parse(text), 0))
            except SentenceError:
                continue
    return found


def _judged(item: Judged) -> str:
    state = state_words(item.tier, good=item.good)
    return f"{state}: {item.sentence} (measured {item.measured}, margin {figure(item.margin)})"


def _environment(environment: Environment, width: int) -> list[str]:
    packages = ", ".join(f"{name} {version}" for name, version in environment.packages.items())
    where = f"Python {environment.python}, {environment.platform}, {environment.device}"
    return _entry("Ran on", f"{where}, threads {environment.threads}; {packages}", width)


def _code(part: Code, code: Difference | None, width: int) -> Iterator[str]:
    if isinstance(part, CodeDefinitions):
        files, counted = (
            len(part.definitions),
            f"{count_noun(sum(map(len, part.definitions.values())), 'definition')} in ",
        )
    else:
        files, counted = len(part.files), ""
    yield from _entry("Code", f"{counted}{files} file{'s' * (files != 1)}, {part.digest[:_SHORT]}", width)
    if code and code.changed:
        what = named(code.changed) if any(code.changed.values()) else ", ".join(code.changed)
        changed = f"{what} changed since" if what else "its definitions use others than they did"
        yield from _entry("Stale", f"{changed}; run the bet again", width)
    if code and code.moved:
        yield from _entry("Moved", f"the same code at another place: {moved_words(code.moved)}", width)


def _entry(title: str, text: str, width: int) -> list[str]:
    first, *rest = wrap(visible(" ".join(text.split())), max(width - _INDENT, 20))
    return [f"{title:<{_INDENT}}{first}".rstrip(), *(" " * _INDENT + line for line in rest)]
