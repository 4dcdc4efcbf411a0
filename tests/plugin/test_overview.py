"""The summary as one object, from records, journal and declarations."""

from typing import Any

from pytest_bets.pure.declaration import Declaration
from pytest_bets.pure.fault import DeclarationError, Fault
from pytest_bets.pure.overview import claims, overview
from pytest_bets.pure.reader import read
from pytest_bets.pure.record import Json, build, dump, journal_line, load, rows_of
from pytest_bets.pure.standing import Claim
from pytest_bets.pure.verdict import Cell, judge


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


def recorded(bet: Declaration, gain: float, state: str = "registered") -> Json:
    cells = (Cell({}, {"gain": gain}),)
    environment = {"python": "3", "platform": "p", "packages": {}, "device": "cpu", "threads": 1}
    built = build(
        bet,
        judge(bet.criteria, cells),
        cells,
        registration={"state": state, "commit": None},
        code={"digest": "c", "definitions": {}},
        environment={**environment, "commit": None, "dirty": None},
    )
    return load(dump(built, rows_of(built)), bet.id)


def run_of(record: Json, **parts: Any) -> Json:
    return {
        **journal_line(record, rows_of(record), record_sha256=None, time="T", host="h", seconds=1, previous=None),
        **parts,
    }


def rows(summary: Json) -> dict[str, Json]:
    return {row["id"]: row for row in summary["bets"]}


def test_a_row_tells_verdict_sentence_standing_runs_and_scope() -> None:
    """All that the page shows of a bet is in its row."""
    bet = declared("5_gain", scope="Scope: small models.")
    record = recorded(bet, 2.5)
    summary = overview([record], [run_of(record), run_of(record, verdict="PASS"), run_of(record, code="0")], [bet])
    assert rows(summary)["5_gain"] == {
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
        "registration": "registered",
        "runs": {"total": 3, "same": 2, "agreed": 1},
        "declaration_changed": False,
        "challenges": [],
        "standing": {"state": "stands", "challenges": [], "withdrawn": None},
        "challenged": [],
        "scope": "small models.",
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
    assert summary["counts"] == {
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
    assert summary["falsified"] == ["3_b", "5_c"]
    assert summary["retracted"] == ["1_b", "6_w"]
    assert summary["never_run"] == ["4_b"]
    assert rows(summary)["1_b"]["standing"]["challenges"] == [{"by": "5_c", "end": "retracts"}]
    assert rows(summary)["5_c"]["challenged"] == [{"bet": "1_b", "end": "retracts"}]


def test_rows_stand_by_number_and_then_by_name() -> None:
    """Bets are ordered as numbers are, and those without one come last."""
    bets = [declared(name) for name in ("zebra", "10_a", "9_b", "apple", "010_b")]
    ids = ["9_b", "010_b", "10_a", "apple", "zebra"]
    assert [row["id"] for row in overview([], [], bets)["bets"]] == ids
    assert overview([], [], bets)["bets"] == overview([], [], bets[::-1])["bets"]


def test_a_changed_declaration_is_told() -> None:
    """A record of another digest than the file's is marked in its row."""
    record = recorded(declared("5_gain"), 3)
    assert rows(overview([record], [], [declared("5_gain", strict=4)]))["5_gain"]["declaration_changed"] is True


def test_a_bet_whose_file_is_gone_keeps_its_row() -> None:
    """Falsifications stay: the record alone is enough for a row, without a file."""
    record = recorded(declared("5_gain", scope="Scope: small."), 0.5)
    row = rows(overview([record], [], []))["5_gain"]
    assert (row["file"], row["verdict"], row["catastrophic"], row["scope"]) == (None, "FAIL", True, "small.")


def test_what_cannot_be_read_is_listed() -> None:
    """Every fault of every declaration is told in the summary."""
    error = DeclarationError([Fault("bet_1_a.py", 3, "no section"), Fault("bet_1_a.py", 9, "no tier")])
    summary = overview([], [], [], [error])
    assert summary["unreadable"] == ["bet_1_a.py:3: no section", "bet_1_a.py:9: no tier"]


def test_a_claim_has_its_links_from_the_record_and_its_withdrawal_from_the_file() -> None:
    """Links are part of what ran, a withdrawal comes after it; without a record or a file the other tells both."""
    ran = declared("5_c", "@pytest.mark.challenges(1)")
    now = declared("5_c", '@pytest.mark.challenges(2)\n@pytest.mark.withdrawn("a bug")')
    record = recorded(ran, 3)
    assert claims([record], [now]) == [Claim("5_c", 5, "PASS", (1,), "a bug")]
    assert claims([record], []) == [Claim("5_c", 5, "PASS", (1,), None)]
    assert claims([], [now]) == [Claim("5_c", 5, None, (2,), "a bug")]
