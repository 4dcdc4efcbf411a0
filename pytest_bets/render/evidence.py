"""The evidence of replications in words."""

from collections.abc import Sequence

from pytest_bets.chance.evidence import CONVINCING
from pytest_bets.diagnostics import count_noun
from pytest_bets.record.line import RunLine
from pytest_bets.record.replication import evidence_of


def evidence_words(lines: Sequence[RunLine], declaration: str) -> str:
    """Return what the replications of a declaration say together; empty where there is none."""
    found = evidence_of(lines, declaration)
    if found is None:
        return ""
    runs = f"{count_noun(found.runs, 'complete replication')}: strict met in {found.strict}, lenient in {found.lenient}"
    if found.state == "missing":
        numbers = ", ".join(map(str, found.missing))
        return f"{runs}. Not known: the journal has no line of replication {numbers}."
    if found.state == "same units":
        return (
            f"{runs}. No evidence beyond the first run: fresh seeds measured the same units again. Only units that "
            "contain `seed`, and whose cells are not alike otherwise, are new in each replication."
        )
    if found.value is None:
        return f"{runs}. Not known: the chance of a replication is not known."
    return (
        f"{runs}. Together {found.value:.3g}; from {CONVINCING:.0f} on it convinces. If there is nothing to find, at "
        f"most 1 of {CONVINCING:.0f} series ever reaches {CONVINCING:.0f}, whenever one stops."
    )
