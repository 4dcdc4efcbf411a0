"""Linux, macOS and Windows: what can be tested on one of them of the others."""

import ast
import fcntl
import ntpath
import os
import subprocess
import sys
import time
from pathlib import Path, PureWindowsPath
from types import SimpleNamespace
from typing import IO, Any, Final, cast

import pytest

import pytest_bets
from pytest_bets.bet.declaration import DEVICES
from pytest_bets.bet.parse import read
from pytest_bets.hooks import loaded as hooks
from pytest_bets.hooks.crash import crash_reason
from pytest_bets.hooks.loaded import Loaded
from pytest_bets.record.folder import put, sync
from pytest_bets.walk import relative
from tests.helpers.fixtures import Refused, Run, WriteBet
from tests.helpers.repositories import commit, git, isolate
from tests.helpers.results import journal, known, prove_whole, records

PACKAGE: Final = Path(pytest_bets.__file__).parent
RESULTS: Final = Path("results")
POSIX: Final = frozenset(
    {
        *(
            "fork",
            "forkpty",
            "killpg",
            "setsid",
            "setpgid",
            "getuid",
            "geteuid",
            "getgid",
            "sysconf",
            "wait",
            "waitpid",
        ),
        *("pread", "mkfifo", "uname", "getloadavg", "sched_getaffinity", "chown", "SIGKILL", "SIGHUP", "pass_fds"),
        *("fcntl", "resource", "pwd", "grp", "termios", "tty", "PollSelector"),
    }
)
"""Names that Windows lacks."""
ON_POSIX: Final = frozenset({"engines", "hooks/serving.py"})
"""Code that runs where an engine runs cells, and no engine opens on Windows."""
GUARDED: Final = {("record/folder.py", "fcntl")}
"""Uses that expect the name to be absent."""


def uses(path: Path) -> set[str]:
    """Return the names of a module that are of POSIX alone."""
    found = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found |= {node.attr} if node.value.id in {"os", "signal", "selectors"} else set()
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.keyword) and node.arg:
            found.add(node.arg)
    return found & POSIX


def test_only_engines_use_what_windows_lacks() -> None:
    """All else runs there."""
    odd = {
        (name, use)
        for path in PACKAGE.rglob("*.py")
        if (name := path.relative_to(PACKAGE).as_posix()) not in ON_POSIX and name.partition("/")[0] not in ON_POSIX
        for use in uses(path)
    }
    assert odd == GUARDED


def opens_text(call: ast.Call, name: str, owner: str) -> bool:
    """Return whether a call reads or writes text in an encoding."""
    if name in {"run", "Popen"}:
        return bool({"text", "universal_newlines"} & {keyword.arg for keyword in call.keywords})
    if name != "open":
        return name in {"read_text", "write_text"}
    modes = [node.value for node in call.args if isinstance(node, ast.Constant)]
    if owner.startswith("self."):  # a part of the plugin
        return False
    return owner not in {"os", "tarfile", "webbrowser"} and not any("b" in str(mode) for mode in modes)


def test_every_text_has_its_encoding_and_paths_become_relative_in_one_place() -> None:
    """The encoding of a locale is another one on each machine; there is no relative path between two drives."""
    odd = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if not isinstance(node, ast.Call):
                continue
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            owner = ast.unparse(function.value) if isinstance(function, ast.Attribute) else ""
            is_unnamed = opens_text(node, name, owner) and "encoding" not in {item.arg for item in node.keywords}
            if is_unnamed or (f"{owner}.{name}" == "os.path.relpath" and path.name not in {"walk.py", "planning.py"}):
                odd.append(f"{path.name}:{node.lineno}: {owner}.{name}")
    assert odd == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (r"OSError: No such file: 'C:\\Users\\me\\lab\\data\\a.txt'", r"OSError: No such file: 'data\\a.txt'"),
        (r"OSError: [Errno 2] No such file: 'D:\\big\\a.txt'", "OSError: [Errno 2] No such file: '.../a.txt'"),
        (r"C:\Users\me\lab\bet_1.py:3: no", "bet_1.py:3: no"),
        ("C:/Users/me/lab/bet_1.py:3: no", "bet_1.py:3: no"),
        ("see https://a.org/b, and a:b/c", "see https://a.org/b, and a:b/c"),
    ],
)  # fmt: skip
def test_why_a_cell_crashed_has_no_folder_of_windows(text: str, line: str) -> None:
    """Whichever way a path is spelled there."""
    assert crash_reason(text, "C:\\Users\\me\\lab\\") == line


