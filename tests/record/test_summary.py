"""The summary as one object, from records, journal and declarations."""

from dataclasses import replace
from typing import Any

import pytest

from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.parse import read
from pytest_bets.diagnostics import DeclarationError, Fault
from pytest_bets.record.build import build, journal_line
from pytest_bets.record.codec import dump, load, rows_of
from pytest_bets.record.encode import encode
from pytest_bets.record.field import State
from pytest_bets.record.line import RunLine
from pytest_bets.record.record import CodeDefinitions, Environment, Record, Registration
from pytest_bets.record.standing import Challenge, Claim
from pytest_bets.record.summary import claims, overview, settle
from pytest_bets.record.summary_model import Challenged, Summary, SummaryRow
from pytest_bets.record.verdict import Cell, judge
from pytest_bets.render.words import counts_words


def declared(file: str, marks: str = "", scope: str = "", strict: int = 3) -> Declaration:
    source = (
        f'"""Bet: {file}.\n\nHypothesis: it gains.\nStrict: at least {strict}.\nLenient: at least 2.\n'
        f'Catastrophic: below 1.\nRun: pytest\n{scope}\n"""\nimport pytest\n{marks}\n'
        f'@pytest.mark.strict("mean(gain) >= {strict}")\n@pytest.mark.lenient("mean(gain) >= 2")\n'
        '@pytest.mark.catastrophic("mean(gain) < 1")\ndef experiment(): ...\n'
    )
    found = read(source, f"bets/bet_{file}.py")
    assert found
    return found


def recorded(bet: Declaration, gain: float, state: State = "registered") -> Record:
    cells = (Cell({}, {"gain": gain}),)
    built = build(
        bet,
        judge(bet.criteria, cells),
        cells,
        registration=Registration(state, None),
        code=CodeDefinitions("c", {}),
        environment=Environment("3", "p", {}, "cpu", 1, None, None),
    )
    return load(dump(built, rows_of(built)), bet.id)


def run_of(record: Record, **parts: Any) -> RunLine:
    line = journal_line(record, rows_of(record), record_sha256=None, time="T", host="h", seconds=1, previous=None)
    return replace(line, **parts)


def rows(summary: Summary) -> dict[str, SummaryRow]:
    return {row.id: row for row in summary.bets}


def test_a_retracted_claim_stays_retracted_under_another_number() -> None:
    """A challenge to its former number or id follows it: by its record, or by what a history says about it."""
    won, challenger = recorded(declared("5_old"), 3), recorded(declared("6_doubt", "@pytest.mark.challenges(5)"), 0)
    bets = [declared("15_new"), declared("6_doubt", "@pytest.mark.challenges(5)")]
    states = {row.id: row.standing.state for row in overview([won, challenger], [], bets).bets}
    assert (states["5_old"], states["15_new"]) == ("retracted", "retracted")
    assert settle([challenger], bets)["15_new"].state == "open"
    assert settle([challenger], bets, {"5_old": "15_new"})["15_new"].state == "retracted"


def test_a_row_has_verdict_sentence_standing_runs_and_scope() -> None:
    """All that the page shows of a bet is in its row."""
    bet = declared("5_gain", scope="Scope: small models.")
    record = recorded(bet, 2.5)
    summary = overview([record], [run_of(record), run_of(record, verdict="PASS"), run_of(record, code="0")], [bet])
    assert encode(rows(summary)["5_gain"]) == {
        "id": "5_gain",
        "number": 5,
        "title": "Bet: 5_gain.",
        "file": "bets/bet_5_gain.py",
        "recorded": True,
        "verdict": "LENIENT",
        "catastrophic": False,
        "noise_floor": None,
        "void": None,
        "strict": [{"sentence": "mean(gain) >= 3", "value": 2.5, "threshold": 3, "met": False, "margin": -0.5}],
        "decided": [
            {
                "tier": "strict",
                "sentence": "mean(gain) >= 3",
                "value": 2.5,
                "threshold": 3,
                "met": False,
                "margin": -0.5,
            }
        ],
        "registration": "registered",
        "runs": {"total": 3, "same": 2, "agreed": 1, "reproduced": 1, "replicated": 0},
        "declaration_changed": False,
        "challenges": [],
        "standing": {"state": "stands", "challenges": [], "withdrawn": None},
        "challenged": [],
        "scope": "small models.",
        "known": None,
    }


