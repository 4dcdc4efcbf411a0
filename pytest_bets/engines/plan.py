"""What a child process needs to know of a session, as JSON: the same for every cell of it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from posixpath import join, normpath, relpath
from typing import Final

from pytest_bets.record.decode import decode

THREADS: Final = (
    *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"),
    *("PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD"),
)
"""Environment variables that change what is measured or collected. Engines set some: a child has the controller's."""


@dataclass(frozen=True)
class Plan:
    """A session as its children see it. All paths are absolute, those of the controller.

    `top` is the folder with everything of the project, `here` the working folder, `root` pytest's rootdir and `project`
    the folder that code is named from. `options` are pytest's, `files` the bet files, `path` is Python's path and
    `search` the part of it where modules of the project are found. `sent` are values for other plugins. `python` is
    the interpreter and the platform of the controller. With `mixed` they may differ.
    """

    top: str
    here: str
    root: str
    project: str
    settings: str | None
    options: Mapping[str, object]
    plugins: tuple[str, ...]
    files: tuple[str, ...]
    path: tuple[str, ...]
    search: tuple[str, ...]
    environment: Mapping[str, str | None]
    sent: Mapping[str, object]
    python: Mapping[str, str]
    mixed: bool
    watched: bool = True
    """Whether the session shows how far its cells are."""
    temporary: str = ""
    """The folder for temporary files of cells; empty where pytest chooses one on the node."""
    origin: str = ""
    """In a copy of the project on a node: the folder that it is a copy of."""

    def text(self) -> str:
        """Return the plan as JSON."""
        return json.dumps(asdict(self))

    def moved(self, top: str) -> "Plan":
        """Return the plan for a copy of the project in another folder; paths outside the project are left out."""

        def there(path: str) -> str:
            return normpath(join(top, relpath(path, self.top)))

        def within(paths: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(there(path) for path in paths if _is_within(path, self.top))

        settings = self.settings and (there(self.settings) if _is_within(self.settings, self.top) else None)
        here = there(self.here) if _is_within(self.here, self.top) else top
        return replace(
            self,
            top=top,
            temporary="",
            origin=self.top,
            here=here,
            root=there(self.root),
            project=there(self.project),
            settings=settings,
            options={**self.options, "rootdir": there(self.root), "inifilename": settings},
            files=within(self.files),
            path=within(self.path),
            search=within(self.search),
        )


def _is_within(path: str, top: str) -> bool:
    return path == top or path.startswith(top.rstrip("/") + "/")


def read_plan(text: str) -> Plan:
    """Return the plan in a JSON text."""
    return decode(Plan, json.loads(text))
