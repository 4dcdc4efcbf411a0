"""The summary: made from records, journal and declarations alone, and readable whatever stands in them."""

import json
import re
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pytest_bets import load
from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.cli.main import main
from pytest_bets.record.encode import encode
from pytest_bets.record.store import Results
from pytest_bets.render.markdown import code, plain, row
from pytest_bets.render.rollup import rollup
from pytest_bets.render.visible import visible
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.results import strict

FAILED = pytest.ExitCode.TESTS_FAILED
MD, JSON = Path("results/SUMMARY.md"), Path("results/SUMMARY.json")


@pytest.fixture
def catalogue(bet: WriteBet, run: Run) -> None:
    """Run one bet of every fate: passed, retracted, falsified, catastrophic, void, withdrawn, never run."""
    scope = {"Hypothesis": "the first gains.", "Scope": "30M parameters; says nothing of 1B."}
    bet("bets/bet_1_passes.py", sections=scope)
    bet("bets/bet_2_retracted.py")
    bet(
        "bets/bet_3_challenger.py",
        body='return {"gain": 1 if part == 1 else -1}',
        markers={"challenges": "2"},
        title="Bet 3: the gain of bet 2 was luck.",
    )
    bet("bets/bet_4_catastrophe.py", body='return {"gain": -1}', sections={"Hypothesis": "the fourth gains."})
    bet("bets/bet_5_crashes.py", body='raise RuntimeError("out of memory")')
    bet("bets/bet_6_withdrawn.py", markers={"withdrawn": '"the baseline was untuned"'})
    run(expect=FAILED)
    run("bets/bet_1_passes.py")
    bet("bets/bet_7_never.py", title="Bet 7: nobody knows.")
    _rolled()


def _rolled() -> str:
    rollup(Results(Path("results").absolute()), Catalogue(Path.cwd()))
    return MD.read_text(encoding="utf-8")


