"""A stranger's repository runs no program of its own: every place where git would start one is tried."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_bets.diagnostics import HistoryError
from pytest_bets.git import checkout
from pytest_bets.git import log as history
from tests.helpers.repositories import git, isolate

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


class Trap:
    """A program that leaves a trace, and a repository that names it."""

    def __init__(self, folder: Path) -> None:
        self.top = folder / "repository"
        self.trace = folder / "trace"
        self.program = folder / "program"
        self.program.write_text(f"#!/bin/sh\necho ran >> '{self.trace}'\ncat\n")
        self.program.chmod(0o755)
        self.time = 0
        self.top.mkdir()
        git("init", "-q", "-b", "main", folder=self.top)
        (self.top / "note.txt").write_text("one\n")

    def config(self, *pairs: tuple[str, str], file: str = ".git/config") -> None:
        for name, value in pairs:
            git("config", "--file", file, name, value, folder=self.top)

    def commit(self) -> None:
        git("add", "-A", folder=self.top)
        git("commit", "-q", "-m", "one", folder=self.top)

    def touch(self, file: str = "note.txt") -> None:
        """Make git compare the content of a file again."""
        self.time += 1
        os.utime(self.top / file, (self.time, self.time))

    def fires(self, call: Callable[[], object]) -> bool:
        """Return whether the program is run."""
        self.trace.unlink(missing_ok=True)
        call()
        return self.trace.exists()


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trap:
    """Return a repository that can name a program."""
    isolate(monkeypatch)
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "0")
    return Trap(tmp_path)


def raw(trap: Trap, *arguments: str) -> Callable[[], object]:
    """Return a call of git without the protection; it may fail."""
    command = ["git", *arguments]
    return lambda: subprocess.run(command, cwd=trap.top, capture_output=True, check=False, input=b"", timeout=20)


def monitor(trap: Trap) -> None:
    trap.commit()
    trap.config(("core.fsmonitor", str(trap.program)))


def index_hook(trap: Trap) -> None:
    trap.commit()
    shutil.copy(trap.program, trap.top / ".git/hooks/post-index-change")
    trap.touch()


def _filtered(trap: Trap, setting: str, name: str = "evil", file: str = ".git/config") -> None:
    (trap.top / ".gitattributes").write_text(f"*.txt filter={name}\n")
    trap.commit()
    trap.config((f"filter.{name}.{setting}", str(trap.program)), file=file)
    trap.touch()


def clean(trap: Trap) -> None:
    _filtered(trap, "clean")
    trap.config(("filter.evil.required", "true"))


def process(trap: Trap) -> None:
    _filtered(trap, "process")


def included(trap: Trap) -> None:
    _filtered(trap, "clean", file=".git/other")
    trap.config(("include.path", "other"))


def of_a_worktree(trap: Trap) -> None:
    _filtered(trap, "clean", file=".git/config.worktree")
    trap.config(("core.repositoryFormatVersion", "1"), ("extensions.worktreeConfig", "true"))


def lfs_extended(trap: Trap) -> None:
    _filtered(trap, "clean", name="lfs")


def _submodule(trap: Trap) -> Path:
    inner = trap.top.parent / "inner"
    shutil.copytree(trap.top, inner)
    git("add", "-A", folder=inner)
    git("commit", "-q", "-m", "one", folder=inner)
    git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.as_uri(), "part", folder=trap.top)
    trap.commit()
    return trap.top / "part"


def monitor_of_a_submodule(trap: Trap) -> None:
    _submodule(trap)
    trap.config(("core.fsmonitor", str(trap.program)), file=".git/modules/part/config")


def filter_of_a_submodule(trap: Trap) -> None:
    part = _submodule(trap)
    (trap.top / ".git/modules/part/info/attributes").write_text("*.txt filter=evil\n")
    trap.config(("filter.evil.clean", str(trap.program)), file=".git/modules/part/config")
    os.utime(part / "note.txt", (1, 1))


STATUS = {
    make.__name__: make
    for make in (
        *(monitor, index_hook, clean, process, included, of_a_worktree, lfs_extended),
        *(monitor_of_a_submodule, filter_of_a_submodule),
    )
}


@pytest.mark.parametrize("kind", STATUS)
def test_the_state_of_a_checkout_is_read_without_its_programs(trap: Trap, kind: str) -> None:
    """`git status` runs each of them; here none is run, and the answer is right."""
    STATUS[kind](trap)
    assert trap.fires(raw(trap, "--no-optional-locks" if kind != "index_hook" else "--no-pager", "status"))
    trap.touch()
    assert not trap.fires(lambda: checkout.tree(trap.top))
    found = checkout.tree(trap.top)
    assert found is not None
    assert found.changed == ()


def test_a_filter_of_the_user_and_that_of_git_lfs_are_used(trap: Trap, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first stands in the user's settings; the second is the program that the user has installed."""
    (trap.top / ".gitattributes").write_text("*.txt filter=mine\n*.bin filter=lfs\n")
    (trap.top / "data.bin").write_text("one\n")
    trap.commit()
    settings = trap.top.parent / "user"
    git("config", "--file", str(settings), "filter.mine.clean", str(trap.program))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    trap.touch()
    assert trap.fires(lambda: checkout.tree(trap.top))
    (trap.top.parent / "git-lfs").write_text(trap.program.read_text())
    (trap.top.parent / "git-lfs").chmod(0o755)
    monkeypatch.setenv("PATH", f"{trap.top.parent}{os.pathsep}{os.environ['PATH']}")
    trap.config(("filter.lfs.clean", "git-lfs clean -- %f"), ("filter.mine.clean", "false"))
    trap.touch("data.bin")
    assert trap.fires(lambda: checkout.tree(trap.top))
    trap.config(("lfs.extension.evil.clean", str(trap.program)))
    assert not trap.fires(lambda: checkout.tree(trap.top))


