"""What was known of an outcome: said in the declaration, or after the run in a file."""

from pathlib import Path

import pytest

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.bet.known import FILE, read
from pytest_bets.diagnostics import CommandError
from tests.helpers.commands import run as command
from tests.helpers.example import EXAMPLE, changed, of
from tests.helpers.fixtures import Refused, Run, WriteBet
from tests.helpers.results import records, strict

SUMMARY = Path("results/SUMMARY.md")
RISK = "It does not mean that the outcome was unknown then: "


def test_what_was_known_is_part_of_the_declaration_only_where_it_is_said() -> None:
    """So it cannot be added or taken back after the run, and older digests and all seeds stay."""
    base = of()
    known = changed("Scope:", "Known: ran three\n    times.\nScope:")
    assert known.known == "ran three times."
    assert base.known is None
    assert known.digest != base.digest
    assert known.seeds(3) == base.seeds(3)
    assert changed("Scope:", "Known: ran three times.\nScope:").digest == known.digest


def test_a_premise_is_part_of_digest_and_seeds_only_where_there_is_one() -> None:
    """It decides whether there is a verdict, as any other sentence does."""
    marked = EXAMPLE.replace("@pytest.mark.strict", '@pytest.mark.premise("mean(full) < 20")\n@pytest.mark.strict')
    premise = of(marked.replace("Scope:", "Premise: below 20.\nScope:"))
    assert list(of().texts()) == ["strict", "lenient", "catastrophic", "control"]
    assert premise.texts()["premise"] == ["mean(full) < 20"]
    assert premise.digest != of().digest
    assert premise.seeds(1) != of().seeds(1)


def test_the_summary_counts_bets_that_say_what_was_known_apart(bet: WriteBet, run: Run) -> None:
    """A bet that says nothing counts as at risk; the headline does not read as if nothing had been known."""
    bet("bet_1_first.py")
    run()
    page = SUMMARY.read_text(encoding="utf-8")
    assert "**1 bet: 1 PASS" in page
    assert f"{RISK}no bet says in a section `Known` what was known of it.\n" in page
    bet("bet_2_second.py", sections={"Hypothesis": "the second gains.", "Known": "a *theorem*."})
    run()
    page = SUMMARY.read_text(encoding="utf-8")
    assert "**2 bets, 1 at risk: 2 PASS" in page
    assert f"{RISK}1 bet says in a section" in page
    assert "## Known in part before the run\n\n- [2_second](../bet_2_second.py): a \\*theorem\\*.\n" in page
    summary = strict(Path("results/SUMMARY.json").read_bytes())
    assert (summary["counts"]["known"], [row["known"] for row in summary["bets"]]) == (1, [None, "a *theorem*."])
    found = records(Path("results"))
    assert found["2_second"]["declaration"]["known"] == "a *theorem*."
    assert "known" not in found["1_first"]["declaration"]
    assert "Known         a *theorem*." in command("show", "2")[1]


def test_a_bet_that_has_run_counts_as_its_record_says(bet: WriteBet, run: Run) -> None:
    """A section that is added later is a changed declaration, and no word of then."""
    bet()
    run()
    bet(sections={"Known": "it was."})
    assert (
        command("rollup")[1]
        == "results/SUMMARY.md: 1 bet: 1 PASS, 0 LENIENT, 0 FAIL; 0 of 1 registered before their run\n"
    )
    assert strict(Path("results/SUMMARY.json").read_bytes())["bets"][0]["known"] is None


