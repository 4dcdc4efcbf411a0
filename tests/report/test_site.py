"""The whole site: well-formed, safe, whole, and the same for the same input."""

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Final
from urllib.parse import unquote, urlsplit

import pytest

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.project import locate
from pytest_bets.record.build import journal_line
from pytest_bets.report.gather import gather
from pytest_bets.report.site import Site
from pytest_bets.report.source import Source, WriteUps
from tests.helpers import nulls
from tests.helpers.sites import HOSTILE, cells, declaration, record_of, source_of, write_catalogue

pytest.importorskip("jinja2", reason="the site needs the extra `report`")

VOID: Final = {"meta", "link", "img", "input", "br", "hr", "path", "rect", "line", "polyline", "use", "circle"}


class Page(HTMLParser):
    """The elements of a page: it fails where one is not closed, or closed before those within."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"<{tag}> has an attribute twice"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["style"], ["script"]):
            self.texts.append(data)


def source(folder: Path, count: int = 4, hostile: str = "") -> Source:
    write_catalogue(folder, count, hostile)
    project = locate(folder, None, str(folder))
    return gather(project, Catalogue(project.root, project.searched), lambda *_: {"3_made": "a theorem"}, "1.0")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the files of a site in which every text of a stranger is hostile."""
    return dict(Site(source(tmp_path_factory.mktemp("hostile"), 4, HOSTILE)).files())


def pages(files: dict[str, bytes]) -> dict[str, Page]:
    return {name: Page(data.decode()) for name, data in files.items() if name.endswith(".html")}


def test_there_is_a_page_a_bet_and_one_a_subject(hostile: dict[str, bytes]) -> None:
    """With the data of each figure."""
    names = {name for name in hostile if name.endswith(".html")}
    assert names == {
        *("index.html", "audit.html", "errors.html", "write-ups.html"),
        *(f"bets/{number}_made.html" for number in range(1, 5)),
    }
    assert {name for name in hostile if name.startswith("data/1_made/")} == {
        f"data/1_made/{name}.csv"
        for name in ("criterion-1", "criterion-2", "differences", "cells-1", "curves-1", "runs-1", "runs-2")
    }


def test_a_hostile_record_shows_as_text(hostile: dict[str, bytes]) -> None:
    """No element, no handler and no script but our own; what does not show is spelled out."""
    for name, page in pages(hostile).items():
        tags = [tag for tag, _ in page.elements]
        assert tags.count("script") == (name == "index.html")
        assert tags.count("style") == 1
        assert "img" not in tags
        assert not [
            key for _, attributes in page.elements for key in attributes if key.startswith("on") or key == "style"
        ]
        assert not {"\x1b", "\u202e"} & set(hostile[name].decode())
    text = "".join(pages(hostile)["bets/1_made.html"].texts)
    assert "<script>alert('pwned')</script>" in text
    assert "{{ 7*7 }}" in text


def test_the_policy_allows_what_the_page_has_and_nothing_else(hostile: dict[str, bytes]) -> None:
    """By the hash of style and script; nothing is loaded."""
    for name, data in hostile.items():
        if not name.endswith(".html"):
            continue
        text = data.decode()
        (policy,) = (a["content"] for tag, a in Page(text).elements if a.get("http-equiv") == "Content-Security-Policy")
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        for kind in ("style", "script"):
            found = re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
            allowed = [f"'sha256-{b64encode(sha256(body.encode()).digest()).decode()}'" for body in found]
            assert f"{kind}-src {' '.join(allowed) or chr(39) + 'none' + chr(39)};" in policy
        assert text.index("Content-Security-Policy") < text.index("<style>")


def test_every_link_leads_to_a_file_of_the_site(hostile: dict[str, bytes]) -> None:
    """And no address leads to another machine."""
    for name, page in pages(hostile).items():
        ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
        for tag, attributes in page.elements:
            for key in ("href", "src", "action", "data", "poster", "srcset"):
                if key not in attributes:
                    continue
                url = urlsplit(attributes[key])
                assert (url.scheme, url.netloc) == ("", ""), f"<{tag} {key}={attributes[key]}>"
                if url.path:
                    assert normpath(join(dirname(name), unquote(url.path))) in hostile
                elif url.fragment:
                    assert url.fragment in ids
        text = hostile[name].decode()
        assert "http://" not in text
        assert "https://" not in text
        assert "url(" not in text


def test_ids_are_unique_and_labels_name_something(hostile: dict[str, bytes]) -> None:
    """A figure is found by its title and its text."""
    for page in pages(hostile).values():
        ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        assert len(set(ids)) == len(ids)
        for _, attributes in page.elements:
            for key in ("aria-labelledby", "for"):
                assert set(attributes.get(key, "").split()) <= set(ids)


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    """So that a site can be compared with an earlier one; it names no folder of the machine, not even without git."""
    first = source(tmp_path / "a" / "project")
    assert dict(Site(first).files()) == dict(Site(first).files())
    assert "project is not in a git repository" in str(first.audit)
    assert dict(Site(first).files()) == dict(Site(source(tmp_path / "b" / "project")).files())


def test_the_index_says_what_a_reviewer_asks_first(tmp_path: Path) -> None:
    """In numbers that follow from the records."""
    page = " ".join(" ".join(Page(dict(Site(source(tmp_path)).files())["index.html"].decode()).texts).split())
    page = re.sub(r" (at risk|registered)[^0-9]*", r" \1 ", page)
    for words in (
        "bets 4",
        "at risk 3",
        "registered 0 of 4",
        "PASS 1",
        "LENIENT 1",
        "FAIL, 1 catastrophic 2",
        "claims retracted or withdrawn 1",
    ):
        assert words in page
    assert "audit: cannot determine unknown" in page
    assert "1 PASS, 1 LENIENT, 2 FAIL (1 catastrophic)" in page


