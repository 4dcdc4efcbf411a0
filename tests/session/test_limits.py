"""What strangers may have written: each command ends within seconds, with an error that says where and what."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from pytest_bets import diagnostics, values
from pytest_bets.bet import criteria, limits, markers, parse
from pytest_bets.hooks import fingerprint
from pytest_bets.record import codec, decode, tally
from pytest_bets.sentence import lex
from pytest_bets.sentence import parse as sentence
from tests.helpers.fixtures import Run, WriteBet

DOCUMENT = Path(__file__).parents[2] / "docs" / "limits.md"
SIZE = 5_000_000
SECONDS, MEBIBYTES = 5, 300


def test_the_document_has_the_limits_of_the_code() -> None:
    """Each number stands in both."""
    cells = re.findall(r"^\| [^|]+ \| ([^|]+) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)[1:]
    assert [cell.split()[0] for cell in cells] == [
        *(f"{limit:,}" for limit in (parse.MAX_SOURCE, criteria.MAX_SENTENCES, lex.MAX_LENGTH, sentence.MAX_DEPTH)),
        *(f"{limit:,}" for limit in (markers.MAX_REPLICATES, limits.MAX_CELLS, limits.MAX_SEEDED, limits.MAX_BITS)),
        *(f"{limit:,}" for limit in (diagnostics.MAX_FAULTS, fingerprint.MAX_PARTS, values.MAX_TEXT)),
        f"2**{values.MAX_INTEGER.bit_length() - 1}",
        *(f"{limit:,}" for limit in (codec.MAX_RECORD, decode.MAX_DEPTH, codec.MAX_LINE, tally.RECENT)),
    ]


def _record(data: bytes) -> Callable[[], object]:
    return lambda: Path("results/2_other.json").write_bytes(data)


def _line() -> None:
    with Path("results/journal.jsonl").open("ab") as file:
        file.truncate(100_000_000)


MEASURED: Final = """
import resource, subprocess, sys

done = subprocess.run([sys.executable, "-m", "pytest_bets", "rollup"], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(done.returncode)
"""
"""Runs a command and prints its CPU seconds and KiB: a process started from here would count the memory of this one."""


HOSTILE: dict[str, tuple[Callable[[], object], str]] = {
    "lists": (_record(b"[" + b"[]," * (SIZE // 3) + b"[]]"), "results/2_other.json: this is no record: "),
    "depth": (_record(b"[" * SIZE), "results/2_other.json: this is not JSON: maximum recursion depth exceeded"),
    "keys": (
        _record(b'{"a": [{}, {"b": 0, "c": 1, "b": 2}]}'),
        "results/2_other.json: `a[1].b`: the key is there twice; expected once",
    ),
    "length": (
        lambda: os.truncate("results/1_first.json", 100_000_001),
        "results/1_first.json: the record has 100,000,001 bytes; expected at most 100,000,000",
    ),
    "line": (_line, "results/journal.jsonl:2: the line has "),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_results_are_an_error_within_seconds(bet: WriteBet, run: Run, what: str) -> None:
    """In 5 CPU seconds and 300 MB at most, Python and its imports included."""
    bet()
    run()
    write, expected = HOSTILE[what]
    write()
    done = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, text=True, check=False)
    seconds, kibibytes = map(float, done.stdout.split())
    assert done.returncode == 2
    assert expected in done.stderr
    assert seconds < SECONDS
    assert kibibytes / 1024 < MEBIBYTES


def test_a_session_reads_what_it_wrote_of_deep_and_large_constants(bet: WriteBet, run: Run) -> None:
    """A constant as deep as Python reads it, and an integer just below the limit."""
    deep, large = "[" * 190 + "]" * 190, hex((1 << limits.MAX_BITS) - 1)
    bet(above=f"DEEP = {deep}\nLARGE = {large}")
    run()
    assert "1 PASS" in run("--bets-replay")
    assert "1 unchanged" in run()
