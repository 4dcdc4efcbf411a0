"""`pytest-bets claims` in processes of its own, over records that sessions wrote."""

import json
import os
import re
import shlex
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pytest_bets.claims.files import READERS
from pytest_bets.cli.main import main
from tests.helpers.commands import run
from tests.helpers.fixtures import WriteBet

WRONG = "# Results\n\nBet 1: FAIL, with <!-- bet 1: mean(gain) -->2.4<!-- /bet --> on the mean.\n"
RIGHT = "# Results\n\nBet 1: PASS, with <!-- bet 1: mean(gain) -->2.5<!-- /bet --> on the mean.\n"
FINDINGS = """\
README.md:3: "Bet 1: FAIL": the record says PASS
README.md:3: 2.4 as mean(gain) of bet 1: the record has 2.5
"""


@pytest.fixture
def readme(bet: WriteBet, pytester: pytest.Pytester) -> Path:
    """Run a bet that passes, and return a README that is wrong about it."""
    bet()
    pytester.runpytest_inprocess()
    path = pytester.path / "README.md"
    path.write_text(WRONG)
    return path


def claims_json(*arguments: str) -> dict[str, object]:
    """Return the findings as JSON, held against their schema."""
    schema = json.loads(files("pytest_bets").joinpath("schema", "claims.json").read_text(encoding="utf-8"))
    found: dict[str, object] = json.loads(run("claims", "--format", "json", *arguments)[1])
    Draft202012Validator.check_schema(schema)
    assert [error.message for error in Draft202012Validator(schema).iter_errors(found)] == []
    return found


@pytest.mark.usefixtures("readme")
def test_findings_are_printed_a_line_each_with_counts() -> None:
    """Each has file, line, what the page says and what the record says; the exit status is 1."""
    assert run("claims", "README.md") == (1, f"{FINDINGS}1 file with 1 mention and 1 value of bets: 2 findings.\n")


def test_fix_rewrites_the_file_and_is_clean_then(readme: Path) -> None:
    """The exit status depends on what remains; a page without errors is not written."""
    status, shown = run("claims", "--fix")
    assert (status, readme.read_text()) == (0, RIGHT)
    assert shown.count(" (fixed)\n") == 2
    assert shown.endswith("2 findings, 2 fixed.\n")
    os.utime(readme, (0, 0))
    assert run("claims", "--fix") == (0, "1 file with 1 mention and 1 value of bets: 0 findings, 0 fixed.\n")
    assert readme.stat().st_mtime == 0


def test_fix_leaves_prose_and_line_ends_alone(readme: Path, bet: WriteBet, pytester: pytest.Pytester) -> None:
    """A retracted claim needs other prose: it stays a finding, beside a verdict that was corrected."""
    bet("bet_2_doubt.py", 'return {"gain": -part}', markers={"challenges": "1"})
    pytester.runpytest_inprocess()
    readme.write_bytes(b"\xef\xbb\xbf\r\nBet 1: FAIL\r\n\r\n`Bet 1: FAIL`\r\n")
    status, shown = run("claims", "--fix")
    assert (status, readme.read_bytes()) == (1, b"\xef\xbb\xbf\r\nBet 1: PASS\r\n\r\n`Bet 1: FAIL`\r\n")
    assert 'README.md:2: "Bet 1": retracted by 2, and this paragraph does not say so\n' in shown


def test_a_catastrophe_whose_control_is_not_met_is_in_the_noise(
    readme: Path, bet: WriteBet, pytester: pytest.Pytester
) -> None:
    """It is no falsification, as the summary has it, and a page may say both of it."""
    bet(
        "bet_2_noise.py",
        'return {"gain": -part}',
        markers={"control": '"max(gain) > 0"'},
        sections={"Control": "above 0."},
    )
    pytester.runpytest_inprocess()
    readme.write_text("Bet 2: FAIL, catastrophic. Bet 2 is in the noise.\n\nBet 2 was not falsified.\n")
    assert run("claims", "README.md")[0] == 0
    readme.write_text("Bet 2 was falsified.\n")
    shown = 'README.md:1: "Bet 2 was falsified": the record says FAIL, catastrophic, in the noise\n'
    assert run("claims", "README.md")[1].startswith(shown)


