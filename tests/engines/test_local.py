"""Cells on slots of this machine: the same verdicts, records and reports as in one process."""

import json
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import pytest

from pytest_bets.engines import local
from tests.engines import real
from tests.helpers.commands import run as command
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.processes import start, until
from tests.helpers.results import prove_whole, records

CONFTEST: Final = """
import os
import platform
import pytest

def note(what):
    with open("notes", "a") as file:
        file.write(f"{what} {os.getpid()}\\n")

@pytest.fixture(scope="session")
def once():
    note("session")
    yield
    note("end")

@pytest.fixture(scope="module")
def each():
    note("module")

@pytest.fixture(autouse=True)
def always(monkeypatch):
    monkeypatch.setenv("PINNED", "yes")
"""
BODY: Final = """
print("printed by", part)
assert os.environ["PINNED"] == "yes"
(tmp_path / "file").write_text("x")
record_property("part", part)
warnings.warn(UserWarning(f"a warning of {part}"))
return {"gain": part, "curve": [0.1, float("nan")]}
"""


def bodies(bet: WriteBet) -> None:
    for number, name in ((1, "first"), (2, "second")):
        arguments = "part, once, each, tmp_path, record_property, capsys"
        bet(f"bet_{number}_{name}.py", body=BODY, above="import os, warnings", arguments=arguments)


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if (Path("/proc") / str(pid)).exists() or _exists(pid)}


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_two_bets_on_one_child_give_the_bytes_of_a_plain_run(
    bet: WriteBet, run: Run, pytester: pytest.Pytester
) -> None:
    """Fixtures of every scope work; a module fixture is set up once a cell, a session fixture once a child."""
    bodies(bet)
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_other="def test_passes(once): pass")
    run("-W", "default")
    plain = {path.name: path.read_bytes() for path in Path("results").glob("?_*.json")}
    assert len(plain) == 2
    for path in Path("results").iterdir():
        if path.is_file():
            path.unlink()
    Path("notes").unlink()
    shown = run("-W", "default", "--bets-on", "local=1", "--junitxml", "junit.xml", "--durations", "2", "-v")
    assert {path.name: path.read_bytes() for path in Path("results").glob("?_*.json")} == plain
    notes = [line.split() for line in Path("notes").read_text().splitlines()]
    here = str(os.getpid())
    assert [what for what, pid in notes if pid == here] == ["session", "end"]
    child = [what for what, pid in notes if pid != here]
    assert child == ["session", *["module"] * 8, "end"]
    assert len({pid for _, pid in notes}) == 2
    assert "test_other.py::test_passes PASSED" in shown
    assert "slowest 2 durations" in shown
    assert "UserWarning: a warning of 3" in shown
    assert "15 passed" in shown
    cases = ElementTree.parse("junit.xml").getroot().iter("testcase")
    found = {str(case.get("name")): [p.get("value") for p in case.iter("property")] for case in cases}
    assert found["experiment[3]"] == ["3"]
    assert {"strict", "lenient", "catastrophic", "test_passes"} < found.keys()
    assert not any("attempts" in line for line in prove_whole(Path("results")))


