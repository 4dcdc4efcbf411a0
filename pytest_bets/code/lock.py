"""The package versions in a project's lock file."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pytest_bets.code.staleness import Lock

_TOML: Final = ("pylock.toml", "uv.lock", "poetry.lock", "pdm.lock")
_PINS: Final = ("requirements.lock", "constraints.txt", "requirements.txt")
_PIN: Final = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;#,]+)", re.MULTILINE)
"""A package at one version."""


def lock(root: Path) -> Lock | None:
    """Return the versions in the project's lock file, None if there is no readable one."""
    for name in (*_TOML, *_PINS):
        path = root / name
        if path.is_file():
            try:
                text = path.read_text(encoding="utf-8")
                found = dict(_locked(text) if name in _TOML else _PIN.findall(text))
            except (OSError, ValueError):  # of an encoding or of TOML
                continue
            if found:
                return Lock(name, {_normal(package): version for package, version in found.items()})
    return None


def _locked(text: str) -> Iterator[tuple[str, str]]:
    document = tomllib.loads(text)
    packages = document.get("package", document.get("packages", ()))
    for package in packages if isinstance(packages, list) else ():
        if isinstance(package, dict) and {"name", "version"} <= package.keys():
            yield str(package["name"]), str(package["version"])


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
