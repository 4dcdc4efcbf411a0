"""Whether a checkout has what the history has: a sparse one may not, and a filter stores other bytes."""

from pytest_bets.bet.declaration import is_bet_name
from pytest_bets.diagnostics import EvidenceError
from pytest_bets.git import log as history
from pytest_bets.git.attributes import filtered
from pytest_bets.git.checkout import Tree
from pytest_bets.record.filenames import JOURNAL


def check_complete(tree: Tree, head: str, root: str | None, results: str | None) -> None:
    """Check that the files of bets and results are there, and are what git has of them.

    Raises:
        EvidenceError: with the first file that is not.

    """
    listed = history.files(tree.top, head, [folder for folder in {root, results} if folder is not None])
    ours = [path for path in listed if _is_results(path, results) or is_bet_name(path)]
    for path in ours:
        if "\n" in path:
            raise EvidenceError(f"the path {path!r} has a line feed, and git cannot be asked for it: rename the folder")
        if path not in tree.changed and not (tree.top / path).exists():
            raise EvidenceError(
                f"{path} is committed and not checked out: run `git sparse-checkout disable`, or "
                f"`git update-index --no-skip-worktree {path}`"
            )
    stored = [path for path in ours if _is_results(path, results)]
    for path in filtered(tree.top, stored):
        (blob,) = history.contents(tree.top, [f"{head}:{path}"])
        if blob is not None and not blob.lstrip().startswith(b"{"):
            raise EvidenceError(
                f"git stores {path} through a filter (.gitattributes): its history does not show what was recorded"
            )


def _is_results(path: str, results: str | None) -> bool:
    folder, _, name = path.rpartition("/")
    return (folder or ".") == results and (name == JOURNAL or name.endswith(".json"))