def test_a_filter_that_cannot_be_switched_off_leaves_the_state_unknown(trap: Trap) -> None:
    """Its name has the character that ends a name."""
    _filtered(trap, "clean", name="a=b")
    assert not trap.fires(lambda: checkout.tree(trap.top))
    assert checkout.tree(trap.top) is None


def test_history_is_read_without_converters_of_text(trap: Trap) -> None:
    """`git log -p` runs a converter for every version of a file."""
    (trap.top / ".gitattributes").write_text("*.txt diff=evil\n")
    trap.commit()
    trap.config(("diff.evil.textconv", str(trap.program)), ("diff.evil.command", str(trap.program)))
    assert trap.fires(raw(trap, "log", "-p"))
    assert not trap.fires(lambda: list(history.line_touches(trap.top, ["*.txt"])))
    assert not trap.fires(lambda: list(history.touches(trap.top, str.isascii)))
    assert not trap.fires(lambda: history.changed_by(trap.top, ["note.txt"]))


def test_history_is_read_without_the_checker_of_signatures(trap: Trap) -> None:
    """`git log` runs it for a signed commit where the settings ask for signatures."""
    trap.commit()
    plain = git("cat-file", "commit", "HEAD", folder=trap.top)
    head, _, message = plain.partition("\n\n")
    file = trap.top / ".git" / "signed"
    file.write_text(f"{head}\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n{message}\n")
    signed = git("hash-object", "-t", "commit", "-w", str(file), folder=trap.top)
    git("reset", "-q", "--hard", signed, folder=trap.top)
    trap.config(("gpg.program", str(trap.program)), ("log.showSignature", "true"))
    assert trap.fires(raw(trap, "log"))
    assert not trap.fires(lambda: history.commits(trap.top))
    assert not trap.fires(lambda: history.changed_by(trap.top, ["note.txt"]))


@pytest.mark.parametrize("url", ["ext::{program} %S", "ssh://host/path", "file://{top}/../none"])
def test_a_missing_object_is_not_fetched(trap: Trap, url: str) -> None:
    """A partial clone fetches it from wherever its settings say, with the programs that they name."""
    trap.commit()
    trap.program.write_text(trap.program.read_text().replace("cat", "exit 1"))
    blob = git("rev-parse", "HEAD:note.txt", folder=trap.top)
    (trap.top / ".git/objects" / blob[:2] / blob[2:]).unlink()
    program = str(trap.program)
    trap.config(
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.url", url.format(program=program, top=trap.top)),
        ("remote.origin.promisor", "true"),
        ("remote.origin.uploadpack", program),
        ("protocol.ext.allow", "always"),
        ("core.sshCommand", program),
    )
    assert trap.fires(raw(trap, "cat-file", "-p", blob))
    assert not trap.fires(lambda: list(history.contents(trap.top, [blob])))
    assert list(history.contents(trap.top, [blob])) == [None]


def test_git_refuses_a_repository_of_another_user_as_always(trap: Trap, monkeypatch: pytest.MonkeyPatch) -> None:
    """`safe.directory` is the user's decision."""
    trap.commit()
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert checkout.tree(trap.top) is None
    with pytest.raises(HistoryError, match="dubious ownership"):
        history.commits(trap.top)
