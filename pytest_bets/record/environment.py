"""The machine that a run ran on."""

import importlib.metadata
import os
import platform
import socket
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from pytest_bets.record.store import Execution


def execution(seconds: float) -> Execution:
    """Return the present moment (UTC), this host, and the seconds given."""
    return Execution(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), socket.gethostname(), seconds)


def python() -> dict[str, str]:
    """Return the interpreter's version and the platform."""
    return {"python": platform.python_version(), "platform": f"{platform.system()}-{platform.machine()}"}


def packages(modules: Iterable[str]) -> dict[str, str]:
    """Return the versions of the installed packages that bring these top-level modules, by package name."""
    found: dict[str, str] = {}
    unknown = []
    for module in ("pytest", "pytest-bets", *modules):
        try:
            found[module] = importlib.metadata.version(module)
        except importlib.metadata.PackageNotFoundError:
            unknown.append(module)
    if unknown:
        providers = _providers()
        found |= {name: importlib.metadata.version(name) for module in unknown for name in providers.get(module, ())}
    return dict(sorted(found.items()))


@cache
def _providers() -> Mapping[str, Sequence[str]]:
    """Return the installed packages by the modules that they bring; asked once: all their metadata is read."""
    return importlib.metadata.packages_distributions()


def compute() -> dict[str, object]:
    """Return the device and the number of threads that this process computes with, as torch says where it is loaded."""
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "get_num_threads"):
        return without_torch()
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    return {"device": device, "threads": torch.get_num_threads()}


@cache
def without_torch() -> dict[str, object]:
    """Return what `compute` does in a process without torch, asked once: for every cell it would be noticed."""
    outermost = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return {"device": "cpu", "threads": int(outermost) if outermost.isdecimal() else os.cpu_count() or 1}
