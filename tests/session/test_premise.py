"""Premises: where one is not met, the experiment cannot speak: no verdict, no red, nothing retracted, all shown."""

import re
from pathlib import Path

import pytest

from tests.helpers.commands import run as command
from tests.helpers.fixtures import Refused, Run, WriteBet
from tests.helpers.results import journal, records, strict

RESULTS = Path("results")
FAILED = pytest.ExitCode.TESTS_FAILED
WORKERS = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["plain", "xdist"])
MARKERS = {"premise": '"max(tuned) <= 1"', "control": '"max(gain) <= 4"'}
SECTIONS = {"Premise": "the tuned baseline loses at most 1.", "Control": "no cell gains more than 4."}
VOID = "premise: max(tuned) <= 1 measured 2"
UNMET = 'return {"gain": part, "tuned": part / 2}'
MET = 'return {"gain": part, "tuned": part / 4}'
CATASTROPHE = 'return {"gain": -part, "tuned": part / 2}'


@pytest.fixture
def write(bet: WriteBet) -> WriteBet:
    """Return a function that writes a bet with a premise."""

    def writing(file: str = "bet_1_first.py", body: str = UNMET, **parts: dict[str, str]) -> Path:
        parts["markers"] = {**MARKERS, **parts.get("markers", {})}
        parts["sections"] = {**SECTIONS, **parts.get("sections", {})}
        return bet(file, body, **parts)

    return writing


def tiers(shown: str) -> dict[str, str]:
    """Return by tier how -v shows it."""
    return dict(re.findall(r"^bet_1_first\.py::([a-z]+) (\w+)", shown, re.MULTILINE))


@pytest.mark.parametrize(
    ("gate", "workers"), [("auto", ()), ("strict", ()), ("regression", ()), ("auto", ("-n", "2"))], ids=str
)
def test_a_premise_that_is_not_met_gives_no_verdict_and_no_red(
    write: WriteBet, run: Run, workers: tuple[str, ...], gate: str
) -> None:
    """Its own item is unmet, every other tier is skipped with the reason, whatever gates, and a catastrophe as well."""
    write(body=CATASTROPHE)
    shown = run("-v", "-rs", "--bets-gate", gate, *workers)
    if not workers:
        skipped = dict.fromkeys(("strict", "lenient", "catastrophic", "control"), "SKIPPED")
        assert tiers(shown) == {**skipped, "premise": "UNMET"}
    assert f"not judged: {VOID}" in " ".join(shown.split())
    assert "1_first  void     premise: max(tuned) <= 1 measured 2  open" in shown
    assert "Premise not met: 1 bet (1): the experiment cannot speak for or against the" in shown
    record = records(RESULTS)["1_first"]
    assert (record["verdict"], record["void"], record["catastrophic"], record["noise_floor"]) == (
        None,
        VOID,
        False,
        None,
    )
    assert [(item["tier"], item["value"], item["met"]) for item in record["criteria"]] == [("premise", 2, False)]
    assert record["declaration"]["premise"] == ["max(tuned) <= 1"]
    assert len(record["cells"]) == 4
    (line,) = journal(RESULTS)
    assert (line["void"], [item["tier"] for item in line["criteria"]]) == (VOID, ["premise"])


@WORKERS
def test_a_premise_that_is_met_leaves_the_verdict_to_the_tiers(
    write: WriteBet, run: Run, workers: tuple[str, ...]
) -> None:
    """It is recorded beside the other sentences, and its item passes."""
    write(body=MET)
    shown = run("-v", *workers)
    if not workers:
        assert set(tiers(shown).values()) == {"PASSED"}
    record = records(RESULTS)["1_first"]
    assert (record["verdict"], record["void"]) == ("PASS", None)
    assert {item["tier"]: item["met"] for item in record["criteria"]}["premise"] is True


def test_an_undefined_premise_is_not_met(write: WriteBet, run: Run) -> None:
    """A NaN says nothing about the baseline; several premises are all named that are not met."""
    body = 'return {"gain": part, "tuned": float("nan"), "own": part}'
    write(
        body=body,
        markers={"premise": '"max(tuned) <= 1", "min(own) >= 1", "max(own) <= 3"'},
        sections={"Premise": "1, 3."},
    )
    run()
    void = "premise: max(tuned) <= 1 measured undefined; max(own) <= 3 measured 4"
    record = records(RESULTS)["1_first"]
    assert record["void"] == void
    assert [item["met"] for item in record["criteria"]] == [None, True, False]


