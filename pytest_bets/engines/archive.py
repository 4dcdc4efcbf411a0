"""The code of a project as one archive: packed where the session runs, unpacked once on each node."""

import gzip
import hashlib
import io
import os
import shutil
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from pytest_bets.diagnostics import EngineError, HistoryError
from pytest_bets.git.process import run
from pytest_bets.walk import checkout, walk_folders

LARGEST: Final = 1 << 30
"""Bytes that an archive may have: code has not so many."""
_KEPT: Final = 7 * 24 * 3600
"""Seconds that a node keeps a copy that nothing uses."""


def pack(top: Path, results: Path) -> bytes:
    """Return the archive of a project: all that git knows and all that it does not ignore, without the results.

    Raises:
        EngineError: if the files are too large together.

    """
    buffer = io.BytesIO()
    total = 0
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=1, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for name in sorted(_names(top)):
            path = top / name
            if path.is_relative_to(results) or not (path.is_file() or path.is_symlink()):
                continue
            entry = tarfile.TarInfo(name)  # of its own: the same files give the same bytes
            status = path.stat() if path.exists() else path.lstat()
            entry.mode = status.st_mode & 0o777
            if path.is_symlink():
                entry.type, entry.linkname = tarfile.SYMTYPE, str(path.readlink())
                archive.addfile(entry)
                continue
            entry.size = status.st_size
            total += entry.size
            if total > LARGEST:
                raise EngineError(f"{top} has more than {LARGEST >> 30} GiB of files that git does not ignore")
            with path.open("rb") as file:
                archive.addfile(entry, file)
    return buffer.getvalue()


def _names(top: Path) -> Iterator[str]:
    if checkout(top):
        with suppress(HistoryError):
            listed = run(top, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
            yield from (os.fsdecode(name) for name in listed.split(b"\0") if name)
            return
    for folder, files in walk_folders(top):
        yield from (str((folder / name).relative_to(top)) for name in files)


def name_of(data: bytes) -> str:
    """Return the name of an archive, which its bytes determine."""
    return hashlib.sha256(data).hexdigest()[:32]


def unpack(name: str, fetch: Callable[[], bytes]) -> Path:
    """Return the folder with the files of an archive on this machine; the first call unpacks what `fetch` returns.

    Raises:
        EngineError: if the folder for all copies belongs to another user, or others may write to it.

    """
    base = private_folder()
    target = base / name
    if target.is_dir():
        os.utime(target)
        return target
    _forget(base)
    draft = Path(tempfile.mkdtemp(dir=base))
    with tarfile.open(fileobj=io.BytesIO(fetch()), mode="r:gz") as archive:
        archive.extractall(draft, filter="tar")
    try:
        draft.rename(target)
    except OSError:  # another process was faster
        shutil.rmtree(draft, ignore_errors=True)
    return target


def private_folder() -> Path:
    """Return this user's folder for copies on this machine."""
    base = Path(tempfile.gettempdir()) / f"pytest-bets-{os.getuid()}"
    with suppress(FileExistsError):
        base.mkdir(mode=0o700)
    status = base.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise EngineError(f"{base} is not a private folder of this user (expected mode 0700): remove it")
    return base


def _forget(base: Path) -> None:
    """Remove the copies that were not used for days."""
    for folder in base.iterdir():
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > _KEPT:
                shutil.rmtree(folder, ignore_errors=True)
