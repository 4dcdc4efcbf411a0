"""The code of a project as one archive."""

import os
import tempfile
from pathlib import Path

import pytest

from pytest_bets.diagnostics import EngineError
from pytest_bets.engines import archive
from tests.helpers.repositories import git, isolate


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkout with a file of each kind; copies go to a folder of the test."""
    isolate(monkeypatch)
    top = tmp_path / "project"
    (top / "lab").mkdir(parents=True)
    (top / "results").mkdir()
    (top / "tracked.py").write_text("a = 1\n")
    (top / "lab" / "untracked.py").write_text("b = 2\n")
    (top / "lab" / "run.sh").write_text("#!/bin/sh\n")
    (top / "lab" / "run.sh").chmod(0o755)
    (top / "ignored.bin").write_text("large")
    (top / "results" / "1_first.json").write_text("{}")
    (top / ".gitignore").write_text("*.bin\n")
    (top / "linked.py").symlink_to("lab/untracked.py")
    git("init", "-q", folder=top)
    git("add", "tracked.py", folder=top)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nodes"))
    (tmp_path / "nodes").mkdir()
    return top


def unpacked(data: bytes) -> Path:
    return archive.unpack(archive.name_of(data), lambda: data)


def test_it_holds_what_git_knows_and_what_it_does_not_ignore(project: Path) -> None:
    """With modes and links, and without the results."""
    target = unpacked(archive.pack(project, project / "results"))
    names = sorted(str(path.relative_to(target)) for path in target.rglob("*") if not path.is_dir())
    assert names == [".gitignore", "lab/run.sh", "lab/untracked.py", "linked.py", "tracked.py"]
    assert os.access(target / "lab" / "run.sh", os.X_OK)
    assert (target / "linked.py").read_text() == "b = 2\n"


def test_the_same_files_give_the_same_bytes_and_are_unpacked_once(project: Path) -> None:
    """A node asks for the bytes only where it does not have them."""
    data = archive.pack(project, project / "results")
    os.utime(project / "tracked.py", (1, 1))
    assert archive.pack(project, project / "results") == data
    target = unpacked(data)

    def fetch() -> bytes:
        raise AssertionError

    assert archive.unpack(archive.name_of(data), fetch) == target
    (project / "tracked.py").write_text("a = 2\n")
    assert archive.name_of(archive.pack(project, project / "results")) != archive.name_of(data)


def test_without_git_all_files_are_in_it_but_hidden_ones(project: Path) -> None:
    """Nothing says which to ignore."""
    for path in sorted((project / ".git").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (project / ".git").rmdir()
    target = unpacked(archive.pack(project, project / "results"))
    assert (target / "ignored.bin").exists()
    assert not (target / "results").exists()


def test_a_folder_that_others_can_write_to_is_refused(project: Path) -> None:
    """They could change the code that runs."""
    data = archive.pack(project, project / "results")
    target = unpacked(data)
    assert target.parent.stat().st_mode & 0o777 == 0o700
    target.parent.chmod(0o777)
    with pytest.raises(EngineError, match=r"is not a private folder of this user \(expected mode 0700\): remove it"):
        unpacked(data)


def test_too_many_files_are_an_error(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before they fill the memory of the controller and the disks of the nodes."""
    monkeypatch.setattr(archive, "LARGEST", 10)
    with pytest.raises(EngineError, match="of files that git does not ignore"):
        archive.pack(project, project / "results")


def test_a_copy_that_nothing_uses_is_forgotten(project: Path) -> None:
    """After days."""
    target = unpacked(archive.pack(project, project / "results"))
    os.utime(target, (1, 1))
    (project / "tracked.py").write_text("a = 3\n")
    unpacked(archive.pack(project, project / "results"))
    assert not target.exists()
