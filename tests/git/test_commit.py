"""The files of a commit, as the code of a record is read from them."""

from pathlib import Path

import pytest

from pytest_bets.code.index import CodeIndex
from pytest_bets.git.commit import commits
from tests.helpers.code import write
from tests.helpers.histories import commit
from tests.helpers.repositories import git, isolate


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository, in which the test stands, with a project in a folder and a library beside it."""
    isolate(monkeypatch)
    monkeypatch.chdir(tmp_path)
    git("init", "-q", "-b", "main")
    write(
        tmp_path,
        {
            "project/exp/bet_1_a.py": "import lab\nimport common\nlab.f()\ncommon.g()\n",
            "project/exp/lab.py": "def f(): ...\n",
            "sibling/common.py": "def g(): ...\n",
            "project/größe und mehr/x.py": "",
        },
    )
    return tmp_path


def test_a_commit_gives_the_code_that_its_checkout_gives(repository: Path) -> None:
    """Also of a project in a folder, with a library outside of it, whatever is there now."""
    first = commit("Declare")
    search = [repository / "sibling"]
    there = CodeIndex(repository / "project", search).of("exp/bet_1_a.py")
    write(repository, {"project/exp/lab.py": "def f():\n    return 2\n", "project/exp/common.py": ""})
    second = commit("Change")
    with commits(repository, "project") as found:
        one, other = found.files(first), found.files(second)
        assert one is not None
        assert other is not None
        assert CodeIndex(repository / "project", search, one).of("exp/bet_1_a.py") == there
        assert CodeIndex(repository / "project", search, other).of("exp/bet_1_a.py").digest != there.digest
        assert found.files("0" * 40) is None
        assert one.below(".") == ["exp/bet_1_a.py", "exp/lab.py", "größe und mehr/x.py"]
        assert (one.is_folder("exp"), one.is_folder("../sibling"), one.is_folder("exp/lab.py")) == (True, True, False)
        assert (one.is_file("../sibling/common.py"), one.is_file("exp/common.py")) == (True, False)
    assert set(there.definitions) == {"exp/bet_1_a.py", "exp/lab.py", "../sibling/common.py"}
