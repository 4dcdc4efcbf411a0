"""The tally of a bet's runs says what the lines say."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pytest_bets.record.journal import runs
from pytest_bets.record.line import CellsDigest, Line, Replicated, RunLine, UpgradeLine, Was
from pytest_bets.record.record import CodeFiles, Environment
from pytest_bets.record.repetition import counted
from pytest_bets.record.tally import Tally
from pytest_bets.record.tally import dump as dump_tally
from pytest_bets.record.tally import load as load_tally

ENVIRONMENT = Environment("3", "p", {}, "cpu", 1, None, None)
VERDICTS = ("PASS", "LENIENT", "FAIL", None)


def ran(**parts: object) -> RunLine:
    line = RunLine(
        *("pytest-bets/journal/2", "run", "1_a", "2026-11-26T11:00:00Z", "host", 1.0, "d", "c", "registered"),
        *(ENVIRONMENT, "PASS", False, None, None, (), CellsDigest(1, "e"), None, None),
    )
    return replace(line, **parts)  # type: ignore[arg-type]  # fields by name


def upgraded(bet: str, was: str, now: str) -> UpgradeLine:
    before = Was("pytest-bets/record/1", f"record of {was}", CodeFiles(was, {"a.py": "0"}))
    return UpgradeLine("pytest-bets/journal/2", "upgrade", bet, "T", "h", "d", now, f"record of {now}", before, None)


RUNS = st.lists(
    st.builds(
        lambda code, verdict, cells, record, number: ran(
            code=code,
            verdict=verdict,
            void=None if verdict else "void",
            cells=CellsDigest(4, cells * 64),
            record=record and record * 64,
            replication=number and Replicated(number, None, None, fresh=True),
        ),
        st.sampled_from("ab"),
        st.sampled_from(VERDICTS),
        st.sampled_from("12"),
        st.sampled_from([None, "e", "f"]),
        st.sampled_from([None, 1, 2]),
    ),
    max_size=12,
)


@given(RUNS, RUNS)
def test_counts_are_those_of_the_lines(before: list[RunLine], after: list[RunLine]) -> None:
    """Upgraded or not, with a verdict or without, reproduced or not; from an index, too."""
    later = [replace(line, code="c") if line.code == "a" else line for line in after]
    lines: list[Line] = [*before, upgraded("1_a", "a", "c"), *later]
    tally = Tally()
    for number, line in enumerate(lines):
        tally.add(line, f"{number}", number)
    for again in (tally, load_tally(*dump_tally(tally))):
        for code in "abc":
            for verdict in VERDICTS:
                record = type("Of", (), {"id": "1_a", "pair": ("d", code), "verdict": verdict})
                expected = counted(runs(lines), record)  # type: ignore[arg-type]  # all that it reads of a record
                assert again.counts(record) == expected  # type: ignore[arg-type]
