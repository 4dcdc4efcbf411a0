"""Modules that Python imports from another place than the project: a record would name code that did not run.

An earlier `pip install .` leaves a copy among the installed packages, and pytest does not put the root on the path.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from pytest_bets.bet.declaration import Declaration
from pytest_bets.code.index import CodeIndex, name_of
from pytest_bets.diagnostics import Fault, MeasurementError
from pytest_bets.hooks.loaded import Loaded
from pytest_bets.record.codec import file_sha256

_NOT_BY_NAME: Final = frozenset({"__main__", "conftest", *sys.stdlib_module_names})
"""Modules that are not imported by their names, or whose names mean no file of a project."""
_EXPECTED: Final = (
    "the code of the project: install it with `pip install -e .`, or name its folder in the setting `pythonpath` of "
    "pytest"
)


class Copies:
    """Finds, of the code of a bet, what this process has imported another version of."""

    def __init__(self, root: Path, search: Sequence[Path]) -> None:
        self.root = root
        self._index = CodeIndex(root, search)
        self._loaded = Loaded(root)
        self._found: dict[Path, tuple[int, Mapping[str, str]]] = {}

    def of(self, bet: Path) -> Mapping[str, str]:
        """Return the files of a bet's code that are not what Python has imported under their names, each with that.

        A file that is itself loaded is left out: a bet may import `bets/lab.py` as `lab`, beside another `bets.lab`.
        Nothing is looked at again before another module is imported.
        """
        known, found = self._found.get(bet, (0, {}))
        if known != len(sys.modules):
            others = dict(self._others(name_of(bet, self.root)))
            if others:  # what follows is slow, and there are hardly ever any
                used = {file for _, file in self._loaded.modules()}
                covered = self._index.code(bet).files.keys() - used
                others = {file: others[file] for file in sorted(others.keys() & covered)}
            found = others
            self._found[bet] = len(sys.modules), found
        return found

    def faults(self, declaration: Declaration, bet: Path) -> Iterator[Fault]:
        """Yield a fault for each of these files."""
        for file, loaded in self.of(bet).items():
            yield Fault(declaration.file, declaration.line, _problem(file), loaded, _EXPECTED)

    def check(self, bet: Path) -> None:
        """Refuse what a cell has measured that imports such a file as it runs.

        Raises:
            MeasurementError: with the first one.

        """
        for file, loaded in self.of(bet).items():
            raise MeasurementError(f"{_problem(file)}: {loaded}; expected {_EXPECTED}")

    def _others(self, bet: str) -> Iterator[tuple[str, str]]:
        """Yield the files of the project of whose name another file is loaded, each with that one."""
        program = self._index.program(bet)
        ours: dict[str, bool] = {}
        for name, loaded in self._loaded.elsewhere():
            top = name.partition(".")[0]
            if top not in ours:
                ours[top] = top not in _NOT_BY_NAME and program.place(top, bet) is not None
            place = program.place(name, bet) if ours[top] else None
            if place and place.file and _differ(self.root / place.file, Path(loaded)):
                yield place.file, loaded


@cache
def _differ(file: Path, loaded: Path) -> bool:
    """Return whether two files have other contents; a copy that is the same is as good."""
    if file == loaded:
        return False
    try:
        return file_sha256(file.read_bytes()) != file_sha256(loaded.read_bytes())
    except OSError:  # one of them is gone, or in an archive
        return False


def _problem(file: str) -> str:
    return f"the code of this bet is in {file}, and Python imports another version of it"
