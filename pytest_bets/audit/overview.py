"""The summary held against the records: what it says about bets is what they gave when it was made."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_bets.audit.finding import Entry
from pytest_bets.audit.statements import COUNTS, LINE, REPEATED, SECTION, TEXTS, VERDICT, Statements
from pytest_bets.git.revision import Commit

_NAMED: Final = 3
"""The number of differences that an entry lists."""
_KEPT: Final = ("PASS", "LENIENT")


@dataclass(frozen=True)
class Page:
    """A file of the summary, and what the results say: now, and in the commit that wrote the file.

    `then` has the statements with the bets of that commit, and with those of the commit that its last run names.
    `merged` has what the file says in the parents of a merge that wrote it, which may have mixed them. `commit` is None
    where the file is not committed. `partial` says that results cannot be read: then only what both say about a bet is
    compared.
    """

    name: str
    says: Statements
    now: Statements
    then: Sequence[Statements]
    merged: Sequence[Statements]
    commit: Commit | None
    partial: bool = False


@dataclass(frozen=True)
class _Difference:
    bet: str
    subject: str
    says: str
    expected: str

    @property
    def text(self) -> str:
        of = f" of {self.bet}" if self.bet else ""
        says, expected = (_short(text) or "nothing" for text in (self.says, self.expected))
        return f"{_short(self.subject)}{of}: {says}, expected {expected}"

    @property
    def is_flattering(self) -> bool:
        """Whether the summary says that a claim holds, and its record does not."""
        return self.subject == VERDICT and self.says in _KEPT and self.expected not in (*_KEPT, "")


def overview_entries(pages: Sequence[Page], doubtful: Collection[str]) -> Iterator[Entry]:
    """Yield where a file of the summary does not say what the results give.

    Of the bets whose results are `doubtful` themselves, only a verdict that is better than the record's is reported.
    """
    for page in pages:
        found = [item for item in _differences(page, page.now) if not _follows(item, doubtful)]
        differences = [item for item in found if not item.subject.startswith(SECTION)]
        then = [{(item.bet, item.subject) for item in _differences(page, gave)} for gave in page.then]
        then += [
            {key for key in page.says.keys() | gave.keys() if page.says.get(key) != gave.get(key)}
            for gave in page.merged
        ]
        edited = [item for item in differences if all((item.bet, item.subject) in keys for keys in then)]
        old = [item for item in differences if item not in edited and not _is_quiet(item)]
        if edited:
            text = f"{page.name} does not say what the results gave when it was written: {_listed(edited)}"
            yield Entry("finding", "wrong-summary", edited[0].bet or None, page.commit, text)
        flattering = [item for item in old if item.is_flattering]
        if flattering:
            text = f"{page.name} shows a verdict that the record no longer has: {_listed(flattering)}"
            text = f"{text}; run `pytest-bets rollup`"
            yield Entry("finding", "wrong-summary", flattering[0].bet, page.commit, text)
        elif old:
            text = f"{page.name} is older than the results: {_listed(old)}; run `pytest-bets rollup`"
            yield Entry("note", "old-summary", None, page.commit, text)
        lacks = [item.subject.removeprefix(SECTION).strip() for item in found if item.subject.startswith(SECTION)]
        if lacks:
            text = f"{page.name} lacks sections that the results give: {', '.join(lacks)}; run `pytest-bets rollup`"
            yield Entry("note", "old-summary", None, page.commit, text)


def _follows(item: _Difference, doubtful: Collection[str]) -> bool:
    """Return whether a difference follows from results that are gone or changed, which another finding says."""
    if item.subject.startswith(LINE) or not doubtful:
        return False
    return not item.bet or (item.bet in doubtful and not item.is_flattering)


def _is_quiet(item: _Difference) -> bool:
    """Return whether a difference is to be expected of an older file: a replication changes the number of runs."""
    return item.subject.startswith(COUNTS) or item.subject in (*TEXTS, "runs", REPEATED)


def _differences(page: Page, expected: Statements) -> list[_Difference]:
    found = []
    bets = {bet for bet, _ in page.says}
    for key in dict.fromkeys([*page.says, *expected]):
        says, given = page.says.get(key), expected.get(key)
        if says == given or _is_silent(key, says, given, bets) or (page.partial and (says is None or given is None)):
            continue
        if page.partial and (not key[0] or key[1] in ("runs", REPEATED)):
            continue
        found.append(_Difference(*key, says or "", given or ""))
    return found


def _is_silent(key: tuple[str, str], says: str | None, given: str | None, bets: set[str]) -> bool:
    """Return whether only one side has a statement, and that is no contradiction.

    Another version has other columns. A bet that has no record needs no row.
    """
    bet, subject = key
    if subject.startswith(SECTION):
        return given is None
    if says is None:
        return subject.startswith(LINE) or given == "never run" or subject != VERDICT or not bet
    if given is None:
        return not subject.startswith(LINE) and (says == "never run" or (subject != VERDICT and bet in bets) or not bet)
    return False


def _listed(items: Sequence[_Difference]) -> str:
    more = f"; and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
    return "; ".join(item.text for item in items[:_NAMED]) + more


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
