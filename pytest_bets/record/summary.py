"""The summary of a catalogue as one JSON object, from its records, its journal and its declarations alone."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from pytest_bets.bet import docstring
from pytest_bets.bet.declaration import Declaration, bet_id, bet_order
from pytest_bets.diagnostics import DeclarationError
from pytest_bets.record.codec import Json, agreeing
from pytest_bets.record.decided import decided
from pytest_bets.record.standing import Claim, Standing, standings
from pytest_bets.values import spelled

SUMMARY_SCHEMA: Final = "pytest-bets/summary/1"
_JUDGED: Final = ("sentence", "value", "threshold", "met", "margin")


def overview(
    records: Sequence[Json],
    journal: Sequence[Json],
    declarations: Sequence[Declaration],
    unreadable: Sequence[DeclarationError] = (),
) -> Json:
    """Return the summary: counts, a row a bet, and the lists that a reviewer reads first."""
    by_id = {record["bet"]["id"]: record for record in records}
    declared = {declaration.id: declaration for declaration in declarations}
    ids = sorted({*by_id, *declared}, key=lambda bet: _order(bet, by_id, declared))
    standing = standings(claims(records, declarations))
    runs: dict[str, list[Json]] = {}
    for line in journal:
        runs.setdefault(line["bet"], []).append(line)
    broken = {bet_id(error.faults[0].file): error.faults[0].file for error in unreadable}
    rows = [_row(by_id.get(bet), declared.get(bet), standing[bet], runs.get(bet, []), broken.get(bet)) for bet in ids]
    challenged: dict[str, list[Json]] = {}
    for bet in ids:
        for challenge in standing[bet].challenges:
            challenged.setdefault(challenge.by, []).append({"bet": bet, "end": challenge.end})
    renamed = _renamed(by_id, {*declared, *broken}, declarations)
    rows = [
        {**row, "challenged": challenged.get(row["id"], []), **_present(renamed_to=renamed.get(row["id"]))}
        for row in rows
    ]
    return {
        "schema": SUMMARY_SCHEMA,
        "counts": _counts(rows),
        "bets": rows,
        "falsified": [row["id"] for row in rows if row["verdict"] == "FAIL"],
        "retracted": [row["id"] for row in rows if row["standing"]["state"] in ("retracted", "withdrawn")],
        "unstable": [row["id"] for row in rows if is_unstable(row)],
        "never_run": [row["id"] for row in rows if not row["recorded"]],
        "unreadable": [str(fault) for error in unreadable for fault in error.faults],
    }


def is_unstable(row: Json) -> bool:
    """Tell whether runs of the record's declaration and code came to another verdict than the record's."""
    return row["verdict"] is not None and row["runs"]["agreed"] < row["runs"]["same"]


def lacks_control(row: Json) -> bool:
    """Tell whether the verdict of a row was reached without a control sentence."""
    return row["verdict"] is not None and row["noise_floor"] is None


def _renamed(by_id: Mapping[str, Json], there: Collection[str], declarations: Sequence[Declaration]) -> dict[str, str]:
    """Return the new name of every bet whose file is gone and whose declaration another file has now.

    Of several such files the first that was run is meant, else the first.
    """
    ids: dict[str, str] = {}
    for bet in sorted(declarations, key=lambda bet: (bet.id not in by_id, bet_order(bet.id, bet.number))):
        ids.setdefault(bet.digest, bet.id)
    digests = {bet: record["declaration"]["digest"] for bet, record in by_id.items() if bet not in there}
    return {bet: ids[digest] for bet, digest in digests.items() if digest in ids}


def _present(**fields: object) -> Json:
    """Return the fields that are there: one that few summaries have leaves the others as they were."""
    return {key: value for key, value in fields.items() if value}


def claims(records: Sequence[Json], declarations: Sequence[Declaration]) -> list[Claim]:
    """Return what standing is made from.

    The links of a bet that has a record are those that were recorded with it, since they are part of what ran; a
    withdrawal is read from the bet's file, since it comes after the run.
    """
    by_id = {record["bet"]["id"]: record for record in records}
    declared = {declaration.id: declaration for declaration in declarations}
    found = []
    for bet in {**by_id, **declared}:
        record, declaration = by_id.get(bet), declared.get(bet)
        if record is not None:
            number, verdict, links = record["bet"]["number"], record["verdict"], record["declaration"]["challenges"]
            withdrawn = record["declaration"]["withdrawn"]
        else:
            number, verdict, links, withdrawn = None, None, [], None
        if declaration is not None:
            number, withdrawn = declaration.number, declaration.withdrawn
            links = links if record is not None else list(declaration.challenges)
        found.append(Claim(bet, number, verdict, tuple(links), withdrawn))
    return found


def standing_json(standing: Standing) -> Json:
    """Return a standing as the summary holds it."""
    return {
        "state": standing.state,
        "challenges": [{"by": challenge.by, "end": challenge.end} for challenge in standing.challenges],
        "withdrawn": standing.withdrawn,
    }


def _order(bet: str, by_id: Mapping[str, Json], declared: Mapping[str, Declaration]) -> tuple[bool, int, str]:
    number = declared[bet].number if bet in declared else by_id[bet]["bet"]["number"]
    return bet_order(bet, number)


def _row(
    record: Json | None,
    declaration: Declaration | None,
    standing: Standing,
    runs: Sequence[Json],
    broken: str | None,
) -> Json:
    row = _recorded(record, runs) if record else dict(_NOTHING)
    if declaration is not None:
        changed = record is not None and record["declaration"]["digest"] != declaration.digest
        challenged: list[Any] = list(declaration.challenges)
        scope = declaration.docstring.prose("Scope")
        about = _about(declaration.id, declaration.number, declaration.title, declaration.file)
    else:
        assert record is not None  # noqa: S101  # every id comes from one of the two
        changed, challenged = False, record["declaration"]["challenges"]
        scope = docstring.read(record["declaration"]["docstring"]).prose("Scope")
        about = _about(record["bet"]["id"], record["bet"]["number"], record["bet"]["title"], broken)
    return {
        **about,
        **row,
        "declaration_changed": changed,
        "challenges": challenged,
        "standing": standing_json(standing),
        "scope": scope,
    }


_NOTHING: Final[Json] = {
    "recorded": False,
    "verdict": None,
    "catastrophic": False,
    "noise_floor": None,
    "void": None,
    "strict": [],
    "decided": [],
    "registration": None,
    "runs": {"total": 0, "same": 0, "agreed": 0},
}


def _about(bet: str, number: int | None, title: str, file: str | None) -> Json:
    return {"id": bet, "number": number, "title": title, "file": file}


def _recorded(record: Json, runs: Sequence[Json]) -> Json:
    same, agreed = agreeing(runs, record)
    return {
        "recorded": True,
        **{key: record[key] for key in ("verdict", "catastrophic", "noise_floor", "void")},
        "strict": [
            {key: spelled(item[key]) for key in _JUDGED} for item in record["criteria"] if item["tier"] == "strict"
        ],
        "decided": [
            {key: spelled(item[key]) for key in ("tier", *_JUDGED)} for item in decided(record, record["criteria"])
        ],
        "registration": record["registration"]["state"],
        "runs": {"total": len(runs), "same": same, "agreed": agreed},
    }


def _counts(rows: Sequence[Json]) -> Json:
    verdict_of = {row["id"]: row["verdict"] for row in rows}

    def is_repeated(row: Json) -> bool:
        """Tell whether another row counts for this one: but a FAIL stays, unless its new name is a FAIL as well."""
        return "renamed_to" in row and (row["verdict"] != "FAIL" or verdict_of[row["renamed_to"]] == "FAIL")

    counted = [row for row in rows if not is_repeated(row)]
    states = [row["standing"]["state"] for row in counted]
    verdicts = [row["verdict"] for row in counted]
    return {
        "bets": len(counted),
        **{verdict: verdicts.count(verdict) for verdict in ("PASS", "LENIENT", "FAIL")},
        "catastrophic": sum(row["catastrophic"] for row in counted),
        "void": sum(row["void"] is not None for row in counted),
        "never_run": sum(not row["recorded"] for row in counted),
        "retracted": states.count("retracted"),
        "withdrawn": states.count("withdrawn"),
        "registered": sum(row["registration"] == "registered" for row in counted),
        **_present(renamed=len(rows) - len(counted)),
    }
