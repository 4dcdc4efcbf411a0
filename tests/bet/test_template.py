"""`pytest-bets new`: a bet file that runs at once, and that becomes no record before it says something."""

import shutil
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from pytest_bets.bet.template import LONGEST, bet_file, slug
from tests.helpers.commands import run as command
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.repositories import git, isolate
from tests.helpers.results import records

REFUSED = pytest.ExitCode.INTERRUPTED
HAS_GIT = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
BOTH = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["plain", "xdist"])
RULE = "results/journal.jsonl merge=union"


@pytest.fixture
def written(pytester: pytest.Pytester) -> Path:
    """Return a bet file that `new` has just written."""
    status, output = command("new", "dropout helps at every size")
    assert status == 0, output
    return pytester.path / "bets" / "bet_01_dropout_helps_at_every_size.py"


def say(path: Path, *names: str) -> None:
    """Put words of one's own into these sections of a new bet."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    own = [f"{line.partition(':')[0]}: dropout helps.\n" if line.startswith(names) else line for line in lines]
    path.write_text("".join(own), encoding="utf-8")


@BOTH
@pytest.mark.usefixtures("written")
def test_a_new_bet_is_rehearsed_as_it_stands(run: Run, workers: tuple[str, ...]) -> None:
    """First contact is green, and leaves nothing behind."""
    for overrides in ((), ("--bets-set", "DRAWS=20")):
        shown = run("--bets-pilot", *overrides, *workers)
        assert "1 passed, 4 skipped" in shown
        assert "1 bet rehearsed; nothing was written." in shown
    assert not Path("results").exists()


@BOTH
def test_a_new_bet_comes_to_a_verdict_once_it_says_something(written: Path, run: Run, workers: tuple[str, ...]) -> None:
    """Its toy is a whole bet: five cells, four tiers, a placebo that stays low."""
    say(written, "Hypothesis", "Scope")
    assert "9 passed" in run(*workers)
    record = records(Path("results"))["01_dropout_helps_at_every_size"]
    assert (record["verdict"], len(record["cells"]), len(record["criteria"])) == ("PASS", 5, 4)


@BOTH
@pytest.mark.parametrize("said", [(), ("Hypothesis",), ("Scope",)], ids=["nothing", "hypothesis", "scope"])
def test_the_words_of_the_template_are_refused(
    written: Path, run: Run, said: tuple[str, ...], workers: tuple[str, ...]
) -> None:
    """A record of them would claim nothing, and its bet could never be deleted without a finding."""
    say(written, *said)
    shown = run(*workers, expect=pytest.ExitCode.TESTS_FAILED if workers else REFUSED)
    file = "bets/bet_01_dropout_helps_at_every_size.py"
    faults = {
        "Hypothesis": (
            f"{file}:3: the section `Hypothesis:` still has the text of the template\n"
            "    Hypothesis: say what you claim, so that a result can contradict it.\n"
            "  expected: your claim; until then, rehearse with --bets-pilot\n"
        ),
        "Scope": (
            f"{file}:8: the section `Scope:` still has the text of the template\n"
            "    Scope: say what this bet does not show.\n"
            "  expected: what your bet does not show; until then, rehearse with --bets-pilot\n"
        ),
    }
    for section, fault in faults.items():
        assert (fault in shown) is (section not in said)
    assert not Path("results").exists()


def test_the_words_of_the_template_are_found_on_their_line(written: Path, run: Run) -> None:
    """Whatever stands above them, and however they are wrapped."""
    text = written.read_text(encoding="utf-8").replace("claim, so that a", "claim, so\n    that a")
    written.write_text(f"# A draft.\n\n{text}", encoding="utf-8")
    assert "every_size.py:5: the section `Hypothesis:` still has" in run(expect=REFUSED)


def test_new_says_what_the_bet_is_called_for_ever(pytester: pytest.Pytester) -> None:
    """Its id is printed before anything refers to it, with the way to choose another one."""
    file = "bets/bet_68_receipts_repair_the_ledger.py"
    assert command("new", "68", "Receipts repair the ledger!") == (
        0,
        f"Created {file}.\n"
        "The bet's id is 68_receipts_repair_the_ledger.\n"
        "The record keeps this name. For another name, delete the file now and use --slug.\n"
        "Rehearse the bet, write your claim and your experiment into the file, register the bet, and run it:\n"
        f"  pytest {file} --bets-pilot\n"
        f'  git add {file} && git commit -m "Declare bet 68"\n'
        f"  pytest {file}\n",
    )
    assert [path.name for path in pytester.path.iterdir()] == ["bets"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("gradient boosting beats random forest", "gradient_boosting_beats_random_forest"),
        ("Größe × 2", "groe_2"),
        (" ".join(["word"] * 20), "_".join(["word"] * 12)),
        ("x" * 90, "x" * LONGEST),
        (f"a {'x' * 90}", "a"),
        ("?!", ""),
    ],
)
def test_a_name_has_all_words_of_a_title_that_fit(title: str, name: str) -> None:
    """Cut after a few words, a title would claim something else."""
    assert slug(title) == name
    assert len(name) <= LONGEST


def test_a_name_can_be_chosen(pytester: pytest.Pytester) -> None:
    """The title stays what it is."""
    assert command("new", "Größe × 2?!", "--slug", "double_size_2")[0] == 0
    written = pytester.path / "bets" / "bet_01_double_size_2.py"
    assert written.read_text(encoding="utf-8").startswith('"""Bet 1: Größe × 2?!\n')


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Double-Size", "; did you mean double_size?"),
        ("_double", "; did you mean double?"),
        ("../double", "; did you mean double?"),
        ("x" * 61, f"; did you mean {'x' * 60}?"),
        ("?", ""),
    ],
)
def test_a_name_that_could_not_be_a_files_is_refused(pytester: pytest.Pytester, name: str, near: str) -> None:
    """The nearest name that could be is suggested."""
    expected = "expected lower-case letters and digits, in words that are joined by _, at most 60 characters"
    assert command("new", "a claim", "--slug", name) == (2, f"pytest-bets new: --slug {name}: {expected}{near}\n")
    assert not list(pytester.path.iterdir())


