"""The site of a session: what an engine gets beside the plan."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath


@dataclass(frozen=True)
class Site:
    """What an engine may use of the controller's machine.

    `folder` is a folder of results for files of the session, on the file system that the controller sees; `flags` are
    the setting `bets_slurm`; `pack` returns the archive of the project's code.
    """

    folder: PurePath
    flags: str
    pack: Callable[[], bytes]
