"""A bet that no commit contains is reported, refused or ignored, as the setting says."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.repositories import commit, count_calls, git, isolate
from tests.helpers.results import records

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

RESULTS = Path("results")
FAILED = pytest.ExitCode.TESTS_FAILED
MODES = ("load", "worksteal", "loadfile", "loadscope", "loadgroup")
PROCESSES = [(), *(("-n", "2", "--dist", mode) for mode in MODES)]
PLAIN_AND_TWO = [(), ("-n", "2")]
LEAVES_A_TRACE = {"body": 'pathlib.Path("ran").touch()\nreturn {"gain": part}', "above": "import pathlib\nSTEPS = 3"}


@pytest.fixture(autouse=True)
def plain_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no setting of this machine's git play a part."""
    isolate(monkeypatch)


@pytest.fixture
def repository(pytester: pytest.Pytester) -> Path:
    """Return a fresh repository, in which the test stands."""
    git("init", "-q", "-b", "main")
    return pytester.path


def set_to(value: str) -> None:
    Path("pytest.ini").write_text(f"[pytest]\nbets_registration = {value}\n")


@pytest.fixture
def required(repository: Path) -> None:  # noqa: ARG001  # the setting stands in it
    """Require registration."""
    set_to("require")


def counts(shown: str) -> dict[str, int]:
    """Return the counts in the last line of a session by category."""
    return {name: int(count) for count, name in re.findall(r"(\d+) (\w+)", shown.strip().splitlines()[-1]) if name[1:]}


@pytest.mark.usefixtures("required")
@pytest.mark.parametrize("processes", PROCESSES, ids=" ".join)
def test_a_bet_that_is_not_registered_is_not_run(bet: WriteBet, run: Run, processes: tuple[str, ...]) -> None:
    """It is one error that says what to do; the other bets and tests of the session run as ever."""
    bet()
    Path("test_beside.py").write_text("def test_one(): pass\n")
    commit()
    bet("bet_2_second.py", **LEAVES_A_TRACE)
    shown = run(*processes, "-rs", expect=FAILED)
    assert counts(shown) == {"passed": 8, "skipped": 7, "error": 1}
    assert (
        "bet_2_second.py: no commit holds this declaration, so its cells were not run (bets_registration = require).\n"
        'Register the bet, then run it:\n  git add bet_2_second.py && git commit -m "Declare bet 2"\n'
    ) in shown
    assert shown.count("ERROR at") == 1
    assert re.search(r"SKIPPED \[4\] bet_2_second.py:\d+: not known to be registered", shown)
    assert not Path("ran").exists()
    assert records(RESULTS)["1_first"]["registration"]["state"] == "registered"
    assert set(records(RESULTS)) == {"1_first"}
    assert len((RESULTS / "journal.jsonl").read_text().splitlines()) == 1


@pytest.mark.usefixtures("required")
@pytest.mark.parametrize("processes", PLAIN_AND_TWO, ids=" ".join)
def test_where_no_bet_is_registered_nothing_is_written(bet: WriteBet, run: Run, processes: tuple[str, ...]) -> None:
    """Not so much as the folder of results; no fixture of the bet is set up, either."""
    fixture = "@pytest.fixture(scope='module', autouse=True)\ndef costly():\n    pathlib.Path('ran').touch()"
    bet(above=f"import pathlib\n{fixture}")
    assert counts(run(*processes, expect=FAILED)) == {"skipped": 7, "error": 1}
    assert not Path("ran").exists()
    assert not RESULTS.exists()


