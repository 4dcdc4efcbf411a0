"""The badge of a catalogue, in the form of the endpoint badges of shields.io."""

import json

from pytest_bets.record.summary_model import Counts


def badge(counts: Counts) -> str:
    """Return the badge as JSON.

    It is blue whatever the verdicts are: a bet that was falsified is a result, and no broken build.
    """
    words = [f"{counts.PASS} PASS", f"{counts.LENIENT} LENIENT", f"{counts.FAIL} FAIL"]
    gone = counts.retracted + counts.withdrawn
    words += [f"{count} {word}" for word, count in (("void", counts.void), ("claims gone", gone)) if count]
    ran = counts.PASS + counts.LENIENT + counts.FAIL + counts.void
    message = ", ".join(words) if ran else "no bet was run"
    item = {"schemaVersion": 1, "label": "bets", "message": message, "color": "blue" if ran else "lightgrey"}
    return json.dumps(item, indent=1) + "\n"
