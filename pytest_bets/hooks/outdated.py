"""Modules that this process imported before their files changed: Python keeps the old ones.

A notebook calls `pytest.main` again and again in one process. The digest of a bet's code is that of the files.
"""

from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Final

import pytest

from pytest_bets.hooks.loaded import Loaded
from pytest_bets.record.codec import file_sha256

_NOTE: Final = "pytest_bets_source"


class Sources:
    """The sources of the project's modules, as they were when a session of this process first saw them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.loaded = Loaded(root)

    def note(self) -> None:
        """Note the source of every module that has none yet: the experiments may have imported some."""
        list(self._outdated())

    def check(self) -> None:
        """Refuse modules whose files have changed since.

        Raises:
            pytest.UsageError: with the files.

        """
        changed = sorted(set(self._outdated()))
        if changed:
            them = "it" if len(changed) == 1 else "them"
            raise pytest.UsageError(
                f"{', '.join(changed)}: changed since this process imported {them}, and Python keeps the old code.\n"
                "Nothing was run. Start a new process: restart the kernel, or run pytest in a shell."
            )

    def _outdated(self) -> Iterator[str]:
        for module, file in self.loaded.modules():
            spec = getattr(module, "__spec__", None)
            try:
                source = file_sha256((self.root / file).read_bytes())
            except OSError:
                continue
            # a reload makes a new spec
            if isinstance(spec, ModuleSpec) and vars(spec).setdefault(_NOTE, source) != source:
                yield file
