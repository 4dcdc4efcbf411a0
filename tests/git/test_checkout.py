"""Git is the registry: what it says about a bet goes into the record, and nothing says clean when it cannot tell."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from pytest_bets.git import checkout as git
from pytest_bets.git import log
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.repositories import commit, count_calls, isolate
from tests.helpers.repositories import git as run_git
from tests.helpers.results import records

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture(autouse=True)
def plain_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no setting of this machine's git play a part."""
    isolate(monkeypatch)


@pytest.fixture
def repository(pytester: pytest.Pytester) -> Path:
    """Return a fresh repository, in which the test stands."""
    run_git("init", "-q", "-b", "main")
    return pytester.path


def _recorded(run: Run, name: str = "1_first", results: str = "results") -> dict[str, Any]:
    run(f"--bets-results={results}")
    return records(Path(results))[name]


def _state(run: Run, name: str = "1_first") -> str:
    return str(_recorded(run, name)["registration"]["state"])


@pytest.mark.usefixtures("repository")
def test_a_bet_that_is_committed_is_registered(bet: WriteBet, run: Run) -> None:
    """The record names the commit that holds its declaration, and the tree that it ran in."""
    bet()
    head = commit()
    record = _recorded(run)
    assert record["registration"] == {"state": "registered", "commit": head}
    assert (record["environment"]["commit"], record["environment"]["dirty"]) == (head, False)


@pytest.mark.usefixtures("repository")
def test_a_bet_that_is_not_committed_is_unregistered(bet: WriteBet, run: Run) -> None:
    """An untracked file, and one that is only staged, register nothing."""
    bet("bet_2_other.py")
    head = commit()
    bet()
    shown = run()
    assert 'its run:\n  git add bet_1_first.py && git commit -m "Declare bet 1"\n' in shown
    record = records(Path("results"))["1_first"]
    assert record["registration"] == {"state": "unregistered", "commit": None}
    assert (record["environment"]["commit"], record["environment"]["dirty"]) == (head, True)
    run_git("add", "-A")
    Path("results/1_first.json").unlink()
    assert _state(run) == "unregistered"


@pytest.mark.usefixtures("repository")
def test_a_declaration_that_differs_from_the_commit_is_unregistered(bet: WriteBet, run: Run) -> None:
    """Moving a threshold in the working tree shows at once."""
    bet()
    commit()
    bet(markers={"strict": '"count(gain > 0) >= 4"'}, sections={"Strict": "all 4 of 4 cells gain."})
    assert _state(run) == "unregistered"


@pytest.mark.usefixtures("repository")
def test_a_change_beside_the_declaration_leaves_a_bet_registered(bet: WriteBet, run: Run) -> None:
    """A comment, a new title and other code do not change what was bet; the tree is dirty."""
    bet()
    head = commit()
    bet(title="A first claim, in better words.", body="# a comment\nreturn {'gain': part + 1}")
    record = _recorded(run)
    assert record["registration"] == {"state": "registered", "commit": head}
    assert record["environment"]["dirty"] is True


@pytest.mark.usefixtures("repository")
def test_a_bet_that_git_ignores_is_unregistered(bet: WriteBet, run: Run) -> None:
    """Git does not list it among the changes, and does not hold it."""
    Path(".gitignore").write_text("drafts/\n")
    bet("drafts/bet_1_first.py")
    commit()
    assert _state(run) == "unregistered"


@pytest.mark.usefixtures("repository")
def test_before_the_first_commit_a_bet_is_unregistered(bet: WriteBet, run: Run) -> None:
    """Git can tell: it holds nothing, whatever is staged."""
    bet()
    run_git("add", "-A")
    record = _recorded(run)
    assert record["registration"] == {"state": "unregistered", "commit": None}
    assert (record["environment"]["commit"], record["environment"]["dirty"]) == (None, True)


def test_outside_git_registration_is_unknown(bet: WriteBet, run: Run) -> None:
    """Unknown is neither registered nor unregistered."""
    bet()
    shown = run()
    record = records(Path("results"))["1_first"]
    assert record["registration"] == {"state": "unknown", "commit": None}
    assert (record["environment"]["commit"], record["environment"]["dirty"]) == (None, None)
    assert "without being registered" not in shown


