"""Which paths of a repository are those of a project."""

from dataclasses import dataclass
from pathlib import Path

from pytest_bets.audit.staleness import inside
from pytest_bets.bet.declaration import is_bet_name
from pytest_bets.record.filenames import JOURNAL, NO_RECORDS


@dataclass(frozen=True)
class Paths:
    """A project's root, results and journal, relative to the top of the repository; None: outside of it."""

    top: Path
    root: str | None
    folder: str | None
    journal: str | None

    def inside(self, path: Path) -> str | None:
        """Return a path relative to the top of the repository, None where it lies elsewhere."""
        return inside(path, self.top)

    def is_in_root(self, path: str) -> bool:
        """Return whether a file lies in the project."""
        return self.root == "." or path.startswith(f"{self.root}/")

    def is_bet(self, path: str) -> bool:
        """Return whether a file of this path is a bet of the project."""
        return is_bet_name(path) and self.is_in_root(path)

    def is_ours(self, path: str) -> bool:
        """Return whether a file of this path is a bet or a record of the project."""
        if path.endswith(".py"):
            return self.is_bet(path)
        folder, _, name = path.rpartition("/")
        return name.endswith(".json") and name not in NO_RECORDS and (folder or ".") == self.folder

    def is_results(self, path: str) -> bool:
        """Return whether a file of this path is a record, or a journal in the project."""
        if path.endswith(f"/{JOURNAL}") or path == JOURNAL:
            return path == self.journal or self.is_in_root(path)
        return not path.endswith(".py") and self.is_ours(path)


def paths(top: Path, root: Path, folder: Path) -> Paths:
    """Return the paths of the project at `root` with its results in `folder`, in the repository at `top`."""
    return Paths(top, inside(root, top), inside(folder, top), inside(folder / JOURNAL, top))
