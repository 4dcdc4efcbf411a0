"""Checkpoints: the finished cells of a session, on disk at once, so that an interrupted run can be resumed."""

from pytest_bets.code.digest import Code
from pytest_bets.hooks.context import Context
from pytest_bets.hooks.resume import checkpoint
from pytest_bets.hooks.run import BetRun
from pytest_bets.record.checkpoint import Checkpoint


class Checkpoints:
    """One file for each bet that has finished cells; none in a run that cannot be resumed."""

    def __init__(self, context: Context) -> None:
        self.context = context
        settings = context.settings
        self.enabled = settings.kept and not settings.rehearsal and not settings.replication
        self._files: dict[str, Checkpoint] = {}

    def add(self, run: BetRun, nodeid: str, code: Code) -> None:
        """Note a cell that has finished."""
        bet = run.declaration
        if nodeid not in run.data or nodeid in run.broken or nodeid in run.skipped:
            return
        if bet.id not in self._files:
            self._files[bet.id] = checkpoint(self.context.results, bet, code)
        try:
            self._files[bet.id].add(nodeid, run.data[nodeid])
        except OSError:  # resuming is a convenience; writing the record reports a folder that cannot be written
            return

    def clear(self, bet: str) -> None:
        """Delete the cells of a bet: its run is complete."""
        if bet in self._files:
            self._files[bet].clear()

    def close(self) -> None:
        """Close the files, and keep them."""
        for file in self._files.values():
            file.close()