def test_a_file_says_it_after_the_run(bet: WriteBet, run: Run) -> None:
    """It is shown as said afterwards, and the summary, which is made from records alone, stays as it is."""
    bet("bet_1_first.py")
    bet("bet_2_second.py", sections={"Hypothesis": "the second gains.", "Known": "a theorem."})
    bet("bet_3_third.py", sections={"Hypothesis": "the third gains."})
    run()
    before = SUMMARY.read_bytes()
    Path("docs").mkdir()
    Path(FILE).write_text('1 = """ran\n  twice"""\n', encoding="utf-8")
    code, shown = command("rollup")
    assert (code, SUMMARY.read_bytes()) == (0, before)
    said = "docs/known.toml says about 1 bet, after the run, what was known before it: 1 at risk by that\n"
    assert shown.endswith(f"3 bets, 2 at risk: 3 PASS, 0 LENIENT, 0 FAIL; 0 of 3 registered before their run\n{said}")
    assert "Known         ran twice (said after the run, in docs/known.toml)" in command("show", "1")[1]
    Path("bet_1_first.py").write_text("x = (", encoding="utf-8")
    assert command("show", "1")[0] == 0
    Path(FILE).write_text("4 = 'x'", encoding="utf-8")
    assert command("show", "1") == (
        2,
        "pytest-bets show: docs/known.toml: there is no bet '4'; expected a bet's number or id\n",
    )
    Path(FILE).write_bytes(b"1 = 'caf\xe9'")
    status, shown = command("show", "1")
    assert (status, shown.count("\n")) == (2, 1)
    assert shown.startswith("pytest-bets show: docs/known.toml: this is not UTF-8: ")


def test_a_number_is_that_of_the_declared_bet(bet: WriteBet, run: Run) -> None:
    """After a rename the former bet has it, too."""
    path = bet("bet_1_first.py")
    run()
    path.rename("bet_1_earlier.py")
    run()
    Path("docs").mkdir()
    Path(FILE).write_text("1 = 'ran twice'", encoding="utf-8")
    assert "Known         ran twice" in command("show", "1_earlier")[1]


@pytest.mark.parametrize("said", ["nothing.", "None", "Nothing was known.", "n/a", "unknown", "-"])
def test_a_section_that_says_nothing_is_refused(bet: WriteBet, refused: Refused, said: str) -> None:
    """It would take a bet at risk out of the count."""
    bet(sections={"Known": said})
    assert (
        "bet_1_first.py:8: the section `Known:` says that nothing was known\n"
        f"    Known: {said}\n"
        "  expected: no such section: a bet without one counts as at risk"
    ) in refused()


def test_a_section_that_says_something_of_nothing_is_fine(bet: WriteBet, run: Run) -> None:
    """Only the words alone are refused."""
    bet(sections={"Known": "nothing of this corpus; on another one it gained."})
    run()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("46 =", "docs/known.toml: this is not TOML: Invalid value (at end of document)"),
        (
            "46_norm_repl = 'x'",
            "there is no bet '46_norm_repl'; expected a bet's number or id; did you mean 46_norm_replication?",
        ),
        ("46 = 7", '`46` is 7; expected a sentence in quotes, as in 46 = "a theorem"'),
        ("46 = ' '", "`46` is ' '; expected a sentence in quotes"),
        ("[46]\nknown = 'x'", "`46` is {'known': 'x'}; expected a sentence in quotes"),
    ],
)
def test_a_file_that_is_wrong_is_an_error(text: str, problem: str) -> None:
    """It names the file, the bet and what is expected."""
    with pytest.raises(CommandError) as caught:
        read(text, FILE, [of().id])
    assert problem in str(caught.value)


def test_a_bet_is_named_by_number_or_id_and_says_it_once() -> None:
    """In the declaration, or after the run."""
    for key in ("46", "46_norm_replication"):
        assert read(f"{key} = 'ran  twice'", FILE, [of().id]) == {"46_norm_replication": "ran twice"}
    with pytest.raises(CommandError, match="bet 46 has a section `Known:` of its own; remove it here"):
        read("46 = 'x'", FILE, [of().id], {of().id})
    assert read("7 = 'x'", FILE, ["07_seven", "seven"]) == read("07 = 'x'", FILE, ["07_seven"]) == {"07_seven": "x"}


def test_the_file_of_this_repository_names_its_bets() -> None:
    """Every line names a bet that is there."""
    root = Path(__file__).parents[2]
    if not (root / "bets").is_dir():
        pytest.skip("the catalogue is not in this distribution")
    bets = [bet.id for bet in Catalogue(root, (root / "bets",)).declarations()[0]]
    found = read((root / FILE).read_text(encoding="utf-8"), FILE, bets)
    assert found
