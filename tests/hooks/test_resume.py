"""An interrupted run can be resumed: finished cells are reused while declaration and code are the same."""

import importlib.metadata
import os
import re
import signal
from pathlib import Path

import pytest

from tests.helpers.commands import run as command
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.processes import kill, start, until
from tests.helpers.results import prove_whole, records

FAILED = pytest.ExitCode.TESTS_FAILED
ABOVE = "import pathlib\nimport time\nSTEPS = 1"
MEASURED = """
with pathlib.Path("trace").open("a") as trace:
    trace.write(f"{part}\\n")
while pathlib.Path(f"block{part}").exists():
    time.sleep(0.01)
if pathlib.Path(f"crash{part}").exists():
    raise RuntimeError("out of memory")
return {"gain": part / 3, "curve": [part, float("nan")]}
"""
CHANGED = "its declaration, code or environment has changed since it was interrupted"
NOTHING_TO_RESUME = "bets: no interrupted run to resume, every cell runs"


@pytest.fixture
def traced(bet: WriteBet) -> None:
    """Write a bet whose cells leave a line in `trace`, hang while `block3` is there and crash while `crash3` is."""
    bet(above=ABOVE, body=MEASURED)


def _ran() -> list[int]:
    """Return which cells have run since this was last asked."""
    trace = Path("trace")
    ran = sorted(map(int, trace.read_text().split())) if trace.exists() else []
    trace.unlink(missing_ok=True)
    return ran


def _noted() -> list[Path]:
    return sorted(Path("results/.bets/unfinished").glob("*.cells"))


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
@pytest.mark.usefixtures("traced")
def test_finished_cells_of_an_interrupted_run_are_reused(pytester: pytest.Pytester, run: Run, sign: int) -> None:
    """What was measured before the run was cut off is not measured again, and the header says so."""
    Path("block3").touch()
    session = start(pytester.path)
    until(lambda: Path("trace").exists() and "3" in Path("trace").read_text(), session)
    kill(session, sign)
    assert _ran() == [1, 2, 3]
    assert records(Path("results")) == {}
    Path("block3").unlink()
    shown = run("--bets-resume")
    assert "bets: 2 finished cells of 1_first reused" in shown
    assert _ran() == [3, 4]
    assert records(Path("results"))["1_first"]["verdict"] == "PASS"
    *others, line = prove_whole(Path("results"))
    assert line["resumed"] == 2
    assert all("resumed" not in other for other in others)
    assert ", 2 cells of an interrupted run)" in command("show", "1")[1]


@pytest.mark.usefixtures("traced")
def test_finished_cells_are_reused_by_workers_too(pytester: pytest.Pytester, run: Run) -> None:
    """The controller notes what workers have finished, and hands it to other workers."""
    Path("block3").touch()
    session = start(pytester.path, "-n", "2")
    until(lambda: any(path.read_bytes().count(b"\n") >= 2 for path in _noted()), session)
    kill(session, signal.SIGKILL)
    noted = sum(path.read_bytes().count(b"\n") for path in _noted())
    assert noted in (2, 3)
    _ran()
    Path("block3").unlink()
    assert f"bets: {noted} finished cells of 1_first reused" in run("--bets-resume", "-n", "2")
    assert len(_ran()) == 4 - noted
    assert records(Path("results"))["1_first"]["verdict"] == "PASS"
    assert prove_whole(Path("results"))[-1]["resumed"] == noted


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["plain", "xdist"])
@pytest.mark.usefixtures("traced")
def test_only_the_cells_that_crashed_run_again(run: Run, workers: tuple[str, ...]) -> None:
    """A crash is no result; the other cells have theirs."""
    Path("crash3").touch()
    run(expect=FAILED)
    _ran()
    Path("crash3").unlink()
    assert "bets: 3 finished cells of 1_first reused" in run("--bets-resume", *workers)
    assert _ran() == [3]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["plain", "xdist"])
