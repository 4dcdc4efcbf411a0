"""The runs of a journal, with the digests and records that upgrades gave them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_bets.record.codec import JOURNAL_SCHEMA, RECORD_SCHEMA, Json

UPGRADE: Final = "upgrade"


@dataclass(frozen=True)
class Upgraded:
    """A record that an upgrade wrote, and the code part that the commit it names gives; why there is none instead."""

    record: Json
    code: Json | str


def is_run(line: Mapping[str, object]) -> bool:
    """Tell whether a line is of a run; others are of upgrades."""
    return line.get("kind") != UPGRADE


def runs(lines: Sequence[Json]) -> list[Json]:
    """Return the lines of runs. Where a record was upgraded, its code has the digest that it got then, in every run."""
    digests = {(line["bet"], line["was"]["code"]["digest"]): line["code"] for line in lines if not is_run(line)}
    records = {(line["bet"], line["was"]["record"]): line["record"] for line in lines if not is_run(line)}
    if not records:
        return list(lines)
    return [
        {
            **line,
            "code": digests.get((line["bet"], line["code"]), line["code"]),
            "record": records.get((line["bet"], line["record"]), line["record"]),
        }
        for line in lines
        if is_run(line)
    ]


def written(lines: Sequence[Json]) -> dict[str, list[Json]]:
    """Return the lines of every run that wrote a record, by bet: as they are, and with what upgrades gave them."""
    found: dict[str, list[Json]] = {}
    for line in (*filter(is_run, lines), *runs(lines)):
        if line["record"]:
            found.setdefault(line["bet"], []).append(line)
    return found


def upgraded(record: Json, code: Mapping[str, object]) -> Json:
    """Return a record with another code part, of the schema that has such a part."""
    return {**record, "schema": RECORD_SCHEMA, "code": dict(code)}


def upgrade_line(
    was: Json, record: Json, *, was_sha256: str, record_sha256: str, time: str, host: str, previous: str | None
) -> Json:
    """Return the journal's line for a record that was upgraded, with all of it that the upgrade replaced."""
    return {
        "schema": JOURNAL_SCHEMA,
        "kind": UPGRADE,
        "bet": record["bet"]["id"],
        "time": time,
        "host": host,
        "declaration": record["declaration"]["digest"],
        "code": record["code"]["digest"],
        "record": record_sha256,
        "was": {"schema": was["schema"], "record": was_sha256, "code": was["code"]},
        "previous": previous,
    }


def before(record: Json, line: Json) -> Json:
    """Return a record as it was before the upgrade that a line tells of."""
    return {**record, "schema": line["was"]["schema"], "code": line["was"]["code"]}
