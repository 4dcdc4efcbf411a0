"""Replications: numbers in order, which runs count, and what they are evidence of."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from pytest_bets.bet.null import Swap
from pytest_bets.chance.evidence import Replication, evidence
from pytest_bets.chance.luck import luck
from pytest_bets.record.build import journal_line
from pytest_bets.record.codec import dump_line, load_line, rows_of
from pytest_bets.record.line import Replicated, RunLine
from pytest_bets.record.replication import evidence_of, missing, next_number, replicated
from pytest_bets.record.verdict import Cell
from pytest_bets.render.evidence import evidence_words
from tests.helpers.example import of
from tests.helpers.nulls import bet, record, swap
from tests.helpers.schemas import faults

RECORD = record(1, 3, 3)
LINE = journal_line(
    RECORD, rows_of(RECORD), record_sha256=None, time="2026-11-26T00:00:00Z", host="vm", seconds=1.0, previous=None
)
DIGEST = LINE.declaration


def line(number: int, verdict: str | None = "PASS", *, fresh: bool = True, strict: float | None = 1 / 8) -> RunLine:
    return replace(LINE, verdict=verdict, replication=Replicated(number, strict, 1 / 2, fresh))  # type: ignore[arg-type]


def narrow(run: RunLine) -> RunLine:
    """Return a run whose lenient sentences are not met."""
    return replace(run, criteria=tuple(replace(item, met=item.tier != "lenient") for item in run.criteria))


def test_numbers_go_on_from_the_highest() -> None:
    """A void run keeps its number, and so does one of two with the same; another declaration begins again."""
    assert next_number([LINE], DIGEST) == 1
    assert next_number([line(1), line(2, None), line(2)], DIGEST) == 3
    assert next_number([replace(line(4), declaration="0" * 64)], DIGEST) == 1
    assert missing([line(1), line(2, None), line(4)], DIGEST) == [3]


def test_the_seeds_of_a_replication_are_its_own() -> None:
    """Derived from the declaration's digest and the number: others for each, the same for everyone."""
    declared = of()
    seeds = [declared.seeds(5), *(declared.replication_seeds(number, 5) for number in (1, 2))]
    assert len({seed for each in seeds for seed in each}) == 15
    assert declared.replication_seeds(1, 5) == declared.replication_seeds(1, 5)[:5]
    assert declared.replication_seeds(1, 3) == declared.replication_seeds(1, 5)[:3]


PASSED, LENIENT, FAILED = (Replication(s, 1 / 8, n, 1 / 2) for s, n in ((True, True), (False, True), (False, False)))


@pytest.mark.parametrize(
    ("lines", "state", "runs"),
    [
        ([line(1), line(2, "LENIENT"), line(3, "FAIL")], "known", [PASSED, LENIENT, FAILED]),
        ([line(1, "FAIL"), line(1, "PASS")], "known", [FAILED]),
        ([line(1, None), line(1, "PASS"), line(2, None)], "known", [PASSED]),
        ([line(1), line(3)], "missing", None),
        ([line(1), line(2, fresh=False)], "same units", None),
        ([line(1, strict=None)], "not known", None),
        ([line(1, strict=0.0)], "not known", None),
        ([line(1, "FAIL", strict=0.0)], "known", [FAILED]),
        ([narrow(line(1))], "known", [Replication(True, 1 / 8, False, 1 / 2)]),
    ],
)
def test_evidence_multiplies_over_complete_replications(
    lines: Sequence[RunLine], state: str, runs: list[Replication] | None
) -> None:
    """Of two of one number the first counts; a hole, old units or an unknown chance leave none.

    A PASS that does not meet lenient, which may measure something else than strict, does not count as if it did.
    """
    found = evidence_of([LINE, *lines], DIGEST)
    assert found is not None
    assert found.state == state
    assert found.value == (pytest.approx(evidence(runs)) if runs is not None else None)


def test_evidence_is_said_in_sentences() -> None:
    """With what convinces, and why there is none."""
    assert evidence_words([LINE], DIGEST) == ""
    assert evidence_words([line(1), line(2)], DIGEST).startswith(
        "2 complete replications: strict met in 2, lenient in 2. Together 13.4; from 20 on it convinces."
    )
    assert "the journal has no line of replication 1" in evidence_words([line(2)], DIGEST)
    assert "No evidence beyond the first run: fresh seeds measured the same units again" in evidence_words(
        [line(1, fresh=False)], DIGEST
    )


@pytest.mark.parametrize(
    ("unit", "parts", "spread", "fresh"),
    [
        ("part", 3, 1e-3, False),
        ("seed", 3, 1e-3, False),
        ("seed", 4, 1e-3, False),
        ("seed", 6, 1e-3, False),
        ("seed", 3, 3.0, True),
        ("cell", 3, 3.0, True),
        ("part, seed", 3, 3.0, True),
    ],
)
def test_units_are_fresh_where_each_contains_the_seed_and_none_are_alike(
    unit: str, parts: int, spread: float, fresh: bool
) -> None:
    """Fresh seeds on the same texts would convict falsely, whether there are fewer texts than seeds or more."""
    noise = [0.1, -0.7, 0.5, -0.3, 0.9, 0.2, -0.8, 0.6, -0.1, 0.4, -0.6, 0.8]
    params: list[dict[str, Any]] = [{"part": i % parts, "seed": i // parts} for i in range(12)]
    rows = [
        {**p, "a": p["part"] + spread * noise[i] + 0.01, "b": 2.5 * p["part"] + 1 / (i + 3)}
        for i, p in enumerate(params)
    ]
    null: Swap = swap(unit=unit)
    declared = bet("count(a < b) >= 9", null, replicate=4)
    cells = [Cell(p, row) for p, row in zip(params, rows, strict=True)]
    found = replicated(2, declared, luck(declared, params, rows), cells)
    assert (found.number, found.fresh) == (2, fresh)
    assert found.strict is not None
    assert not replicated(2, replace(declared, replicate=None), luck(declared, params, rows), cells).fresh
    assert replicated(1, bet("count(a < b) >= 9"), None, cells) == Replicated(1, None, None, False)


def test_a_line_has_the_number_of_a_replication_and_no_other_has_the_field() -> None:
    """Lines that are there keep their bytes."""
    assert b"replication" not in dump_line(LINE)
    data = dump_line(line(3))
    assert load_line(data, "journal") == line(3)
    assert faults("journal", json.loads(data)) == []
