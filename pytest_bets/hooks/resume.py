"""Resuming: what an interrupted run had finished, where declaration and code are still the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.bet.declaration import bet_id
from pytest_bets.code.index import CodeIndex
from pytest_bets.diagnostics import DeclarationError
from pytest_bets.hooks.options import Settings
from pytest_bets.record.checkpoint import Unfinished
from pytest_bets.record.store import Results
from pytest_bets.render.words import cells_words


@dataclass(frozen=True, eq=False)  # pytest before 8.3 keeps plugins in a set
class Resumed:
    """What every finished cell that can be reused had measured, by node id; and the bets of which none can."""

    cells: Mapping[str, str] = field(default_factory=dict)
    stale: Sequence[str] = ()

    @pytest.hookimpl
    def pytest_report_header(self) -> list[str]:
        """Tell what is reused, and why something is not."""
        bets = [bet_id(nodeid.partition("::")[0]) for nodeid in self.cells]
        told = [f"{cells_words(bets.count(bet), 'finished')} of {bet} reused" for bet in dict.fromkeys(bets)]
        told += [
            f"{bet} runs afresh: its declaration or code has changed since it was interrupted" for bet in self.stale
        ]
        return [f"bets: {line}" for line in told] or ["bets: no interrupted run to resume, every cell runs"]


def resumed(settings: Settings, catalogue: Catalogue, search: Sequence[Path]) -> Resumed:
    """Return what the unfinished runs in the folder of results have left to this session."""
    folder = Results(settings.results).unfinished()
    index = CodeIndex(settings.root, search)
    cells: dict[str, str] = {}
    stale = []
    for bet in sorted({path.name.partition(".")[0] for path in folder.glob("*.cells")}):
        path = catalogue.find(bet)
        try:
            declaration = catalogue.declaration(path) if path else None
        except DeclarationError:  # collecting it will tell
            continue
        if path and declaration:
            unfinished = Unfinished(folder, bet, declaration.digest, index.code(path).digest)
            cells |= unfinished.finished()
            if unfinished.stale():
                stale.append(bet)
    return Resumed(cells, tuple(stale))