@pytest.mark.usefixtures("traced")
def test_the_failed_bets_are_resumed_whole(run: Run, workers: tuple[str, ...]) -> None:
    """With --lf: a finished cell has the id of its cell, and pytest's cache names that."""
    Path("crash3").touch()
    run("-p", "cacheprovider", expect=FAILED)
    assert _ran() == [1, 2, 3, 4]
    Path("crash3").unlink()
    run("-p", "cacheprovider", "--lf", "--bets-resume", *workers)
    assert _ran() == [3]
    assert records(Path("results"))["1_first"]["verdict"] == "PASS"


@pytest.mark.usefixtures("traced")
def test_a_resumed_run_writes_the_bytes_of_an_uninterrupted_one(run: Run) -> None:
    """The record does not show the interruption."""
    run("--bets-results=whole")
    Path("crash3").touch()
    run(expect=FAILED)
    Path("crash3").unlink()
    run("--bets-resume")
    assert Path("results/1_first.json").read_bytes() == Path("whole/1_first.json").read_bytes()


@pytest.mark.usefixtures("traced")
def test_without_the_option_every_cell_runs_again(run: Run) -> None:
    """Reuse must be requested."""
    Path("crash3").touch()
    run(expect=FAILED)
    _ran()
    Path("crash3").unlink()
    assert "reused" not in run()
    assert _ran() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("above", "body"),
    [(ABOVE.replace("STEPS = 1", "STEPS = 2"), MEASURED), (ABOVE, "OTHER = 1\n" + MEASURED)],
    ids=["declaration", "code"],
)
@pytest.mark.usefixtures("traced")
def test_cells_of_another_declaration_or_other_code_are_not_reused(
    bet: WriteBet, run: Run, above: str, body: str
) -> None:
    """Both digests have to match; the header says why every cell runs."""
    Path("crash3").touch()
    run(expect=FAILED)
    _ran()
    Path("crash3").unlink()
    bet(above=above, body=body)
    shown = run("--bets-resume")
    assert f"bets: 1_first runs afresh: {CHANGED}" in shown
    assert _ran() == [1, 2, 3, 4]
    assert _noted() == []


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["plain", "xdist"])
def test_cells_of_another_environment_are_not_reused(
    bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    """A record names one version of each package for all cells."""
    bet(above=f"{ABOVE}\nimport iniconfig\n", body=f"assert iniconfig.IniConfig{MEASURED}")
    Path("crash3").touch()
    real = importlib.metadata.version
    with monkeypatch.context() as patch:
        patch.setattr(importlib.metadata, "version", lambda name: "0.0.1" if name == "iniconfig" else real(name))
        shown = run(*workers, expect=FAILED)
    assert "Kept: 3 finished cells of 1 bet" in shown
    assert records(Path("results"))["1_first"]["environment"]["packages"]["iniconfig"] == "0.0.1"
    _ran()
    Path("crash3").unlink()
    assert f"bets: 1_first runs afresh: {CHANGED}" in run("--bets-resume", *workers)
    assert _ran() == [1, 2, 3, 4]
    assert records(Path("results"))["1_first"]["environment"]["packages"]["iniconfig"] == real("iniconfig")


@pytest.mark.parametrize("torn", [b'["bet_1_first.py::experiment[4]", "{\\"ind', b"[]", b'["a"]', b"7", b"\xff\xfe"])
@pytest.mark.usefixtures("traced")
def test_a_line_that_was_cut_off_is_left_out(run: Run, torn: bytes) -> None:
    """A kill may cut a line anywhere; the lines before it count."""
    Path("crash3").touch()
    Path("crash4").touch()
    run(expect=FAILED)
    _ran()
    Path("crash3").unlink()
    Path("crash4").unlink()
    (noted,) = _noted()
    noted.write_bytes(noted.read_bytes() + torn)
    assert "bets: 2 finished cells of 1_first reused" in run("--bets-resume")
    assert _ran() == [3, 4]


@pytest.mark.usefixtures("traced")
def test_nothing_is_left_to_resume_after_a_whole_run(run: Run) -> None:
    """What is of record is not kept twice, and is not mistaken for an interrupted run."""
    run()
    assert _noted() == []
    _ran()
    assert NOTHING_TO_RESUME in run("--bets-resume")
    assert _ran() == [1, 2, 3, 4]


def test_nothing_is_there_to_resume_before_the_first_run(bet: WriteBet, run: Run) -> None:
    """The option can stand in a script that does not know whether it is the first time."""
    bet()
    assert NOTHING_TO_RESUME in run("--bets-resume")


@pytest.mark.usefixtures("traced")
def test_a_part_of_a_bet_is_resumed_by_the_whole(run: Run) -> None:
    """Cells chosen by -k are finished cells like any other."""
    run("-k", "experiment[2]")
    _ran()
    assert "bets: 1 finished cell of 1_first reused" in run("--bets-resume")
    assert _ran() == [1, 3, 4]


def test_a_cell_whose_teardown_failed_is_not_finished(bet: WriteBet, run: Run) -> None:
    """It counts as crashed in the run that measured it, and so it does afterwards."""
    above = f"""
{ABOVE}

@pytest.fixture
def disk(request):
    yield
    assert not (pathlib.Path("crash3").exists() and "[3]" in request.node.name)
"""
    bet(above=above, body=MEASURED.replace("if pathlib", "if False and pathlib"), arguments="part, disk")
    Path("crash3").touch()
    run(expect=FAILED)
    _ran()
    Path("crash3").unlink()
    assert "bets: 3 finished cells of 1_first reused" in run("--bets-resume")
    assert _ran() == [3]


@pytest.mark.parametrize("option", ["--bets-pilot", "--bets-set=STEPS=3"])
def test_a_rehearsal_leaves_nothing_to_resume(bet: WriteBet, run: Run, option: str) -> None:
    """Cells that ran with other constants are never taken for cells of record."""
    bet(above=ABOVE + "\nPILOT = {'STEPS': 2}", body=MEASURED)
    Path("crash3").touch()
    run(option, "--bets-results=tried", expect=FAILED)
    assert not list(Path("tried").rglob("*.cells"))


WORKERS = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["plain", "xdist"])
AFRESH = "Ran afresh: 1 bet (1): the values of the sweep have changed since it was interrupted, and no cell was reused."
FROM_FILES = """
with pathlib.Path("trace").open("a") as trace:
    trace.write(f"{part.stem}\\n")
if pathlib.Path("crash").exists() and part.stem == "3":
    raise RuntimeError("out of memory")
return {"gain": float(part.read_text())}
"""


