"""Files that are whole or not there."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: Path, data: bytes | memoryview) -> None:
    """Write a file so that a reader finds the old one or the new one, and never a part."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OSError(error.errno, f"{error.strerror}; what lay there before is untouched", str(path)) from None