def test_a_path_on_another_drive_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """`os.path.relpath` has an error for it."""
    monkeypatch.setattr(os.path, "relpath", ntpath.relpath)
    there, here = PureWindowsPath("D:/results"), PureWindowsPath("C:/work/project")
    assert relative(cast(Path, there), cast(Path, here)) == "D:\\results"
    assert relative(cast(Path, here / "a"), cast(Path, here)) == "a"


def test_results_and_bets_may_lie_on_different_drives(
    bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Messages and the summary name the whole path; here every path outside the project is on another drive."""
    real = os.path.relpath

    def relpath(path: Any, start: Any = None) -> str:
        found: str = real(path, start)
        if found.startswith("..") and sys._getframe(1).f_globals["__name__"] == "pytest_bets.walk":
            raise ValueError("path is on mount 'D:', start on mount 'C:'")
        return found

    monkeypatch.setattr(os.path, "relpath", relpath)
    bet()
    shown = run("--bets-results", str(tmp_path / "there"))
    assert "In /" in " ".join(shown.split())
    assert f"({Path.cwd().as_posix()}/bet_1_first.py)" in (tmp_path / "there/SUMMARY.md").read_text(encoding="utf-8")


def test_a_bet_on_another_drive_than_the_root_is_refused(
    bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No root holds both, so there is none to name."""
    real = os.path.commonpath

    def commonpath(paths: Any) -> str:
        if sys._getframe(1).f_globals["__name__"] == "pytest_bets.hooks.collector":
            raise ValueError("Paths don't have the same drive")
        return str(real(paths))

    monkeypatch.setattr(os.path, "commonpath", commonpath)
    there = bet().rename(tmp_path_factory.mktemp("there") / "bet_1_first.py")
    shown = run("--rootdir", ".", str(there), expect=pytest.ExitCode.INTERRUPTED)
    assert f"{there} lies on another drive than pytest's rootdir" in shown.replace("\n", "")


def test_modules_are_found_under_a_root_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their files have other separators there than the names of a record."""
    loaded = Loaded.__new__(Loaded)
    loaded.root = cast(Path, PureWindowsPath("C:\\work\\project"))
    loaded._plugins = ()
    loaded._installed = ("C:/Python/Lib/",)
    modules = {"lab": r"C:\work\project\lab\a.py", "numpy": r"C:\Python\Lib\numpy.py", "other": r"D:\b.py"}
    monkeypatch.setattr(hooks, "os", SimpleNamespace(sep="\\"))
    monkeypatch.setattr(
        hooks, "sys", SimpleNamespace(modules={n: SimpleNamespace(__file__=f) for n, f in modules.items()})
    )
    assert [file for _, file in loaded.modules()] == ["lab/a.py"]


def test_finished_cells_that_another_session_still_writes_stay(
    bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows does not remove a file that is open, and the run is complete without that."""
    bet()
    other = RESULTS / ".bets/unfinished/1_first.0123456789abcdef.1.cells"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"")
    real = Path.unlink

    def unlink(self: Path, *, missing_ok: bool = False) -> None:
        if self.name == other.name:
            raise InUseError(13, "in use", str(self))
        real(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    run()
    assert other.exists()


class InUseError(PermissionError):
    """What Windows raises where another program has a file open."""

    winerror = 32


def test_a_record_waits_for_a_reader_of_the_old_one(bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows a file that is open cannot be replaced: a browser or a virus scanner may read it for a moment."""
    tries: dict[str, int] = {}
    real = Path.replace

    def replace(self: Path, target: Any) -> Path:
        tries[Path(target).name] = tries.get(Path(target).name, 0) + 1
        if tries[Path(target).name] < 3:
            raise InUseError(13, "in use", str(target))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    bet()
    run()
    assert tries == {"1_first.json": 3, "SUMMARY.json": 3, "SUMMARY.md": 3}
    prove_whole(RESULTS)


@pytest.mark.parametrize(("error", "tries"), [(PermissionError, 1), (InUseError, 8)])
def test_a_file_that_may_not_be_replaced_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[PermissionError], tries: int
) -> None:
    """At once where it is not allowed, and after two seconds where it stays open."""
    counted: list[float] = []
    monkeypatch.setattr(time, "sleep", counted.append)

    def replace(*_: object) -> None:
        raise error(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(error):
        put(tmp_path / "a", tmp_path / "b")
    assert len(counted) == tries - 1
    assert sum(counted) < 2


@pytest.mark.parametrize("is_refused", [False, True])
def test_on_macos_the_cache_of_the_disk_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_refused: bool
) -> None:
    """And where the file system refuses that, the file is written as anywhere."""
    called: list[str] = []

    def control(_: int, command: int) -> None:
        called.append(f"fcntl {command}")
        if is_refused:
            raise OSError(45, "Operation not supported")

    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", control)
    monkeypatch.setattr(os, "fsync", lambda _: called.append("fsync"))
    with (tmp_path / "a").open("wb") as file:
        sync(cast(IO[bytes], file))
    assert called == ["fcntl 51", *(["fsync"] if is_refused else [])]


@pytest.mark.parametrize("engine", ["local=1", "ray", "dask", "slurm"])
def test_where_nothing_can_fork_an_engine_is_a_clear_error(
    bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    """It names what works instead, and no cell runs."""
    bet(body="raise AssertionError")
    monkeypatch.delattr(os, "fork")
    shown = run("--bets-on", engine, expect=pytest.ExitCode.USAGE_ERROR)
    assert f"--bets-on {engine}: this system cannot fork" in shown
    assert "in parallel with -n 2 instead" in shown.replace("\n", " ")


@pytest.mark.parametrize("name", ["aux", "NUL", "com1"])
def test_a_name_that_windows_keeps_for_a_device_is_refused(bet: WriteBet, refused: Refused, name: str) -> None:
    """Its record would be written to the device, or could not be checked out."""
    path = bet(f"bet_{name}.py")
    shown = refused()
    assert f"bet_{name}.py:1: Windows keeps the name {name} for a device" in shown
    assert f"expected: another name, such as bet_{name}_1.py" in shown
    assert read(path.read_text(), path.name, lenient=True)


def test_a_name_with_more_than_the_device_is_allowed(bet: WriteBet, run: Run) -> None:
    """Only the whole id is kept."""
    for name in ("1_aux", "console", "aux_loss"):
        bet(f"bet_{name}.py")
    assert {"con", "prn", "aux", "nul", "com1", "lpt9"} <= DEVICES
    run()
    assert set(records(RESULTS)) == {"1_aux", "console", "aux_loss"}


POSIXLESS = f"""
# takes from pytest_bets what Windows lacks, in every process of a session
import os, signal, sys
import filelock  # it has an implementation of its own for Windows

class Hidden:
    def __init__(self, owner): self.__dict__.update(owner=owner)
    def __getattr__(self, name):
        if name in {sorted(POSIX)!r}: raise AttributeError(name)
        return getattr(self.owner, name)

real = __import__
def importing(name, globals=None, *rest, **more):
    ours = (globals or {{}}).get("__name__", "").startswith("pytest_bets")
    if ours and name in {sorted(POSIX)!r}: raise ImportError(name)
    found = real(name, globals, *rest, **more)
    return Hidden(found) if ours and name in ("os", "signal", "selectors") else found
import builtins
builtins.__import__ = importing
if hasattr(os, "fork"): del os.fork
"""
COMMANDS = (
    ("show", "1"),
    ("rollup",),
    ("audit",),
    ("claims", "README.md"),
    ("compare", "results", "results"),
    ("history", "1"),
    ("odds",),
)


def test_a_session_and_the_commands_run_without_what_windows_lacks(
    bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one process and with workers, with the same bytes; only the engines are refused."""
    isolate(monkeypatch)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    bet()
    Path("posixless.py").write_text(POSIXLESS)
    Path("README.md").write_text("Bet 1: PASS\n")
    git("init", "-q")
    commit()
    pytester.syspathinsert()
    ours = ("-p", "posixless", "-p", "pytest_bets.plugin", "-p", "no:cacheprovider")
    assert pytester.runpytest_subprocess(*ours).ret == pytest.ExitCode.OK
    first = known(RESULTS)["1_first.json"]
    workers = pytester.runpytest_subprocess("-p", "xdist", *ours, "-n", "2", "--bets-results", "there")
    assert workers.ret == pytest.ExitCode.OK
    assert known(Path("there"))["1_first.json"] == first
    engine = pytester.runpytest_subprocess(*ours, "--bets-on", "local=1", "--bets-results", "elsewhere")
    assert engine.ret == pytest.ExitCode.USAGE_ERROR
    commit("results")
    calls = "; ".join(f"assert main({[*command]!r}) == 0, {command[0]!r}" for command in COMMANDS)
    code = f"import posixless; from pytest_bets.cli.main import main; {calls}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


LOCALES: Final = {
    "an ASCII locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "a Windows console": {"PYTHONIOENCODING": "cp1252"},
    "an ASCII console": {"PYTHONIOENCODING": "ascii"},
}
BODY: Final = 'return {"gain": part, "size": "naïve 猫"}'


@pytest.mark.parametrize("locale", LOCALES)
def test_texts_of_any_language_are_the_same_under_any_encoding(
    bet: WriteBet, pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch, locale: str
) -> None:
    """In declarations, constants, values, settings and write-ups; a console spells out what it cannot show."""
    isolate(monkeypatch)
    bet(title="Größer × 2 µm, 猫 wins.", body=BODY, above='NAME = "naïve × 猫"')
    Path("pytest.ini").write_text("[pytest]\n# grün: 猫\nmarkers =\n    groß: ein Marker × 猫\n", encoding="utf-8")
    Path("README.md").write_text("Größer ×: Bet 1: FAIL 猫\n", encoding="utf-8")
    git("init", "-q")
    commit()
    run("--bets-results", "alone")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name, value in LOCALES[locale].items():
        monkeypatch.setenv(name, value)
    session = ("-p", "pytest_bets.plugin", "-p", "no:cacheprovider")
    done = pytester.runpytest_subprocess(*session)
    assert done.ret == pytest.ExitCode.OK, done.stdout.str() + done.stderr.str()
    assert known(RESULTS)["1_first.json"] == known(Path("alone"))["1_first.json"]
    for command, status in ((("show", "1"), 0), (("claims", "README.md", "--fix"), 0), (("rollup",), 0)):
        found = subprocess.run([sys.executable, "-m", "pytest_bets", *command], capture_output=True, check=False)
        assert found.returncode == status, found.stdout + found.stderr
        assert b"Traceback" not in found.stderr
    assert Path("README.md").read_text(encoding="utf-8") == "Größer ×: Bet 1: PASS 猫\n"
    assert known(RESULTS)["SUMMARY.json"] == known(Path("alone"))["SUMMARY.json"]


def test_a_linked_worktree_has_its_repository_under_any_locale(
    bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git writes the path to it in the encoding of file names."""
    isolate(monkeypatch)
    bet()
    git("init", "-q")
    commit()
    git("worktree", "add", "-q", "größer")
    monkeypatch.chdir("größer")
    real = Path.read_text

    def read_text(self: Path, encoding: str | None = None, *rest: Any, **more: Any) -> str:
        assert encoding, f"{self} is read in the encoding of the locale"
        return real(self, encoding, *rest, **more)

    monkeypatch.setattr(Path, "read_text", read_text)
    run()
    assert journal(RESULTS)[0]["registration"] == "registered"


def test_a_check_out_with_the_line_ends_of_windows_adds_its_runs(
    bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record stands, the chain goes on, what git stores has the line ends of the others, and the audit is clean."""
    isolate(monkeypatch)
    bet()
    git("init", "-q")
    commit()
    run()
    commit("results")
    git("-c", "core.autocrlf=true", "clone", "-q", ".", "clone")
    monkeypatch.chdir("clone")
    git("config", "core.autocrlf", "true")
    record = (RESULTS / "1_first.json").read_bytes()
    assert b"\r\n" in record
    run()
    assert (RESULTS / "1_first.json").read_bytes() == record
    git("-c", "core.safecrlf=false", "commit", "-q", "-a", "-m", "Run again")
    for name in ("journal.jsonl", "1_first.json", "SUMMARY.md"):
        stored = subprocess.run(["git", "show", f"HEAD:results/{name}"], capture_output=True, check=True).stdout
        assert b"\r" not in stored
    done = subprocess.run([sys.executable, "-m", "pytest_bets", "audit"], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout
    assert len((RESULTS / "journal.jsonl").read_bytes().splitlines()) == 2


SPAWNING = """
    import multiprocessing
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        (doubled,) = pool.map(double, [part])
    return {"gain": doubled}
"""


def test_an_experiment_may_start_processes_as_windows_and_macos_do(bet: WriteBet, run: Run) -> None:
    """They import the bet file again, without pytest, and find its functions."""
    above = "def double(value):\n    return value * 2"
    bet(body=SPAWNING, above=above, markers={"parametrize": '"part", [3]', "strict": '"gain >= 6"',
        "lenient": '"gain >= 5"', "catastrophic": '"gain < 1"'}, sections={"Strict": "at least 6.",
        "Lenient": "at least 5.", "Catastrophic": "less than 1."})  # fmt: skip
    run()
    assert [line["verdict"] for line in journal(RESULTS)] == ["PASS"]