def test_m_premise_runs_the_cells_and_judges_the_premise_alone(write: WriteBet, run: Run) -> None:
    """As with every other tier; it never gates, not even where the verdict is FAIL."""
    path = write()
    assert run("-m", "premise").splitlines()[-1].strip("= ").startswith("4 passed, 4 deselected, 1 unmet in")
    path.write_text(path.read_text().replace("part / 2", "part / 4").replace('"gain": part', '"gain": part - 3'))
    shown = run("-m", "premise")
    assert "5 passed, 4 deselected" in shown
    assert "0 PASS, 0 LENIENT, 1 FAIL" in shown


def test_a_void_run_replaces_no_verdict_and_a_verdict_replaces_a_void_run(write: WriteBet, run: Run) -> None:
    """The journal has both, and the table says that this run and the record differ."""
    path = write(body=MET)
    run()
    before = (RESULTS / "1_first.json").read_bytes()
    path.write_text(path.read_text().replace("part / 4", "part / 2"))
    shown = run("--bets-gate=regression")
    assert (RESULTS / "1_first.json").read_bytes() == before
    assert "void now, PASS on record" in shown
    assert [line["void"] for line in journal(RESULTS)] == [None, VOID]
    Path(RESULTS / "1_first.json").unlink()
    run()
    path.write_text(path.read_text().replace("part / 2", "part / 4"))
    run()
    assert records(RESULTS)["1_first"]["verdict"] == "PASS"


def test_a_challenge_whose_premise_is_not_met_is_open(write: WriteBet, bet: WriteBet, run: Run) -> None:
    """It retracts nothing, and the summary lists it apart; no section is there where every experiment speaks."""
    bet("bet_2_second.py", sections={"Hypothesis": "the second gains."})
    run()
    page = (RESULTS / "SUMMARY.md").read_text(encoding="utf-8")
    assert "Premise not met" not in page
    write(markers={"challenges": "2"}, body=CATASTROPHE)
    run()
    page = (RESULTS / "SUMMARY.md").read_text(encoding="utf-8")
    assert "**2 bets: 1 PASS, 0 LENIENT, 0 FAIL, 1 void (1 by a premise); 0 of 2 registered before their run.**" in page
    assert "## Premise not met, so no verdict\n\n- [1_first](../bet_1_first.py): A first claim. Premise: max" in page
    summary = strict((RESULTS / "SUMMARY.json").read_bytes())
    assert (summary["premise_unmet"], summary["counts"]["premise"], summary["falsified"]) == (["1_first"], 1, [])
    assert summary["bets"][1]["standing"] == {
        "state": "stands",
        "challenges": [{"by": "1_first", "end": "open"}],
        "withdrawn": None,
    }


def test_a_replay_judges_the_premise_again(write: WriteBet, run: Run) -> None:
    """An honest record is as green as its run was; one with an edited verdict, value or reason is not."""
    write()
    run()
    shown = run("--bets-replay", "-v", "--bets-gate=regression")
    assert tiers(shown)["premise"] == "UNMET"
    assert "1_first  void     premise: max(tuned) <= 1 measured 2  open" in shown
    path = RESULTS / "1_first.json"
    honest = path.read_text(encoding="utf-8")
    for old, new, found in (
        ('"verdict": null', '"verdict": "PASS"', "verdict: the record says 'PASS', its measurements give None"),
        ('"value": 2.0', '"value": 1.0', "value: the record says 1.0, its measurements give 2.0"),
        ('"void": "premise: max(tuned) <= 1 measured 2"', '"void": "premise: x"', "void: the record says 'premise: x'"),
    ):
        assert old in honest
        path.write_text(honest.replace(old, new), encoding="utf-8")
        assert found in run("--bets-replay", expect=FAILED)


def test_a_record_whose_premise_was_taken_out_is_found(write: WriteBet, run: Run) -> None:
    """The optional parts of a declaration are compared in both directions."""
    write(body=MET, sections={"Known": "a pilot gained."})
    run()
    path = RESULTS / "1_first.json"
    text = path.read_text(encoding="utf-8")
    shorter = re.sub(r',?\n {2}"premise": \[[^]]*\]', "", text).replace(' "known": "a pilot gained.",\n ', "")
    assert '"premise": [' not in shorter
    path.write_text(shorter, encoding="utf-8")
    shown = run("--bets-replay", expect=FAILED)
    assert "declaration.premise: the record says None, the bet file says ['max(tuned) <= 1']" in shown
    assert "declaration.known: the record says None, the bet file says 'a pilot gained.'" in shown


