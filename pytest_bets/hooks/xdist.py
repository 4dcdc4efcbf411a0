"""The one module that knows pytest-xdist: what the controller sends to its workers and gets from them."""

import json
import sys
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, Protocol
from uuid import uuid4

import pytest

from pytest_bets.hooks.coverage import plugin_of, sent_by

if TYPE_CHECKING:
    from pytest_bets.hooks.remote import RemoteTiers
    from pytest_bets.hooks.session import Session
    from pytest_bets.hooks.settings import Settings

_FINISHED: Final = "bets_finished"
_REGISTERED: Final = "bets_registered"
_REPLICATIONS: Final = "bets_replications"
_ELSEWHERE: Final = "bets_elsewhere"
_LINK: Final = "bets_progress"


def is_worker(config: pytest.Config) -> bool:
    """Return whether this process runs items for a controller."""
    return hasattr(config, "workerinput")


def is_controller(config: pytest.Config) -> bool:
    """Return whether other processes run the items of this session: by xdist's own rule."""
    distributed = config.getoption("dist", "no") != "no" and bool(config.getoption("tx", []))
    return distributed and not config.option.collectonly and not is_worker(config)


def finished_cells(config: pytest.Config) -> dict[str, str]:
    """Return, on a worker, the finished cells that the controller found."""
    sent: Mapping[str, str] = config.workerinput  # type: ignore[attr-defined]  # only xdist's workers have it
    return dict(json.loads(sent[_FINISHED]))


def registered_bets(config: pytest.Config) -> frozenset[str]:
    """Return, on a worker, the ids of the bets that the controller found registered, if it needed to know."""
    sent: Mapping[str, str] = config.workerinput  # type: ignore[attr-defined]  # only xdist's workers have it
    return frozenset(json.loads(sent[_REGISTERED]))


def replications(config: pytest.Config) -> dict[str, int]:
    """Return, on a worker, the number of the next replication of every bet."""
    sent: Mapping[str, str] = config.workerinput  # type: ignore[attr-defined]  # only xdist's workers have it
    return dict(json.loads(sent[_REPLICATIONS]))


def send_elsewhere(config: pytest.Config, bets: Sequence[str]) -> None:
    """Send to the controller, on a worker, which bets are left to other shards."""
    config.workeroutput[_ELSEWHERE] = json.dumps(bets)  # type: ignore[attr-defined]  # only xdist's workers have it


def link(config: pytest.Config) -> Callable[[str], object] | None:
    """Return, on a worker, what sends the progress of its cells to the controller; None with `--bets-progress off`."""
    found = config.workerinput.get(_LINK)  # type: ignore[attr-defined]  # only xdist's workers have it
    return found.send if found is not None else None


def become_worker(config: pytest.Config, sent: Mapping[str, Any], send: Callable[[str], object] | None) -> None:
    """Make other plugins take this process for a worker: they write no reports of their own there.

    `send` sends the progress of its cells; None with `--bets-progress off`.
    """
    config.workerinput = dict(sent)  # type: ignore[attr-defined]  # only workers have it
    if send is not None:
        config.workerinput[_LINK] = SimpleNamespace(send=send)  # type: ignore[attr-defined]  # the line above
    config.workeroutput = {}  # type: ignore[attr-defined]  # only workers have it


class StandIn:
    """A node as other plugins expect one of xdist: they read `gateway.id` and `workerinfo`, and write `workerinput`."""

    def __init__(self, name: str, config: pytest.Config, sent: dict[str, Any]) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.config = config
        self.workerinput = sent
        self.workerinfo = {
            "id": name,
            "hostname": name,
            "sysplatform": sys.platform,
            "version_info": tuple(sys.version_info),
            "executable": sys.executable,
        }


def sent_to_workers(
    config: pytest.Config, registered: Collection[str], replications: Mapping[str, int]
) -> dict[str, Any]:
    """Return what a worker gets: of xdist, of this plugin, and of every other plugin that sends something."""
    sent = {
        "workerid": "bets",
        "workercount": 1,
        "testrunuid": uuid4().hex,
        "mainargv": [*sys.argv],
        _FINISHED: "{}",
        _REGISTERED: json.dumps(sorted(registered)),
        _REPLICATIONS: json.dumps(dict(replications)),
    }
    if hasattr(config.hook, "pytest_configure_node"):
        measures = plugin_of(config)  # it wants more of a node than a stand-in has
        hook = config.pluginmanager.subset_hook_caller("pytest_configure_node", [measures] if measures else [])
        hook(node=StandIn("bets", config, sent))
    seed = config.getoption("randomly_seed", None)
    return {
        **({} if seed is None else {"randomly_seed": seed}),
        **sent,
        **sent_by(config),
    }  # it sends it to xdist alone


