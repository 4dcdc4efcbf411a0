"""What an audit does not cover: results on other branches, and bets and results outside of the audited project."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_bets.audit.finding import Entry
from pytest_bets.diagnostics import count_noun
from pytest_bets.git.revision import Commit

_NAMED: Final = 3
"""The number of bets, runs or files that a note lists."""


@dataclass(frozen=True)
class Unmerged:
    """A result that is in no commit of this history: a run's line or a record, and the ref that leads to it."""

    bet: str
    verdict: str
    ref: str
    commit: Commit


@dataclass(frozen=True)
class Outside:
    """A file of this repository that the audit does not cover: a bet, or results with `bet verdict` for each."""

    path: str
    results: tuple[str, ...] = ()


def unmerged_entries(found: Sequence[Unmerged], bets: Collection[str] | None) -> Iterator[Entry]:
    """Yield a note for the results of each bet on each ref; None is for every bet."""
    by_ref: dict[tuple[str, str], list[Unmerged]] = {}
    for item in found:
        if bets is None or item.bet in bets:
            by_ref.setdefault((item.bet, item.ref), []).append(item)
    for (bet, ref), items in by_ref.items():
        verdicts = _listed([item.verdict for item in items])
        text = f"{count_noun(len(items), 'result')} of {bet} ({verdicts}) on {ref}, which is not in this history"
        yield Entry("note", "unmerged", bet, items[0].commit, text)


def outside_entries(found: Sequence[Outside], root: str) -> Iterator[Entry]:
    """Yield a note for each file with results, and one for all bets outside of the project's root."""
    for item in found:
        if item.results:
            text = f"{item.path} has results that this audit does not cover: {_listed(item.results)}"
            yield Entry("note", "outside", None, None, text)
    bets = [item.path for item in found if not item.results]
    if bets:
        text = f"{count_noun(len(bets), 'bet')} of this repository outside of {root}: {_listed(bets)}"
        yield Entry("note", "outside", None, None, f"{text}; run the audit there, too")


def _listed(items: Sequence[str]) -> str:
    more = f" and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
    return ", ".join(items[:_NAMED]) + more
