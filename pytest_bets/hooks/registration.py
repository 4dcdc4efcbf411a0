"""Registration: whether the commit holds what a bet declares."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.parse import read
from pytest_bets.diagnostics import DeclarationError
from pytest_bets.git import checkout as git
from pytest_bets.hooks.settings import Settings
from pytest_bets.record.field import State
from pytest_bets.record.record import Registration
from pytest_bets.render.registration import refusal
from pytest_bets.walk import checkout, relative


class Registry:
    """The registration of the bets of a session, read from git once, with three processes.

    Where registration is required, git is asked for the whole catalogue: workers need the answer before they collect.
    """

    def __init__(self, settings: Settings, catalogue: Catalogue) -> None:
        self.settings = settings
        self.catalogue = catalogue

    @cached_property
    def tree(self) -> git.Tree | None:
        """The git checkout of the root."""
        return git.tree(self.settings.root.resolve())

    def undetermined(self, path: Path) -> str:
        """Return why the registration of a bet is unknown."""
        if self.tree is None:
            return "this is not a git repository, or git does not answer"
        if self.tree.shallow:
            return "this clone is shallow; run `git fetch --unshallow`"
        if not self._is_here(path):
            return f"it does not lie in the repository {self.tree.top}; run it inside its own"
        return f"it does not lie where the bets under {self.settings.root} are looked for"

    def registrations(self, bets: Mapping[Path, Declaration]) -> dict[str, Registration]:
        """Return the registration of every bet, as its record holds it, by its id."""
        known = self._catalogued if self.settings.required else self._read(bets)
        return {bet.id: known.get(bet.id, Registration("unknown", None)) for bet in bets.values()}

    def refusal(self, path: Path, bet: Declaration) -> str | None:
        """Return why a bet did not run; None if it ran."""
        state = self.registrations({path: bet})[bet.id].state if self.settings.required else "registered"
        return None if state == "registered" else refusal(self.typed(path), bet, state, self.undetermined(path))

    def typed(self, path: Path) -> str:
        """Return the path as a user types it in the working folder."""
        return relative(path, self.settings.here)

    @cached_property
    def registered(self) -> frozenset[str]:
        """The ids of the bets that may run where registration is required."""
        return frozenset(bet for bet, entry in self._catalogued.items() if entry.state == "registered")

    @cached_property
    def _catalogued(self) -> dict[str, Registration]:
        found: dict[Path, Declaration] = {}
        for path in self.catalogue.complete().paths:
            try:
                bet = self.catalogue.declaration(path)
            except DeclarationError:  # its collection reports the error
                continue
            if bet:
                found[path] = bet
        return self._read(found)

    def _read(self, bets: Mapping[Path, Declaration]) -> dict[str, Registration]:
        if not bets or self.tree is None or self.tree.shallow:
            return {}
        resolved = {path: path.resolve() for path in bets if self._is_here(path)}
        committed = self.tree.committed(list(resolved.values()))
        found: dict[str, Registration] = {}
        for path in resolved:
            bet, source = bets[path], committed[resolved[path]]
            same = source is not None and _digest(source, bet.file) == bet.digest
            state: State = "registered" if same else "unregistered"
            found[bet.id] = Registration(state, self.tree.commit if same else None)
        return found

    def _is_here(self, path: Path) -> bool:
        """Return whether a file lies in this checkout, and not in a submodule or another repository."""
        return self.tree is not None and checkout(path.resolve().parent) == self.tree.top


def _digest(source: bytes, file: str) -> str | None:
    try:
        declaration = read(source.decode(), file)
    except (DeclarationError, UnicodeDecodeError):
        return None
    return declaration.digest if declaration else None