@pytest.mark.usefixtures("repository")
def test_without_git_on_the_path_registration_is_unknown(
    bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bet still runs."""
    bet()
    commit()
    monkeypatch.setenv("PATH", "")
    assert _state(run) == "unknown"


def test_in_a_shallow_clone_registration_is_unknown(bet: WriteBet, repository: Path, run: Run) -> None:
    """Its history is cut off, as usual in CI; the commit is known."""
    bet()
    commit()
    bet("bet_2_other.py")
    head = commit()
    run_git("clone", "-q", "--depth=1", repository.as_uri(), "clone")
    os.chdir("clone")
    record = _recorded(run)
    assert record["registration"] == {"state": "unknown", "commit": None}
    assert record["environment"]["commit"] == head


@pytest.mark.usefixtures("repository")
def test_a_linked_worktree_is_a_checkout_like_any_other(bet: WriteBet, run: Run) -> None:
    """Its `.git` is a file; its commit is its own branch's."""
    bet()
    head = commit()
    run_git("worktree", "add", "-q", "-b", "other", "tree")
    os.chdir("tree")
    assert _recorded(run)["registration"] == {"state": "registered", "commit": head}
    (Path.cwd() / "bet_1_first.py").unlink()
    bet("tree/bet_3_new.py")
    assert _state(run, "3_new") == "unregistered"


def _declared_inside(bet: WriteBet, repository: Path) -> Path:
    """Return a repository within the repository, with a commit that declares a bet."""
    inner = repository / "origin"
    inner.mkdir()
    run_git("init", "-q", "-b", "main", folder=inner)
    bet("origin/bet_1_first.py")
    run_git("add", "-A", folder=inner)
    run_git("commit", "-q", "-m", "Declare", folder=inner)
    return inner


def test_a_submodule_is_a_checkout_of_its_own(bet: WriteBet, repository: Path, run: Run) -> None:
    """Its bets are registered in it, and not in the repository that holds it."""
    inner = _declared_inside(bet, repository)
    head = run_git("rev-parse", "HEAD", folder=inner)
    run_git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.as_uri(), "part")
    os.chdir("part")
    assert _recorded(run)["registration"] == {"state": "registered", "commit": head}


@pytest.mark.parametrize("kind", ["submodule", "clone"])
def test_from_outside_the_registration_of_a_bet_in_a_submodule_is_unknown(
    bet: WriteBet, repository: Path, run: Run, kind: str
) -> None:
    """No commit of the repository around it can hold its declaration, and `git add` refuses its file there."""
    inner = _declared_inside(bet, repository)
    if kind == "submodule":
        run_git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.as_uri(), "bets")
        shutil.rmtree(inner)
    else:
        inner.rename("bets")
    commit()
    shown = " ".join(run().split())
    assert f"Registration not checked: it does not lie in the repository {repository}; run it inside its own." in shown
    assert "without being registered" not in shown
    assert records(Path("results"))["1_first"]["registration"] == {"state": "unknown", "commit": None}


@pytest.mark.usefixtures("repository")
def test_results_in_a_repository_of_their_own_are_not_to_be_added_to_the_one_around(bet: WriteBet, run: Run) -> None:
    """`git add` would add a link to a commit that does not hold them."""
    bet()
    commit()
    run_git("init", "-q", "-b", "main", "results")
    assert "git add results" not in run()


@pytest.mark.usefixtures("repository")
def test_a_subfolder_can_be_the_root(bet: WriteBet, run: Run) -> None:
    """Paths are relative to the root here, and to its top folder in git."""
    bet("research/bet_1_first.py")
    Path("research/pytest.ini").write_text("[pytest]\n")
    commit()
    os.chdir("research")
    record = _recorded(run)
    assert record["registration"]["state"] == "registered"
    assert record["bet"]["file"] == "bet_1_first.py"
    assert record["environment"]["dirty"] is False


@pytest.mark.parametrize("file", ["größe/bet_1_first.py", "two words/bet_1_first.py", 'q"uote/bet_1_first.py'])
@pytest.mark.usefixtures("repository")
def test_any_file_name_can_be_asked_for(bet: WriteBet, run: Run, file: str) -> None:
    """Before and after it is committed, beside a file with a similar name."""
    bet(file)
    bet("bet_2_other.py")
    commit("bet_2_other.py")
    assert _state(run) == "unregistered"
    commit("bet_2_other.py", file)
    Path("results/1_first.json").unlink()
    assert _state(run) == "registered"
    assert _state(run, "2_other") == "registered"


