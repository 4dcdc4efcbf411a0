"""Text of a stranger is shown as text: no escape acts on a terminal, no mark acts on a page."""

from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from pytest_bets.cli.main import main
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.repositories import commit, git, isolate

ACTING = "\x1b[31m\x1b]0;owned\x07\x9b2J\x7f\u202e\u2066\u200b\u200d\ufeff\u2028\u3164"
MARKED = (
    "|a|`b`<script>alert(1)</script>![i](http://x/y)[l](javascript:alert(1)) @mention https://evil.example "
    "www.evil.example m@evil.example &lt; **b** "
)
TEXT = f"x {ACTING} {MARKED} y"
FOLDER = "odd \x1b[31m\u202edir"


def acting(text: str) -> set[str]:
    """Return the characters that a terminal would act on, or not show."""
    return {char for char in text if char != "\n" and (not char.isprintable() or char == "\u3164")}


def test_acting_characters_are_found() -> None:
    """The search of these tests finds what it is for."""
    assert acting(TEXT) == set(ACTING) - set("[31m]0;owned2J")
    assert acting("a\nb ü 学") == set()


@pytest.fixture
def hostile(bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a catalogue with hostile text wherever a bet has text, committed under a hostile subject."""
    isolate(monkeypatch)
    monkeypatch.setenv("PYTHONUTF8", "1")
    (pytester.path / "pytest.ini").write_text("[pytest]\n")
    git("init", "-q", "-b", "main")
    literal = ascii(TEXT)
    sections = {"Scope": TEXT, "Hypothesis": f"the gain is positive {TEXT}", "Strict": f"at least 3 of 4 cells {TEXT}"}
    bet(
        f"{FOLDER}/bet_1_first.py",
        body=f'return {{"gain": part, "text": {literal}, "word": {literal} + str(part)}}',
        title=TEXT,
        sections=sections,
        above=f"NAME = {literal}",
        markers={"parametrize": '"part", [1, 2, 3, 4]', "withdrawn": literal},
    )
    bet("bet_2_crash.py", body=f"raise ValueError({literal})", title=TEXT, sections={"Scope": TEXT})
    bet("bet_3_noise.py", body='return {"gain": -part}', title=TEXT, sections=sections, markers={"challenges": "2"})
    bet(
        "bet_4_ids.py",
        body='return {"gain": 1}',
        title=TEXT,
        markers={"parametrize": f'"part", [{literal}, 2, 3, 4]'},
    )
    git("add", "-A")
    git("commit", "-q", "-m", TEXT.replace("\n", " "))
    return pytester.path


@pytest.mark.parametrize("arguments", [(), ("-v",), ("--bets-pilot",), ("--bets-replay",)], ids=" ".join)
@pytest.mark.usefixtures("hostile")
def test_a_session_shows_hostile_text_as_text(run: Run, arguments: tuple[str, ...]) -> None:
    """In failures, in the table, in the lines under it and in the reasons of tiers."""
    if "--bets-replay" in arguments:
        run("--bets-gate=none", expect=pytest.ExitCode.TESTS_FAILED)
    shown = run("-rA", *arguments, expect=pytest.ExitCode.TESTS_FAILED).partition("= FAILURES =")[2]
    assert "= bets =" in shown
    shown = shown.replace(FOLDER, "")  # pytest itself names the file of a test
    assert acting(shown) == set()


def test_every_command_shows_hostile_text_as_text(
    hostile: Path, run: Run, bet: WriteBet, capsys: pytest.CaptureFixture[str]
) -> None:
    """On both streams, with errors too; the page of the summary has no mark that was not meant."""
    run("--bets-gate=none", expect=pytest.ExitCode.TESTS_FAILED)
    commit()
    bet("bet_2_crash.py", title=TEXT, sections={"Scope": TEXT, "Lenient": "at least 1", "Run": None})
    bet("bet_5_new.py", title=f"again {TEXT}")
    capsys.readouterr()
    for words in (
        *(["show", str(number)] for number in (1, 2, 3, 4, 5)),
        *(["show", "1", "--cells"], ["show", "4", "--cells"], ["show", TEXT], ["rollup"], ["audit"], ["upgrade"]),
        *(["audit", "--results", FOLDER], ["rollup", "--results", TEXT], ["show", "1", "--rootdir", TEXT]),
        ["new", "--slug", TEXT, "title"],
    ):
        main(words)
        printed = capsys.readouterr()
        assert printed.out + printed.err
        assert acting(printed.out + printed.err) == set(), words
    page = (hostile / "results/SUMMARY.md").read_text()
    assert acting(page) == set()
    html = MarkdownIt("gfm-like", {"linkify": False}).render(page)
    assert "<script" not in html
    assert "<img" not in html
    assert "javascript:" not in {part[:11] for part in html.split('href="')[1:]}
    for linked in ("@mention", "https://", "www.evil", "m@evil"):
        assert linked not in page
    (hostile / "results/1_first.json").write_text(f'{{"schema": "{TEXT}"}}')
    assert main(["show", "1"]) == 2
    assert acting(capsys.readouterr().err) == set()


def test_a_fault_in_a_hostile_file_is_shown_as_text(bet: WriteBet, run: Run) -> None:
    """The line at fault is quoted, and the file is named, in the error of the collection."""
    bet(f"{FOLDER}/bet_1_first.py", markers={"strict": f'"count(gain > 0) {TEXT} >= 3"'.replace("\u2028", "")})
    shown = run(expect=pytest.ExitCode.INTERRUPTED)
    fault = shown.partition("this strict sentence")[2].partition("= short test summary")[0]
    assert fault
    assert acting(fault) == set()
