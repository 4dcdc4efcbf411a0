"""--lf, --ff and --sw: a red bet is run whole, since without its cells there is nothing to judge."""

import json
import re
from pathlib import Path

import pytest

from tests.helpers.fixtures import WriteBet
from tests.helpers.results import journal
from tests.helpers.terminal import outcomes

FAILED = pytest.ExitCode.TESTS_FAILED
OK = pytest.ExitCode.OK
BODY = """
shift = pathlib.Path("shift").read_text()
if shift == "crash" and part == 2:
    raise RuntimeError("boom")
return {"gain": part + int(shift if shift != "crash" else 0)}
"""


@pytest.fixture
def session(bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> "Session":
    """Return a session of two bets and a test, the first of which measures what the test says."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    bet(body=BODY, above="import pathlib")
    bet("bet_2_good.py")
    Path("test_beside.py").write_text("def test_one(): pass\n")
    return Session(pytester)


class Session:
    """Runs sessions that share pytest's cache."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester

    def run(self, shift: str, *arguments: str, expect: pytest.ExitCode | tuple[pytest.ExitCode, ...]) -> str:
        """Run with a shift of the first bet's gains, or a crash of its second cell, and return what is shown."""
        Path("shift").write_text(shift)
        plugins = ["-p", "pytest_bets.plugin", *(["-p", "xdist"] if "-n" in arguments else [])]
        result = self.pytester.runpytest_inprocess(*plugins, *arguments)
        shown = result.stdout.str() + result.stderr.str()
        assert result.ret in (expect if isinstance(expect, tuple) else (expect,)), shown
        return shown

    @property
    def failed(self) -> list[str]:
        """What pytest remembers as failed, without the file's name."""
        path = Path(".pytest_cache/v/cache/lastfailed")
        remembered = json.loads(path.read_text()) if path.exists() else {}
        return sorted(name.removeprefix("bet_1_first.py::") for name in remembered)


CELLS = [f"experiment[{part}]" for part in (1, 2, 3, 4)]
WHOLE = sorted(["catastrophic", "lenient", "strict", *CELLS])


@pytest.mark.parametrize("arguments", [[], ["-n", "2"]], ids=["plain", "distributed"])
def test_a_bet_whose_tier_failed_is_run_whole(session: Session, arguments: list[str]) -> None:
    """Its cells and its tiers, and nothing else; once it passes it is forgotten."""
    session.run("-4", *arguments, expect=FAILED)
    assert session.failed == WHOLE
    assert outcomes(session.run("-4", "--lf", expect=FAILED)) == "1 failed, 4 passed, 2 unmet"
    assert session.failed == WHOLE
    shown = session.run("0", "--lf", *arguments, expect=OK)
    assert outcomes(shown) == "7 passed"
    assert session.failed == []


def test_a_bet_with_a_crash_is_run_whole(session: Session) -> None:
    """The cells that were measured then are not kept: a bet is measured in one session."""
    session.run("crash", expect=FAILED)
    assert session.failed == WHOLE
    assert outcomes(session.run("0", "--lf", expect=OK)) == "7 passed"
    assert session.failed == []
    assert journal(Path("results"))[-1]["verdict"] == "PASS"


def test_a_tier_that_was_selected_alone_is_run_with_its_cells(session: Session) -> None:
    """--lf repeats what was asked for, so that its gate is the same."""
    session.run("-2", "-m", "strict", expect=FAILED)
    assert session.failed == sorted(["strict", *CELLS])
    shown = session.run("-2", "--lf", expect=FAILED)
    assert outcomes(shown) == "1 failed, 4 passed"
    session.run("0", "--lf", expect=OK)
    assert session.failed == []


def test_what_failed_runs_first(session: Session) -> None:
    """--ff moves the red bet before the others, which run too."""
    Path("bet_1_first.py").rename("bet_9_first.py")
    session.run("-4", expect=FAILED)
    shown = session.run("-4", "--ff", expect=FAILED)
    assert re.findall(r"^(\w+)\.py [.uF]", shown, re.MULTILINE) == ["bet_9_first", "bet_2_good", "test_beside"]
    assert outcomes(shown) == "1 failed, 12 passed, 2 unmet"


def test_a_bet_that_is_not_met_and_not_gated_is_not_remembered(session: Session) -> None:
    """Unmet fails nothing."""
    session.run("-3", expect=OK)
    assert session.failed == []


def test_a_wide_fixture_that_failed_is_no_reason_to_judge_without_cells(session: Session, bet: WriteBet) -> None:
    """The error falls on whichever item was last, a tier; the bet is run whole all the same."""
    above = """
        import pathlib

        @pytest.fixture(scope="module")
        def server():
            yield
            assert pathlib.Path("shift").read_text() == "0"
    """
    bet(above=above, arguments="part, server")
    session.run("1", expect=FAILED)
    assert session.failed == WHOLE
    assert outcomes(session.run("0", "--lf", expect=OK)) == "7 passed"


def test_results_that_could_not_be_written_are_forgotten_once_they_are(session: Session) -> None:
    """The bet is run again, and no item that is none stays among the failures."""
    Path("results/SUMMARY.md").mkdir(parents=True)
    session.run("0", "-k", "first", expect=FAILED)
    assert session.failed == WHOLE
    Path("results/SUMMARY.md").rmdir()
    assert outcomes(session.run("0", "--lf", expect=OK)) == "7 passed"
    assert session.failed == []


@pytest.mark.parametrize("arguments", [[], ["-n", "2"]], ids=["plain", "distributed"])
def test_stepwise_stays_at_a_bet_whose_tier_failed(session: Session, arguments: list[str]) -> None:
    """It went on from the tier, which was skipped without its cells, and so passed over the catastrophe."""
    Path("bet_0_good.py").write_text(Path("bet_2_good.py").read_text())
    stopped = (pytest.ExitCode.INTERRUPTED, FAILED)  # workers may have run everything by then
    for _ in range(3):
        shown = session.run("-4", "--sw", *arguments, expect=stopped)
        assert "1_first  FAIL, catastrophic" in shown
    assert [line["verdict"] for line in journal(Path("results")) if line["bet"] == "1_first"] == ["FAIL"] * 3
    assert arguments or "0_good" not in shown  # what passed before the bet is left out, as ever
    assert session.failed == WHOLE
    assert outcomes(session.run("-4", "--lf", expect=FAILED)) == "1 failed, 4 passed, 2 unmet"
    shown = session.run("0", "--sw", *arguments, expect=OK)
    assert "1_first  PASS" in shown
    assert "2_good   PASS" in shown
    assert session.failed == []


def test_a_session_without_stepwise_moves_no_step(session: Session) -> None:
    """Where --sw stopped is its own matter: another selection may run in between."""
    session.run("-4", "--sw", expect=pytest.ExitCode.INTERRUPTED)
    kept = Path(".pytest_cache/v/cache/stepwise")
    before = json.loads(kept.read_text())
    session.run("-4", "bet_2_good.py", expect=OK)
    if pytest.version_tuple >= (8, 4):  # an older pytest forgets it
        assert json.loads(kept.read_text()) == before
    assert "1_first  FAIL, catastrophic" in session.run("-4", "--sw", expect=pytest.ExitCode.INTERRUPTED)


def test_without_a_cache_nothing_is_remembered(session: Session) -> None:
    """-p no:cacheprovider removes --lf, and nothing breaks."""
    shown = session.run("-4", "-p", "no:cacheprovider", expect=FAILED)
    assert "INTERNALERROR" not in shown
    assert not Path(".pytest_cache").exists()
