"""Resuming: the finished cells of an interrupted run, where declaration, code and environment are unchanged.

Whether the sweep is unchanged, too, is known when it is collected: `bet_file.py` compares it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.bet.declaration import Declaration, bet_id
from pytest_bets.code.digest import Code
from pytest_bets.code.index import CodeIndex
from pytest_bets.diagnostics import DeclarationError
from pytest_bets.hooks.settings import Settings
from pytest_bets.record import environment as machine
from pytest_bets.record.checkpoint import Checkpoint
from pytest_bets.record.store import Results
from pytest_bets.render.words import cells_words


@dataclass(frozen=True)
class Resumed:
    """The data of every finished cell that can be reused, by node id; and the bets that have changed since."""

    cells: Mapping[str, str]
    stale: Sequence[str]

    def header(self) -> list[str]:
        """Return the lines that say what is reused, and what is not and why."""
        bets = [bet_id(nodeid.partition("::")[0]) for nodeid in self.cells]
        lines = [
            f"{cells_words(bets.count(bet), 'finished')} of {bet} reused, if its sweep is the same"
            for bet in dict.fromkeys(bets)
        ]
        lines += [
            f"{bet} runs afresh: its declaration, code or environment has changed since it was interrupted"
            for bet in self.stale
        ]
        return [f"bets: {line}" for line in lines] or ["bets: no interrupted run to resume, every cell runs"]


def checkpoint(results: Results, bet: Declaration, code: Code) -> Checkpoint:
    """Return the finished cells of a bet's unfinished runs, as far as a record can take them for cells of one run."""
    environment = {**machine.python(), "packages": machine.packages(code.modules)}  # a record names one for all cells
    return Checkpoint(results.checkpoints(), bet.id, [bet.digest, code.digest, environment])


def resume(settings: Settings, catalogue: Catalogue, search: Sequence[Path]) -> Resumed:
    """Read the checkpoints in the folder of results."""
    results = Results(settings.results)
    index = CodeIndex(settings.root, search)
    cells: dict[str, str] = {}
    stale = []
    for bet in sorted({path.name.partition(".")[0] for path in results.checkpoints().glob("*.cells")}):
        path = catalogue.find(bet)
        try:
            declaration = catalogue.declaration(path) if path else None
        except DeclarationError:  # its collection reports the error
            continue
        if path and declaration:
            noted = checkpoint(results, declaration, index.code(path))
            cells |= noted.finished()
            if noted.stale():
                stale.append(bet)
    return Resumed(cells, tuple(stale))