@pytest.mark.usefixtures("repository")
def test_other_line_ends_in_the_checkout_are_no_change(bet: WriteBet, run: Run) -> None:
    """Git may hold line feeds where the working tree has carriage returns, and the other way round."""
    above = 'TEXT = """two\nlines"""\nSIZES = tuple(\n    range(3)\n)'
    path = bet(above=above)
    unix = path.read_bytes()
    commit()
    path.write_bytes(unix.replace(b"\n", b"\r\n"))
    first = _recorded(run)
    assert first["registration"]["state"] == "registered"
    commit()
    path.write_bytes(unix)
    second = _recorded(run, results="again")
    assert second["registration"]["state"] == "registered"
    assert first["code"] == second["code"]
    assert first["declaration"] == second["declaration"]


@pytest.mark.usefixtures("repository")
def test_what_changes_in_the_results_makes_no_tree_dirty(bet: WriteBet, run: Run) -> None:
    """Every run writes there; a second run would else differ from the first by nothing but that."""
    bet()
    commit()
    run()
    assert run_git("status", "--porcelain") == "?? results/"
    bet(body='return {"gain": part + 1}')
    commit("bet_1_first.py")
    assert _recorded(run)["environment"]["dirty"] is False


@pytest.mark.usefixtures("repository")
def test_data_beside_the_results_can_make_a_tree_dirty(bet: WriteBet, run: Run) -> None:
    """The folder of the results may be that of the project: only what a run writes is left out."""
    bet()
    Path("cold.txt").write_text("2.5")
    run("--bets-results=.")
    commit()
    for more, text, is_dirty in ((1, "2.5", False), (2, "9", True)):
        bet(body=f'return {{"gain": part + {more}}}')
        commit("bet_1_first.py")
        Path("1_first.json").write_text(Path("1_first.json").read_text() + " ")
        Path("cold.txt").write_text(text)
        run("--bets-results=.")
        assert records(Path())["1_first"]["environment"]["dirty"] is is_dirty


def _dirty(run: Run) -> dict[str, bool]:
    results = f"results-{len(list(Path().glob('results-*')))}"
    run(f"--bets-results={results}")
    return {name: record["environment"]["dirty"] for name, record in records(Path(results)).items()}


