"""Slurm's engine on programs that stand for Slurm's: jobs run at once, and files come late."""

import json
import os
import sys
from pathlib import Path
from typing import Final

import pytest

from pytest_bets.bet.resources import Need
from pytest_bets.engines import job, slurm
from pytest_bets.engines.event import Event, Work
from pytest_bets.engines.plan import Plan
from pytest_bets.engines.site import Site
from tests.engines import real
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.results import records

SBATCH: Final = """#!/bin/sh
case "$*" in *--test-only*) exit 0;; esac
number=$(ls STATE | wc -l)
cat > STATE/$number.sh
echo "$@" > STATE/$number.flags
sh STATE/$number.sh > /dev/null 2>&1 &
echo $number
"""
IMPATIENT: Final = """
from pytest_bets.engines import slurm, slurm_folder

slurm.ABANDONED, slurm.POLL, slurm_folder.ALIVE = 3, 0.1, 0.2
"""
SQUEUE: Final = """#!/bin/sh
cat STATE/states 2>/dev/null
exit 0
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which the programs note what they are asked for."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "state").mkdir()
    for name, text in (("sbatch", SBATCH), ("squeue", SQUEUE), ("scancel", "#!/bin/sh\n"), ("sinfo", "#!/bin/sh\n")):
        program = tmp_path / "bin" / name
        program.write_text(text.replace("STATE", str(tmp_path / "state")))
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(slurm, "POLL", 0.05)
    monkeypatch.setattr(slurm, "SETTLE", 0.3)
    return tmp_path / "state"


@pytest.fixture
def engine(programs: Path, tmp_path: Path) -> slurm.Slurm:
    """Return an engine whose jobs do nothing."""
    (programs.parent / "bin" / "sbatch").write_text(
        f'#!/bin/sh\nnumber=$(ls {programs} | wc -l)\necho "$@" > {programs}/$number.flags\necho $number\n'
    )
    plan = Plan(*("/",) * 4, None, {}, (), (), (), (), {}, {}, {}, mixed=False)
    return slurm.Slurm(plan, Site(tmp_path / "live", "", lambda: b"code"), ["--partition=x"])


def test_a_session_runs_its_cells_in_jobs(bet: WriteBet, run: Run, programs: Path) -> None:
    """With the bytes of a plain run, though the code was unpacked elsewhere."""
    bet()
    run()
    plain = Path("results/1_first.json").read_bytes()
    Path("results/1_first.json").unlink()
    (programs / "states").write_text("".join(f"{number}|RUNNING|n1|None\n" for number in range(9)))
    run("--bets-on", "slurm=--qos=high", "-o", "bets_slurm=--account=x")
    assert Path("results/1_first.json").read_bytes() == plain
    flags = [path.read_text() for path in programs.glob("*.flags")]
    assert len(flags) == 1  # the journal says that they are short
    assert "--no-requeue" in flags[0]
    assert "--account=x --qos=high" in flags[0]


def test_a_failure_names_the_files_of_the_project_and_not_of_its_copy(bet: WriteBet, run: Run, programs: Path) -> None:
    """In the record and on the terminal."""
    bet(body="raise OSError(__file__)")
    (programs / "states").write_text("".join(f"{number}|RUNNING|n1|None\n" for number in range(9)))
    shown = run("--bets-on", "slurm", expect=pytest.ExitCode.TESTS_FAILED)
    assert records(Path("results"))["1_first"]["void"] == "4 of 4 cells crashed: experiment[1]: OSError: bet_1_first.py"
    assert "pytest-bets-" not in shown


@pytest.mark.usefixtures("programs")
def test_a_folder_that_cannot_be_made_is_one_clear_error(bet: WriteBet, run: Run) -> None:
    """Nothing was submitted."""
    bet()
    Path("results").mkdir()
    Path("results/.live").touch()
    shown = run("--bets-on", "slurm", expect=pytest.ExitCode.USAGE_ERROR)
    assert "--bets-on slurm: [Errno 17] File exists: " in shown
    assert "Nothing was run." in shown


def submitted(engine: slurm.Slurm, *seconds: float | None, need: Need = Need()) -> None:  # noqa: B008
    for number, took in enumerate(seconds, 1):
        engine.start(number, Work(f"bet_1_x.py::experiment[{number}]", "bet_1_x.py", seconds=took), need)


def test_short_cells_share_jobs_of_some_minutes(engine: slurm.Slurm) -> None:
    """A cell of unknown length, a long one and one with a GPU have a job of their own."""
    submitted(engine, *[50.0] * 8, None, 70.0)
    list(engine.events(0))
    assert sorted(len(job.works) for job in engine.jobs.values()) == [1, 1, 2, 6]
    assert engine.running() == set(range(1, 11))


def test_needs_become_flags(engine: slurm.Slurm, programs: Path) -> None:
    """The time is the hours and a margin for imports."""
    submitted(engine, None, need=Need(2, 1, 16 * 10**9, 1.5))
    (flags,) = [path.read_text() for path in programs.glob("*.flags")]
    assert "--cpus-per-task=2 --gres=gpu:1 --mem=15259M --time=105 --partition=x" in flags


def append(engine: slurm.Slurm, data: bytes) -> None:
    with (engine.folder.path / "events" / "job1").open("ab") as file:
        file.write(data)


def test_half_a_line_is_read_when_it_is_whole(engine: slurm.Slurm) -> None:
    """A shared file system shows what it likes."""
    submitted(engine, None)
    line = json.dumps([1, "at", "n1", 0]).encode() + b"\n"
    append(engine, line[:7])
    assert list(engine.events(0)) == []
    append(engine, line[7:])
    assert list(engine.events(0)) == [Event(1, "at", "n1")]


@pytest.mark.parametrize(
    ("state", "begun", "expected"),
    [
        ("NODE_FAIL", True, Event(1, "lost", "Slurm says NODE_FAIL on n1")),
        ("PREEMPTED", True, Event(1, "lost", "Slurm says PREEMPTED on n1")),
        ("FAILED", False, Event(1, "lost", "Slurm says FAILED on n1")),
        ("COMPLETED", True, Event(1, "lost", "Slurm says COMPLETED on n1")),
        ("TIMEOUT", True, Event(1, "crashed", "it ran longer than Slurm's time limit")),
        ("TIMEOUT", False, Event(1, "lost", "Slurm says TIMEOUT on n1")),
        ("OUT_OF_MEMORY", True, Event(1, "crashed", "it used more memory than Slurm gave it")),
        ("CANCELLED", True, Event(1, "cancelled", "Slurm says CANCELLED on n1")),
    ],
)
def test_a_job_that_has_ended_without_its_events_is_given_up(
    engine: slurm.Slurm, programs: Path, state: str, begun: bool, expected: Event
) -> None:
    """Not at once: they may be late."""
    submitted(engine, None)
    (programs / "states").write_text(f"0|{state}|n1|None\n")
    append(engine, json.dumps([1, "begun", "", 0]).encode() + b"\n" if begun else b"")
    found = [*engine.events(0.1)]
    assert [event.kind for event in found] == (["begun"] if begun else [])
    while not (found := [*engine.events(0.2)]):
        pass
    assert found == [Event(1, "at", "n1"), expected]
    assert not engine.running()


def test_a_node_that_cannot_run_a_job_is_an_error(engine: slurm.Slurm, programs: Path) -> None:
    """With what the job has printed; without that, its supervisor may have been killed."""
    submitted(engine, None)
    (programs / "states").write_text("0|FAILED|n1|None\n")
    (engine.folder.path / "0.log").write_text("slurmstepd: error: x\npython: No module named pytest_bets\n")
    while not (found := [*engine.events(0.2)]):
        pass
    words = "its job failed on n1 before anything ran:\npython: No module named pytest_bets"
    assert found == [Event(1, "impossible", words)]


def test_events_that_come_after_the_end_of_their_job_count(engine: slurm.Slurm, programs: Path) -> None:
    """Nothing is lost."""
    submitted(engine, None)
    (programs / "states").write_text("0|COMPLETED|n1|None\n")
    assert list(engine.events(0.1)) == []
    append(engine, b'[1, "begun", "", 0]\n[1, "done", "", 0]\n[0, "over", "", 0]\n')
    assert [event.kind for event in engine.events(0.5)] == ["begun", "done"]
    assert not engine.jobs


def test_a_queue_that_does_not_answer_says_nothing(engine: slurm.Slurm, programs: Path) -> None:
    """A job is not given up because the controller of Slurm restarts."""
    submitted(engine, None)
    (programs.parent / "bin" / "squeue").write_text("#!/bin/sh\nexit 1\n")
    for _ in range(5):
        assert list(engine.events(0.1)) == []
    assert engine.running() == {1}


def test_a_submission_that_is_refused_for_now_is_tried_again(engine: slurm.Slurm, programs: Path) -> None:
    """Any other refusal is an error."""
    program = programs.parent / "bin" / "sbatch"
    program.write_text("#!/bin/sh\necho 'sbatch: error: Slurm temporarily unable to accept job' >&2\nexit 1\n")
    submitted(engine, None)
    assert [event.kind for event in engine.events(0)] == ["lost"]
    assert engine.short(Need()), "it rests before it tries again"
    program.write_text("#!/bin/sh\necho 'sbatch: error: Invalid account' >&2\nexit 1\n")
    submitted(engine, None)
    assert list(engine.events(0)) == [Event(1, "impossible", "sbatch says: Invalid account")]


def test_a_program_that_is_missing_is_an_error(bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything runs."""
    bet()
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    shown = run("--bets-on", "slurm", expect=pytest.ExitCode.USAGE_ERROR)
    assert "there is no `sbatch` on the path" in shown


