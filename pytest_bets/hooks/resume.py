"""Resuming: the finished cells of an interrupted run, where declaration and code are unchanged.

Whether the sweep is unchanged, too, is known when it is collected: `bet_file.py` compares it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.bet.declaration import bet_id
from pytest_bets.code.index import CodeIndex
from pytest_bets.diagnostics import DeclarationError
from pytest_bets.hooks.settings import Settings
from pytest_bets.record.checkpoint import Unfinished
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
            f"{bet} runs afresh: its declaration or code has changed since it was interrupted" for bet in self.stale
        ]
        return [f"bets: {line}" for line in lines] or ["bets: no interrupted run to resume, every cell runs"]


def resume(settings: Settings, catalogue: Catalogue, search: Sequence[Path]) -> Resumed:
    """Read the checkpoints in the folder of results."""
    folder = Results(settings.results).unfinished()
    index = CodeIndex(settings.root, search)
    cells: dict[str, str] = {}
    stale = []
    for bet in sorted({path.name.partition(".")[0] for path in folder.glob("*.cells")}):
        path = catalogue.find(bet)
        try:
            declaration = catalogue.declaration(path) if path else None
        except DeclarationError:  # its collection reports the error
            continue
        if path and declaration:
            unfinished = Unfinished(folder, bet, declaration.digest, index.code(path).digest)
            cells |= unfinished.finished()
            if unfinished.stale():
                stale.append(bet)
    return Resumed(cells, tuple(stale))
