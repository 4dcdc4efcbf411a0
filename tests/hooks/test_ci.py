"""GitHub Actions gets annotations and a step summary, any other system a page in Markdown."""

import re
from pathlib import Path

import pytest

from tests.helpers.fixtures import WriteBet
from tests.helpers.repositories import commit, git, isolate

COMMAND = re.compile(r"^::(error|warning) file=([^,:]+),line=(\d+),title=([^:]*)::(.*)$", re.MULTILINE)
"""As GitHub documents it: properties have no colon and no comma but as %3A and %2C."""


@pytest.fixture(autouse=True)
def github(monkeypatch: pytest.MonkeyPatch, pytester: pytest.Pytester, tmp_path: Path) -> Path:
    """Simulate a job of GitHub Actions; return the file of its step summary."""
    for name in ("GITHUB_BASE_REF", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(pytester.path))
    step = tmp_path / "step.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step))
    return step


@pytest.mark.parametrize("arguments", [(), ("-n2",), ("--no-summary", "-q")])
def test_a_red_bet_is_annotated_at_its_sentence(
    bet: WriteBet, pytester: pytest.Pytester, github: Path, arguments: tuple[str, ...]
) -> None:
    """Once, with the value; a bet that turns nothing red is not annotated."""
    path = bet("bets/bet_1_a,b.py".replace(",", "_"), 'return {"gain": -part}', title="50 %: a, b.")
    bet("bets/bet_2_unmet.py", 'return {"gain": part - 2}')
    result = pytester.runpytest_subprocess(*arguments)
    assert result.ret == 1
    line = path.read_text().splitlines().index('@pytest.mark.catastrophic("count(gain > 0) < 1")') + 1
    text = "catastrophic tripped: count(gain > 0) < 1 (measured 0, threshold 1, margin -1)"
    assert COMMAND.findall(result.stdout.str()) == [
        ("error", "bets/bet_1_a_b.py", str(line), "1_a_b%3A FAIL%2C catastrophic", text)
    ]
    assert github.read_text().startswith("## Bets: failed\n\n2 bets, 0 with another verdict than the records before")


def test_a_bet_without_a_verdict_is_annotated_at_its_experiment(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Line breaks and per cent signs are escaped."""
    bet(body='raise ValueError("100 %\\nlost")')
    found = COMMAND.findall(pytester.runpytest_inprocess().stdout.str())
    assert [item[0] for item in found] == ["error"]
    assert found[0][4].startswith("no verdict: 4 of 4 cells crashed: experiment[1]: ValueError: 100 %25")


def test_a_crash_is_annotated_where_other_cells_did_not_run(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """It turns the session red, as with -x."""
    bet(body='raise ValueError("lost")')
    found = COMMAND.findall(pytester.runpytest_inprocess("-x").stdout.str())
    assert [item[4].partition(": experiment[")[0] for item in found] == ["no verdict: 1 of 4 cells crashed"]


@pytest.mark.parametrize("processes", [(), ("-n2",)], ids=["plain", "workers"])
def test_a_bet_that_may_not_run_is_annotated(
    bet: WriteBet, pytester: pytest.Pytester, processes: tuple[str, ...]
) -> None:
    """It turns the session red, as one that no commit holds where registration is required; once, with the reason."""
    pytester.makeini("[pytest]\nbets_registration = require")
    git("init", "-q")
    path = bet()
    line = path.read_text().splitlines().index("def experiment(part):") + 1
    result = pytester.runpytest_subprocess(*processes)
    assert result.ret == 1
    text = "bet_1_first.py: no commit holds this declaration, so its cells were not run"
    [found] = COMMAND.findall(result.stdout.str())
    assert found[:4] == ("error", "bet_1_first.py", str(line), "1_first")
    assert found[4].startswith(text)
    assert "%0A" not in found[4]


def test_results_that_cannot_be_written_are_annotated(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Without what was measured, which the log has."""
    bet(body='from pathlib import Path; Path("results").write_text("no folder"); return {"gain": part}')
    found = COMMAND.findall(pytester.runpytest_inprocess().stdout.str())
    assert [item[4].partition(":")[0] for item in found] == ["The results could not be written"]


def test_a_premise_that_is_not_met_is_not_annotated(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """It has no verdict, and fails nothing."""
    premise = {"markers": {"premise": '"mean(base) > 5"'}, "sections": {"Premise": "base exceeds 5."}}
    bet(body='return {"gain": part, "base": 1.0}', **premise)
    result = pytester.runpytest_inprocess()
    assert result.ret == 0
    assert "::error" not in result.stdout.str()


def test_outside_of_github_nothing_is_annotated(
    bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, github: Path
) -> None:
    """Nor is a page written that is not asked for."""
    monkeypatch.delenv("GITHUB_ACTIONS")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    bet(body='return {"gain": -part}')
    assert "::error" not in pytester.runpytest_inprocess().stdout.str()
    assert not github.exists()


def test_the_summary_shows_what_changed_against_the_base_branch(
    bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, github: Path
) -> None:
    """Against the records before the run if the base was not fetched; pages are appended."""
    isolate(monkeypatch)
    git("init", "-q", "-b", "main")
    bet()
    commit()
    pytester.runpytest_inprocess()
    commit()
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    bet(body='return {"gain": part - 2}')
    pytester.runpytest_inprocess()
    commit()
    github.unlink()
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    pytester.runpytest_inprocess()
    page = github.read_text()
    assert (
        "## Bets: passed\n\n1 bet, 1 with another verdict than main, 0 new there.\n\n- **1_first: PASS -> LENIENT**"
        in page
    )
    assert "| 1_first | LENIENT | PASS | A first claim. | strict not met: `count(gain > 0) >= 3` (measured 2) |" in page
    monkeypatch.setenv("GITHUB_BASE_REF", "not-fetched")
    pytester.runpytest_inprocess()
    assert github.read_text().startswith(page)
    assert "1 bet, 0 with another verdict than the records before this run" in github.read_text()


def test_any_system_can_ask_for_the_page(
    bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each session writes it again; what cannot be written is said, and changes no exit status."""
    monkeypatch.delenv("GITHUB_ACTIONS")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    bet(title="A <b>claim</b> | with `marks`.")
    for _ in range(2):
        pytester.runpytest_inprocess("--bets-summary-md", "page.md")
    page = (pytester.path / "page.md").read_text()
    assert page.count("## Bets") == 1
    assert "A \\<b>claim\\</b> \\| with \\`marks\\`." in page
    result = pytester.runpytest_inprocess("--bets-summary-md", "no/folder/page.md")
    assert result.ret == 0
    result.stdout.fnmatch_lines("The summary in Markdown could not be written: *no/folder/page.md'")
    assert not (pytester.path / "other.md").exists()
    pytester.runpytest_inprocess("--bets-summary-md", "other.md", "--bets-set", "X=1", "--collect-only")
    assert not (pytester.path / "other.md").exists()
