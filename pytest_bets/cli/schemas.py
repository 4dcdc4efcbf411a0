"""The JSON Schemas of all that pytest-bets writes and prints, made from its types.

    python -m pytest_bets.cli.schemas

writes them to pytest_bets/schema/. It is run after a change of the types, and a test compares.
"""

import json
from pathlib import Path
from typing import Annotated

from pytest_bets.audit import document as audit
from pytest_bets.claims import document as claims
from pytest_bets.cli import doctor
from pytest_bets.compare.difference import COMPARE_SCHEMA, Comparison
from pytest_bets.live import view as watch
from pytest_bets.record.field import limits
from pytest_bets.record.line import FIRST_JOURNAL_SCHEMA, JOURNAL_SCHEMA, RunLine, UpgradeLine
from pytest_bets.record.record import FIRST_RECORD_SCHEMA, RECORD_SCHEMA, CodeDefinitions, CodeFiles, Record
from pytest_bets.record.schema import VERDICT_RULE, document
from pytest_bets.record.summary_model import SUMMARY_SCHEMA, Summary

FOLDER = Path(__file__).parents[1] / "schema"


def schemas() -> dict[str, dict[str, object]]:
    """Return every schema by the name of its file, without `.json`."""
    record, line = "The record of a bet", "A line of the journal"
    return {
        "record": document(
            Record, RECORD_SCHEMA, record, VERDICT_RULE, schema=_is(RECORD_SCHEMA), code=CodeDefinitions
        ),
        "record1": document(
            Record,
            FIRST_RECORD_SCHEMA,
            record,
            VERDICT_RULE,
            schema=_is(FIRST_RECORD_SCHEMA),
            code=CodeFiles,
            luck=None,
        ),
        "journal": document(RunLine, JOURNAL_SCHEMA, line, VERDICT_RULE, schema=_is(JOURNAL_SCHEMA)),
        "journal1": document(
            RunLine,
            FIRST_JOURNAL_SCHEMA,
            line,
            VERDICT_RULE,
            schema=_is(FIRST_JOURNAL_SCHEMA),
            kind=None,
            replication=None,
        ),
        "upgrade": document(UpgradeLine, f"{JOURNAL_SCHEMA}/upgrade", "An upgrade in the journal"),
        "summary": document(Summary, SUMMARY_SCHEMA, "The summary of a catalogue"),
        "audit": document(audit.Document, audit.AUDIT_SCHEMA, "The report of an audit"),
        "claims": document(claims.Document, claims.CLAIMS_SCHEMA, "Write-ups compared with the records"),
        "watch": document(watch.Document, watch.WATCH_SCHEMA, "Sessions while they run"),
        "doctor": document(doctor.Document, doctor.DOCTOR_SCHEMA, "Checks of an installation and a project"),
        "compare": document(Comparison, COMPARE_SCHEMA, "Two sets of results, compared"),
    }


def _is(name: str) -> object:
    return Annotated[str, limits(const=name)]


def text(schema: dict[str, object]) -> str:
    """Return the text of a schema's file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every schema to its file."""
    for name, schema in schemas().items():
        (FOLDER / f"{name}.json").write_text(text(schema), encoding="utf-8")


if __name__ == "__main__":
    main()