def test_a_project_whose_warnings_are_errors_runs_with_all_installed_plugins(
    bet: WriteBet, pytester: pytest.Pytester
) -> None:
    """A child starts as a session does. This one finds the plugin as users' sessions do, by its entry point."""
    bet()
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\nfilterwarnings = ["error"]\naddopts = "-p no:randomly"\n')
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    arguments = ["-q", "-p", "no:cacheprovider", "-p", "randomly", "--bets-on", "local=1"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=pytester.path,
        env={**kept, "PYTHONPATH": str(real.ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert records(Path("results"))["1_first"]["verdict"] == "PASS"


DEATHS: Final = {
    "segfault": ("os.kill(os.getpid(), 11)", "its process was killed by SIGSEGV"),
    "exit": ("subprocess.Popen(['sleep', '77']); os._exit(3)", "its process exited with status 3"),
    "killed": (
        "os.kill(os.getpid(), 9)",
        "its process was killed by SIGKILL; the system does that when memory runs out",
    ),
    "late": ("time.sleep(60)", "it ran longer than 0.0002 hours"),
    "large": ("x = bytearray(400_000_000); time.sleep(60)", "it used more memory than 300MB"),
}


def test_a_cell_that_kills_its_process_makes_its_bet_void(bet: WriteBet, run: Run) -> None:
    """The words say how; the other cells and the other bets are measured; what it printed is kept."""
    for number, (name, (body, _)) in enumerate(DEATHS.items(), 1):
        needs = {"late": "hours=0.0002", "large": 'memory="300MB", hours=1'}.get(name)
        bet(
            f"bet_{number}_{name}.py",
            body=f"if part == 3:\n    os.write(2, b'last words')\n    {body}\nreturn {{'gain': part}}",
            above="import os, subprocess, time",
            markers={"resources": needs} if needs else {},
        )
    bet("bet_9_whole.py")
    run("--bets-on", "local=2", "-s", expect=pytest.ExitCode.TESTS_FAILED)
    found = records(Path("results"))
    assert found.pop("9_whole")["verdict"] == "PASS"
    words = {name.partition("_")[2]: record["void"] for name, record in found.items()}
    assert words == {name: f"1 of 4 cells crashed: experiment[3]: {text}" for name, (_, text) in DEATHS.items()}
    assert all(len(record["cells"]) == 3 for record in found.values())
    logs = list(Path("results/.live/logs").rglob("experiment_3_.*.log"))
    assert len(logs) == len(DEATHS)
    assert all("last words" in log.read_text() for log in logs)
    assert "sleep 77" not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


def test_a_failed_cell_stops_the_session_where_x_says_so(
    bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And --lf runs the bet whole again."""
    bet(body="assert part != 1 or not pathlib.Path('bad').exists()\nreturn {'gain': part}", above="import pathlib")
    bet("bet_2_second.py", body="import time; time.sleep(0.2)\nreturn {'gain': part}")
    Path("bad").touch()
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    arguments = ("-p", "pytest_bets.plugin", "--bets-on", "local=1")
    result = pytester.runpytest_inprocess(*arguments, "-x")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*assert (1 != 1*", "*stopping after 1 failures*"])
    assert "2_second" not in records(Path("results"))
    Path("bad").unlink()
    result = pytester.runpytest_inprocess(*arguments, "--lf", "--bets-resume")
    result.stdout.fnmatch_lines(["collected 7 items", "run-last-failure: rerun previous 7*"])
    assert {name: one["verdict"] for name, one in records(Path("results")).items()} == {"1_first": "PASS"}


SLOW: Final = """
with open(f"ran_{part}", "a") as file:
    file.write(f"{os.getpid()}\\n")
if not pathlib.Path("go").exists():
    subprocess.Popen(["sleep", "61"])
    time.sleep(60 * (part > 2))
return {"gain": part}
"""


def _pids(folder: Path) -> set[int]:
    return {int(line) for path in folder.glob("ran_*") for line in path.read_text().split()}


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_no_process_outlives_the_session_and_resuming_runs_what_is_left(
    bet: WriteBet, pytester: pytest.Pytester, sign: int
) -> None:
    """Neither a child nor what it has started; a finished cell is not measured again."""
    bet(body=SLOW, above="import os, pathlib, subprocess, time")
    session = start(pytester.path, "--bets-on", "local=2")
    noted = pytester.path / "results" / ".bets" / "unfinished"
    until(
        lambda: (
            (pytester.path / "ran_3").exists()
            and (pytester.path / "ran_4").exists()
            and sum(len(path.read_bytes().splitlines()) for path in noted.glob("*.cells")) == 2
        ),
        session,
    )
    time.sleep(0.3)  # that they have begun is on its way to the controller
    pids = _pids(pytester.path)
    os.kill(session.pid, sign)
    shown = session.communicate(timeout=60)[0]
    deadline = time.monotonic() + 10
    while alive(pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(pids)
    assert "sleep 61" not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    if sign == signal.SIGINT:
        assert session.returncode == pytest.ExitCode.INTERRUPTED, shown
        (line,) = prove_whole(pytester.path / "results")
        assert sorted(attempt["cell"] for attempt in line["attempts"]) == ["experiment[3]", "experiment[4]"]
        assert {attempt["end"] for attempt in line["attempts"]} == {"cancelled"}
        words = "Attempts: 2 attempts of 1 bet (1) were cut off; `pytest-bets show` says how."
        assert words in " ".join(shown.split())
        _, page = command("show", "1")
        assert f"    experiment[3] on {socket.gethostname()}: cancelled; it was not measured\n" in page
    (pytester.path / "go").touch()
    again = start(pytester.path, "--bets-on", "local=2", "--bets-resume")
    shown = again.communicate(timeout=60)[0]
    assert again.returncode == 0, shown
    assert records(pytester.path / "results")["1_first"]["verdict"] == "PASS"
    if sign == signal.SIGINT:
        page = (pytester.path / "results" / "SUMMARY.md").read_text()
        assert "| 1; 1 more of other code, or without a verdict; 2 attempts cut off |" in page
    assert [len((pytester.path / f"ran_{part}").read_text().split()) for part in (1, 2, 3, 4)] == [1, 1, 2, 2]


def test_cells_that_need_a_gpu_never_share_one(bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has a child of its own, which sees the devices that it was given and no other."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a,GPU-b")
    body = """
    mine = os.environ["CUDA_VISIBLE_DEVICES"]
    for path in pathlib.Path().glob("used_*"):
        theirs, _, _, pid = json.loads(path.read_text())
        if set(theirs.split(",")) & set(mine.split(",")):
            assert not pathlib.Path(f"/proc/{pid}").exists(), "it may hold memory of the device"
    begin = time.monotonic()
    time.sleep(0.15)
    pathlib.Path(f"used_{part}").write_text(json.dumps([mine, begin, time.monotonic(), os.getpid()]))
    return {"gain": part}
    """
    bet(
        body=body,
        above="import json, os, pathlib, time",
        markers={
            "resources": "gpus=1",
            "parametrize": '"part", [1, 2, 3, pytest.param(4, marks=pytest.mark.resources(gpus=2))]',
        },
    )
    run("--bets-on", "local=4")
    used = [json.loads(path.read_text()) for path in sorted(Path().glob("used_*"))]
    assert used[3][0] in ("GPU-a,GPU-b", "GPU-b,GPU-a")
    assert {devices for devices, *_ in used[:3]} == {"GPU-a", "GPU-b"}
    assert len({pid for *_, pid in used}) == 4
    for one in used:
        for other in used:
            if one is not other and set(one[0].split(",")) & set(other[0].split(",")):
                assert one[2] <= other[1] or other[2] <= one[1]


LISTED: Final = """GPU 0: NVIDIA A (UUID: GPU-5c89)
GPU 1: NVIDIA B (UUID: GPU-77aa)
  MIG 1g.10gb     Device  0: (UUID: MIG-c6d4)
  MIG 2g.20gb     Device  1: (UUID: MIG-f1e2)
"""


@pytest.mark.parametrize(
    ("visible", "listed", "expected"),
    [
        ("", LISTED, []),
        ("-1", LISTED, []),
        ("NoDevFiles", LISTED, []),
        ("1, GPU-5c89", LISTED, ["1", "GPU-5c89"]),
        (None, LISTED, ["0", "MIG-c6d4", "MIG-f1e2"]),
        (None, "No devices found.", []),
        (None, None, []),
    ],
)
def test_the_devices_are_those_that_this_process_may_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, visible: str | None, listed: str | None, expected: list[str]
) -> None:
    """Those that it was given, or else all that the driver lists; of a divided one its parts."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    if listed is not None:
        (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\necho '{listed}'\n")
        (tmp_path / "nvidia-smi").chmod(0o755)
    assert local.devices() == expected


@pytest.mark.parametrize(
    ("arguments", "ini", "words"),
    [
        (
            ("--bets-on", "lokal"),
            "",
            "there is no such engine; expected one of dask, local, ray, slurm; did you mean local?",
        ),
        (("--bets-on", "local=x"), "", "--bets-on local=x: expected a number of slots of 1 or more, as in local=4"),
        (("--bets-on", ""), "", "--bets-on names no engine; expected local, ray, slurm, dask, or none"),
        (("--bets-on", "local", "-n", "2"), "", "does not go with -n: choose one of them."),
        (("--bets-attempts", "0"), "", "--bets-attempts is '0'; expected a number of 1 or more"),
        ((), "bets_on = lokal", "the setting bets_on = lokal: there is no such engine"),
        ((), "bets_attempts = few", "ERROR: bets_attempts in the settings is 'few'; expected a number of 1 or more"),
        (("--bets-on", "local"), "bets_attempts = few", "bets_attempts in the settings is 'few'; expected a number"),
        (
            ("--bets-on", "local=2"),
            "bets_resources = 1: gpus=3",
            "it asks for gpus=3, and this machine has 2 (GPU-a, GPU-b).\nNothing was run.",
        ),
        (
            ("--bets-on", "local=2"),
            "bets_resources = *: cpus=3",
            "it asks for cpus=3, and there are 2 slots: --bets-on local=3",
        ),
        (
            ("--bets-on", "local=2"),
            "bets_resources = *: memory=900TB",
            "it asks for memory=900TB, and this machine has ",
        ),
        (
            ("--bets-on", "local=2"),
            "bets_resources = 1_frist: cpus=1",
            "bets_resources names the bet 1_frist, which is not there; did you mean 1_first?",
        ),
        (
            ("--bets-on", "local=2"),
            "bets_resources = 1: gpu=1",
            "`gpu` is no resource; expected some of cpus, gpus, memory, hours; did you mean gpus?",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("bets_") else "",
)
def test_what_cannot_be_is_one_clear_error(
    bet: WriteBet,
    pytester: pytest.Pytester,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    ini: str,
    words: str,
) -> None:
    """Before anything runs."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a,GPU-b")
    bet()
    pytester.makeini(f"[pytest]\n{ini}\n")
    shown = run(*arguments, expect=pytest.ExitCode.USAGE_ERROR)
    assert words in shown
    assert not Path("results").exists()


@pytest.mark.parametrize("replication", [(), ("--bets-replication", "next")], ids=["run", "replication"])
def test_seeds_are_those_of_a_plain_run(bet: WriteBet, run: Run, replication: tuple[str, ...]) -> None:
    """Those of the first run, and those of the next replication, which the session alone can count."""
    bet(body='return {"gain": part, "drawn": seed}', markers={"replicate": "2"}, arguments="part, seed")
    run()
    run(*replication, "--bets-results", "plain" if not replication else "results")
    run("--bets-on", "local=1", *replication, "--bets-results", "there" if not replication else "results")
    lines = [json.loads(line) for line in Path("results/journal.jsonl").read_text().splitlines()]
    if replication:
        assert [line.get("replication", {}).get("number") for line in lines] == [None, 1, 2]
    else:
        assert Path("plain/1_first.json").read_bytes() == Path("there/1_first.json").read_bytes()


def test_cells_that_mostly_wait_share_a_slot(bet: WriteBet, run: Run, pytester: pytest.Pytester) -> None:
    """Each cell waits until another one has begun: on one slot, that takes two at a time."""
    pytester.makeini("[pytest]\nbets_resources = *: cpus=0.5\n")
    bet(
        above="import pathlib, time",
        body="""
            pathlib.Path(f"began_{part}").touch()
            waited = 0
            while len(list(pathlib.Path().glob("began_*"))) < 2 and waited < 400:
                waited += 1
                time.sleep(0.05)
            return {"gain": 1 if waited < 400 else -1}
        """,
    )
    assert "1 bet: 1 PASS" in run("--bets-on", "local=1")


def test_the_setting_chooses_an_engine_and_none_switches_it_off(
    bet: WriteBet, run: Run, pytester: pytest.Pytester
) -> None:
    """As the option does."""
    bet(
        body="print(os.getppid()); pathlib.Path(f'at_{os.getpid()}').touch()\nreturn {'gain': part}",
        above="import os, pathlib",
    )
    pytester.makeini("[pytest]\nbets_on = local=1\nbets_resources =\n    1: cpus=1 hours=1\n    *: memory=100GB\n")
    run("--bets-on", "none")
    assert [path.name for path in Path().glob("at_*")] == [f"at_{os.getpid()}"]
    Path(f"at_{os.getpid()}").unlink()
    pytester.makeini("[pytest]\nbets_on = local=1\n")
    run()
    assert [path.name for path in Path().glob("at_*")] != [f"at_{os.getpid()}"]


def test_a_change_of_the_code_while_it_runs_is_an_error(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """A later child would measure other code than the record names."""
    bet(
        body="pathlib.Path('began').touch(); time.sleep(1)\nos._exit(1) if part == 1 else 0\nreturn {'gain': part}",
        above="import os, pathlib, time",
    )
    session = start(pytester.path, "--bets-on", "local=1")
    until(lambda: (pytester.path / "began").exists(), session)
    path = pytester.path / "bet_1_first.py"
    path.write_text(path.read_text().replace("'gain': part", "'gain': part + 1"))
    shown = session.communicate(timeout=60)[0]
    assert session.returncode == pytest.ExitCode.USAGE_ERROR, shown
    assert re.search(r"has other code: the digest of this bet's code is \w{12} there, and\s+\w{12} here", shown), shown


def test_other_plugins_find_what_they_expect_of_workers(bet: WriteBet, run: Run, pytester: pytest.Pytester) -> None:
    """Of xdist's hooks, and of its workers."""
    pytester.makeconftest(
        """
        import pytest

        class Node:
            @pytest.hookimpl(optionalhook=True)
            def pytest_configure_node(self, node):
                node.workerinput["forwarded"] = "by a plugin"

        class Coverage:
            @pytest.hookimpl(optionalhook=True)
            def pytest_configure_node(self, node):
                raise AttributeError("pytest-cov has no object for workers in a session of one process")

        def pytest_configure(config):
            config.pluginmanager.register(Coverage(), "_cov")
            if hasattr(config, "workerinput"):
                assert config.workerinput["forwarded"] == "by a plugin"
                assert config.workerinput["workerid"]
            config.pluginmanager.register(Node())

        def pytest_runtest_logreport(report):
            if report.nodeid.startswith("bet_1_first.py::experiment") and hasattr(report, "node"):
                print("from", report.node.gateway.id, type(report.location).__name__, report.user_properties)
        """
    )
    bet(body="record_property('a', 1)\nreturn {'gain': part}", arguments="part, record_property")
    shown = run("--bets-on", "local=1", "-s", "-p", "xdist", "-p", "pytest_rerunfailures", "-p", "pytest_randomly")
    assert shown.count("tuple [('a', 1)]") >= 4


def test_cells_of_other_bets_go_on_where_one_is_refused(bet: WriteBet, run: Run) -> None:
    """A bet that is refused in this process needs no child."""
    bet()
    bet("bet_2_second.py", markers={"skip": "reason='later'"})
    bet("bet_3_third.py", body="pytest.skip('not today')")
    shown = run("--bets-on", "local=1", "-rs")
    assert "4 of 4 cells skipped: later" in shown
    assert "4 of 4 cells skipped: not today" in shown
    assert "SKIPPED [4] bet_3_third.py:19: not today" in shown
    assert records(Path("results"))["1_first"]["verdict"] == "PASS"


def test_an_asynchronous_experiment_is_awaited_in_the_child(bet: WriteBet, run: Run) -> None:
    """By the plugin that awaits it in one process."""
    bet(
        function="async def experiment",
        markers={"anyio": ""},
        above="@pytest.fixture\ndef anyio_backend(): return 'asyncio'",
    )
    run("--bets-on", "local=1", "-p", "anyio.pytest_plugin")
    assert records(Path("results"))["1_first"]["verdict"] == "PASS"


def test_a_rehearsal_and_overrides_reach_the_children(bet: WriteBet, run: Run) -> None:
    """They import the bets with other constants, too."""
    bet(body='return {"gain": part * FACTOR}', above='FACTOR = 1\nPILOT = {"FACTOR": 5}')
    assert "max 20" in run("--bets-on", "local=1", "--bets-pilot")
    assert "max 28" in run("--bets-on", "local=1", "--bets-set", "FACTOR=7")


def test_the_children_get_the_number_of_threads_of_the_controller(
    bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in the record."""
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    bet()
    run("--bets-on", "local=1")
    assert records(Path("results"))["1_first"]["environment"]["threads"] == 3


@pytest.mark.parametrize("needs", [None, "gpus=1"], ids=["kept", "ended"])
def test_a_session_fixture_that_fails_in_its_teardown_is_reported(
    bet: WriteBet, run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, needs: str | None
) -> None:
    """Although its cells have long been reported."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    pytester.makeconftest(
        "import pytest\n@pytest.fixture(scope='session')\ndef bad():\n    yield\n    raise ValueError('left open')"
    )
    body = "print('x' * 200_000)\nreturn {'gain': part}"
    bet(arguments="part, bad", markers={"resources": needs, "parametrize": '"part", [1, 2, 3]'}, body=body)
    shown = run("--bets-on", "local=1", expect=pytest.ExitCode.TESTS_FAILED)
    assert "ValueError: left open" in shown


def test_a_child_that_cannot_start_is_an_error(bet: WriteBet, run: Run, pytester: pytest.Pytester) -> None:
    """With what it printed, and not a void bet."""
    pytester.makeconftest(
        """
        import pytest

        def pytest_configure(config):
            if hasattr(config, "workerinput"):
                raise pytest.UsageError("no licence")
        """
    )
    bet()
    shown = run("--bets-on", "local=1", expect=pytest.ExitCode.USAGE_ERROR)
    assert re.search(r"a child process on \S+ could not start \(exit status 1\):", shown)
    assert "no licence" in shown
    assert not records(Path("results"))


def test_a_file_that_cannot_be_imported_there_is_an_error(bet: WriteBet, run: Run) -> None:
    """The node lacks the cell."""
    bet(above=f"import os\nif os.getpid() != {os.getpid()}: raise ImportError('no such library')")
    shown = run("--bets-on", "local=1", expect=pytest.ExitCode.USAGE_ERROR)
    assert "lacks this cell: collecting its file failed there:" in shown
    assert "ImportError: no such library" in shown


OTHER = """
import os, platform, pytest

def pytest_configure(config):
    if hasattr(config, "workerinput") and (os.getpid() % 2 or WHICH):
        platform.python_version = lambda: "3.99.0"
"""


def test_a_node_with_another_python_is_an_error_unless_it_is_allowed(
    bet: WriteBet, run: Run, pytester: pytest.Pytester
) -> None:
    """Then the record says what the cells ran with, and not what the controller has."""
    pytester.makeconftest(OTHER.replace("WHICH", "True"))
    bet()
    shown = run("--bets-on", "local=1", expect=pytest.ExitCode.USAGE_ERROR)
    assert f"has another environment: python 3.99.0 (here {platform.python_version()})" in shown
    assert not records(Path("results"))
    run("--bets-on", "local=1", "--bets-mixed")
    environment = records(Path("results"))["1_first"]["environment"]
    assert environment["python"] == "3.99.0"
    assert environment["packages"]["pytest"] == pytest.__version__
    assert "nodes" not in environment


def test_a_record_names_every_environment_that_cells_ran_in(bet: WriteBet, run: Run, pytester: pytest.Pytester) -> None:
    """Where they differ, and that was allowed; the replay agrees."""
    pytester.makeconftest(OTHER.replace("os.getpid() % 2 or WHICH", "os.path.exists('second')"))
    bet(
        body="if part == 2: pathlib.Path('second').touch()\nreturn {'gain': part}",
        above="import pathlib",
        markers={"resources": "gpus=1"},
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", "0")
        run("--bets-on", "local=1", "--bets-mixed")
    environment = records(Path("results"))["1_first"]["environment"]
    pythons = [platform.python_version(), "3.99.0"]
    assert sorted(node["python"] for node in environment["nodes"]) == sorted(pythons)
    assert environment["python"] == environment["nodes"][0]["python"]
    run("--bets-replay")


def test_a_package_of_another_version_is_an_error(bet: WriteBet, run: Run, pytester: pytest.Pytester) -> None:
    """Of those that the code imports."""
    pytester.makeconftest(
        """
        import importlib.metadata

        def pytest_configure(config):
            real = importlib.metadata.version
            if hasattr(config, "workerinput"):
                importlib.metadata.version = lambda name: "0.0.1" if name == "iniconfig" else real(name)
        """
    )
    bet(above="import iniconfig\nVERSION = iniconfig.IniConfig.__name__")
    shown = run("--bets-on", "local=1", expect=pytest.ExitCode.USAGE_ERROR)
    assert "has another environment: iniconfig 0.0.1 (here " in shown


def test_children_that_are_killed_at_random_moments_make_their_bet_void(
    bet: WriteBet, pytester: pytest.Pytester
) -> None:
    """Each by its own words, and every other cell is measured once."""
    session = real.Session(pytester.path)
    bet(body=real.body(pytester.path), above=real.ABOVE, markers=real.PARTS)
    running = session.start("--bets-on", "local=2")
    struck = real.strike(pytester.path, running, real.kill_child, real.KILLS)
    real.ended(running, expect=1)
    record = session.record()
    found = re.match(
        rf"(\d+) of {real.CELLS} cells crashed: experiment.*: its process was killed by SIGKILL", record["void"]
    )
    assert found
    killed = int(found[1])
    assert 0 < killed <= struck
    assert len(record["cells"]) == real.CELLS - killed
    assert all(len(own) == 1 for own in real.runs(pytester.path).values())


ENGINE = """
from pytest_bets.engines.local import Local

def open_engine(argument, plan, site):
    assert argument == "x=1"
    return Local(plan, 1, (), None)
"""


def test_an_engine_that_a_package_brings_is_found_by_its_entry_point(
    bet: WriteBet, run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named among the others where none has the name."""
    package = pytester.mkdir("package")
    (package / "own_engine.py").write_text(ENGINE)
    (package / "own-1.dist-info").mkdir()
    (package / "own-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: own\nVersion: 1\n")
    points = "[pytest_bets.engines]\nown = own_engine:open_engine\n"
    (package / "own-1.dist-info" / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(package)
    bet()
    run("--bets-on", "own=x=1", "bet_1_first.py")
    assert records(Path("results"))["1_first"]["verdict"] == "PASS"
    shown = run("--bets-on", "owm", expect=pytest.ExitCode.USAGE_ERROR)
    assert "expected one of dask, local, own, ray, slurm; did you mean own?" in shown


def test_a_process_that_dies_between_two_cells_harms_no_other_bet(bet: WriteBet, run: Run) -> None:
    """A cell may leave a thread behind that ends its process, after it was measured."""
    body = """\
    done = lambda *parts: all(Path(f"done_{part}").exists() for part in parts)
    if part == 2:  # the last that ends is the first that is taken again
        while not done(1, 4):
            time.sleep(0.05)
        time.sleep(0.3)
        Path("process").write_text(str(os.getpid()))
        threading.Thread(target=end_once_reported, daemon=True).start()
    if part == 3:
        while not (Path("process").exists() and ended(int(Path("process").read_text()))):
            time.sleep(0.05)
        os._exit(3)
    Path(f"done_{part}").touch()
    return {"gain": part}
    """
    above = """
    import os, threading, time
    from pathlib import Path

    def end_once_reported():
        while not any("experiment[2]" in file.read_text() for file in Path("results").glob(".bets/unfinished/*.cells")):
            time.sleep(0.05)
        time.sleep(0.2)
        os._exit(7)

    def ended(process):
        try:
            return "Z" in Path(f"/proc/{process}/stat").read_text()
        except OSError:
            return True
    """
    bet(body=body, above=above)
    bet("bet_2_second.py", markers={"resources": "cpus=4"})
    run("--bets-on", "local=4", expect=pytest.ExitCode.TESTS_FAILED)
    found = records(Path("results"))
    assert found["1_first"]["void"] == "1 of 4 cells crashed: experiment[3]: its process exited with status 3"
    assert found["2_second"]["verdict"] == "PASS"