def test_the_counts_are_those_of_the_rows() -> None:
    """Each verdict, each fate and each registration is counted once, and listed by id."""
    bets = [declared(f"{number}_b") for number in range(1, 5)]
    bets += [declared("5_c", "@pytest.mark.challenges(1)"), declared("6_w", '@pytest.mark.withdrawn("untuned")')]
    gains = [3.0, 2.0, 0.5, None, 1.5, 3.0]
    found = [
        recorded(bet, gain, "unregistered" if gain == 2.0 else "registered")
        for bet, gain in zip(bets, gains, strict=True)
        if gain is not None
    ]
    summary = overview(found, [], bets)
    assert encode(summary.counts) == {
        "bets": 6,
        "PASS": 2,
        "LENIENT": 1,
        "FAIL": 2,
        "catastrophic": 1,
        "void": 0,
        "never_run": 1,
        "retracted": 1,
        "withdrawn": 1,
        "registered": 4,
    }
    assert summary.falsified == ("3_b", "5_c")
    assert summary.retracted == ("1_b", "6_w")
    assert summary.never_run == ("4_b",)
    assert rows(summary)["1_b"].standing.challenges == (Challenge("5_c", "retracts"),)
    assert rows(summary)["5_c"].challenged == (Challenged("1_b", "retracts"),)


def test_a_fail_in_the_noise_is_listed_apart_and_retracts_nothing() -> None:
    """A failed control keeps row and FAIL; without any control a FAIL retracts, as it always did."""
    bets = [
        declared("1_a"),
        declared("2_b", "@pytest.mark.challenges(1)"),
        declared("3_c", "@pytest.mark.challenges(1)"),
    ]
    records = [recorded(bet, gain) for bet, gain in zip(bets, (3, 1.5, 0.5), strict=True)]
    records[1] = replace(records[1], noise_floor=False)
    catastrophe = replace(records[2], noise_floor=False)
    summary = overview([*records[:2], catastrophe], [], bets)
    assert (summary.falsified, summary.in_the_noise, summary.retracted) == ((), ("2_b", "3_c"), ())
    assert (summary.counts.FAIL, summary.counts.catastrophic, summary.counts.in_the_noise) == (2, 1, 2)
    assert rows(summary)["1_a"].standing.state == "stands"
    assert rows(summary)["2_b"].challenged == (Challenged("1_a", "noise"),)
    counts = "3 bets: 1 PASS, 0 LENIENT, 2 FAIL (1 catastrophic, 2 in the noise); 3 of 3 registered before their run"
    assert counts_words(summary.counts) == counts
    uncontrolled = overview(records, [], bets)
    assert (uncontrolled.falsified, uncontrolled.in_the_noise) == (("3_c",), ("2_b",))
    assert uncontrolled.retracted == ("1_a",)


def test_rows_stand_by_number_and_then_by_name() -> None:
    """Bets are ordered as numbers are, and those without one come last."""
    bets = [declared(name) for name in ("zebra", "10_a", "9_b", "apple", "010_b")]
    ids = ["9_b", "010_b", "10_a", "apple", "zebra"]
    assert [row.id for row in overview([], [], bets).bets] == ids
    assert overview([], [], bets).bets == overview([], [], bets[::-1]).bets


def test_a_changed_declaration_is_named() -> None:
    """A record of another digest than the file's is marked in its row."""
    record = recorded(declared("5_gain"), 3)
    assert rows(overview([record], [], [declared("5_gain", strict=4)]))["5_gain"].declaration_changed is True


def test_a_bet_whose_file_is_gone_keeps_its_row() -> None:
    """Falsifications stay: the record alone is enough for a row, without a file."""
    record = recorded(declared("5_gain", scope="Scope: small."), 0.5)
    row = rows(overview([record], [], []))["5_gain"]
    assert (row.file, row.verdict, row.catastrophic, row.scope) == (None, "FAIL", True, "small.")


def test_what_cannot_be_read_is_listed() -> None:
    """The summary lists every fault of every declaration."""
    error = DeclarationError([Fault("bet_1_a.py", 3, "no section"), Fault("bet_1_a.py", 9, "no tier")])
    summary = overview([], [], [], [error])
    assert summary.unreadable == ("bet_1_a.py:3: no section", "bet_1_a.py:9: no tier")