@pytest.mark.usefixtures("required")
@pytest.mark.parametrize("file", ["bet_1_first.py", "two words/bet_1_first.py", "bet_nameless.py"])
def test_the_commands_that_the_error_names_register_the_bet(bet: WriteBet, run: Run, file: str) -> None:
    """Typed where the session was started, as they stand."""
    bet(file)
    Path("sub").mkdir()
    os.chdir("sub")
    shown = run("..", expect=FAILED)
    command = re.search(r"^  (git add .*)$", shown, re.MULTILINE)
    assert command
    subprocess.run(command[1], shell=True, check=True, capture_output=True)
    run("..")
    (record,) = records(Path("../results")).values()
    assert record["registration"]["state"] == "registered"


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("processes", PLAIN_AND_TWO, ids=" ".join)
def test_a_session_ends_with_the_command_that_leaves_a_clean_tree(
    bet: WriteBet, run: Run, processes: tuple[str, ...]
) -> None:
    """A run that repeats a record adds a line to the journal: it counts, and git shows it as a change."""
    bet("exp/bet_1_first.py")
    bet("exp/bet_second.py")
    commit()
    os.chdir("exp")
    for lines in ("2 new lines, one for each run", "1 new line, for this run"):
        shown = run(*processes, *(["bet_1_first.py"] if "1 new" in lines else []))
        note = f"Every run counts, so commit the results. ../results/journal.jsonl has {lines}:"
        assert note in " ".join(shown.split())
        command = re.search(r"^  (git add \S*results && .*)$", shown, re.MULTILINE)
        assert command
        assert git("status", "--porcelain")
        subprocess.run(command[1], shell=True, check=True, capture_output=True)
        assert git("status", "--porcelain") == ""
    assert git("log", "--format=%s", "-2").splitlines() == ["Record bet 1", "Record bets 1, second"]


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("pattern", ["results", "/results/"])
def test_where_git_ignores_the_results_there_is_nothing_to_commit(bet: WriteBet, run: Run, pattern: str) -> None:
    """Nor is there outside a checkout, or after a run that wrote nothing."""
    bet()
    Path(".gitignore").write_text(f"{pattern}\n")
    commit()
    assert "commit the results" not in run()
    Path(".gitignore").write_text("results/plots\n")
    assert "commit the results" in run()
    assert "commit the results" not in run("--bets-replay")
    assert "commit the results" not in run("--bets-results", "../elsewhere")


@pytest.mark.usefixtures("required")
@pytest.mark.parametrize("processes", PLAIN_AND_TWO, ids=" ".join)
def test_a_moved_threshold_has_to_be_registered_again(bet: WriteBet, run: Run, processes: tuple[str, ...]) -> None:
    """The record of the bet as it was stays."""
    bet()
    commit()
    run(*processes)
    before = (RESULTS / "1_first.json").read_bytes()
    bet(markers={"strict": '"count(gain > 0) >= 4"'}, sections={"Strict": "all 4 of 4 cells gain."})
    assert counts(run(*processes, expect=FAILED)) == {"skipped": 7, "error": 1}
    assert (RESULTS / "1_first.json").read_bytes() == before


@pytest.mark.parametrize("processes", PLAIN_AND_TWO, ids=" ".join)
def test_outside_git_a_required_registration_cannot_be_determined(
    bet: WriteBet, run: Run, processes: tuple[str, ...]
) -> None:
    """The error says why, and which setting runs the bet anyway."""
    set_to("require")
    bet()
    shown = run(*processes, expect=FAILED)
    assert counts(shown) == {"skipped": 7, "error": 1}
    assert "bet_1_first.py: cannot determine whether this bet is registered, so its cells were not run" in shown
    assert "this is not a git repository, or git does not answer.\nRun it in a full clone, or with bets_regis" in shown
    assert not RESULTS.exists()
    set_to("off")
    run(*processes)
    assert records(RESULTS)["1_first"]["registration"]["state"] == "unknown"


@pytest.mark.usefixtures("required")
def test_in_a_shallow_clone_a_required_registration_cannot_be_determined(
    bet: WriteBet, repository: Path, run: Run
) -> None:
    """The command in the error fetches the rest of the history."""
    bet()
    commit()
    bet("bet_2_other.py")
    commit()
    git("clone", "-q", "--depth=1", repository.as_uri(), "clone")
    os.chdir("clone")
    shown = run(expect=FAILED)
    assert counts(shown) == {"skipped": 14, "errors": 2}
    assert "this clone is shallow; run `git fetch --unshallow`.\n" in shown
    git("fetch", "-q", "--unshallow")
    assert counts(run()) == {"passed": 14}


