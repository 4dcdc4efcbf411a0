"""The runs of a bet in words: what was reproduced to the bit, what was replicated, and what differs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pytest_bets.diagnostics import count_noun
from pytest_bets.record.line import RunLine
from pytest_bets.record.record import Record
from pytest_bets.record.repetition import Kind, differences, draw, kinds
from pytest_bets.record.summary_model import RunCounts
from pytest_bets.record.verdict import figure
from pytest_bets.render.visible import visible
from pytest_bets.render.words import attempt_words, cells_words, verdict_words

REPEATED: Final = (
    "Reproduced: a further run on the same seeds measured the same to the bit. That shows that the code repeats "
    "itself, and is no new evidence on the claim. Replicated: a run drew seeds of its own."
)


def runs_words(runs: RunCounts) -> str:
    """Return the runs of a bet in the words of the summary."""
    if not runs.same:
        words = "0 judged" if runs.total else "0"
    elif runs.same == 1:
        words = "1"
    else:
        words = _agreeing(runs) or str(runs.same)
        words += f", {_repeated(runs)}"
    others = runs.total - runs.same
    if others:
        words += f"; {others} more of other code, or without a verdict"
        words += f" ({runs.failed} FAIL)" if runs.failed else ""
    return f"{words}; {count_noun(runs.attempts, 'attempt')} cut off" if runs.attempts else words


def history_words(runs: RunCounts) -> str:
    """Return the runs of a bet in the words of its page."""
    if not runs.total:
        return "no run in the journal"
    words = count_noun(runs.total, "run")
    if runs.same < runs.total or not runs.same:
        words += f"; {runs.same} of the record's declaration and code came to a verdict"
    if runs.same < 2:
        return words
    return "; ".join(filter(None, [words, _agreeing(runs), _repeated(runs)]))


def _agreeing(runs: RunCounts) -> str:
    return f"{runs.agreed} of {runs.same} agree" if runs.agreed < runs.same else ""


def _repeated(runs: RunCounts) -> str:
    further = runs.same - 1
    words = [f"reproduced {runs.reproduced} of {further - runs.replicated}"] if further > runs.replicated else []
    words += [f"replicated {runs.replicated}"] if runs.replicated else []
    return ", ".join(words)


def history_lines(record: Record | None, journal: Sequence[RunLine]) -> Iterator[str]:
    """Yield a line a run; below one that differs from the record on the same seeds, where it does."""
    found = kinds(journal, record) if record else []
    firsts = {draw(line): line for line, kind in found if kind in ("record", "replicated")}
    known = {id(line): kind for line, kind in found}
    for line in journal:
        values = ", ".join(figure(item.value) for item in line.criteria if item.tier == "strict")
        words = f"strict {values}" if values else str(line.void or "")
        kind = known.get(id(line))
        reused = f", {cells_words(line.resumed)} of an interrupted run" if line.resumed else ""
        where = f"({line.seconds:.1f} s, {line.host}{reused})"
        parts = [line.time, verdict_words(line), words, where, *([_KINDS[kind]] if kind else [])]
        yield visible(f"  {'  '.join(parts)}")
        for attempt in line.attempts:
            yield visible(f"      {attempt_words(attempt)}")
        if kind == "differs":
            first = firsts[draw(line)]
            whose = "the first run of this replication" if line.replication else "the record"
            where = "the same host" if line.host == first.host else f"{line.host}, {whose} ran on {first.host}"
            for text in differences(line, first, whose) or ["every sentence has the same value to the bit"]:
                yield visible(f"      {text}")
            yield visible(f"      measured on {where}")


_KINDS: Final[Mapping[Kind, str]] = {
    "record": "record",
    "reproduced": "reproduced",
    "replicated": "replicated",
    "differs": "other measurements",
}
