"""A file that is a bet by what is in it and not by its name: a collection error says how to name it."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from pytest_bets.bet.misnamed import misnamed
from pytest_bets.render.visible import visible_lines
from pytest_bets.walk import relative


class MisnamedFile(pytest.File):
    """Collects nothing: pytest would pass over the file, or take it for a test file without tests."""

    fault = ""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Refuse the file.

        Raises:
            CollectError: with the nearest right name.

        """
        raise self.CollectError(visible_lines(self.fault))


def misnamed_file(path: Path, parent: pytest.Collector, others: list[pytest.Collector]) -> list[pytest.Collector]:
    """Return the collectors of a file: `others`, or one that refuses it where it is meant as a bet."""
    try:
        text = path.read_bytes().decode(errors="replace")
    except OSError:  # the others report it
        return others
    fault = misnamed(relative(path, parent.config.rootpath), text)
    if fault is None:
        return others
    refusing = MisnamedFile.from_parent(parent, path=path)
    refusing.fault = str(fault)
    return [refusing]
