"""The reference is complete: markers, sections, reducers, options, commands and fields; and its examples hold."""

import json
import re
import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pytest_bets.bet.docstring import OPTIONAL, REQUIRED
from pytest_bets.bet.parse import read as parse
from pytest_bets.cli.command import FINDINGS, INTERRUPTED, OK, UNDETERMINED, USAGE
from pytest_bets.cli.main import main
from pytest_bets.hooks.options import MARKER_HELP
from pytest_bets.sentence.evaluate import value_of
from pytest_bets.sentence.parse import REDUCERS, parse_value
from tests.helpers import reference
from tests.helpers.fixtures import Run, WriteBet

pytestmark = pytest.mark.skipif(not reference.FOLDER.is_dir(), reason="the documentation is not here")
PROGRAMS = {"pytest": [*pytest.ExitCode], "pytest-bets": [OK, FINDINGS, USAGE, UNDETERMINED, INTERRUPTED]}
PAGES = sorted(reference.FOLDER.glob("*.md"))
LINK = re.compile(r"\[[^\]]*\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def read(name: str) -> str:
    """Return a page of the reference."""
    return (reference.FOLDER / name).read_text(encoding="utf-8")


def section(page: str, heading: str) -> str:
    """Return what stands below a heading of a page."""
    return read(page).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_generated_parts_are_those_of_the_parsers_and_the_schemas(page: Path) -> None:
    """If not, write them again: python -m tests.helpers.reference."""
    text = page.read_text(encoding="utf-8")
    assert reference.generated(text) == text


def test_every_part_that_can_be_generated_is_in_a_page() -> None:
    """Options, settings, commands, and the fields of all that is written."""
    found = [name for page in PAGES for name in re.findall(r"<!-- generated (\w+):", page.read_text(encoding="utf-8"))]
    assert sorted(found) == sorted(reference.PARTS)


def test_every_command_lists_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    """The page and `--help` name the same ones; those of all commands stand on top."""
    top = re.findall(r"^\| `(--[a-z-]+)", read("commands.md").partition("\n## ")[0], re.MULTILINE)
    for name, _, _ in reference.commands():
        with pytest.raises(SystemExit):
            main([name, "--help"])
        helped = re.findall(r"^ +(?:-h, )?(--[a-z-]+)", capsys.readouterr().out, re.MULTILINE)
        own = re.findall(r"^\| `(--[a-z-]+)", section("commands.md", name), re.MULTILINE)
        assert sorted(helped) == sorted([*top, *own])


@pytest.mark.parametrize("premise", ["", '"mean(gain) > -1e9"'])
def test_anyone_can_compute_the_seeds_of_a_record_and_of_a_replication(bet: WriteBet, run: Run, premise: str) -> None:
    """By the code on the page, which imports nothing of the plugin."""
    code = re.search(r"```python\n(import hashlib\n.*?)```", read("bet-files.md"), re.DOTALL)
    assert code
    page: dict[str, Any] = {}
    exec(code[1], page)
    more = {"premise": premise} if premise else {}
    path = bet(
        body='return {"gain": 1.0}',
        sections={"Premise": "above -1e9."} if premise else {},
        markers={"replicate": "3", "parametrize": '"text", ["ünter", "ober"]', **more},
        arguments="seed, text",
    )
    run("-q")
    declaration = parse(path.read_text(encoding="utf-8"), "bet_1_first.py")
    assert declaration
    record = json.loads(Path("results/1_first.json").read_text(encoding="utf-8"))
    assert page["seeds"](record) == declaration.seeds(3)
    assert {cell["params"]["seed"] for cell in record["cells"]} == {*page["seeds"](record)}
    assert page["seeds_of_replication"](record, 2) == declaration.replication_seeds(2, 3)


def test_every_marker_has_a_row() -> None:
    """Those that pytest registers, and no other."""
    rows = re.findall(r"^\| `(\w+)\(", section("bet-files.md", "Markers"), re.MULTILINE)
    assert set(rows) == {text.partition("(")[0] for text in MARKER_HELP}


def test_every_section_of_a_docstring_has_a_row() -> None:
    """With whether it is required."""
    rows = re.findall(
        r"^\| (`.*?`) \| (required|optional)(.*?) \|",
        section("bet-files.md", "Sections of the docstring"),
        re.MULTILINE,
    )
    needed = {
        name
        for names, need, only in rows
        for name in re.findall(r"`(\w+):`", names)
        if (need, only) == ("required", "")
    }
    named = {name for names, _, _ in rows for name in re.findall(r"`(\w+):`", names)}
    assert (needed, named) == (set(REQUIRED), {*REQUIRED, *OPTIONAL})


def test_every_reducer_has_a_row() -> None:
    """Those of the parser, and no other."""
    rows = re.findall(r"^\| (`.*?`) \|", section("sentences.md", "Reducers"), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)\(", row)} == set(REDUCERS)


def test_examples_of_values_give_what_the_page_says() -> None:
    """Each value of the page over the cells of the page."""
    page = section("sentences.md", "Examples")
    cells = re.findall(r"^\| (\w+) \| (\d+) \| ([\d.]+) \| ([\d.]+) \|$", page, re.MULTILINE)
    rows = [{"user": user, "seed": int(seed), "new": float(new), "old": float(old)} for user, seed, new, old in cells]
    examples = re.findall(r"^\| `(.+)` \| (\S+) \|$", page, re.MULTILINE)
    given = {text: value_of(parse_value(text), rows) for text, _ in examples}
    assert {text: f"{value:.4g}".replace("nan", "undefined") for text, value in given.items()} == dict(examples)
    assert (len(rows), {name for text in given for name in re.findall(r"(\w+)\(", text)}) == (6, {*REDUCERS})


def test_every_exit_status_has_a_row() -> None:
    """Of the commands, and of pytest, whose older versions have fewer."""
    for heading, codes in PROGRAMS.items():
        rows = re.findall(r"^\| (\d+) \|", section("exit-statuses.md", heading), re.MULTILINE)
        assert {str(int(code)) for code in codes} <= set(rows)


def test_pages_name_the_version_of_this_package() -> None:
    """Where a reader copies it: the action, and the hook of pre-commit."""
    root = reference.FOLDER.parents[1]
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    text = (root / "docs/ci.md").read_text(encoding="utf-8")
    assert set(re.findall(r"(?:rev: |pytest-bets@)v(\S+)", text)) == {version}


def test_links_between_pages_lead_somewhere() -> None:
    """On GitHub, too: files that are there, and headings that they have."""
    root = reference.FOLDER.parents[1]
    broken = []
    for page in sorted((root / "docs").rglob("*.md")):
        for path, anchor in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
            target = (page.parent / path).resolve() if path else page
            if not target.exists():
                if not (root / "bets").is_dir() and not target.is_relative_to(root / "docs"):
                    continue  # the source distribution has no catalogue
                broken.append(f"{page.relative_to(root)}: {path}")
            elif anchor and anchor not in anchors(target):
                broken.append(f"{page.relative_to(root)}: {path}#{anchor}")
    assert broken == []


@pytest.mark.parametrize(
    ("page", "link", "site"),
    [
        ("findings", "../results/SUMMARY.md", "{}/results/SUMMARY.md"),
        ("howto/unit", "../../README.md#install", "{}/README.md#install"),
        ("howto/unit", "../error-rates.md#intervals", "../error-rates.md#intervals"),
        ("scale", "#each-engine", "#each-engine"),
        ("ci", "https://example.org/../a", "https://example.org/../a"),
    ],
)
def test_links_out_of_the_documentation_lead_to_the_repository_on_the_site(page: str, link: str, site: str) -> None:
    """GitHub has those files, and the site does not."""
    conf = runpy.run_path(str(reference.FOLDER.parents[0] / "conf.py"))
    source = [f"See [this]({link})."]
    conf["link_to_repository"](None, page, source)
    assert source == [f"See [this]({site.format(conf['REPOSITORY'] + '/blob/main')})."]


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
