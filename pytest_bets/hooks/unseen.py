"""Files of the project that took part in a run and that the digest of the bet's code does not cover."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import PurePosixPath

from pytest_bets.code.index import CodeIndex, name_of
from pytest_bets.hooks.baseline import Baseline
from pytest_bets.hooks.context import Context
from pytest_bets.record.codec import file_sha256


class Unseen:
    """Holds what processes loaded against the code that is known by name.

    `others` are the files of tests of the same session: what they import is theirs.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.others: Sequence[str] = ()
        self.found: dict[str, Mapping[str, str]] = {}
        """By bet, the files with their hashes."""

    def files(self, bet: str, loaded: Collection[str], baseline: Baseline) -> Mapping[str, str]:
        """Return the files of a bet's run that no import leads to, with their hashes."""
        left = {name for name in loaded if PurePosixPath(name).name != "conftest.py"}
        left -= {name for code in baseline.code.values() for name in code.files}
        if left:
            left -= self._of_tests
        root = self.context.settings.root
        found = {name: file_sha256((root / name).read_bytes()) for name in sorted(left) if (root / name).is_file()}
        if found:
            self.found[bet] = found
        return found

    @cached_property
    def _of_tests(self) -> frozenset[str]:
        root = self.context.settings.root
        index = CodeIndex(root, self.context.search)
        paths = [self.context.config.rootpath / name for name in self.others]
        names = [name_of(path, root) for path in paths if path.suffix == ".py" and path.is_file()]
        return frozenset(name for test in names for name in (test, *index.of(test).files))