@pytest.mark.usefixtures("required")
def test_workers_do_not_run_a_bet_that_lies_where_none_is_looked_for(bet: WriteBet, run: Run) -> None:
    """They learn which bets are registered before they collect; the error says why this one is not."""
    bet("build/bet_1_first.py")
    commit()
    shown = run("-n", "2", "build/bet_1_first.py", expect=FAILED)
    assert counts(shown) == {"skipped": 7, "error": 1}
    assert f"it does not lie where the bets under {Path.cwd()} are looked for.\n" in shown
    assert counts(run("build/bet_1_first.py")) == {"passed": 7}


@pytest.mark.usefixtures("required")
@pytest.mark.parametrize("processes", PLAIN_AND_TWO, ids=" ".join)
@pytest.mark.parametrize("rehearsal", [("--bets-pilot",), ("--bets-set", "STEPS=1")], ids=" ".join)
def test_a_rehearsal_needs_no_registration(
    bet: WriteBet, run: Run, rehearsal: tuple[str, ...], processes: tuple[str, ...]
) -> None:
    """It comes before the declaration is committed."""
    bet(**LEAVES_A_TRACE)
    assert "error" not in counts(run(*rehearsal, *processes))
    assert Path("ran").exists()


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("processes", PLAIN_AND_TWO, ids=" ".join)
def test_a_replay_and_a_listing_need_no_registration(bet: WriteBet, run: Run, processes: tuple[str, ...]) -> None:
    """They run no experiment."""
    bet()
    run()
    set_to("require")
    assert counts(run("--bets-replay", *processes)) == {"passed": 4}
    assert "bet_1_first.py::experiment[1]" in run("--collect-only", "-q", *processes)


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("processes", PLAIN_AND_TWO, ids=" ".join)
def test_finished_cells_of_an_unregistered_bet_are_not_reused(
    bet: WriteBet, run: Run, processes: tuple[str, ...]
) -> None:
    """Nor are they lost: once the bet is registered, its run is resumed."""
    crashing = "if part == 3 and not pathlib.Path('on').exists():\n    raise RuntimeError\nreturn {'gain': part}"
    bet(body=crashing, above="import pathlib")
    run(expect=FAILED)
    Path("on").touch()
    set_to("require")
    assert counts(run("--bets-resume", *processes, expect=FAILED)) == {"skipped": 7, "error": 1}
    assert records(RESULTS)["1_first"]["verdict"] is None
    commit("bet_1_first.py")
    assert "3 finished cells of 1_first reused" in run("--bets-resume", *processes)
    record = records(RESULTS)["1_first"]
    assert (record["verdict"], record["registration"]["state"]) == ("PASS", "registered")


@pytest.mark.usefixtures("required")
def test_without_its_cells_there_is_nothing_to_refuse(bet: WriteBet, run: Run) -> None:
    """A tier that is selected alone reports that its cells are missing, as it does without the setting."""
    bet()
    assert counts(run("bet_1_first.py::strict")) == {"skipped": 1}


@pytest.mark.usefixtures("required")
@pytest.mark.parametrize("processes", PLAIN_AND_TWO, ids=" ".join)
def test_the_first_refusal_can_stop_the_session(bet: WriteBet, run: Run, processes: tuple[str, ...]) -> None:
    """-x counts it as any error."""
    bet()
    bet("bet_2_second.py")
    shown = run("-x", *processes, expect=pytest.ExitCode.INTERRUPTED if processes else FAILED)
    assert "stopping after 1 failures" in shown
    assert "bet_1_first.py: no commit holds this declaration" in shown
    if not processes:  # a worker may have reached the second bet meanwhile
        assert counts(shown) == {"skipped": 10, "error": 1}


