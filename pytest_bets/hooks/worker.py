"""What a worker knows: the controller decides, because all workers must collect the same items."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from pytest_bets.hooks import xdist
from pytest_bets.hooks.context import Context


class WorkerContext(Context):
    """Takes from the controller what another process would read from the results and from git."""

    @cached_property
    def finished(self) -> Mapping[str, str]:
        """The data of every cell that need not run again, by node id."""
        return xdist.finished_cells(self.config)

    @cached_property
    def registered(self) -> Collection[str]:
        """The ids of the bets that may run where registration is required."""
        return xdist.registered_bets(self.config)

    @cached_property
    def replications(self) -> Mapping[str, int]:
        """The number of the next replication of every bet, by id."""
        return xdist.replications(self.config)

    def leave(self, bets: Sequence[str]) -> None:
        """Report to the controller which bets are left to other shards."""
        xdist.send_elsewhere(self.config, bets)
