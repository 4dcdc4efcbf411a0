"""The one place that knows of pytest-xdist: what the controller hands to its workers, and hears from them."""

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_bets.hooks.options import FILES, Settings

if TYPE_CHECKING:
    from pytest_bets.hooks.parts import Parts

_FINISHED: Final = "bets_finished"
_REGISTERED: Final = "bets_registered"
_ELSEWHERE: Final = "bets_elsewhere"


def is_worker(config: pytest.Config) -> bool:
    """Tell whether this process runs items for a controller."""
    return hasattr(config, "workerinput")


def finished_cells(config: pytest.Config) -> dict[str, str]:
    """Return, on a worker, the finished cells that the controller found."""
    handed: Mapping[str, str] = config.workerinput  # type: ignore[attr-defined]  # is_worker has told that it is there
    return dict(json.loads(handed[_FINISHED]))


def registered_bets(config: pytest.Config) -> frozenset[str]:
    """Return, on a worker, the ids of the bets that the controller found registered, where it has to know."""
    handed: Mapping[str, str] = config.workerinput  # type: ignore[attr-defined]  # is_worker has told that it is there
    return frozenset(json.loads(handed[_REGISTERED]))


def tell_elsewhere(config: pytest.Config, bets: Sequence[str]) -> None:
    """Tell the controller, on a worker, which bets are left to other shards."""
    if is_worker(config):
        config.workeroutput[_ELSEWHERE] = json.dumps(bets)  # type: ignore[attr-defined]


class Controller:
    """The judge's ear, where other processes collect and run; `parts` is asked for only when there are bets."""

    def __init__(self, config: pytest.Config, settings: Settings, parts: "Callable[[], Parts]") -> None:
        self.config = config
        self.settings = settings
        self.parts = parts
        self.bets: frozenset[str] = frozenset()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand over the finished cells, so that every worker collects the same, and which bets may run."""
        node.workerinput[_FINISHED] = json.dumps(dict(self.parts().finished) if self.settings.resume else {})
        node.workerinput[_REGISTERED] = json.dumps(sorted(self.parts().registered()) if self.settings.required else [])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:  # noqa: ARG002  # xdist's signature
        """Begin with what the first worker has collected; all collect the same."""
        if self.bets or not any(Path(nodeid.partition("::")[0]).match(FILES) for nodeid in ids):
            return
        judge = self.parts().judge
        assert judge is not None  # noqa: S101  # this process is no worker
        judge.begin(ids)
        self.bets = frozenset(judge.runs)
        if not self.bets:
            return
        self.config.pluginmanager.register(Stopping(self.config), "bets-stopping")
        from pytest_bets.hooks.remote import RemoteTiers

        tiers = RemoteTiers(self.config, judge, self.parts().collection)
        self.config.pluginmanager.register(tiers, "bets-remote-tiers")
        if self.config.getoption("dist", "no") == "each":
            raise pytest.UsageError(
                "--dist each does not go with bets: it runs every cell once a worker, and a cell is one row of "
                "measurements. Use --dist load, worksteal, loadfile, loadscope or loadgroup."
            )

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over which bets a worker has left to other shards; all workers say the same."""
        elsewhere = json.loads(getattr(node, "workeroutput", {}).get(_ELSEWHERE, "[]"))
        if elsewhere:
            self.parts().grouping.elsewhere[:] = elsewhere

    @pytest.hookimpl(optionalhook=True, wrapper=True)
    def pytest_xdist_make_scheduler(self) -> Generator[None, Any, Any]:
        """Have a scheduler of loadscope and its kin give up a cell that killed its worker.

        It would run the cell again, until no worker may be replaced, and hand out files that are done, for which no
        worker ever reports: the session would hang.
        """
        scheduler = yield
        if hasattr(scheduler, "assigned_work") and hasattr(scheduler, "workqueue"):
            scheduler.remove_node = self._giving_up(scheduler.assigned_work, scheduler.remove_node)
        return scheduler

    def _giving_up(
        self, assigned: Mapping[Any, dict[str, dict[str, bool]]], remove_node: Callable[[Any], str | None]
    ) -> Callable[[Any], str | None]:
        def removing(node: Any) -> str | None:
            units = assigned[node]
            running = next((item for unit in units.values() for item, done in unit.items() if not done), None)
            if running is None or running.partition("::")[0] not in self.bets:
                return remove_node(node)
            for scope, unit in list(units.items()):
                left = [item for item, done in unit.items() if not done and item != running]
                units.pop(scope)
                if left:
                    units[scope] = dict.fromkeys(left, False)
            remove_node(node)
            return running

        return removing


class Stopping:
    """Stops a distributed session where --maxfail says so: xdist counts what its workers report, and no tiers."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hand the session's decision to stop over to the one who distributes."""
        if not report.failed:
            return
        session = self.config.pluginmanager.get_plugin("session")
        distributed = self.config.pluginmanager.get_plugin("dsession")
        if session and distributed and session.shouldfail and not distributed.shouldstop:
            distributed.shouldstop = session.shouldfail
