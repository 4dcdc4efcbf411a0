"""The README, followed to the letter."""

import html
import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.helpers import first_bet
from tests.helpers.repositories import git, isolate

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
PICTURE = PROJECT / "docs" / "pictures" / "first-bet.svg"
needs_repository = pytest.mark.skipif(not (PROJECT / "results").is_dir(), reason="the catalogue is not here")
needs_git = pytest.mark.skipif(
    not (shutil.which("git") and shutil.which("bash")), reason="git or bash is not installed"
)


@pytest.fixture
def user(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the fresh repository of a user who has the package installed."""
    isolate(monkeypatch)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PATH", first_bet.install(pytester.mkdir("programs")))
    repository = pytester.mkdir("repository")
    monkeypatch.chdir(repository)
    git("init", "-q", "-b", "main")
    return repository


def anonymous(text: str) -> str:
    """Return a text without what differs in every repository: the names and dates of commits, and line breaks."""
    return " ".join(re.sub(r"\b[0-9a-f]{10}\b", "COMMIT", re.sub(r"\d{4}-\d\d-\d\d", "DAY", text)).split())


@needs_git
def test_the_steps_to_a_first_bet_print_what_the_readme_shows(user: Path) -> None:
    """Every command does what it says there, up to the moved goalposts, and leaves a clean tree."""
    done = list(first_bet.follow(user, os.environ))
    for step, status, output in done:
        assert status == step.command.startswith("pytest-bets audit"), f"{step.command}\n{output}"
        assert anonymous(step.printed) in anonymous(output), f"{step.command}\n{output}"
    first, last = (git("show", f"{commit}:results/01_ridge.json") for commit in ("HEAD~2", "HEAD"))
    outcomes = [(record["verdict"], record["registration"]["state"]) for record in map(json.loads, (first, last))]
    assert outcomes == [("LENIENT", "registered"), ("PASS", "registered")]
    assert "1 bet rehearsed; nothing was written" in done[1].output
    assert git("status", "--porcelain") == ""


@needs_git
def test_without_the_edit_the_template_is_not_run(user: Path) -> None:
    """The step that everybody forgets leaves neither a record nor a finding."""
    for step in first_bet.steps()[:3]:
        subprocess.run(["bash", "-ec", step.command], capture_output=True, check=True)
    done = subprocess.run(["pytest", "bets/"], capture_output=True, text=True, check=False)
    assert "the section `Hypothesis:` still has the text of the template" in done.stdout
    assert done.returncode == pytest.ExitCode.INTERRUPTED
    assert not (user / "results").exists()


def test_the_picture_of_the_terminal_shows_what_the_readme_shows() -> None:
    """If not, make it again: python docs/terminal.py."""
    shown = html.unescape(re.sub(r"<[^>]*>", "", PICTURE.read_text(encoding="utf-8"))).replace("\xa0", " ")
    squeezed = re.sub(r"\s", "", anonymous(shown))
    for step in first_bet.steps():
        for line in filter(None, step.printed.splitlines()):
            assert re.sub(r"\s", "", anonymous(line)) in squeezed
    assert PICTURE.stat().st_size < 40_000


@needs_repository
def test_the_numbers_of_our_own_bets_are_those_of_the_summary() -> None:
    """How many we lost is for the records to say."""
    counts = json.loads((PROJECT / "results" / "SUMMARY.json").read_text(encoding="utf-8"))["counts"]
    text = " ".join(README.split())
    run = counts["bets"] - counts["never_run"]
    assert f"comes with {counts['bets']} bets on federated small language models; {run} of them were run" in text
    assert f"We lost {counts['FAIL']}, {counts['catastrophic']} catastrophically" in text
    assert f"in {counts['in_the_noise']} of the {counts['FAIL']} the control showed" in text


@needs_repository
def test_the_picture_of_the_index_is_described_by_the_numbers_of_the_summary() -> None:
    """If not, make both pictures again: python docs/pictures.py. `pytest-bets claims` compares the other's verdict."""
    counts = json.loads((PROJECT / "results" / "SUMMARY.json").read_text(encoding="utf-8"))["counts"]
    numbers = "{bets} bets, of which {PASS} PASS, {LENIENT} LENIENT and {FAIL} FAIL".format(**counts)
    assert f"![The index: {numbers}, and a row" in (PROJECT / "docs" / "report.md").read_text(encoding="utf-8")


@needs_repository
def test_the_table_of_the_quick_bets_has_the_values_on_record() -> None:
    """In docs/catalogue.md, which shows how a session of them ends."""
    table = (PROJECT / "docs" / "catalogue.md").read_text(encoding="utf-8").split("```")[1]
    rows = json.loads((PROJECT / "results" / "SUMMARY.json").read_text(encoding="utf-8"))["bets"]
    quick = [row for row in rows if re.search(rf"^{row['number']:02}_", table, re.MULTILINE)]
    assert len(quick) == 12
    recorded = [f"{item['value']:.4g}" for row in quick for item in row["decided"] if item["tier"] == "strict"]
    assert re.findall(r"\(measured ([^)]*)\)", table) == recorded


@needs_repository
def test_every_link_of_the_readme_leads_somewhere() -> None:
    """To a file of the repository: there is no address yet."""
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", README)
    assert len(links) > 10
    assert [link for link in links if not (PROJECT / link).exists()] == []


def test_the_page_for_the_package_index_has_no_link_that_is_dead_there() -> None:
    """Relative links and pictures lead nowhere on an index; the bet is that of the README."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = (PROJECT / project["readme"]).read_text(encoding="utf-8")
    assert [link for link in re.findall(r"\]\(([^)]+)\)", page) if not link.startswith("https://")] == []
    assert first_bet.bet() in page


def test_the_configuration_of_pre_commit_names_a_hook_that_is_there() -> None:
    """At the tag of this version."""
    yaml = pytest.importorskip("yaml")
    page = (PROJECT / "docs" / "ci.md").read_text(encoding="utf-8")
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    (repository,) = next(block["repos"] for block in blocks if "repos" in block)
    offered = yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert repository["rev"] == f"v{version}"
    assert {hook["id"] for hook in repository["hooks"]} == {hook["id"] for hook in offered}
