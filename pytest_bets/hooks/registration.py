"""Registration: whether the commit holds what a bet declares, and refusing to run one of which that is not known."""

import os
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from pathlib import Path

import pytest

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.parse import read
from pytest_bets.diagnostics import DeclarationError
from pytest_bets.git import checkout as git
from pytest_bets.hooks.collection import BetFile
from pytest_bets.hooks.options import Settings
from pytest_bets.hooks.tiers import Tier
from pytest_bets.record.model import Registration, State
from pytest_bets.render.registration import refusal


class Registry:
    """What git says of the bets of a session, asked once, in two processes.

    Where registration is required, it is asked of the whole catalogue: workers are told before anyone has collected.
    """

    def __init__(self, settings: Settings, catalogue: Callable[[], Catalogue]) -> None:
        self.settings = settings
        self.catalogue = catalogue

    @cached_property
    def tree(self) -> git.Tree | None:
        """The checkout that the root lies in."""
        return git.tree(self.settings.root.resolve())

    @property
    def untold(self) -> str:
        """Why the registration of a bet is unknown."""
        if self.tree is None:
            return "this is no git checkout, or git does not answer"
        if self.tree.shallow:
            return "this clone is shallow; run `git fetch --unshallow`"
        return f"it does not lie where the bets under {self.settings.root} are looked for"

    def registrations(self, bets: Mapping[Path, Declaration]) -> dict[str, Registration]:
        """Return the registration of every bet, as its record holds it, by its id."""
        known = self._catalogued if self.settings.required else self._asked(bets)
        return {bet.id: known.get(bet.id, Registration("unknown", None)) for bet in bets.values()}

    def refusal(self, path: Path, bet: Declaration) -> str | None:
        """Return why a bet was not run, None where it was."""
        state = self.registrations({path: bet})[bet.id].state if self.settings.required else "registered"
        return None if state == "registered" else refusal(self.typed(path), bet, state, self.untold)

    def typed(self, path: Path) -> str:
        """Return the path as it is typed where the session was started."""
        return os.path.relpath(path, self.settings.here)

    @cached_property
    def registered(self) -> frozenset[str]:
        """The ids of the bets that may run where registration is required."""
        return frozenset(bet for bet, held in self._catalogued.items() if held.state == "registered")

    @cached_property
    def _catalogued(self) -> dict[str, Registration]:
        found: dict[Path, Declaration] = {}
        for path in self.catalogue().paths:
            try:
                bet = self.catalogue().declaration(path)
            except DeclarationError:  # collecting it will tell
                continue
            if bet:
                found[path] = bet
        return self._asked(found)

    def _asked(self, bets: Mapping[Path, Declaration]) -> dict[str, Registration]:
        if not bets or self.tree is None or self.tree.shallow:
            return {}
        resolved = {path: path.resolve() for path in bets}
        committed = self.tree.committed(list(resolved.values()))
        found: dict[str, Registration] = {}
        for path, bet in bets.items():
            held = committed[resolved[path]]
            same = held is not None and _digest(held, bet.file) == bet.digest
            state: State = "registered" if same else "unregistered"
            found[bet.id] = Registration(state, self.tree.commit if same else None)
        return found


def _digest(source: bytes, file: str) -> str | None:
    try:
        declaration = read(source.decode(), file)
    except (DeclarationError, UnicodeDecodeError):
        return None
    return declaration.digest if declaration else None


class Refusing:
    """Skips the cells of every bet that is not `registered`, before any of their fixtures; where the cells run."""

    def __init__(self, registered: Callable[[], Collection[str]]) -> None:
        self.registered = registered

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip a cell; one error, where its bet is judged, says why."""
        bet = item.parent
        if type(bet) is not BetFile or type(item) is Tier or bet.declaration is None:
            return
        if bet.declaration.id not in self.registered():
            reason = "not known to be registered, which bets_registration requires"
            raise pytest.skip.Exception(reason, _use_item_location=True)
