"""Find a project's root and results, the same for pytest and for the commands."""

import os
import shlex
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from iniconfig import IniConfig, ParseError

from pytest_bets.diagnostics import ProjectError
from pytest_bets.walk import checkout

_OURS: Final = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini")
"""Files of pytest alone: they determine the root even if they are empty."""
_SECTIONS: Final = {"pytest.ini": "pytest", ".pytest.ini": "pytest", "tox.ini": "pytest", "setup.cfg": "tool:pytest"}
_FILES: Final = (*_OURS, "pyproject.toml", "tox.ini", "setup.cfg")
"""In pytest's order of search."""


@dataclass(frozen=True)
class Root:
    """A project's root, and the folders searched for bets."""

    path: Path
    searched: tuple[Path, ...]


@dataclass(frozen=True)
class Project:
    """A project's root, its results folder, and the folders searched for bets."""

    root: Path
    results: Path
    searched: tuple[Path, ...]
    search: tuple[Path, ...] = ()
    """The folders where pytest finds modules of the project."""
    homes: tuple[Path, ...] = ()
    """The folders that `bets_paths` names."""


def find_root(start: Path, given: Sequence[Path], settled: Path | None) -> Root:
    """Return the root of the project, for pytest and for the commands.

    `start` is the working folder, `given` are the files and folders on the command line. `settled` is the folder that
    pytest gets from --rootdir, a settings file, pyproject.toml or setup.py: it is the root if it contains everything
    given. Otherwise the root is the git checkout. Without one, the root is the innermost folder that contains
    everything, and only the given folders and its `bets` are searched, because other projects may be around it.
    """
    folders = [path if path.is_dir() else path.parent for path in given if path.exists()]
    asked = _common(folders or [start])
    if settled and asked.is_relative_to(settled):
        return Root(settled, (settled,))
    top = checkout(asked)
    if top:
        return Root(top, (top,))
    both = _common([start, asked])
    root = asked if both == both.parent else both  # never the whole file system, as in pytest
    usual = [root / "bets"] if (root / "bets").is_dir() else []
    given_below = [folder for folder in folders if folder != root or not usual]
    return Root(root, (*given_below, *usual) or (root,))


def _common(folders: Sequence[Path]) -> Path:
    """Return the innermost folder that contains them all, or the first if there is none."""
    first = folders[0]
    around = (here for here in (first, *first.parents) if all(folder.is_relative_to(here) for folder in folders))
    return next(around, first)


def locate(start: Path, results: str | None = None, rootdir: str | None = None) -> Project:
    """Return the project around a folder, as a pytest session started there finds it.

    pytest's root is the nearest parent folder with pytest's settings, else with a pyproject.toml or a setup.py.
    `rootdir` overrides the root and `results` the setting `bets_results`; both are relative to `start`.

    Raises:
        ProjectError: if a settings file cannot be read, or `rootdir` is not a folder.

    """
    if rootdir is not None:
        named = Path(os.path.normpath(start / rootdir))
        if not named.is_dir():
            raise ProjectError(f"--rootdir {rootdir}: there is no folder {named}")
        settled, settings = _settled(named)
        return _project(Root(named, (named,)), start, results, settings, settled)
    settled, settings = _settled(start)
    return _project(find_root(start, (), settled), start, results, settings, settled)


def _settled(start: Path) -> tuple[Path | None, Mapping[str, object]]:
    around = (start, *start.parents)
    for folder in around:
        settings = _settings(folder)
        if settings is not None:
            return folder, settings
    marked = (folder for mark in ("pyproject.toml", "setup.py") for folder in around if (folder / mark).is_file())
    return next(marked, None), {}


def _project(
    root: Root, start: Path, results: str | None, settings: Mapping[str, object], settled: Path | None
) -> Project:
    given = (start / results) if results else root.path / str(settings.get("bets_results") or "results")
    folder = settled or root.path
    modules = (*_paths(settings, "pythonpath", folder), *on_path(root.path))
    homes = _paths(settings, "bets_paths", folder)
    missing = next((home for home in homes if not home.is_dir()), None)
    if missing:
        raise ProjectError(f"bets_paths in the settings: there is no folder {missing}")
    return Project(root.path, given.resolve(), root.searched, modules, homes)


def _paths(settings: Mapping[str, object], name: str, folder: Path) -> tuple[Path, ...]:
    configured = settings.get(name) or ()
    paths = shlex.split(configured) if isinstance(configured, str) else [str(path) for path in _list(configured)]
    return tuple(Path(os.path.normpath(folder / path)) for path in paths)


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def on_path(root: Path) -> list[Path]:
    """Return the folders of the project on Python's path, except those of installed packages."""
    ours = [Path(entry) for entry in sys.path if Path(entry).is_relative_to(root)]
    installed = [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")]
    return [path for path in ours if not any(map(path.is_relative_to, installed))]


def _settings(folder: Path) -> Mapping[str, object] | None:
    for name in _FILES:
        path = folder / name
        if path.is_file():
            try:
                settings = _toml(path) if path.suffix == ".toml" else _ini(path)
            except ParseError as error:  # the message has the file and the line
                raise ProjectError(f"the settings cannot be read: {error}") from None
            except ValueError as error:  # not TOML, or not UTF-8
                raise ProjectError(f"the settings cannot be read: {path}: {error}") from None
            if settings is not None or name in _OURS:
                return settings or {}
    return None


def _toml(path: Path) -> Mapping[str, object] | None:
    import tomllib

    document = tomllib.loads(path.read_text(encoding="utf-8"))
    table = (document if path.name in _OURS else document.get("tool", {})).get("pytest")
    if not table:
        return None
    found: Mapping[str, object] = table.get("ini_options", table)
    return found


def _ini(path: Path) -> Mapping[str, object] | None:
    ini = IniConfig(str(path))
    section = _SECTIONS[path.name]
    return dict(ini[section].items()) if section in ini else None
