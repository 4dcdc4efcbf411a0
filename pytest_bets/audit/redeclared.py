"""Bets that make the claim of an older one again, after its result."""

from collections.abc import Iterator, Sequence

from pytest_bets.audit.evidence import Ancestry
from pytest_bets.audit.finding import Entry
from pytest_bets.audit.lineage import Lineage
from pytest_bets.audit.retraction import Retractions
from pytest_bets.bet.claim import Claim, is_easier, repeats
from pytest_bets.record.record import Record


class Redeclared:
    """The claims that fell, or that came to LENIENT alone, and the bets that were declared after them."""

    def __init__(
        self, bets: Sequence[Lineage], records: dict[str, Record], order: Ancestry, retractions: Retractions
    ) -> None:
        self.order = order
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
            if older is lineage or older.declared is None or not self.order.before(older.declared, lineage.declared):
                continue
            if older.last is None or {older.id, older.last.number} & {*lineage.last.challenges}:
                continue
            if not self._repeats(older, lineage, fate):
                continue
            easier = ", with an easier bar" if fate == _LENIENT else ""
            text = f"repeats the claim of {older.id}, which {fate}{easier}"
            yield Entry("finding", "redeclared", lineage.id, lineage.declared, text)

    def _repeats(self, older: Lineage, newer: Lineage, fate: str) -> bool:
        one, other = self._claim(older), self._claim(newer)
        if one is None or other is None:
            return False
        return repeats(one, other) and (fate != _LENIENT or is_easier(one, other))

    def _claim(self, lineage: Lineage) -> Claim | None:
        if lineage.last is None:
            return None
        if id(lineage) not in self._claims:
            self._claims[id(lineage)] = Claim(lineage.last)
        return self._claims[id(lineage)]

    def _fate(self, lineage: Lineage) -> str:
        """Return what became of a claim; empty where it passed or has no verdict."""
        if lineage.left:
            return "was deleted"
        standing = self.retractions.standings.get(lineage.id)
        state = standing.state if standing else "stands"
        fates = {
            "withdrawn": "was withdrawn",
            "retracted": "was retracted",
            "falsified": "is falsified",
            "noise": "is a FAIL in the noise",
        }
        return fates.get(state) or (_LENIENT if self.verdicts[lineage.id] == "LENIENT" else "")


_LENIENT = "came to LENIENT"
