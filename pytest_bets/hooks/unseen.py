"""Files of the project that took part in a run and that the digest of the bet's code does not cover."""

from collections.abc import Collection, Mapping
from functools import cached_property
from posixpath import basename, dirname

from pytest_bets.bet.declaration import is_bet_name
from pytest_bets.code.index import CodeIndex, Imports
from pytest_bets.hooks.baseline import Baseline
from pytest_bets.hooks.context import Context
from pytest_bets.hooks.loaded import TEST
from pytest_bets.record.codec import file_sha256


class Unseen:
    """Holds what processes loaded against the code that is known by name. What tests import is theirs."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.found: dict[str, Mapping[str, str]] = {}
        """By bet, the files with their hashes."""

    def files(self, bet: str, loaded: Collection[str], baseline: Baseline) -> Mapping[str, str]:
        """Return the files of a bet's run that no import leads to, with their hashes."""
        covered = {name for code in baseline.code.values() for name in code.files}
        # bets that were collected and not selected are among them, and loaded what they import
        tests = {name.removeprefix(TEST) for name in loaded if name.startswith(TEST)} - covered
        left = {name for name in loaded if not name.startswith(TEST)} - tests - covered
        # a conftest.py of tests alone can change what bets import, and can be left out of their session
        bets = {dirname(name) for name in tests if is_bet_name(name)}
        conftests = {name for name in left if is_conftest(name) and not any(_is_above(name, folder) for folder in bets)}
        left = {*self._imports.less(left - conftests, sorted(tests)), *conftests}
        root = self.context.settings.root
        found = {name: file_sha256((root / name).read_bytes()) for name in sorted(left) if (root / name).is_file()}
        if found:
            self.found[bet] = found
        return found

    @cached_property
    def _imports(self) -> Imports:
        return Imports(CodeIndex(self.context.settings.root, self.context.search))


def is_conftest(name: str) -> bool:
    """Return whether pytest loads this file for the tests beside and below it."""
    return basename(name) == "conftest.py"


def _is_above(conftest: str, folder: str) -> bool:
    return f"{folder}/".startswith(f"{dirname(conftest)}/") or not dirname(conftest)