def _files(*numbers: int) -> None:
    """Leave these files as the values of the sweep, and no others."""
    Path("data").mkdir(exist_ok=True)
    for path in Path("data").iterdir():
        path.unlink()
    for number in numbers:
        Path(f"data/{number}").write_text("1" if number < 3 else "-1")


@pytest.fixture
def swept(bet: WriteBet) -> None:
    """Write a bet whose sweep is the files of a folder; its cell of the file 3 crashes while `crash` is there."""
    above = "import pathlib\nDATA = pathlib.Path(__file__).parent / 'data'"
    bet(above=above, body=FROM_FILES, markers={"parametrize": '"part", sorted(DATA.iterdir())'})
    _files(1, 2, 3)
    Path("crash").touch()


@WORKERS
@pytest.mark.usefixtures("swept")
def test_cells_of_other_values_are_not_reused(run: Run, workers: tuple[str, ...]) -> None:
    """The files are others, and their cells have the names of those before: part0, part1."""
    run(expect=FAILED)
    assert _ran() == [1, 2, 3]
    Path("crash").unlink()
    _files(3, 4, 5)
    shown = run("--bets-resume", *workers, expect=FAILED)
    assert _ran() == [3, 4, 5]
    assert AFRESH in " ".join(shown.split())
    record = records(Path("results"))["1_first"]
    assert (record["verdict"], record["catastrophic"]) == ("FAIL", True)
    assert "resumed" not in prove_whole(Path("results"))[-1]
    assert _noted() == []