def test_new_takes_the_next_number_and_the_folder_of_the_other_bets(bet: WriteBet) -> None:
    """Without a number the highest plus one is taken, beside the bets that are there."""
    bet("research/bet_41_first.py")
    status, output = command("new", "a claim")
    assert status == 0
    assert Path("research/bet_42_a_claim.py").read_text().startswith('"""Bet 42: a claim\n')
    assert output.startswith("Created research/bet_42_a_claim.py.")


@pytest.mark.parametrize(
    "title",
    ['ends with a quote"', 'three """ quotes', "a \\ backslash", "tab\tand\nline", "Größe × 2", "{braces} and %s"],
)
def test_new_writes_python_whatever_the_title(pytester: pytest.Pytester, title: str) -> None:
    """No title breaks the docstring that it stands in."""
    assert command("new", title)[0] == 0
    (written,) = (pytester.path / "bets").iterdir()
    compile(written.read_text(encoding="utf-8"), str(written), "exec")
    pytester.runpytest_inprocess("--collect-only", "--bets-pilot").assert_outcomes()


@pytest.mark.parametrize(
    ("path", "output"),
    [
        (PureWindowsPath(r"bets\bet_01_x.py"), "Run: pytest bets/bet_01_x.py\n"),
        (PurePosixPath("bets/bet_01_x.py"), "Run: pytest bets/bet_01_x.py\n"),
        (PureWindowsPath(r"my bets\bet_01_x.py"), "Run: pytest 'my bets/bet_01_x.py'\n"),
    ],
)
def test_the_run_line_has_forward_slashes(path: PurePosixPath | PureWindowsPath, output: str) -> None:
    r"""In a docstring `\b` is a backspace; pytest takes a forward slash on every system."""
    assert output in bet_file(1, "x", path)


def test_new_refuses_a_number_that_is_taken(bet: WriteBet) -> None:
    """The bet that has the number is named, and a free one."""
    bet("bet_41_first.py")
    assert command("new", "41", "again") == (
        2,
        "pytest-bets new: 41 is the number of bet_41_first.py; the next free one is 42\n",
    )


def test_new_refuses_a_title_without_letters(pytester: pytest.Pytester) -> None:
    """A file needs a name."""
    assert command("new", "?!") == (
        2,
        "pytest-bets new: the title '?!' has no letter to name a file by; name it with --slug\n",
    )
    assert not list(pytester.path.iterdir())


def test_new_refuses_a_title_in_another_encoding(pytester: pytest.Pytester) -> None:
    """No file is left that would take the number."""
    status, output = command("new", "caf\udce9 wins")
    assert (status, output.count("\n")) == (2, 1)
    assert output.startswith("pytest-bets new: the title and the folder must be in UTF-8; found ")
    assert not list(pytester.path.iterdir())


def test_new_writes_the_first_bet_where_the_settings_look_for_bets(pytester: pytest.Pytester) -> None:
    """Elsewhere no command would find it, and the next bet would get its number."""
    pytester.makeini("[pytest]\nbets_paths = research more")
    for folder in ("research", "more"):
        pytester.mkdir(folder)
    assert command("new", "a claim")[1].startswith("Created research/bet_01_a_claim.py.")
    assert command("new", "a second claim")[1].startswith("Created research/bet_02_a_second_claim.py.")


