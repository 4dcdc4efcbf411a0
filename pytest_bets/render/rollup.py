"""From a results folder and a catalogue to the two files of the summary."""

from pathlib import Path

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.record.store import Results
from pytest_bets.record.summary import summarized
from pytest_bets.record.summary_model import Summary
from pytest_bets.render.badge import badge
from pytest_bets.render.summary import as_json, as_markdown
from pytest_bets.walk import relative


def rollup(results: Results, catalogue: Catalogue, *, with_badge: bool = False) -> Summary:
    """Write the summary and return it; a badge only if one is asked for, or is there.

    Raises:
        RecordError: when a record or a line of the journal cannot be read.
        OSError: when the folder cannot be written.

    """
    declarations, unreadable = catalogue.declarations()
    to_root = f"{Path(relative(catalogue.root, results.folder)).as_posix()}/"
    with results.locked():
        results.refresh()
        records = results.headers()
        summary = summarized(records, results.counts(records), declarations, unreadable, results.unrecorded(records))
        results.write_summary(as_json(summary), as_markdown(summary, to_root))
        if with_badge or results.has_badge:
            results.write_badge(badge(summary.counts))
    return summary