@WORKERS
@pytest.mark.usefixtures("swept")
def test_a_longer_sweep_runs_afresh(run: Run, workers: tuple[str, ...]) -> None:
    """Its first cells are the same, but not the bet."""
    run(expect=FAILED)
    _ran()
    Path("crash").unlink()
    _files(1, 2, 3, 4)
    assert AFRESH in " ".join(run("--bets-resume", *workers).split())
    assert _ran() == [1, 2, 3, 4]


@WORKERS
@pytest.mark.usefixtures("swept")
def test_cells_of_the_same_files_are_reused(run: Run, workers: tuple[str, ...]) -> None:
    """Values that are labelled by their place, which are what they were."""
    run(expect=FAILED)
    _ran()
    Path("crash").unlink()
    assert "Ran afresh" not in run("--bets-resume", *workers)
    assert _ran() == [3]
    assert prove_whole(Path("results"))[-1]["resumed"] == 2


@pytest.mark.usefixtures("swept")
def test_the_cells_of_the_last_sweep_are_reused(run: Run) -> None:
    """A bet that ran afresh may be interrupted again, and its cells have the names of those before."""
    run(expect=FAILED)
    (noted,) = _noted()
    noted.rename(
        noted.with_name(noted.name.replace(f".{os.getpid()}.", ".x."))
    )  # of another process, whose name is last
    _files(2, 3, 4)
    run("--bets-resume", expect=FAILED)
    _ran()
    Path("crash").unlink()
    assert len(_noted()) == 2
    assert "bets: 2 finished cells of 1_first reused" in run("--bets-resume")
    assert _ran() == [3]


@WORKERS
@pytest.mark.usefixtures("swept")
def test_plain_values_under_the_same_ids_are_compared(bet: WriteBet, run: Run, workers: tuple[str, ...]) -> None:
    """Ids that an author gives may stay where the values do not."""
    above = "import pathlib\nDATA = pathlib.Path(__file__).parent / 'data'"
    sweep = '"part", [int(path.stem) for path in sorted(DATA.iterdir())], ids=["a", "b", "c"]'
    body = FROM_FILES.replace('part.stem == "3"', "part == 3").replace("part.stem", "part")
    bet(above=above, body=body.replace("part.read_text()", "1"), markers={"parametrize": sweep})
    run(expect=FAILED)
    _ran()
    Path("crash").unlink()
    _files(3, 4, 5)
    assert AFRESH in " ".join(run("--bets-resume", *workers).split())
    assert _ran() == [3, 4, 5]


@pytest.mark.usefixtures("traced")
def test_cells_that_name_no_sweep_are_not_reused(run: Run) -> None:
    """An older version noted none."""
    Path("crash3").touch()
    run(expect=FAILED)
    _ran()
    Path("crash3").unlink()
    (noted,) = _noted()
    noted.write_bytes(re.sub(rb', "sweep": "\w+"', b"", noted.read_bytes()))
    run("--bets-resume")
    assert _ran() == [1, 2, 3, 4]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["plain", "distributed"])
def test_a_cell_that_is_skipped_in_a_teardown_is_not_finished(
    bet: WriteBet, run: Run, workers: tuple[str, ...]
) -> None:
    """A resumed run would judge what the first one did not."""
    above = """
        @pytest.fixture
        def server():
            yield
            pytest.skip("gone")
    """
    bet(arguments="part, server", above=above)
    for options in ((), ("--bets-resume",)):
        shown = run(*options, *workers)
        assert "4 of 4 cells skipped: gone" in " ".join(shown.split())
        assert not records(Path("results"))