def _section(page: str, title: str) -> list[str]:
    found = re.search(rf"^## {title}\n\n(.*?)(?:\n\n|\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, page
    return found[1].strip().splitlines()


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


@pytest.mark.usefixtures("catalogue")
def test_the_page_lists_the_outcome_of_every_bet() -> None:
    """Counts, a row a bet, then what a reviewer asks for first."""
    page = MD.read_text(encoding="utf-8")
    counts = "**7 bets: 3 PASS, 0 LENIENT, 2 FAIL (1 catastrophic), 1 void, 1 never run, 1 retracted, 1 withdrawn; "
    assert counts + "0 of 6 registered before their run.**" in page
    rows = [_cells(line) for line in page.splitlines() if line.startswith("| [")]
    assert [cells[1] for cells in rows] == [
        "[PASS](1_passes.json)",
        "[PASS](2_retracted.json)",
        "[FAIL](3_challenger.json)",
        "[FAIL, catastrophic](4_catastrophe.json)",
        "[void](5_crashes.json)",
        "[PASS](6_withdrawn.json)",
        "never run",
    ]
    assert rows[0] == [
        "[1_passes](../bets/bet_1_passes.py)",
        "[PASS](1_passes.json)",
        "A first claim.",
        "`count(gain > 0) >= 3` (measured 4)",
        "unknown",
        "2, reproduced 1 of 1",
        "stands",
    ]
    assert rows[3][3] == "catastrophic tripped: `count(gain > 0) < 1` (measured 0)"
    assert rows[1][6] == "retracted by [3_challenger](../bets/bet_3_challenger.py)"
    assert rows[2][6] == "falsified; retracts [2_retracted](../bets/bet_2_retracted.py)"
    assert rows[4][3] == "4 of 4 cells crashed: experiment\\[1\\]: RuntimeError: out of memory"
    assert rows[5][6] == "withdrawn: the baseline was untuned"
    assert rows[6][3:] == ["", "", "0", "open"]
    assert _section(page, "Falsified") == [
        "- [3_challenger](../bets/bet_3_challenger.py), FAIL: the gain of bet 2 was luck. "
        "Strict not met: `count(gain > 0) >= 3` (measured 1); lenient not met: `>= 2`",
        "- [4_catastrophe](../bets/bet_4_catastrophe.py), FAIL, catastrophic: A first claim. "
        "Catastrophic tripped: `count(gain > 0) < 1` (measured 0)",
    ]
    assert _section(page, "Retracted or withdrawn") == [
        "- [2_retracted](../bets/bet_2_retracted.py), retracted by [3_challenger](../bets/bet_3_challenger.py): "
        "A first claim.",
        "- [6_withdrawn](../bets/bet_6_withdrawn.py), withdrawn: the baseline was untuned: A first claim.",
    ]
    assert _section(page, "Declared and never run") == ["- [7_never](../bets/bet_7_never.py): nobody knows."]
    assert _section(page, "Scope") == ["- [1_passes](../bets/bet_1_passes.py): 30M parameters; says nothing of 1B."]


@pytest.mark.usefixtures("catalogue")
def test_the_json_says_the_same_to_machines() -> None:
    """It is strict JSON with the same rows and lists."""
    summary = strict(JSON.read_bytes())
    assert summary["schema"] == "pytest-bets/summary/1"
    assert [item["id"] for item in summary["bets"]] == [
        *("1_passes", "2_retracted", "3_challenger", "4_catastrophe", "5_crashes", "6_withdrawn", "7_never")
    ]
    assert summary["falsified"] == ["3_challenger", "4_catastrophe"]
    assert summary["in_the_noise"] == []
    assert summary["retracted"] == ["2_retracted", "6_withdrawn"]
    assert summary["never_run"] == ["7_never"]
    assert summary["bets"][0]["runs"] == {"total": 2, "same": 2, "agreed": 2, "reproduced": 1, "replicated": 0}
    assert summary["bets"][1]["standing"]["challenges"] == [{"by": "3_challenger", "end": "retracts"}]


def test_a_renamed_bet_counts_once(bet: WriteBet, run: Run) -> None:
    """The row of its old record says where it went; a deleted bet still counts."""
    bet("bets/bet_1_old.py")
    bet("bets/bet_2_deleted.py", sections={"Hypothesis": "it is another."})
    run()
    Path("bets/bet_1_old.py").rename("bets/bet_3_new.py")
    Path("bets/bet_2_deleted.py").unlink()
    run()
    page = MD.read_text(encoding="utf-8")
    assert "**2 bets: 2 PASS, 0 LENIENT, 0 FAIL; 0 of 2 registered before their run; 1 more under a" in page
    rows = [_cells(line) for line in page.splitlines() if line.startswith("| ") and "PASS" in line]
    assert [cells[0] for cells in rows] == [
        "1_old (renamed to 3_new)",
        "2_deleted (its file is gone)",
        "[3_new](../bets/bet_3_new.py)",
    ]
    summary = strict(JSON.read_bytes())
    schema = json.loads(files("pytest_bets").joinpath("schema", "summary.json").read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(summary)] == []


@pytest.mark.usefixtures("catalogue")
def test_the_summary_can_be_made_again_from_what_it_is_made_of(run: Run) -> None:
    """Deleted and rebuilt it has the same bytes, as it has after a session, plain or distributed."""
    before = MD.read_bytes(), JSON.read_bytes()
    MD.unlink()
    JSON.unlink()
    _rolled()
    assert (MD.read_bytes(), JSON.read_bytes()) == before
    for workers in ((), ("-n", "2")):
        run("bets/bet_2_retracted.py", *workers)
        kept = MD.read_bytes(), JSON.read_bytes()
        _rolled()
        assert (MD.read_bytes(), JSON.read_bytes()) == kept
    assert kept != before


@pytest.mark.usefixtures("catalogue")
def test_a_summary_that_says_the_same_is_not_written_again() -> None:
    """A rollup of nothing new leaves no trace."""
    before = MD.stat().st_mtime_ns, JSON.stat().st_mtime_ns
    _rolled()
    assert (MD.stat().st_mtime_ns, JSON.stat().st_mtime_ns) == before


@pytest.mark.parametrize("folder", ["results", "results/of/2026", "../elsewhere (new)", "."])
def test_every_link_leads_to_a_file(bet: WriteBet, run: Run, folder: str) -> None:
    """Wherever the results lie, and whatever the folders are called."""
    bet("my bets (v2)/bet_1_größe.py")
    bet("bet_2_fails.py", body='return {"gain": part - 2}', markers={"challenges": "1"})
    run(f"--bets-results={folder}")
    page = (Path(folder) / "SUMMARY.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]*)\)", page)
    assert len(links) > 4
    assert all((Path(folder) / unquote(link)).is_file() for link in links), links


def test_no_character_of_a_bet_breaks_the_page(bet: WriteBet, run: Run) -> None:
    """Pipes, backticks, stars and angle brackets are shown as they stand."""
    sentence = "'count(kind == \"a|b`c\") >= 3'"
    bet(
        title="Bet 1: *bold* | `code` <b>tag</b> [link](x) __init__ a_b $5$ &amp; C:\\\\n",
        sections={"Scope": "a | b, <script>, `x`."},
        markers={
            "strict": sentence,
            "lenient": sentence.replace("3", "2"),
            "catastrophic": sentence.replace(">= 3", "< 1"),
        },
        body='return {"kind": "a|b`c"}',
    )
    run()
    page = MD.read_text(encoding="utf-8")
    (line,) = (line for line in page.splitlines() if line.startswith("| ["))
    cells = _cells(line)
    assert len(cells) == 7
    assert cells[2] == (r"\*bold\* \| \`code\` \<b>tag\</b> \[link\](x) \_\_init\_\_ a_b \$5\$ \&amp; C:\\n")
    assert cells[3] == r'``count(kind == "a\|b`c") >= 3`` (measured 4)'
    assert _section(page, "Scope") == [r"- [1_first](../bet_1_first.py): a | b, \<script>, \`x\`."]


@given(st.text().filter(lambda text: not re.search("@|://|www\\.|mailto:", text)))
def test_plain_text_is_shown_to_the_letter(text: str) -> None:
    """What Markdown takes away from an escaped text is what was added; what does not print is spelled."""
    shown = plain(text)
    assert re.sub(r"\\([\\`*<\[\]~$&_])", r"\1", shown) == visible(" ".join(text.split()))
    assert shown.isprintable()
    assert "\n" not in shown
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*<\[\]]", re.sub(r"\\[`*<\[\]]", "", shown))


@given(st.text(alphabet=st.sampled_from("ab`|\\ <*"), min_size=1).filter(str.strip))
def test_code_is_shown_to_the_letter(text: str) -> None:
    """A span opens and closes with as many backticks as nothing within it has."""
    folded = " ".join(text.split())
    span = code(text)
    opened = re.match("`+", span)
    assert opened
    fence = opened[0]
    inner = span[len(fence) : -len(fence)]
    assert span == f"{fence}{inner}{fence}"
    assert fence not in re.findall("`+", inner)
    assert (inner[1:-1] if inner != folded else inner) == folded


@given(st.lists(st.text(alphabet="ab`|<* "), min_size=1, max_size=4))
def test_a_row_has_as_many_cells_as_were_given(texts: list[str]) -> None:
    """A pipe within a cell does not end it."""
    line = row([plain(text) for text in texts])
    assert len(_cells(line)) == len(texts)


@pytest.mark.usefixtures("catalogue")
def test_a_verdict_without_a_control_is_listed(bet: WriteBet, run: Run) -> None:
    """A void, and a bet that never ran, have no verdict that noise could explain."""
    bet("bets/bet_8_control.py", markers={"control": '"count(gain > 5) <= 0"'}, sections={"Control": "0 exceed 5."})
    run("bets/bet_8_control.py")
    page = MD.read_text(encoding="utf-8")
    listed = _section(page, "No control, so not compared with noise")
    assert [line[3:4] for line in listed] == ["1", "2", "3", "4", "6"]
    assert listed[0] == "- [1_passes](../bets/bet_1_passes.py), PASS: A first claim."


def test_a_fail_in_the_noise_names_the_control(bet: WriteBet, run: Run) -> None:
    """The strict sentences were met, and did not decide."""
    bet(markers={"control": '"count(gain > 1) <= 2"'}, sections={"Control": "at most 2 cells exceed 1."})
    run()
    (cells,) = (_cells(line) for line in MD.read_text(encoding="utf-8").splitlines() if line.startswith("| ["))
    assert cells[1:4:2] == [
        "[FAIL, in the noise](1_first.json)",
        "control not met: `count(gain > 1) <= 2` (measured 3)",
    ]
    (row,) = strict(JSON.read_bytes())["bets"]
    judged = {"sentence": "count(gain > 1) <= 2", "value": 3, "threshold": 2, "met": False, "margin": -1}
    assert row["decided"] == [{"tier": "control", **judged}]


@pytest.mark.usefixtures("catalogue")
def test_a_bet_whose_file_is_gone_keeps_its_row_and_its_scope() -> None:
    """A falsification does not go away with the file."""
    Path("bets/bet_1_passes.py").unlink()
    Path("bets/bet_4_catastrophe.py").unlink()
    page = _rolled()
    assert "| 4_catastrophe (its file is gone) | [FAIL, catastrophic](4_catastrophe.json) |" in page
    assert "- 1_passes (its file is gone): 30M parameters; says nothing of 1B." in page
    assert "2 FAIL (1 catastrophic)" in page


@pytest.mark.usefixtures("catalogue")
def test_a_bet_whose_file_cannot_be_read_keeps_its_row_and_is_listed() -> None:
    """The fault is listed with its line; the record still counts, and the file is not called deleted."""
    path = Path("bets/bet_1_passes.py")
    path.write_text(path.read_text().replace("count(gain", "cuont(gain", 1))
    Path("bets/bet_8_broken.py").write_text("this is `not` Python")
    page = _rolled()
    assert "| [1_passes](../bets/bet_1_passes.py) | [PASS](1_passes.json) |" in page
    assert "its file is gone" not in page
    listed = _section(page, "Declarations that cannot be read")
    assert [line.partition(": ")[0].replace("`", "") for line in listed] == [
        "- bets/bet_1_passes.py:15",
        "- bets/bet_8_broken.py:1",
    ]


@pytest.mark.usefixtures("catalogue")
def test_a_declaration_that_has_changed_since_its_run_is_listed(bet: WriteBet) -> None:
    """The record is of the old declaration."""
    bet("bets/bet_1_passes.py", sections={"Hypothesis": "something else."})
    assert "| unknown; the declaration has changed since |" in _rolled()


def test_runs_without_a_verdict_are_no_disagreement(bet: WriteBet, run: Run) -> None:
    """A run that was cut off says nothing against the record."""
    bet()
    run()
    run("-k", "experiment[1]")
    run()
    page = MD.read_text(encoding="utf-8")
    assert "| 2, reproduced 1 of 1; 1 more of other code, or without a verdict |" in page


def test_a_fail_stays_in_the_summary_where_its_record_is_gone(
    bet: WriteBet, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """The journal has the run: the bet is not called never run, whether its file is there or not."""
    for number in (1, 2):
        sections = {"Hypothesis": f"claim {number}."}
        bet(f"bets/bet_{number}_lost.py", body='return {"gain": 1 if part == 1 else -1}', sections=sections)
    run()
    fails = sum(row["verdict"] == "FAIL" for row in json.loads(JSON.read_text(encoding="utf-8"))["bets"])
    assert fails == 2
    for number in (1, 2):
        Path(f"results/{number}_lost.json").unlink()
    Path("bets/bet_2_lost.py").unlink()
    page = _rolled()
    assert "**1 bet: 0 PASS, 0 LENIENT, 0 FAIL, 1 without a record; 0 of 0 registered before their run.**" in page
    assert "| [1_lost](../bets/bet_1_lost.py) | no record |" in page
    assert _section(page, "A verdict in the journal, and no record") == [
        "- [1_lost](../bets/bet_1_lost.py), runs: 1 (1 FAIL)",
        "- 2_lost (its file is gone), runs: 1 (1 FAIL)",
    ]
    assert _section(page, "Declared and never run") == ["None."]
    summary = json.loads(JSON.read_text(encoding="utf-8"))
    assert summary["unrecorded"] == [{"bet": f"{number}_lost", "runs": 1, "failed": 1} for number in (1, 2)]
    schema = json.loads(files("pytest_bets").joinpath("schema", "summary.json").read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(summary)] == []
    assert encode(load("results").summary) == summary
    capsys.readouterr()
    assert main(["show", "1"]) == 0
    shown = capsys.readouterr().out
    assert "There is no record, and the journal has a verdict." in shown
    assert "History       1 run\n" in shown


def test_nothing_is_listed_as_none(bet: WriteBet, run: Run) -> None:
    """An empty list says that it is empty, so that no reader looks for the rest."""
    bet()
    run()
    page = MD.read_text(encoding="utf-8")
    for title in ("Falsified", "Retracted or withdrawn", "Declared and never run", "Scope"):
        assert _section(page, title) == ["None."]
    assert "Declarations that cannot be read" not in page


def test_a_summary_that_cannot_be_written_is_one_error(bet: WriteBet, run: Run) -> None:
    """The records are written; what is made of them can be made again."""
    bet()
    Path("results/SUMMARY.md").mkdir(parents=True)
    shown = run(expect=FAILED)
    assert "The summary could not be written: [Errno 21] Is a directory: " in shown
    assert Path("results/1_first.json").is_file()
