"""How the challenges to a claim ended, in the order in which it happened."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pytest_bets.audit.finding import Entry
from pytest_bets.audit.journal import Runs
from pytest_bets.audit.lineage import Lineage
from pytest_bets.git.revision import Commit
from pytest_bets.record.judgement import in_the_noise
from pytest_bets.record.line import RunLine
from pytest_bets.record.standing import Challenge, Standing, StandingState

_STATES: Final[Mapping[StandingState, str]] = {
    "stands": "the claim stands",
    "retracted": "this challenge retracts nothing, another one does",
    "withdrawn": "this challenge retracts nothing; the claim is withdrawn",
    "falsified": "this challenge retracts nothing; the claim is falsified by its own result",
    "noise": "this challenge retracts nothing; the claim's own FAIL is in the noise",
    "open": "this challenge retracts nothing; the claim has no verdict yet",
}


class Retractions:
    """The standings of today, and the commits that brought them about."""

    def __init__(self, standings: Mapping[str, Standing], bets: Sequence[Lineage], runs: Runs) -> None:
        self.standings = standings
        self.bets = {lineage.id: lineage for lineage in bets}
        self.runs = runs

    def entries(self, bet: str) -> Iterator[Entry]:
        """Yield a note for each challenge to a bet, for the retraction that it was, and for the end of that."""
        for challenge in self.standings[bet].challenges if bet in self.standings else ():
            failed = self._failed(challenge.by)
            if challenge.end == "retracts" or failed:
                text = f"{challenge.by}, which challenges it, came to FAIL: the claim is retracted"
                yield Entry("note", "retracted", bet, failed, text)
            if challenge.end != "retracts":
                yield self._ended(bet, challenge)

    def _ended(self, bet: str, challenge: Challenge) -> Entry:
        by = challenge.by
        if challenge.end == "open":
            return Entry("note", "challenged", bet, None, f"{by} challenges it and has come to no verdict")
        if challenge.end == "survived":
            state = _STATES[self.standings[bet].state]
            return Entry("note", "challenged", bet, None, f"{by} challenges it and did not fail: {state}")
        if challenge.end == "noise":
            text = f"{by} challenges it, and its FAIL is in the noise: it retracts nothing"
            return Entry("note", "challenged", bet, None, text)
        withdrawn = self.standings[by].withdrawn
        if withdrawn:
            commit, why = self._withdrawn(by), f"was withdrawn ({withdrawn})"
        else:
            through = [other.by for other in self.standings[by].challenges if other.end == "retracts"]
            commit, why = self._failed(through[0]), f"is itself retracted by {', '.join(through)}"
        return Entry("note", "overturned", bet, commit, f"the retraction by {by} is overturned: {by} {why}")

    def _failed(self, bet: str) -> Commit | None:
        ids = self.bets[bet].ids if bet in self.bets else [bet]
        lines = (
            line
            for one in ids
            for line in self.runs.lines.get(one, ())
            if isinstance(line.entry, RunLine) and line.entry.verdict == "FAIL" and not in_the_noise(line.entry)
        )
        return min((line.added for line in lines if line.added), key=lambda commit: commit.order, default=None)

    def _withdrawn(self, bet: str) -> Commit | None:
        moved = self.bets[bet].moved if bet in self.bets else ()
        found = (moved.commit for moved in moved for change in moved.changes if change.subject == "withdrawn")
        return next(found, None)
