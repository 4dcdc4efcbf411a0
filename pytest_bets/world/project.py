"""Where a project's root is and what its settings say, read without starting pytest."""

import shlex
import sys
import sysconfig
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from iniconfig import IniConfig, ParseError

_OURS: Final = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini")
"""Files that are pytest's alone: they settle the root even where they are empty."""
_SECTIONS: Final = {"pytest.ini": "pytest", ".pytest.ini": "pytest", "tox.ini": "pytest", "setup.cfg": "tool:pytest"}
_FILES: Final = (*_OURS, "pyproject.toml", "tox.ini", "setup.cfg")
"""In the order in which pytest looks for them."""


@dataclass(frozen=True)
class Project:
    """A project's root and its folder of results."""

    root: Path
    results: Path
    search: tuple[Path, ...] = ()
    """Where pytest looks for modules of the project."""


class ProjectError(ValueError):
    """A settings file that cannot be read; the message names it."""


def locate(start: Path, results: str | None = None) -> Project:
    """Return the project around a folder, as pytest sees it from there.

    The root is the nearest folder above with pytest's settings, else with a pyproject.toml or a setup.py, else a
    checkout, else the folder itself. `results` overrides the setting `bets_results`, relative to `start`.

    Raises:
        ProjectError: when a settings file cannot be read.

    """
    around = (start, *start.parents)
    for folder in around:
        settings = _settings(folder)
        if settings is not None:
            return _project(folder, start, results, settings)
    marked = (
        folder for mark in ("pyproject.toml", "setup.py", ".git") for folder in around if (folder / mark).exists()
    )
    return _project(next(marked, start), start, results, {})


def _project(root: Path, start: Path, results: str | None, settings: Mapping[str, object]) -> Project:
    given = (start / results) if results else root / str(settings.get("bets_results") or "results")
    configured = settings.get("pythonpath") or ()
    paths = shlex.split(configured) if isinstance(configured, str) else [str(path) for path in _list(configured)]
    return Project(root, given.resolve(), (*(root / path for path in paths), *on_path(root)))


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def on_path(root: Path) -> list[Path]:
    """Return the folders of the project that are on Python's path, but for those of installed packages."""
    ours = [Path(entry) for entry in sys.path if Path(entry).is_relative_to(root)]
    installed = [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")]
    return [path for path in ours if not any(map(path.is_relative_to, installed))]


def _settings(folder: Path) -> Mapping[str, object] | None:
    for name in _FILES:
        path = folder / name
        if path.is_file():
            try:
                settings = _toml(path) if path.suffix == ".toml" else _ini(path)
            except ParseError as error:  # it names the file and the line
                raise ProjectError(f"the settings cannot be read: {error}") from None
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                raise ProjectError(f"the settings cannot be read: {path}: {error}") from None
            if settings is not None or name in _OURS:
                return settings or {}
    return None


def _toml(path: Path) -> Mapping[str, object] | None:
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
