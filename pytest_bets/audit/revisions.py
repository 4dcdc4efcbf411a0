"""What commits did to bet files and records, from what git says about their blobs."""

from collections.abc import Iterator, Mapping, Sequence

from pytest_bets.audit.evidence import BetContent, BetRevision, MergeSide, RecordHeader, RecordRevision
from pytest_bets.bet.declaration import is_bet_name
from pytest_bets.git.revision import Commit, Side, Touch

Known = Mapping[tuple[str, str], BetContent]
"""What bet files hold, by blob and path."""


def is_bet(touch: Touch) -> bool:
    """Return whether a file that a commit changed is a bet's."""
    return is_bet_name(touch.path or touch.was or "")


def bet_revisions(
    touches: Sequence[Touch], commits: Mapping[str, Commit], work: Commit, known: Known
) -> list[BetRevision]:
    """Return what each commit did to bets; what is not committed is of the commit `work`."""
    return [_revision(touch, commits.get(touch.commit, work), known) for touch in touches if is_bet(touch)]


def _revision(touch: Touch, commit: Commit, known: Known) -> BetRevision:
    before = known.get((touch.before, touch.was)) if touch.before and touch.was else None
    after = known.get((touch.after, touch.path)) if touch.after and touch.path else None
    was = touch.was if touch.path and touch.was != touch.path else None
    others = tuple(known[other] for other in touch.others)
    return BetRevision(commit, touch.path or touch.was or "", was, before, after, others)


def merge_sides(sides: Sequence[Side], commits: Mapping[str, Commit], known: Known) -> list[MergeSide]:
    """Return how bets differ between each merge and each of its parents."""
    return [
        MergeSide(
            commits[side.merge],
            commits[side.parent],
            side.path,
            known.get((side.before or "", side.path)),
            known.get((side.after or "", side.path)),
        )
        for side in sides
    ]


def record_revisions(
    touches: Sequence[Touch], commits: Mapping[str, Commit], work: Commit, headers: Mapping[str, RecordHeader]
) -> Iterator[RecordRevision]:
    """Yield what each commit did to records."""
    for touch in touches:
        if is_bet(touch):
            continue
        commit = commits.get(touch.commit, work)
        before, after = headers.get(touch.before or ""), headers.get(touch.after or "")
        if touch.was and touch.path and touch.was != touch.path:
            yield RecordRevision(commit, _bet(touch.was), before, None)
            before = None
        yield RecordRevision(commit, _bet(touch.path or touch.was or ""), before, after if touch.path else None)


def _bet(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".json")
