"""The plan of a session whose cells run elsewhere: which cells, what they need, and what a child needs to know."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeGuard

import pytest

from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.resources import RESOURCES, Need, narrowed, overrides
from pytest_bets.diagnostics import EngineError, did_you_mean
from pytest_bets.engines.archive import pack
from pytest_bets.engines.event import Work
from pytest_bets.engines.plan import THREADS, Plan
from pytest_bets.engines.queue import Waiting, durations
from pytest_bets.engines.site import Site
from pytest_bets.hooks import coverage, xdist
from pytest_bets.hooks.bet_file import BetFile
from pytest_bets.hooks.pytest_private import make_basetemp
from pytest_bets.hooks.session import Session
from pytest_bets.live.folder import LIVE
from pytest_bets.record import environment as machine
from pytest_bets.record.durations import read_durations
from pytest_bets.record.folder import PRIVATE

_OPTIONS: Final[Mapping[str, object]] = {
    **dict.fromkeys(("keyword", "markexpr"), ""),
    **dict.fromkeys(("lf", "failedfirst", "newfirst", "stepwise", "stepwise_skip", "cacheclear"), False),
    **dict.fromkeys(("usepdb", "trace", "collectonly", "bets_resume", "bets_replay"), False),
    **dict.fromkeys(("deselect", "numprocesses", "basetemp", "log_file", "bets_attempts"), None),
    "maxfail": 0,
    "tx": [],
    "plugins": [],
    "dist": "no",
    "bets_on": "none",
    "no_header": True,
    "no_summary": True,
    "color": "no",
    "durations": None,
}
"""Options of a child: it selects nothing, stops at nothing, and writes nothing but a short log."""
_BLOCKED: Final = ("pytest-retry", "pytest_retry.retry_plugin")
"""A plugin that connects every worker to a server that runs under xdist alone. Its retries do not go with bets."""
_NO: Final = "no:"
"""What blocks a plugin, before its name."""


def is_distributed(item: pytest.Item) -> TypeGuard[pytest.Function]:
    """Return whether an engine runs an item: a cell, and not one that is skipped where it was collected."""
    bet = item.parent
    return isinstance(item, pytest.Function) and isinstance(bet, BetFile) and item.get_closest_marker("skip") is None


def waiting_cells(session: Session, cells: Sequence[pytest.Function]) -> list[Waiting]:
    """Return the cells with what they need.

    Raises:
        EngineError: if the setting `bets_resources` cannot be read, or names a bet that is not there.

    """
    settings = session.settings
    try:
        given = overrides(settings.engine.resources)
    except ValueError as error:
        raise EngineError(str(error)) from None
    if given.keys() - {"*"}:
        _check_names(session, given)
    kept = settings.kept and not settings.rehearsal
    by_bet = durations(session.context.results.journal()) if kept else {}
    by_cell = read_durations(session.context.results.folder / PRIVATE) if kept else {}
    works: dict[str, Work] = {}
    found = []
    for cell in cells:
        run = session.run_of(cell.nodeid)
        if run is None:
            continue
        if run.prefix not in works:
            code = session.baseline.code.get(run.declaration.id)
            modules = tuple(sorted(code.modules)) if code else ()
            works[run.prefix] = Work(
                cell="",
                file=os.path.relpath(run.path, _top(session)),
                code=code.digest if code else "",
                modules=modules,
                packages=machine.packages(modules),
                seconds=by_bet.get(run.declaration.id),
            )
        work = works[run.prefix]
        need = _need(cell, run.declaration, given)
        seconds = by_cell.get(cell.nodeid, work.seconds)
        found.append(Waiting(replace(work, cell=cell.nodeid, seconds=seconds), need))
    return found


def _need(cell: pytest.Function, declaration: Declaration, given: Mapping[str, Mapping[str, object]]) -> Need:
    """Return what a cell needs: of its own marker, then of its experiment's, both below the settings."""
    need = Need()
    try:
        for node in cell.listchain():
            for mark in node.own_markers:  # that of a case comes after that of its experiment
                if mark.name == RESOURCES:
                    need = narrowed(need, mark.kwargs)
    except (ValueError, TypeError, KeyError) as error:
        raise EngineError(f"{cell.nodeid}: its marker `resources` cannot be read: expected {error}") from None
    for name in ("*", str(declaration.number), declaration.id):
        need = narrowed(need, given.get(name, {}))
    return need


def _check_names(session: Session, given: Mapping[str, object]) -> None:
    declared, _ = session.context.catalogue.declarations()
    names = {bet.id for bet in declared} | {str(bet.number) for bet in declared}
    for name in given:
        if name != "*" and name not in names:
            raise EngineError(f"bets_resources names the bet {name}, which is not there{did_you_mean(name, names)}")


def _top(session: Session) -> str:
    """Return the folder that holds the project and pytest's rootdir."""
    config, settings = session.config, session.settings
    return os.path.commonpath([settings.root, config.rootpath])


def plan_of(session: Session, cells: Sequence[pytest.Function]) -> Plan:
    """Return what the children of this session need to know."""
    config, context, settings = session.config, session.context, session.settings
    option = {name: value for name, value in vars(config.option).items() if name != "file_or_dir" and _is_json(value)}
    registered = context.registered if settings.required else ()
    replications = context.replications if settings.replication else {}
    sent = xdist.sent_to_workers(config, registered, replications)
    return Plan(
        top=_top(session),
        here=str(settings.here),
        root=str(config.rootpath),
        project=str(settings.root),
        settings=str(config.inipath) if config.inipath else None,
        options={
            **option,
            "rootdir": str(config.rootpath),
            "inifilename": _ini(config),
            **_OPTIONS,
            **coverage.options_of(config),
        },
        plugins=plugins_of(config.option.plugins),
        files=tuple(dict.fromkeys(str(cell.path) for cell in cells)),
        path=tuple(sys.path),
        search=tuple(str(path) for path in context.search),
        environment={name: os.environ.get(name) for name in THREADS},
        sent={name: value for name, value in sent.items() if _is_json(value)},
        python=machine.python(),
        mixed=settings.engine.mixed,
        watched=settings.progress != "off",
        temporary=_temporary(config),
    )


def _temporary(config: pytest.Config) -> str:
    """Return the folder that --basetemp names, made before any child: later that would remove the folders of children.

    Raises:
        EngineError: if it cannot be made.

    """
    named = config.option.basetemp
    try:
        return str(make_basetemp(config) or "") if named else ""
    except OSError as error:
        raise EngineError(f"--basetemp {named}: {error}") from None


def plugins_of(given: Sequence[str]) -> tuple[str, ...]:
    """Return the plugins of a child: the last word of the options -p on each one, and what no child may have.

    A child reads these options twice, so a plugin that is blocked and then allowed would be loaded twice.
    """
    last = {name.removeprefix(_NO): name for name in given}
    return tuple({**last, **{name: f"{_NO}{name}" for name in _BLOCKED}}.values())


def _ini(config: pytest.Config) -> str | None:
    return str(config.inipath) if config.inipath else None


def site_of(session: Session) -> Site:
    """Return what an engine may use of this machine."""
    settings = session.settings
    results = settings.results
    return Site(results / LIVE, settings.engine.flags, lambda: pack(Path(_top(session)), results))


def _is_json(value: object) -> bool:
    """Return whether JSON has a value: others stay in this process, as objects that plugins put among the options."""
    if isinstance(value, list | tuple):
        return all(map(_is_json, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) for key in value) and all(map(_is_json, value.values()))
    return value is None or isinstance(value, bool | int | float | str)