@pytest.mark.usefixtures("repository")
def test_an_untracked_file_that_no_bet_imports_makes_no_tree_dirty(bet: WriteBet, run: Run) -> None:
    """Notes, a coverage file, a report and data: the code that ran is that of the commit."""
    bet()
    commit()
    for name in ("notes.txt", ".coverage", "report.html", "lab/data.json", "lab/unused.py"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("x")
    assert _dirty(run) == {"1_first": False}


@pytest.mark.usefixtures("repository")
def test_an_untracked_file_of_its_code_makes_a_bets_tree_dirty(bet: WriteBet, run: Run) -> None:
    """And that of no other bet: only the first imports it, and only the third is under that conftest.py."""
    bet(above="from lab import losses")
    bet("bet_2_second.py")
    bet("sub/bet_3_third.py")
    commit()
    Path("lab").mkdir()
    Path("lab/losses.py").write_text("X = 1\n")
    Path("sub/conftest.py").write_text("X = 1\n")
    assert _dirty(run) == {"1_first": True, "2_second": False, "3_third": True}
    run_git("add", "-A", "lab")  # a file that git knows and the commit does not hold
    assert _dirty(run) == {"1_first": True, "2_second": True, "3_third": True}
    commit("lab", "sub")
    assert _dirty(run) == {"1_first": False, "2_second": False, "3_third": False}


@pytest.mark.usefixtures("repository")
def test_a_tracked_file_that_differs_makes_the_tree_of_every_bet_dirty(bet: WriteBet, run: Run) -> None:
    """An experiment may read any of them; deleting one is a difference, too."""
    bet()
    Path("data.json").write_text("[1]")
    commit()
    Path("data.json").write_text("[2]")
    assert _dirty(run) == {"1_first": True}
    Path("data.json").unlink()
    assert _dirty(run) == {"1_first": True}


@pytest.mark.parametrize("flag", ["assume-unchanged", "skip-worktree"])
@pytest.mark.parametrize("name", ["data.json", "pytest.ini", '"quoted.json'])
@pytest.mark.usefixtures("repository")
def test_a_difference_that_the_index_hides_makes_the_tree_dirty(bet: WriteBet, run: Run, flag: str, name: str) -> None:
    """Git does not compare a flagged file with its blob, and an experiment may read it."""
    bet()
    Path(name).write_text("[pytest]\n")
    commit()
    run_git("update-index", f"--{flag}", name)
    assert _dirty(run) == {"1_first": False}
    Path(name).write_text("[pytest]\naddopts = -q\n")
    assert "M" not in run_git("status", "--porcelain")
    assert _dirty(run) == {"1_first": True}


@pytest.mark.usefixtures("repository")
def test_files_that_a_sparse_checkout_leaves_out_make_no_tree_dirty(bet: WriteBet, run: Run) -> None:
    """And a flagged file with other line ends is the same to git; one that is missing without being sparse is not."""
    bet()
    Path("left_out").mkdir()
    Path("left_out/data.json").write_text("[1]")
    Path("lines.txt").write_bytes(b"a\nb\n")
    Path(".gitattributes").write_text("*.txt text\n")
    commit()
    run_git("sparse-checkout", "set", "--no-cone", "/*", "!/left_out")
    run_git("update-index", "--assume-unchanged", "lines.txt")
    Path("lines.txt").write_bytes(b"a\r\nb\r\n")
    assert not Path("left_out/data.json").exists()
    assert _dirty(run) == {"1_first": False}
    Path("lines.txt").unlink()
    assert _dirty(run) == {"1_first": True}


@pytest.mark.parametrize("kind", ["submodule", "clone"])
def test_untracked_files_in_a_repository_within_count_where_a_bets_code_lies_there(
    bet: WriteBet, repository: Path, run: Run, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Git says that a submodule holds some, and says nothing about a clone: code in them may be among those."""
    inner = tmp_path_factory.mktemp("inner")
    run_git("init", "-q", "-b", "main", folder=inner)
    (inner / "losses.py").write_text("X = 1\n")
    run_git("add", "-A", folder=inner)
    run_git("commit", "-q", "-m", "Begin", folder=inner)
    bet(above="from lab import losses")
    bet("bet_2_second.py")
    if kind == "submodule":
        run_git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.as_uri(), "lab")
        commit()
        assert _dirty(run) == {"1_first": False, "2_second": False}
        (repository / "lab" / "notes.txt").write_text("x")
    else:
        commit()
        run_git("clone", "-q", inner.as_uri(), "lab")
    assert _dirty(run) == {"1_first": True, "2_second": False}


@pytest.mark.usefixtures("repository")
def test_git_is_started_three_times_at_most(
    bet: WriteBet, run: Run, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For any number of bets: starting a process takes the time."""
    for number in range(5):
        bet(f"bet_{number}_x.py")
    commit()
    folder = tmp_path_factory.mktemp("bin")
    calls = count_calls(folder, monkeypatch)
    assert _state(run, "4_x") == "registered"
    assert len(calls.read_text().splitlines()) == 3


def test_a_path_outside_the_checkout_is_not_held(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """And what follows it in the answer is read all the same."""
    (repository / "here.py").write_text("x = 1\n")
    commit()
    tree = git.tree(repository.resolve())
    assert tree is not None
    outside = tmp_path_factory.mktemp("out") / "there.py"
    inside = repository.resolve() / "here.py"
    missing, lines = repository.resolve() / "no where.py", repository.resolve() / "two\nlines.py"
    expected = {outside: None, missing: None, lines: None, inside: b"x = 1\n"}
    assert tree.committed([outside, missing, lines, inside]) == expected


def test_variables_of_another_repository_lead_to_none_but_that_of_the_folder(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook of git sets them, and the tests that it runs may have repositories of their own."""
    (repository / "here.py").write_text("x = 1\n")
    head = commit()
    other = tmp_path_factory.mktemp("other")
    run_git("init", "-q", folder=other)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    tree = git.tree(repository.resolve())
    assert tree is not None
    assert (tree.commit, tree.changed, tree.untracked) == (head, (), frozenset())
    assert [touched[1] for touched in log.line_touches(repository, [":(top,glob)**/here.py"])] == ["here.py"]