def test_a_session_cancels_the_jobs_of_one_that_was_killed(
    bet: WriteBet, pytester: pytest.Pytester, programs: Path
) -> None:
    """By their name, before it runs anything; without a session that follows they would end by themselves."""
    (programs.parent / "bin" / "scancel").write_text(f'#!/bin/sh\necho "$@" >> {programs}/cancelled\n')
    (programs / "states").write_text("".join(f"{number}|RUNNING|n1|None\n" for number in range(99)))
    pytester.makeconftest(IMPATIENT)
    session = real.Session(pytester.path)
    bet(body=real.body(pytester.path), above=real.ABOVE)
    real.kill_controller(session, "--bets-on", "slurm")
    (folder,) = (pytester.path / "results" / ".live" / "slurm").iterdir()
    real.until(lambda: real.gone(pytester.path))  # no sign of life
    real.prove_resumed(session, "--bets-on", "slurm")
    assert (programs / "cancelled").read_text().startswith(f"--name=pytest-bets-{folder.name}\n")
    assert not folder.exists()
    assert not list(folder.parent.iterdir())


def test_a_job_that_starts_after_its_session_is_gone_runs_nothing(tmp_path: Path) -> None:
    """It may have waited for days."""
    for name in ("events", "jobs"):
        (tmp_path / name).mkdir()
    (tmp_path / "alive").touch()
    os.utime(tmp_path / "alive", (1, 1))
    job.main(tmp_path, "job1", "none", 900)
    assert (tmp_path / "events" / "job1").read_bytes() == b""
