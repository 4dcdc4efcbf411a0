"""The fuzz targets hold for their corpus and inputs near it; a crash is saved and named."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.__main__ import hypothesized, timed
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_raises_only_what_it_declares(name: str) -> None:
    """A short run of what `python -m tests.fuzz` does for a minute."""
    target, corpus = TARGETS[name]
    assert hypothesized(name, timed(target), corpus, 0) > len(corpus)


def test_a_crash_is_saved_and_can_be_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The smallest input that was found is in the message and in a file."""
    monkeypatch.chdir(tmp_path)

    def target(data: bytes) -> None:
        if b"(" in data:
            raise ZeroDivisionError

    with pytest.raises(AssertionError, match=r"sentence: crashed by b'.*\(.*', saved in build/fuzz/sentence-crash"):
        hypothesized("sentence", target, [b"x"], 20)
    assert b"(" in Path("build/fuzz/sentence-crash").read_bytes()


def test_the_command_runs_a_saved_input(tmp_path: Path) -> None:
    """It exits with 0 where the target holds."""
    path = tmp_path / "saved"
    path.write_bytes(b"mean(gain) >= 1")
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--target", "sentence", "--input", str(path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
