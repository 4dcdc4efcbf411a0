"""Runs of one declaration and code: which of them only reproduced the record, and which drew seeds of their own."""

from collections.abc import Sequence
from typing import Literal

from pytest_bets.record.line import RunLine
from pytest_bets.record.record import Record
from pytest_bets.record.summary_model import RunCounts
from pytest_bets.values import spelled

Kind = Literal["record", "reproduced", "replicated", "differs"]
"""record: the run that the record is of. replicated: the first run of a replication, which has seeds of its own.
reproduced: the seeds of one of these, and the same measurements to the bit, which is no new evidence on the claim.
differs: the seeds of one of these, and other measurements."""


def draw(line: RunLine) -> int:
    """Return the number of the draw of seeds that a run has: that of the replication, and 0 for any other run.

    Seeds are derived from the declaration, so runs of one declaration and draw have the same.
    """
    return line.replication.number if line.replication else 0


def kinds(runs: Sequence[RunLine], record: Record) -> list[tuple[RunLine, Kind]]:
    """Return the runs of the record's declaration and code that came to a verdict, and what each is to the record.

    Two branches may both have run the replication of one number. Both had its seeds: the second repeats the first.
    """
    pair = [line for line in runs if line.bet == record.id and line.pair == record.pair and line.verdict is not None]
    origin = next((line for line in reversed(pair) if line.record), pair[0] if pair else None)
    firsts = {draw(origin): origin} if origin else {}
    return [(line, _kind(line, firsts.setdefault(draw(line), line), origin)) for line in pair]


def _kind(line: RunLine, first: RunLine, origin: RunLine | None) -> Kind:
    if line is first:
        return "record" if line is origin else "replicated"
    return "reproduced" if line.cells == first.cells else "differs"


def counted(runs: Sequence[RunLine], record: Record) -> RunCounts:
    """Return how many runs a bet has, and what those of the record's declaration and code are to the record."""
    found = kinds(runs, record)
    each = [kind for _, kind in found]
    agreed = sum(line.verdict == record.verdict for line, _ in found)
    lost = sum(len(line.attempts) for line in runs)
    failed = sum(line.verdict == "FAIL" for line in runs) - sum(line.verdict == "FAIL" for line, _ in found)
    return RunCounts(len(runs), len(found), agreed, each.count("reproduced"), each.count("replicated"), lost, failed)


def differences(line: RunLine, origin: RunLine, whose: str = "the record") -> list[str]:
    """Return where the sentences of two runs differ, to the last bit, a line each; `whose` is what has the second."""
    values = {(item.tier, item.sentence): item.value for item in origin.criteria}
    return [
        f"{item.tier} {item.sentence}: {item.value!r}, {whose} has {values[item.tier, item.sentence]!r}"
        for item in line.criteria
        if (item.tier, item.sentence) in values
        and spelled(values[item.tier, item.sentence]) != spelled(item.value)  # by which NaN is NaN
    ]