def test_a_former_name_is_no_further_bet_that_was_reproduced() -> None:
    """The index counts bets without it."""
    records, runs = [], []
    for number in (1, 2):
        records.append(record_of(declaration(number)[0], cells(13)))
        line = journal_line(records[-1], [], record_sha256=None, time="", host="a", seconds=1, previous=None)
        runs += [replace(line, record="0" * 64), line]
    found = source_of(records, runs, [declaration(2)[0]])
    assert found.summary.bets[0].renamed_to == "2_made"
    facts = Page(dict(Site(found).files())["index.html"].decode()).texts
    shown = " ".join(" ".join(facts).split())
    assert "bets 1 " in shown
    assert "reproduced to the bit 1 " in shown


def test_every_number_has_its_source(tmp_path: Path) -> None:
    """The record's line of each sentence, the lines of the cells, and the journal's line of each run."""
    found = source(tmp_path)
    page = dict(Site(found).files())["bets/1_made.html"].decode()
    rows = found.files["1_made"].decode().split("\n")
    for line in re.findall(r"results/1_made.json:(\d+)", page):
        assert rows[int(line) - 1].startswith("  {")
    assert page.count("results/1_made.json:") == 4
    first, last = re.findall(r"lines (\d+) to (\d+), a line a cell", page)[0]
    assert int(last) - int(first) == 14
    assert "results/journal.jsonl:1<" in page
    assert dict(Site(found).files())["records/1_made.json"] == found.files["1_made"]


def test_a_bet_that_was_never_run_has_a_page(tmp_path: Path) -> None:
    """It says so, and shows its declaration."""
    write_catalogue(tmp_path)
    (tmp_path / "results/3_made.json").unlink()
    (tmp_path / "results/journal.jsonl").write_bytes(b"")
    project = locate(tmp_path, None, str(tmp_path))
    site = Site(gather(project, Catalogue(project.root, project.searched), lambda *_: {}, "1.0"))
    text = dict(site.files())["bets/3_made.html"].decode()
    assert "never run" in text
    assert "This bet was never run." in text
    assert "norm wins in at least 12 of 15 cells." in text
    assert "pytest bets/bet_3_made.py" in text


def test_a_bet_whose_record_is_gone_is_not_called_never_run(tmp_path: Path) -> None:
    """The journal has its verdict."""
    write_catalogue(tmp_path)
    (tmp_path / "results/3_made.json").unlink()
    project = locate(tmp_path, None, str(tmp_path))
    site = Site(gather(project, Catalogue(project.root, project.searched), lambda *_: {}, "1.0"))
    text = dict(site.files())["bets/3_made.html"].decode()
    assert "never run" not in text
    assert "There is no record, and the journal has a verdict." in text


def test_a_write_up_that_was_not_read_is_not_said_to_be_missing() -> None:
    """Nor is one that is not there said to be unread."""
    nothing = source_of([])
    unread = replace(nothing, write_ups=WriteUps({}, {"README.md": "this is not UTF-8"}))
    missing = "There is neither README.md nor a write-up in docs/."
    for found, expected in ((nothing, True), (unread, False)):
        text = dict(Site(found).files())["write-ups.html"].decode()
        assert (missing in text, "README.md: this is not UTF-8" in text) == (expected, not expected)


def test_a_null_of_a_bet_without_a_verdict_is_not_denied() -> None:
    """It says nothing yet."""
    errors = dict(Site(source_of([])).files())["errors.html"].decode()
    assert "No error rate is known: no bet with a verdict has a null" in errors


def test_a_bet_whose_file_is_gone_or_cannot_be_read_says_so() -> None:
    """Its record stays."""
    bet, _ = declaration(1)
    found = source_of([record_of(bet, cells(13))])
    assert "The bet's file is gone." in dict(Site(found).files())["bets/1_made.html"].decode()
    row = replace(found.summary.bets[0], file=bet.file)
    broken = replace(found, summary=replace(found.summary, bets=(row,)))
    text = dict(Site(broken).files())["bets/1_made.html"].decode()
    assert "The bet's file cannot be read." in text
    assert "is gone" not in text


def test_known_error_rates_are_those_of_the_records() -> None:
    """What luck alone would give, of the catalogue and of each bet; the index says how many PASSes that are."""
    records = [nulls.record(1, 5, 5), nulls.record(2, 8, 8), nulls.record(3, 2, 6)]
    files = {name: Page(data.decode()) for name, data in Site(source_of(records)).files() if name.endswith(".html")}
    errors = " ".join(" ".join(files["errors.html"].texts).split())
    assert "3 bets compare columns that could be exchanged." in errors
    assert "luck alone meets strict with a chance of 1 in 32 (exact)" in errors
    assert "1 in 256" in errors
    assert "PASSes expected by luck in 3, 2 seen" in " ".join(files["index.html"].texts)
    assert "luck: 1 in 32 (5 seeds)" in " ".join(files["bets/1_x.html"].texts)


def test_what_luck_gives_names_its_source() -> None:
    """The line of the record, on the page of the bet and on that of all error rates."""
    record = nulls.record(1, 5, 5)
    found = source_of([record])
    files, rows = dict(Site(found).files()), found.files[record.id].decode().split("\n")
    for name in ("errors.html", "bets/1_x.html"):
        (line,) = set(re.findall(r"results/1_x.json:(\d+)<", files[name].decode())) & {
            str(rows.index(' "luck": {') + 1)
        }
        assert rows[int(line)].lstrip().startswith('"absences"')
