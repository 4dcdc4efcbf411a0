"""What a record says about the machine that a run ran on."""

import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterator

import pytest

from pytest_bets.record import environment as machine


@pytest.fixture
def _not_cached() -> Iterator[None]:
    """A process asks for its threads once."""
    machine.without_torch.cache_clear()
    yield
    machine.without_torch.cache_clear()


@pytest.mark.usefixtures("_not_cached")
@pytest.mark.parametrize(("setting", "threads"), [("3", 3), ("4,2", 4), (" 5 ", 5)])
def test_the_threads_are_those_that_openmp_is_set_to(
    monkeypatch: pytest.MonkeyPatch, setting: str, threads: int
) -> None:
    """The setting may be a list with a number for each level of nesting; the outermost counts."""
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", setting)
    assert machine.compute() == {"device": "cpu", "threads": threads}


@pytest.mark.usefixtures("_not_cached")
@pytest.mark.parametrize("setting", ["", "many"])
def test_without_a_number_of_threads_it_is_the_machines(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    """A setting that says nothing breaks no cell."""
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", setting)
    assert machine.compute() == {"device": "cpu", "threads": os.cpu_count()}


def test_packages_are_named_as_they_are_installed() -> None:
    """A module may come from a package of another name; one that is not installed is left out."""
    found = machine.packages(["_pytest", "iniconfig", "nobody_installed_this"])
    assert found == {name: importlib.metadata.version(name) for name in ("iniconfig", "pytest", "pytest-bets")}
    assert list(found) == sorted(found)


def test_python_and_platform_are_recorded_without_the_hosts_name() -> None:
    """A record identifies the kind of machine and not the machine."""
    found = machine.python()
    assert found["python"] == platform.python_version()
    assert platform.machine() in found["platform"]
    assert platform.node() not in found["platform"]