def test_a_claim_has_its_links_from_the_record_and_its_withdrawal_from_the_file() -> None:
    """Links are part of what ran, a withdrawal comes after it; without a record or a file the other has both."""
    ran = declared("5_c", "@pytest.mark.challenges(1)")
    now = declared("5_c", '@pytest.mark.challenges(2)\n@pytest.mark.withdrawn("a bug")')
    record = recorded(ran, 3)
    assert claims([record], [now]) == [Claim("5_c", 5, "PASS", (1,), "a bug")]
    assert claims([record], []) == [Claim("5_c", 5, "PASS", (1,), None)]
    assert claims([], [now]) == [Claim("5_c", 5, None, (2,), "a bug")]


def test_a_renamed_bet_is_listed_twice_and_counted_once() -> None:
    """Its old record keeps its row, and says which bet has its declaration now."""
    old, new = declared("1_old"), declared("2_new")
    summary = overview([recorded(old, 3), recorded(new, 2)], [], [new])
    assert [(row.id, row.verdict, row.renamed_to) for row in summary.bets] == [
        ("1_old", "PASS", "2_new"),
        ("2_new", "LENIENT", None),
    ]
    counts = summary.counts
    assert (counts.bets, counts.PASS, counts.LENIENT, counts.renamed) == (1, 0, 1, 1)
    assert (counts.registered, counts.never_run) == (1, 0)
    assert counts_words(counts) == (
        "1 bet: 0 PASS, 1 LENIENT, 0 FAIL; 1 of 1 registered before their run; 1 more under a former name"
    )


def test_a_bet_that_was_renamed_and_never_run_since_counts_under_its_new_name() -> None:
    """Its seeds come from its name, so that what the old one measured is not what this one would."""
    summary = overview([recorded(declared("1_old"), 3)], [], [declared("2_new")])
    counts = summary.counts
    assert (counts.bets, counts.PASS, counts.never_run, counts.renamed) == (1, 0, 1, 1)


@pytest.mark.parametrize(("gain", "counted"), [(None, 1), (3.0, 1), (2.0, 1), (1.5, 0), (0.5, 0)])
def test_a_falsification_stays_in_the_counts_until_its_new_name_repeats_it(gain: float | None, counted: int) -> None:
    """Else a bet that was lost could be won under another name, with other seeds, and the headline would forget."""
    old, new = declared("1_old"), declared("2_new")
    records = [recorded(old, 0.5), *([recorded(new, gain)] if gain is not None else [])]
    summary = overview(records, [], [new])
    verdicts = [record.verdict for record in records]
    assert verdicts[1:].count("FAIL") + counted == summary.counts.FAIL
    assert summary.counts.renamed == 1 - counted
    assert "1_old" in summary.falsified
    assert rows(summary)["1_old"].renamed_to == "2_new"


def test_only_the_same_declaration_without_a_file_is_a_renamed_bet() -> None:
    """Not one with another declaration, nor one whose file is there, whether or not it can be read."""
    gone, broken, copied = recorded(declared("1_gone", strict=4), 3), declared("2_broken"), declared("3_copied")
    error = DeclarationError([Fault("bets/bet_2_broken.py", 1, "no section")])
    twin = declared("4_twin")
    summary = overview([gone, recorded(broken, 3), recorded(copied, 3)], [], [copied, twin], [error])
    assert not [row for row in summary.bets if row.renamed_to]
    assert summary.counts.bets == 4
    assert "renamed" not in encode(summary.counts)


def test_every_former_name_leads_to_the_present_one() -> None:
    """Renamed twice, a bet has two old records; of two copies the one that was run is its successor, else the first."""
    records = [recorded(declared(name), 3) for name in ("1_first", "2_second")]
    for bets in ([declared("3_third"), declared("9_copy")], [declared("9_copy"), declared("3_third")]):
        summary = overview(records, [], bets)
        assert [row.renamed_to for row in summary.bets] == ["3_third", "3_third", None, None]
    ran = overview([*records, recorded(declared("9_copy"), 3)], [], [declared("3_third"), declared("9_copy")])
    assert [row.renamed_to for row in ran.bets] == ["9_copy", "9_copy", None, None]