def test_a_bet_that_retracted_nothing_is_not_said_to(readme: Path, bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Of two challenges, one came to FAIL."""
    bet("bet_2_doubt.py", 'return {"gain": -part}', markers={"challenges": "1"})
    bet("bet_3_help.py", markers={"challenges": "1"})
    pytester.runpytest_inprocess()
    readme.write_text("Bet 1 was retracted by bet 2.\n\nBet 1 was retracted by bet 3.\n")
    shown = 'README.md:3: "Bet 1" retracted by 3: it is retracted by 2; survived the challenge by 3\n'
    assert run("claims", "README.md")[1].startswith(shown)


@pytest.mark.parametrize("name", ["bet_1_again.py", "bet_1_later.py"])
def test_a_number_names_the_declared_bet(readme: Path, bet: WriteBet, pytester: pytest.Pytester, name: str) -> None:
    """A bet that had the number before keeps its record; its id names it, wherever that is in the order of ids."""
    (pytester.path / "bet_1_first.py").unlink()
    bet(name, 'return {"gain": -part}')
    pytester.runpytest_inprocess()
    readme.write_text("Bet 1: FAIL\n\n`1_first`: PASS\n")
    assert run("claims") == (0, "1 file with 2 mentions and 0 values of bets: 0 findings.\n")
    readme.write_text("Bet 1: PASS\n")
    assert run("claims")[0] == 1


def test_json_holds_what_the_schema_says(readme: Path) -> None:
    """Every finding with what is due, and whether it was fixed; a clean page has none."""
    first = claims_json("--fix", "README.md")
    assert first["counts"] == {"files": 1, "mentions": 1, "values": 1, "findings": 2, "fixed": 2, "unread": 0}
    assert first["findings"] == [
        {
            "file": "README.md",
            "line": 3,
            "kind": kind,
            "bet": "1_first",
            "stands": stands,
            "record": record,
            "due": due,
            "fixed": True,
        }
        for kind, stands, record, due in (
            ("verdict", '"Bet 1: FAIL"', "the record says PASS", "PASS"),
            ("value", "2.4 as mean(gain) of bet 1", "the record has 2.5", "2.5"),
        )
    ]
    assert claims_json("README.md")["findings"] == []
    readme.write_text("Bet 9")
    assert '"due": null' in json.dumps(claims_json("README.md"))


def test_folders_are_searched_except_those_of_tools(readme: Path) -> None:
    """README.md and docs/ of the project are the default in every folder of it."""
    inside = ("docs/deep/a.md", "docs/b.MD")
    outside = ("docs/.hidden/c.md", "docs/node_modules/d.md", "docs/env/e.md", "docs/f.txt", "other/g.md")
    for name in (*inside, *outside):
        path = readme.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("Bet 1: FAIL\n")
    (readme.parent / "docs/env/pyvenv.cfg").touch()
    (readme.parent / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    for arguments in ((), ("README.md", "docs", "docs/b.MD")):
        lines = run("claims", *arguments)[1].splitlines()
        assert [line.partition(":")[0] for line in lines[:-1]] == ["README.md", "README.md", "docs/b.MD", inside[0]]
    done = subprocess.run(
        [sys.executable, "-m", "pytest_bets", "claims"],
        cwd=readme.parent / "docs/deep",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert {line.partition(":")[0] for line in done.stdout.splitlines()[:-1]} == {"../../README.md", "../b.MD", "a.md"}


def test_without_anything_to_check_it_is_a_usage_error(pytester: pytest.Pytester) -> None:
    """A page that was not read is not called clean."""
    root = pytester.path
    neither = f"pytest-bets claims: there is neither README.md nor docs/ in {root}; name the files to check\n"
    assert run("claims") == (2, neither)
    (root / "docs").mkdir()
    assert run("claims") == (
        2,
        f"pytest-bets claims: there is no write-up (*.md, *.rst, *.html, *.ipynb) in {root / 'docs'}\n",
    )
    assert run("claims", "gone.md") == (2, "pytest-bets claims: there is no file or folder gone.md\n")
    status, shown = run("claims", "--format", "yaml")
    assert status == 2
    assert "invalid choice: 'yaml'" in shown


def test_what_cannot_be_determined_is_neither_clean_nor_a_finding(pytester: pytest.Pytester, bet: WriteBet) -> None:
    """No results, a broken record, a page that is not text, a bet file that cannot be read."""
    readme, results = pytester.path / "README.md", pytester.path / "results"
    readme.write_text("Bet 1 wins\n")
    missing = f"pytest-bets claims: there is no folder {results}: no bet was run, or --results names another\n"
    assert run("claims") == (3, missing)
    bet(markers={"strict": None})
    results.mkdir()
    status, shown = run("claims")
    assert status == 3
    assert shown.startswith(
        'README.md:1: "Bet 1": the bet\'s file cannot be read: bet_1_first.py:17: the tier `strict` is missing\n'
    )
    (results / "1_first.json").write_text("{}")
    status, shown = run("claims")
    assert (status, "1_first.json: this is no record" in shown) == (3, True)
    (results / "1_first.json").unlink()
    readme.write_bytes(b"Bet \xff")
    read = "0 files with 0 mentions and 0 values of bets: 0 findings."
    unread = "1 file not read: README.md (this is not UTF-8: invalid start byte at byte 4)."
    assert run("claims") == (3, f"{read} {unread}\n")


def test_other_formats_are_read_and_files_without_a_reader_are_counted(readme: Path) -> None:
    """A folder's LaTeX is named in the summary line; a file that was asked for and not read leaves the answer open."""
    readme.write_text(RIGHT)
    docs = readme.parent / "docs"
    docs.mkdir()
    (docs / "a.html").write_text("<p>Bet 1: <b>FAIL</b>\n")
    (docs / "b.ipynb").write_text('{"cells": [{"cell_type": "markdown", "source": ["Bet 1: FAIL"]}]}')
    for name in ("c.tex", "d.tex", "e.adoc"):
        (docs / name).write_text("Bet 1: FAIL")
    status, shown = run("claims", "--fix")
    assert (status, shown.count("(fixed)")) == (0, 2)
    assert (docs / "a.html").read_text() == "<p>Bet 1: <b>PASS</b>\n"
    assert (docs / "b.ipynb").read_text() == '{"cells": [{"cell_type": "markdown", "source": ["Bet 1: PASS"]}]}'
    unread = "3 files not read: docs/c.tex, docs/d.tex (LaTeX is not read); docs/e.adoc (AsciiDoc is not read).\n"
    assert shown.endswith(f"2 findings, 2 fixed. {unread}")
    status, shown = run("claims", "docs/c.tex")
    assert (status, shown.endswith("0 findings. 1 file not read: docs/c.tex (LaTeX is not read).\n")) == (3, True)
    page = claims_json("docs")
    assert page["unread"] == [
        {"file": f"docs/{name}", "reason": f"{what} is not read"}
        for name, what in (("c.tex", "LaTeX"), ("d.tex", "LaTeX"), ("e.adoc", "AsciiDoc"))
    ]


def test_without_docutils_rst_is_not_read(
    readme: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The summary line says which extra to install."""
    readme.with_name("notes.rst").write_text("Bet 1: FAIL")
    monkeypatch.setattr("pytest_bets.claims.files.find_spec", lambda _: None)
    status = main(["claims", "notes.rst"])
    shown = capsys.readouterr().out
    assert status == 3
    assert "1 file not read: notes.rst (docutils is not installed: pip install 'pytest-bets[claims]')." in shown


def test_findings_print_no_control_characters(readme: Path) -> None:
    """Escape sequences and marks of direction are shown as text, in findings and in names of files."""
    page = readme.with_name("a\x1b[31m\u202e.md")
    page.write_text(
        "Bet 1 \x1b[2J\u202e(FAIL)\u202c, bet 9\x07\n\n"
        "<!-- bet 1: mean(\x1b) -->2.5<!-- /bet -->\n\n<!-- bet \u202e1: x -->"
    )
    status, shown = run("claims", page.name)
    assert (status, len(shown.splitlines())) == (1, 6)
    assert all(character == "\n" or character.isprintable() for character in shown)
    assert "\\x1b" in shown
    assert all(
        character == "\n" or " " <= character <= "~" for character in run("claims", page.name, "--format", "json")[1]
    )


def test_help_teaches_the_forms_and_the_statuses() -> None:
    """Each kind of claim with an example, and what every exit status means."""
    status, shown = run("claims", "--help")
    assert status == 0
    for word in (
        "Bet 46: PASS",
        "Bet 37",
        "<!-- bet 46: count(norm < full) -->15<!-- /bet -->",
        "2 usage error, 3 cannot determine",
    ):
        assert word in shown


@pytest.fixture
def hook() -> dict[str, Any]:
    """Return the pre-commit hook that this repository offers."""
    yaml = pytest.importorskip("yaml")
    (only,) = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    return dict(only)


def test_the_pre_commit_hook_runs_the_command(readme: Path, hook: dict[str, Any]) -> None:
    """It checks whole pages, goes red on a finding and green after the fix."""
    assert (hook["id"], hook["language"], hook["pass_filenames"]) == ("bets-claims", "python", False)
    program, *arguments = shlex.split(hook["entry"])
    assert program == "pytest-bets"
    assert run(*arguments)[0] == 1
    assert run(*arguments, "--fix")[0] == 0
    assert run(*arguments, readme.name)[0] == 0


@pytest.mark.parametrize(
    ("file", "runs"),
    [
        ("README.md", True),
        ("docs/page.MD", True),
        *((f"docs/page{ending}", True) for ending in READERS),
        ("results/46_norm_replication.json", True),
        ("kept/SUMMARY.json", True),
        ("bets/bet_46_norm_replication.py", True),
        ("bet_46_norm_replication.py", True),
        ("bets/lab/model.py", False),
        ("bets/alphabet_1.py", False),
        ("notes.md.txt", False),
    ],
)
def test_the_pre_commit_hook_runs_where_a_claim_may_have_become_wrong(
    hook: dict[str, Any], file: str, runs: bool
) -> None:
    """A new verdict or a withdrawal makes an unchanged page wrong."""
    assert set(hook) & {"types", "types_or", "exclude"} == set()
    assert bool(re.search(hook["files"], file)) is runs


def test_no_other_command_reads_markdown(readme: Path) -> None:
    """markdown-it-py is imported where a write-up is read, and nowhere else."""
    script = (
        "import sys; from pytest_bets.cli.main import main; main(['rollup']); print('markdown_it' in sys.modules);"
        "main(['claims']); print('markdown_it' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=readme.parent, capture_output=True, text=True, check=True)
    assert [line for line in done.stdout.splitlines() if line in ("True", "False")] == ["False", "True"]
