"""What an audit says, as values."""

from dataclasses import dataclass
from typing import Literal

from pytest_bets.bet.diff import Change
from pytest_bets.git.revision import Commit
from pytest_bets.record.verdict import Verdict

Level = Literal["finding", "note", "unknown"]
Kind = Literal[
    "goalposts",
    "same-commit",
    "late",
    "unregistered",
    "lost-commit",
    "vanished-bet",
    "vanished-record",
    "vanished-line",
    "missing-replication",
    "broken-chain",
    "elsewhere",
    "copied-line",
    "edited-record",
    "wrong-record",
    "wrong-summary",
    "misjudged",
    "other-cells",
    "other-code",
    "reseeded",
    "redeclared",
    "undeclared",
    "changed",
    "reworded",
    "renamed",
    "returned",
    "unreadable",
    "withdrawn",
    "challenged",
    "retracted",
    "overturned",
    "stale",
    "moved",
    "drift",
    "other-sweep",
    "unseen-code",
    "retried",
    "unstable",
    "void",
    "forked-chain",
    "dirty",
    "never-run",
    "old-summary",
    "unmerged",
    "outside",
    "unknown",
]


@dataclass(frozen=True)
class Entry:
    """One thing that an audit says; `commit` is where it happened, None where it is so now."""

    level: Level
    kind: Kind
    bet: str | None
    commit: Commit | None
    text: str
    change: Change | None = None


@dataclass(frozen=True)
class BetReport:
    """What an audit says about one bet; `under_first` is the verdict of today's record under the first criteria."""

    id: str
    path: str
    declared: Commit | None
    first_result: Commit | None
    verdict: Verdict | None
    under_first: Verdict | None
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Report:
    """What an audit says about a catalogue."""

    bets: tuple[BetReport, ...]
    entries: tuple[Entry, ...]
    commits: int

    @property
    def all(self) -> list[Entry]:
        """Every entry, those of bets first."""
        return [*(entry for bet in self.bets for entry in bet.entries), *self.entries]

    @property
    def state(self) -> Literal["clean", "findings", "unknown"]:
        """Findings come before what is undetermined, and that before clean."""
        levels = {entry.level for entry in self.all}
        return "findings" if "finding" in levels else "unknown" if "unknown" in levels else "clean"