def _unless_it_died(send: Callable[..., None]) -> Callable[..., None]:
    """Return `send`, which sends a command to a worker, for one that may have died.

    A worker may die while xdist sends it items, or asks for some back; the error of that would end the session with all
    its bets. xdist hears of the death from the thread that reads what the worker sends, and hands its items out again.
    """

    def sending(name: str, **command: object) -> None:
        with suppress(OSError):
            send(name, **command)

    return sending


class Activation(Protocol):
    """What the controller asks for; `session` activates the plugin, so it is called only if there are bets."""

    def settings(self) -> "Settings": ...  # noqa: D102
    def session(self) -> "Session": ...  # noqa: D102
    def is_bet(self, path: Path) -> bool: ...  # noqa: D102


class Controller:
    """Connects the session with the workers."""

    def __init__(self, config: pytest.Config, activation: Activation) -> None:
        self.config = config
        self.activation = activation
        self.bets: frozenset[str] = frozenset()
        self.tiers: list[RemoteTiers] = []
        """Empty in a session without bets."""
        self.take: Callable[..., None] | None = None
        """Takes the progress of the cells of workers, in a session with bets."""
        self._has_begun = False

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Send the finished cells, so that all workers collect the same items, and the bets that may run."""
        settings, session = self.activation.settings(), self.activation.session
        finished = dict(session().context.finished) if settings.resume else {}
        registered = sorted(session().context.registered) if settings.required else []
        numbers = dict(session().context.replications) if settings.replication else {}
        node.workerinput[_REPLICATIONS] = json.dumps(numbers)
        node.workerinput[_FINISHED] = json.dumps(finished)
        node.workerinput[_REGISTERED] = json.dumps(registered)
        if settings.progress != "off":
            channel = node.gateway.newchannel()  # a channel can be sent: the worker gets the other end of it
            channel.setcallback(partial(self._progressed, node.gateway.id))
            node.workerinput[_LINK] = channel

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Have the session note a bet that skips itself: where no other has items, only this activates the plugin."""
        if report.skipped and self.activation.is_bet(self.config.rootpath / report.nodeid):
            self.activation.session().pytest_collectreport(report)

    def _progressed(self, worker: str, text: str) -> None:
        """Pass on the progress of a cell; called by the thread that reads what a worker sends."""
        if self.take is not None:
            self.take(text, worker=worker)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:
        """Begin with the items of the first worker.

        All workers collect the same, so the first list is enough: the baseline is taken while the others still collect,
        and before any cell runs. The replacement of a dead worker collects again, and begins nothing.
        """
        if not self._has_begun:
            self._has_begun = True
            self._begin(ids)
        if self.bets:
            node.sendcommand = _unless_it_died(node.sendcommand)

    def _begin(self, ids: Sequence[str]) -> None:
        files = {nodeid.partition("::")[0] for nodeid in ids}
        if not any(self.activation.is_bet(self.config.rootpath / file) for file in files):
            return
        session = self.activation.session()
        session.begin(ids)
        self.bets = frozenset(session.runs)
        if not self.bets:
            return
        if session.settings.engine.name:
            from pytest_bets.hooks.settings import NOT_WITH_PROCESSES

            raise pytest.UsageError(f"{session.settings.engine.given} {NOT_WITH_PROCESSES}")
        from pytest_bets.hooks.remote import RemoteTiers

        self.take = session.live.take
        self.tiers.append(RemoteTiers(self.config, session))
        if self.config.getoption("dist", "no") == "each":
            raise pytest.UsageError(
                "--dist each does not go with bets: it runs every cell once a worker, and a cell is one row of "
                "measurements. Use --dist load, worksteal, loadfile, loadscope or loadgroup."
            )

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Run a tier here when a worker has run it."""
        for tiers in self.tiers:
            tiers.finish(nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Stop the workers where --maxfail says so: xdist counts the reports of its workers, and so no tiers."""
        if not (report.failed and self.bets):
            return
        session = self.config.pluginmanager.get_plugin("session")
        distributed = self.config.pluginmanager.get_plugin("dsession")
        if session and distributed and session.shouldfail and not distributed.shouldstop:
            distributed.shouldstop = session.shouldfail

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Note which bets a worker has left to other shards; all workers leave the same."""
        elsewhere = json.loads(getattr(node, "workeroutput", {}).get(_ELSEWHERE, "[]"))
        if elsewhere:
            self.activation.session().context.leave(elsewhere)

    @pytest.hookimpl(optionalhook=True, wrapper=True)
    def pytest_xdist_make_scheduler(self) -> Generator[None, Any, Any]:
        """Make loadscope, loadfile and loadgroup give up a cell that killed its worker.

        They run that cell again until no worker may be replaced (pytest-dev/pytest-xdist#1371), and hand out scopes
        that are done, for which no worker ever reports: the session hangs (#1323, #1378). The method is replaced on
        the scheduler at hand, not in a subclass, because a project may return its own scheduler from this hook.
        With a fixed xdist the result is the same, so no version is checked.
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
