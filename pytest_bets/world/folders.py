"""The folders that people write in, without those that tools fill."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

_SKIPPED: Final = frozenset({"node_modules", "__pycache__", "build", "dist", "venv"})


def walk(root: Path) -> Iterator[tuple[Path, Sequence[str]]]:
    """Yield every folder under `root` with the names of its files, but for hidden ones and virtual environments."""
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and name not in _SKIPPED and not (here / name / "pyvenv.cfg").exists()
        ]
        yield here, files
