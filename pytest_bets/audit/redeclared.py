"""Bets that make the claim of an older one again, after its result."""

from collections.abc import Iterator, Sequence

from pytest_bets.audit.evidence import Ancestry
from pytest_bets.audit.finding import Entry
from pytest_bets.audit.lineage import Lineage
from pytest_bets.audit.order import Order
from pytest_bets.audit.retraction import Retractions
from pytest_bets.bet.claim import Claim, is_easier, repeats
from pytest_bets.bet.declaration import Declaration
from pytest_bets.git.revision import Commit
from pytest_bets.record.record import Record


class Redeclared:
    """The claims that fell, or that came to LENIENT alone, and the bets that were declared after them."""

    def __init__(
        self,
        bets: Sequence[Lineage],
        records: dict[str, Record],
        order: Ancestry,
        results: Order,
        retractions: Retractions,
    ) -> None:
        self.order = order
        self.results = results
        self.retractions = retractions
        self.verdicts = {
            lineage.id: next((records[bet].verdict for bet in reversed(lineage.ids) if bet in records), None)
            for lineage in bets
        }
        self.older = [(lineage, fate) for lineage in bets if (fate := self._fate(lineage))]
        self._claims: dict[int, Claim] = {}

    def entries(self, lineage: Lineage) -> Iterator[Entry]:
        """Yield the older claims that a bet repeats without a challenge to them."""
        if lineage.declared is None or lineage.last is None:
            return
        for older, fate in self.older:
            if older is lineage or older.last is None or {older.id, older.last.number} & {*lineage.last.challenges}:
                continue
            if not self._repeats(older.last, lineage.last, fate):
                continue
            # a bet may have got its claim in a later commit than its first one
            was = [commit for commit, declaration in older.readable if self._repeats(declaration, lineage.last, fate)]
            now = [commit for commit, declaration in lineage.readable if self._repeats(older.last, declaration, fate)]
            where = self._where(older, was[0], now)
            if where is not None:
                easier = ", with an easier bar" if fate == _LENIENT else ""
                text = f"repeats the claim of {older.id}, which {fate}{easier}{where}"
                yield Entry("finding", "redeclared", lineage.id, now[0], text)

    def _where(self, older: Lineage, was: Commit, now: Sequence[Commit]) -> str | None:
        """Return in words where the commits `now` make the claim that an older bet made in `was`; None if they may.

        They may if they came first. On a branch that does not know the older bet, they may before its first result.
        """
        if any(self.results.has(was, commit) for commit in now):
            return None
        if self.order.before(was, now[0]):
            return ""
        results = [result.commit for result in self.results.results(older.ids)]
        if all(any(self.order.before(commit, result) for commit in now) for result in results):
            return None
        return ", on another branch: git does not show which came first"

    def _repeats(self, older: Declaration, newer: Declaration, fate: str) -> bool:
        one, other = self._claim(older), self._claim(newer)
        return repeats(one, other) and (fate != _LENIENT or is_easier(one, other))

    def _claim(self, bet: Declaration) -> Claim:
        if id(bet) not in self._claims:
            self._claims[id(bet)] = Claim(bet)
        return self._claims[id(bet)]

    def _fate(self, lineage: Lineage) -> str:
        """Return what became of a claim; empty where it passed or has no verdict."""
        if lineage.left:
            return "was deleted"
        standings = [self.retractions.standings.get(bet) for bet in reversed(lineage.ids)]
        states = [standing.state for standing in standings if standing]
        # a bet that got another name and was not run under it has the verdict of its former name
        state = next((state for state in states if state != "open"), "stands")
        fates = {
            "withdrawn": "was withdrawn",
            "retracted": "was retracted",
            "falsified": "is falsified",
            "noise": "is a FAIL in the noise",
        }
        return fates.get(state) or (_LENIENT if self.verdicts[lineage.id] == "LENIENT" else "")


_LENIENT = "came to LENIENT"
