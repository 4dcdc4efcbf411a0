"""Ctrl-C keeps what was complete."""

import os
import re
import signal
from pathlib import Path

import pytest

from tests.helpers.fixtures import WriteBet
from tests.helpers.processes import kill, start, until
from tests.helpers.results import prove_whole, records, strict

BODY = """
if part == 3:
    pathlib.Path(f"started_{os.getpid()}").touch()
    time.sleep(60)
return {"gain": part}
"""


def _in_the_middle(results: Path) -> bool:
    """Tell whether the first bet is recorded, and a cell of the second bet is known to the process that judges."""
    noted = any((results / ".bets" / "unfinished").glob("2_second.*.cells"))
    return noted and any(results.parent.glob("started_*")) and (results / "1_first.json").exists()


@pytest.mark.parametrize(
    "arguments",
    [[], ["-n", "2", "--dist", "load"], ["-n", "2", "--dist", "loadfile"]],
    ids=["plain", "load", "loadfile"],
)
def test_an_interrupted_session_keeps_what_was_complete(
    bet: WriteBet, pytester: pytest.Pytester, arguments: list[str]
) -> None:
    """The first bet's record, the journal and the summary are there and whole; the second bet has no record."""
    bet()
    bet("bet_2_second.py", body=BODY, above="import os, pathlib, time")
    bet("bet_3_third.py", body=BODY, above="import os, pathlib, time")
    results = pytester.path / "results"
    session = start(pytester.path, *arguments)
    until(lambda: _in_the_middle(results), session)
    shown = kill(session, signal.SIGINT)
    assert session.returncode == pytest.ExitCode.INTERRUPTED, shown
    assert "KeyboardInterrupt" in shown
    assert "1_first   PASS        count(gain > 0) >= 3 (measured 4)  stands" in shown
    assert "2_second  not judged  " in shown
    kept = re.search(r"^Kept: (\d) finished cells? of (\d) bets?; ", shown, re.MULTILINE)
    assert kept, shown
    assert int(kept[1]) == sum(len(path.read_bytes().splitlines()) for path in results.glob(".bets/unfinished/*.cells"))
    assert "the same command with --bets-resume runs only what is left." in " ".join(shown.split())
    assert {name: record["verdict"] for name, record in records(results).items()} == {"1_first": "PASS"}
    verdicts = {line["bet"]: line["verdict"] for line in prove_whole(results)}
    assert (verdicts["1_first"], verdicts["2_second"]) == ("PASS", None)
    (first, *_) = strict((results / "SUMMARY.json").read_bytes())["bets"]
    assert (first["id"], first["verdict"]) == ("1_first", "PASS")
    assert "1_first" in (results / "SUMMARY.md").read_text()


def test_the_controller_alone_may_be_interrupted(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """A signal that reaches no worker, as from a job queue, ends the same way."""
    bet()
    bet("bet_2_second.py", body=BODY, above="import os, pathlib, time")
    results = pytester.path / "results"
    session = start(pytester.path, "-n", "2")
    until(lambda: _in_the_middle(results), session)
    os.kill(session.pid, signal.SIGINT)
    shown = session.communicate(timeout=60)[0]
    assert session.returncode == pytest.ExitCode.INTERRUPTED, shown
    assert {name: record["verdict"] for name, record in records(results).items()} == {"1_first": "PASS"}
    assert {line["bet"]: line["verdict"] for line in prove_whole(results)} == {"1_first": "PASS", "2_second": None}


def test_a_bet_that_never_began_is_not_mentioned(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """An interrupt before a bet's first cell leaves neither a row nor a skipped tier of it."""
    bet(body=BODY, above="import os, pathlib, time")
    bet("bet_2_second.py")
    session = start(pytester.path)
    until(lambda: any(pytester.path.glob("started_*")), session)
    shown = kill(session, signal.SIGINT)
    assert "1_first  not judged  2 of 4 cells did not run" in shown
    assert "2_second" not in shown
    assert "2 passed, 3 skipped" in shown
    assert not (pytester.path / "results" / "2_second.json").exists()