@pytest.mark.usefixtures("required")
def test_the_last_failed_run_a_bet_once_it_is_registered(
    bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--lf remembers its cells and tiers, and not the error, which no run could pass."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    bet()
    bet("bet_2_second.py")
    commit("bet_1_first.py")
    pytester.runpytest_inprocess("-p", "pytest_bets.plugin").assert_outcomes(passed=7, skipped=7, errors=1)
    commit("bet_2_second.py")
    pytester.runpytest_inprocess("-p", "pytest_bets.plugin", "--lf").assert_outcomes(passed=7)
    assert "bet_2" not in Path(".pytest_cache/v/cache/lastfailed").read_text()


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("processes", PLAIN_AND_TWO, ids=" ".join)
def test_unregistered_bets_are_listed_after_they_ran(bet: WriteBet, run: Run, processes: tuple[str, ...]) -> None:
    """With the command that registers them; never in a rehearsal."""
    bet("bets/bet_1_first.py")
    commit()
    bet("bets/bet_2_second.py")
    bet("bets/bet_nameless.py")
    message = (
        "Run without being registered; commit a bet before its run:\n"
        '  git add bets/bet_2_second.py bets/bet_nameless.py && git commit -m "Declare bets 2, nameless"\n'
    )
    assert message in run(*processes)
    set_to("warn")
    assert message in run(*processes)
    assert "without being registered" not in run("--bets-pilot", *processes)
    os.chdir("bets")
    assert "\n  git add bet_2_second.py bet_nameless.py && git" in run("..", *processes)


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("processes", PLAIN_AND_TWO, ids=" ".join)
def test_off_is_silent_and_still_records_the_state(bet: WriteBet, run: Run, processes: tuple[str, ...]) -> None:
    """A reader of the record sees it."""
    bet()
    set_to("off")
    assert "registered" not in run("-v", *processes)
    assert records(RESULTS)["1_first"]["registration"] == {"state": "unregistered", "commit": None}


@pytest.mark.parametrize("setting", ["warn", "off"])
def test_where_git_does_not_answer_one_line_says_that_registration_was_not_checked(
    bet: WriteBet, run: Run, setting: str
) -> None:
    """Without -v, too: a PASS that cannot be checked must not look like any other. A rehearsal needs none."""
    bet()
    set_to(setting)
    line = "\nRegistration not checked: this is not a git repository, or git does not answer.\n"
    assert (line in run()) == (setting == "warn")
    assert "Registration" not in run("--bets-pilot")
    assert "Registration" not in run("--bets-replay")


def test_a_shallow_clone_is_given_as_the_reason(bet: WriteBet, repository: Path, run: Run) -> None:
    """With the command that fetches the rest of the history."""
    bet()
    commit()
    bet("bet_2_other.py")
    commit()
    git("clone", "-q", "--depth=1", repository.as_uri(), "clone")
    os.chdir("clone")
    assert "\nRegistration not checked: this clone is shallow; run `git fetch --unshallow`.\n" in run()


@pytest.mark.usefixtures("required")
@pytest.mark.parametrize("processes", PLAIN_AND_TWO, ids=" ".join)
def test_a_required_registration_starts_git_three_times_at_most(
    bet: WriteBet,
    run: Run,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    processes: tuple[str, ...],
) -> None:
    """However many bets and workers there are; and never to list them."""
    for number in range(5):
        bet(f"bet_{number}_x.py")
    commit()
    calls = count_calls(tmp_path_factory.mktemp("bin"), monkeypatch)
    run("--collect-only")
    assert not calls.exists()
    run(*processes)
    assert len(calls.read_text().splitlines()) == 3
    assert {record["registration"]["state"] for record in records(RESULTS).values()} == {"registered"}


@pytest.mark.parametrize(
    ("value", "hint"), [("requier", "; did you mean require?"), ("Off", "; did you mean off?"), ("yes", "")]
)
def test_an_unknown_policy_is_refused(pytester: pytest.Pytester, value: str, hint: str) -> None:
    """The error lists the allowed values and suggests the nearest."""
    set_to(value)
    result = pytester.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    message = f"ERROR: bets_registration is {value!r} in the settings; expected one of warn, require, off{hint}\n"
    assert message in result.stderr.str()
