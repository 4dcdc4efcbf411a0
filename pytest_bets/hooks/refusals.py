"""Options and plugins that would multiply, repeat or hide the cells of a bet: an error says why it does not run."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

from pytest_bets.bet.declaration import SEED, Declaration
from pytest_bets.bet.markers import overriding
from pytest_bets.diagnostics import did_you_mean
from pytest_bets.hooks.coverage import plugin_of
from pytest_bets.hooks.pytest_private import fixture_functions
from pytest_bets.hooks.settings import Engine, Settings
from pytest_bets.record.record import Record

_WITH_ENGINE: Final = {
    "usepdb": ("--pdb", "the cells run in processes of their own"),
    "trace": ("--trace", "the cells run in processes of their own"),
    "setupplan": ("--setup-plan", "it runs no cell"),
    "setuponly": ("--setup-only", "it runs no cell"),
    "setupshow": ("--setup-show", "the fixtures of the cells are set up in processes of their own"),
    "stepwise": ("--stepwise", "it leaves out what stands before a failure, and an engine runs the longest cell first"),
}
"""Options of pytest that do not go with an engine, by their names in the code."""
_RERUNS: Final = (
    "running until it passes would turn a losing bet green. Count repetitions with @pytest.mark.replicate(n)."
)
_ANYIO: Final = "anyio_backend"
_BACKENDS: Final = (
    "anyio runs it once for each backend, which multiplies the cells: choose one in the bet file, by a fixture "
    '`anyio_backend` that returns "asyncio" or "trio"'
)


def check_overrides(settings: Settings, declarations: Collection[Declaration]) -> None:
    """Refuse to override a constant that no bet of the session has, or with a value of another type.

    Raises:
        pytest.UsageError: with the option, and the constants of the bets.

    """
    known = sorted({name for declaration in declarations for name in declaration.constants})
    for name, text in settings.overrides.items():
        if name not in known:
            raise pytest.UsageError(
                f"--bets-set {name}: no selected bet has that constant; "
                f"the constants are {', '.join(known) or 'none'}{did_you_mean(name, known)}"
            )
        for declaration in declarations:
            if name in declaration.constants:
                try:
                    overriding(name, text, declaration.constants, declaration.file)
                except ValueError as error:
                    raise pytest.UsageError(f"--bets-set {name}={text}: {error}") from None


def check_replications(declarations: Collection[Declaration], records: Mapping[str, Record]) -> None:
    """Refuse to replicate a bet that takes no seed, or that has no record of its declaration.

    Raises:
        pytest.UsageError: with the bets.

    """
    seedless = [bet.id for bet in declarations if not bet.replicate]
    if seedless:
        raise pytest.UsageError(
            f"--bets-replication gives fresh seeds; these bets have no @pytest.mark.replicate: {', '.join(seedless)}"
        )
    unrun = [
        bet.id
        for bet in declarations
        if (record := records.get(bet.id)) is None or record.declaration.digest != bet.digest
    ]
    if unrun:
        raise pytest.UsageError(
            f"--bets-replication: there is no record of this declaration: {', '.join(unrun)}; run without the option"
        )


def refused_with_engine(config: pytest.Config, engine: Engine) -> str:
    """Return why the cells cannot run on an engine with the options of this session; empty where they can."""
    for name, (option, reason) in _WITH_ENGINE.items():
        if config.getoption(name, False):
            return f"{engine.given} does not go with {option}: {reason}. `--bets-on none` switches the engine off."
    if engine.name != "local" and plugin_of(config) is not None:
        return (
            f"{engine.given} does not go with --cov: coverage is measured on this machine alone. Use --bets-on local, "
            "or --no-cov."
        )
    return ""


def refused_option(config: pytest.Config) -> str:
    """Return why no bet can run with the options of this session; empty where bets can run."""
    option = _reruns(config)
    if option:
        return f"{option} does not go with bets: {_RERUNS}"
    if config.getoption("forked", False):
        return (
            "--forked does not go with bets: what a forked child measures is lost. Use -n 2 to run cells in parallel."
        )
    return ""


def _reruns(config: pytest.Config) -> str:
    """Return the option or setting of pytest-rerunfailures, pytest-retry or flaky that would run failures again."""
    if config.getoption("force_reruns", None):
        return "--force-reruns"
    if config.getoption("force_flaky", False):
        return "--force-flaky"
    for name in ("reruns", "retries"):
        given = config.getoption(name, None)
        if given:
            return f"--{name}"
        try:
            setting = "0" if given is not None else str(config.getini(name) or "0").strip()
        except (ValueError, KeyError):  # the plugin is not installed
            continue
        if setting != "0":
            return f"the setting {name} = {setting}, which --{name} 0 overrides,"
    return ""


def outside_parameters(
    declaration: Declaration, cells: Sequence[pytest.Function], covered: Callable[[], Collection[Path]]
) -> str:
    """Return why the cells cannot be run: a parameter that is not in the code that a record of the bet covers.

    `covered` returns the files of that code. Empty where every parameter is.
    """
    names = set[str]().union(*(cell.callspec.params for cell in cells if hasattr(cell, "callspec")))
    names -= {SEED} if declaration.replicate else set()
    for mark in cells[0].iter_markers("parametrize") if cells else ():
        written = mark.args[0] if mark.args else mark.kwargs.get("argnames", ())
        names -= {name.strip() for name in (written.split(",") if isinstance(written, str) else written)}
    if not names:
        return ""
    files = {path.resolve() for path in covered()}
    plugins = cells[0].config.pluginmanager.get_plugins()
    generated = "pytest_generate_tests" in declaration.sweep or any(_generates(plugin, files) for plugin in plugins)
    for name in sorted(names):
        if not _is_covered(cells[0], name, files, generated=generated):
            if name == _ANYIO:
                return _BACKENDS
            return (
                f"the parameter `{name}` multiplies the cells, and is defined neither in the bet file nor in code that "
                "its record covers. A plugin that repeats tests adds such parameters (pytest-repeat, flakefinder): "
                "leave its option out. @pytest.mark.replicate(n) declares repetitions."
            )
    return ""


def _is_covered(cell: pytest.Function, name: str, files: Collection[Path], *, generated: bool) -> bool:
    codes = [getattr(function, "__code__", None) for function in fixture_functions(cell, name)]
    sources = [Path(code.co_filename).resolve() if code else None for code in codes]
    real = [
        path for path in sources if not (path and "_pytest" in path.parts)
    ]  # pytest makes one for direct parameters
    return real[-1] in files if real else generated


def _generates(plugin: object, files: Collection[Path]) -> bool:
    """Return whether a conftest.py or a bet file of the covered code parametrizes by a hook."""
    file = getattr(plugin, "__file__", None)
    return file is not None and hasattr(plugin, "pytest_generate_tests") and Path(file).resolve() in files