def test_a_rehearsal_says_what_the_premise_would_say(write: WriteBet, run: Run) -> None:
    """And has no verdict to lose; one that is kept holds no criteria."""
    write(above='PILOT = {"STEPS": 1}\nSTEPS = 2')
    shown = " ".join(run("--bets-pilot", "--bets-results", "pilot").split())
    assert "premise max(tuned) <= 1 (measured 2): would not be met, so there would be no verdict" in shown
    record = strict(Path("pilot/1_first.json").read_bytes())
    assert (record["void"], record["criteria"]) == ("a rehearsal has no verdict", [])


def test_a_page_shows_the_premise_and_the_sentences_that_it_left_unjudged(write: WriteBet, run: Run) -> None:
    """As declared, since none of them was judged."""
    write()
    run()
    page = command("show", "1")[1]
    assert f"Void          {VOID}" in page
    assert "Premise       not met: max(tuned) <= 1 (measured 2, margin -1)" in page
    assert "Strict        count(gain > 0) >= 3" in page
    assert page.count("max(tuned) <= 1 (") == 1


def test_an_interrupted_run_resumes_to_the_same_void(write: WriteBet, run: Run) -> None:
    """Cells are reused, and none is left over when the run has ended without a verdict."""
    write()
    run("-k", "not 4-")
    run("-k", "experiment[1]")
    shown = run("--bets-resume")
    assert records(RESULTS)["1_first"]["void"] == VOID
    assert "Kept" not in shown


@pytest.mark.parametrize(
    ("markers", "sections", "lines"),
    [
        (
            {},
            {"Premise": None},
            ["there is a premise but the docstring has no section `Premise:`", "expected: a description"],
        ),
        (
            {},
            {"Premise": "it is tuned."},
            ["the threshold 1 is missing from the section `Premise:`", "write 1 in line"],
        ),
        ({"premise": ""}, {}, ["`premise` has no sentence", '@pytest.mark.premise("mean(tuned) < 2.5")']),
        ({"premise": '"max(tuned) < one"'}, {}, ["this premise sentence: `one` on the right is not a literal number"]),
        ({"premise": '"count(tuned > 0) <= 5"'}, {"Premise": "5"}, ["with 4 cells this sentence is always true"]),
        (
            {"premise": '"count(gain > 0) >= 2"'},
            {"Premise": "2"},
            ["the tiers do not nest: lenient is met wherever the premise is", "a premise on something else than what"],
        ),
        (
            {"premise": '"count(gain > 0) >= 1"'},
            {"Premise": "1"},
            ["the tiers do not nest: premise and catastrophic cannot be met together"],
        ),
        (
            {"premise": '"count(gain > 0) <= 2"'},
            {"Premise": "2"},
            ["the tiers do not nest: premise and strict cannot be met together"],
        ),
        (
            {"premise": '"max(tuned) <= 1", "max(tuned) > 1"'},
            {},
            ["the tiers do not nest: the premise sentences cannot be met together"],
        ),
        ({"premis": '"max(tuned) <= 1"'}, {}, ["`premis` is no marker that pytest knows", "did you mean: premise"]),
    ],
)
def test_a_wrong_premise_is_a_collection_error(
    write: WriteBet, refused: Refused, markers: dict[str, str], sections: dict[str, str], lines: list[str]
) -> None:
    """Its thresholds stand in its section, and it decides no tier: a bet that cannot lose is none."""
    write(markers=markers, sections=sections)
    shown = refused()
    for line in lines:
        assert line in shown, shown


def test_a_bet_that_declares_none_is_as_before(bet: WriteBet, run: Run) -> None:
    """Nothing that is written or shown knows that there are premises."""
    bet()
    shown = run("-v")
    assert "premise" not in shown.casefold()
    written = [path.read_text(encoding="utf-8") for path in (RESULTS / "1_first.json", RESULTS / "journal.jsonl")]
    assert not any("premise" in text or 'known"' in text.replace("unknown", "") for text in written)
