"""What a side names: folders, records, lines of the journal, commits; and the command that compares them."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from pytest_bets.cli.schemas import schemas
from tests.helpers.commands import run
from tests.helpers.fixtures import WriteBet
from tests.helpers.repositories import commit, git, isolate


@pytest.fixture
def history(bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with two commits of results: a PASS that was 4, and a LENIENT that is 2."""
    isolate(monkeypatch)
    monkeypatch.setenv("COLUMNS", "80")
    git("init", "-q", "-b", "main")
    bet(body='return {"gain": part}')
    commit()
    pytester.runpytest_inprocess()
    commit()
    git("tag", "first")
    bet(body='return {"gain": part - 2}')
    commit()
    pytester.runpytest_inprocess()
    commit()
    return pytester.path


CHANGED = """\
1_first: PASS -> LENIENT
  strict        count(gain > 0) >= 3
                4 -> 2 (margin 1 -> -1), met -> not met
  lenient       count(gain > 0) >= 2
                4 -> 2 (margin 2 -> 0), met
  catastrophic  count(gain > 0) < 1
                4 -> 2 (margin 3 -> 1), clear
  code          bet_1_first.py: experiment
  cells         gain: -2 on average over 4 cells; 95 % interval -2 to -2 over 4
                cells

1 bet on both sides: 1 with another verdict, 0 the same.
"""


@pytest.mark.usefixtures("history")
def test_two_commits_are_compared() -> None:
    """A tag, and a branch; what differs is shown, and nothing else."""
    status, output = run("compare", "first", "main")
    assert status == 0
    assert output.startswith("Before: first, commit ")
    assert output.endswith(f"\n\n{CHANGED}")
    assert all(len(line) <= 80 for line in output.splitlines())


def test_a_renamed_bet_and_its_former_name_keep_their_ids(history: Path) -> None:
    """Both have the number 1."""
    (history / "bet_1_first.py").rename(history / "bet_1_later.py")
    record = history / "results" / "1_first.json"
    later = record.read_text(encoding="utf-8").replace("1_first", "1_later").replace('"first"', '"later"')
    record.with_name("1_later.json").write_text(later, encoding="utf-8")
    assert run("compare", "main", "results")[1].endswith("The same: 1_first.\nOnly after: 1_later.\n")


def test_folders_records_and_runs_are_compared(history: Path) -> None:
    """Each beside a commit, with the same differences; a run has no cells and only digests."""
    (history / "old").mkdir()
    (history / "old/1_first.json").write_text(git("show", "first:results/1_first.json") + "\n", encoding="utf-8")
    for before, after in (("old", "results"), ("old/1_first.json", "HEAD"), ("first", "results/1_first.json")):
        assert run("compare", before, after)[1].endswith(CHANGED)
    status, output = run("compare", "journal:1", "journal:2")
    assert status == 0
    assert "1_first: PASS -> LENIENT" in output
    assert "code          its digest" in output
    assert "gain:" not in output
    assert "The same: 1." in run("compare", "journal:2", "results")[1]


@pytest.mark.usefixtures("history")
def test_json_is_as_its_schema_says_and_markdown_is_a_list() -> None:
    """For scripts, and for a comment on a pull request."""
    document = json.loads(run("compare", "first", "HEAD", "--format", "json")[1])
    Draft202012Validator(schemas()["compare"]).validate(document)
    assert document["bets"][0]["sentences"][0]["after"] == {"value": 2.0, "margin": -1.0, "met": False}
    page = run("compare", "first", "HEAD", "--format", "markdown")[1]
    assert "**1_first: PASS -> LENIENT**\n\n- strict: `count(gain > 0) >= 3`\n" in page


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "results"], "there is no file, folder or commit nowhere; expected a folder of results, a record"),
        (["--", "--help", "results"], "there is no file, folder or commit --help"),
        (
            ["journal:9", "results"],
            "journal:9: expected journal:N with the number of a line that is of a run, from 1 to 2 of ",
        ),
        (["journal:x", "results"], "journal:x: expected journal:N with the number of a line"),
        (["HEAD~3", "results"], "commit HEAD~3 has no record in results"),
        (["results", ".git"], "folder .git has no record; expected a folder of results"),
        (["journal:1", "results", "1_second"], "neither side has bet 1_second"),
        (["HEAD", "results", "7"], "neither side has bet 7"),
        (
            ["HEAD", "results", "--unit", "user"],
            "--unit user: no compared bet has this sweep parameter; ",
        ),
    ],
)
def test_what_names_nothing_is_an_error_that_says_what_is_expected(arguments: list[str], message: str) -> None:
    """The exit status is that of wrong usage."""
    status, output = run("compare", *arguments)
    assert status == 2
    assert output.startswith(f"pytest-bets compare: {message}")


def test_a_record_that_cannot_be_read_names_its_file(history: Path) -> None:
    """In a folder and in a commit."""
    (history / "results/1_first.json").write_text("{}", encoding="utf-8")
    commit()
    for name, where in (("results", "1_first.json: "), ("HEAD", "HEAD:results/1_first.json: ")):
        status, output = run("compare", "first", name)
        assert status == 2
        assert where in output
