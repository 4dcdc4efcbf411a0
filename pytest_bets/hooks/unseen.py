"""Files of the project that took part in a run and that the digest of the bet's code does not cover."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from pytest_bets.code.index import CodeIndex
from pytest_bets.hooks.baseline import Baseline
from pytest_bets.hooks.context import Context
from pytest_bets.hooks.loaded import TEST
from pytest_bets.record.codec import file_sha256

_MOST_TESTS: Final = 100
"""The most files of tests whose imports are followed: more would take many seconds, and there is no note."""


class Unseen:
    """Holds what processes loaded against the code that is known by name. What tests import is theirs."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.found: dict[str, Mapping[str, str]] = {}
        """By bet, the files with their hashes."""
        self._of_tests: dict[str, frozenset[str]] = {}

    def files(self, bet: str, loaded: Collection[str], baseline: Baseline) -> Mapping[str, str]:
        """Return the files of a bet's run that no import leads to, with their hashes."""
        covered = {name for code in baseline.code.values() for name in code.files}
        # bets that were collected and not selected are among them, and loaded what they import
        tests = sorted({name.removeprefix(TEST) for name in loaded if name.startswith(TEST)} - covered)
        left = {name for name in loaded if not name.startswith(TEST)} - {*tests} - covered
        if len(tests) > _MOST_TESTS:
            return {}
        for files in self._imported(tests):
            if not left:
                break
            left -= files
        root = self.context.settings.root
        found = {name: file_sha256((root / name).read_bytes()) for name in sorted(left) if (root / name).is_file()}
        if found:
            self.found[bet] = found
        return found

    def _imported(self, tests: Iterable[str]) -> Iterable[frozenset[str]]:
        index = CodeIndex(self.context.settings.root, self.context.search)
        for test in tests:
            if test not in self._of_tests:
                readable = test.endswith(".py") and index.files.is_file(test)
                self._of_tests[test] = frozenset(index.of(test).files) if readable else frozenset()
            yield self._of_tests[test]