@HAS_GIT
class TestMergingTheJournal:
    """`new` has git keep the runs of both branches, where git does not know of it yet."""

    @pytest.fixture(autouse=True)
    def repository(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Return a fresh repository, in which the test stands."""
        isolate(monkeypatch)
        git("init", "-q", "-b", "main")
        return pytester.path

    @pytest.mark.parametrize("before", [None, "", "*.png binary\n", "*.png binary"])
    def test_the_rule_is_added_and_shown(self, before: str | None) -> None:
        """Other rules stay, also where the last line has no end."""
        attributes = Path(".gitattributes")
        if before is not None:
            attributes.write_text(before)
        output = command("new", "a claim")[1]
        assert f".gitattributes: added `{RULE}`, so that a merge keeps the runs of both branches.\n" in output
        assert 'git add bets/bet_01_a_claim.py .gitattributes && git commit -m "Declare bet 1"' in output
        kept = "*.png binary\n" if before else ""
        assert attributes.read_text() == f"{kept}# A merge keeps the runs of both branches.\n{RULE}\n"
        assert ".gitattributes" not in command("new", "another claim")[1]
        assert attributes.read_text().count("merge=union") == 1

    def test_the_line_ends_of_windows_stay(self) -> None:
        """A check-out there may have them in every file."""
        Path(".gitattributes").write_bytes(b"*.png binary\r\n")
        command("new", "a claim")
        expected = f"*.png binary\r\n# A merge keeps the runs of both branches.\r\n{RULE}\r\n"
        assert Path(".gitattributes").read_bytes() == expected.encode()

    def test_a_rule_that_is_there_is_left_alone(self) -> None:
        """Whatever it says, and wherever git reads it."""
        Path(".git/info").mkdir(exist_ok=True)
        Path(".git/info/attributes").write_text("*.jsonl merge=binary\n")
        assert ".gitattributes" not in command("new", "a claim")[1]
        assert not Path(".gitattributes").exists()

    def test_the_rule_is_for_the_journal_of_the_project(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A project below the top of its checkout has its own folder of results."""
        project = Path("research")
        project.mkdir()
        (project / "pytest.ini").write_text("[pytest]\nbets_results = kept\n")
        monkeypatch.chdir(project)
        output = command("new", "a claim")[1]
        assert "../.gitattributes: added `research/kept/journal.jsonl merge=union`" in output
        assert "git add bets/bet_01_a_claim.py ../.gitattributes && " in output

    @pytest.mark.parametrize("results", ["/", "../elsewhere", "with space"])
    def test_a_journal_that_no_plain_rule_names_is_left_alone(self, results: str, tmp_path: Path) -> None:
        """Outside of the checkout there is nothing to merge."""
        folder = str(tmp_path / "away") if results == "/" else results
        status, output = command("new", "a claim", "--results", folder)
        assert (status, ".gitattributes" in output) == (0, False)
        assert not Path(".gitattributes").exists()

    def test_two_branches_that_ran_bets_are_merged_as_the_readme_says(self, run: Run) -> None:
        """The journal merges by itself; the summaries conflict, and `pytest-bets rollup` writes them again."""
        command("new", "a claim")
        say(Path("bets/bet_01_a_claim.py"), "Hypothesis", "Scope")
        git("add", "-A")
        git("commit", "-qm", "Declare bet 1")
        git("branch", "other")
        run()
        git("add", "-A")
        git("commit", "-qm", "Run it")
        git("switch", "-q", "other")
        command("new", "another claim")
        say(Path("bets/bet_02_another_claim.py"), "Hypothesis", "Scope")
        run("bets/bet_02_another_claim.py")
        git("add", "-A")
        git("commit", "-qm", "Run another")
        with pytest.raises(Exception, match="returned non-zero exit status 1"):
            git("merge", "main")
        unmerged = git("diff", "--name-only", "--diff-filter=U").splitlines()
        assert unmerged == ["results/SUMMARY.json", "results/SUMMARY.md"]
        output = command("show", "1")[1]
        assert (
            "results/SUMMARY.md: a merge conflict was left here; `pytest-bets rollup` writes the file again" in output
        )
        assert command("rollup")[0] == 0
        git("add", "results")
        git("commit", "-qm", "Merge main")
        assert "2 bets: 2 PASS" in run("--bets-replay")
        assert len(Path("results/journal.jsonl").read_text().splitlines()) == 2
