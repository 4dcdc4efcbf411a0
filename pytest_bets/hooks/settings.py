"""The options and settings of a session, read once into one frozen value."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from pytest_bets.hooks.options import GATES, LUCK_LIMIT, PROGRESS

REGISTRATIONS: Final = ("warn", "require", "off")
LUCK: Final = ("warn", "require", "off")
NOT_WITH_PROCESSES: Final = (
    "does not go with -n: choose one of them. -n N runs many short cells on this machine; --bets-on runs each cell "
    "where there is room, the longest first."
)


class Engine(NamedTuple):
    """Where the cells run; `name` is empty where this process, or workers of its own, run them.

    `given` is how it was chosen, for messages; `resources` are the texts of the setting `bets_resources`.
    """

    name: str
    argument: str
    given: str
    attempts: int
    mixed: bool
    resources: tuple[str, ...]
    flags: str


class Settings(NamedTuple):  # a dataclass takes a millisecond more to make, in every session
    """The options and settings of this session.

    `root` is the project's: records name files relative to it, and pytest's own rootdir may lie below or above it.
    `searched` are the folders under which the catalogue looks for bets, `homes` those that `bets_paths` names; `here`
    is the working folder.
    """

    root: Path
    searched: tuple[Path, ...]
    homes: tuple[Path, ...]
    here: Path
    results: Path
    gate: str
    registration: str
    luck: str
    luck_limit: float
    replay: bool
    resume: bool
    pilot: bool
    replication: bool
    overrides: Mapping[str, str]
    elsewhere: bool
    summary_md: Path | None
    progress: str
    engine: Engine
    exports: tuple[str, ...]

    @property
    def rehearsal(self) -> bool:
        """Whether the experiments run with other constants than they declare, so that no verdict counts."""
        return self.pilot or bool(self.overrides)

    @property
    def kept(self) -> bool:
        """Whether runs are written: never in a replay, and in a rehearsal only to a folder that an option names."""
        return not self.replay and (self.elsewhere or not self.rehearsal)

    @property
    def required(self) -> bool:
        """Whether a bet must be registered to run; a rehearsal and a replay make no evidence."""
        return self.registration == "require" and not self.replay and not self.rehearsal


def read(config: pytest.Config) -> Settings:
    """Return the settings of this session.

    Raises:
        pytest.UsageError: if options contradict each other or a value is not allowed.

    """
    from pytest_bets.project import find_root  # here, because a session without bets imports nothing more

    here = config.invocation_params.dir
    given = [Path(os.path.normpath(here / argument.partition("::")[0])) for argument in config.args]
    root = find_root(here, given, _settled(config))
    usual = root.path / (str(config.getini("bets_results")) or "results")  # an empty one is none, as for the commands
    named = config.getoption("bets_results")
    results = Path(os.path.normpath(here / named)) if named else usual
    gate, registration = _gate(config), _registration(config)
    luck, limit = _luck(str(config.getini("bets_luck")))
    settings = Settings(
        root=root.path,
        searched=root.searched,
        homes=_homes(config),
        here=here,
        results=results,
        gate=gate,
        registration=registration,
        luck=luck,
        luck_limit=limit,
        replay=config.getoption("bets_replay"),
        resume=config.getoption("bets_resume"),
        pilot=config.getoption("bets_pilot"),
        replication=config.getoption("bets_replication") is not None,
        overrides=dict(_override(text) for text in config.getoption("bets_set")),
        elsewhere=results != Path(os.path.normpath(usual)),
        summary_md=here / page if (page := config.getoption("bets_summary_md")) else None,
        progress=_progress(config),
        engine=_engine(config),
        exports=_exports(config),
    )
    _check_together(settings)
    return settings


def _gate(config: pytest.Config) -> str:
    gate = config.getoption("bets_gate") or str(config.getini("bets_gate"))
    if gate not in GATES:
        raise pytest.UsageError(f"bets_gate is {gate!r} in the settings; expected one of {', '.join(GATES)}")
    return gate


def _progress(config: pytest.Config) -> str:
    progress = config.getoption("bets_progress") or str(config.getini("bets_progress"))
    if progress not in PROGRESS:
        from pytest_bets.diagnostics import did_you_mean

        raise pytest.UsageError(
            f"bets_progress is {progress!r} in the settings; expected one of {', '.join(PROGRESS)}"
            f"{did_you_mean(progress, PROGRESS)}"
        )
    return progress


def _registration(config: pytest.Config) -> str:
    registration = str(config.getini("bets_registration"))
    if registration not in REGISTRATIONS:
        from pytest_bets.diagnostics import did_you_mean

        raise pytest.UsageError(
            f"bets_registration is {registration!r} in the settings; expected one of {', '.join(REGISTRATIONS)}"
            f"{did_you_mean(registration, REGISTRATIONS)}"
        )
    return registration


def _check_together(settings: Settings) -> None:
    """Refuse options that contradict each other."""
    if settings.replay and (settings.rehearsal or settings.resume):
        raise pytest.UsageError(
            "--bets-replay runs no experiment: it goes with none of --bets-pilot, --bets-set, --bets-resume"
        )
    if settings.resume and settings.rehearsal:
        raise pytest.UsageError(
            "--bets-resume goes with neither --bets-pilot nor --bets-set: only runs of record are resumed"
        )
    if settings.replication and (settings.replay or settings.rehearsal or settings.resume):
        raise pytest.UsageError(
            "--bets-replication runs every cell with fresh seeds: it goes with none of --bets-replay, --bets-pilot, "
            "--bets-set, --bets-resume"
        )


def _homes(config: pytest.Config) -> tuple[Path, ...]:
    homes = tuple(Path(os.path.normpath(path)) for path in config.getini("bets_paths"))
    missing = next((path for path in homes if not os.path.isdir(path)), None)  # noqa: PTH112  # it may not be readable
    if missing:
        raise pytest.UsageError(f"bets_paths in the settings: there is no folder {missing}")
    return homes


def _luck(setting: str) -> tuple[str, float]:
    """Return what to do with a bet that luck may win, and from which chance on."""
    action, limit = "warn", LUCK_LIMIT
    for word in setting.split():
        try:
            limit = float(word)
        except ValueError:
            action = word
        if action not in LUCK or not 0 < limit < 1:
            raise pytest.UsageError(
                f"bets_luck is {setting!r} in the settings; expected a chance between 0 and 1, "
                f"one of {', '.join(LUCK)}, or both, as in `0.05 warn`"
            )
    return action, limit


def _engine(config: pytest.Config) -> Engine:
    """Return where the cells run.

    Raises:
        pytest.UsageError: if the number of attempts is no such number, or an option does not go with an engine.

    """
    option = config.getoption("bets_on")
    chosen = str(option if option is not None else config.getini("bets_on")).strip()
    name, _, argument = chosen.partition("=")
    attempts = config.getoption("bets_attempts") or str(config.getini("bets_attempts"))
    if not (attempts.isascii() and attempts.isdigit() and int(attempts)):
        where = "--bets-attempts" if config.getoption("bets_attempts") else "bets_attempts in the settings"
        raise pytest.UsageError(f"{where} is {attempts!r}; expected a number of 1 or more")
    given = f"--bets-on {chosen}" if option is not None else f"the setting bets_on = {chosen}"
    if option is not None and not name:
        raise pytest.UsageError("--bets-on names no engine; expected local, ray, slurm, dask, or none")
    if option is not None and name != "none" and config.getoption("dist", "no") != "no":
        raise pytest.UsageError(f"{given} {NOT_WITH_PROCESSES}")
    return Engine(
        name="" if name == "none" else name,
        argument=argument,
        given=given,
        attempts=int(attempts),
        mixed=config.getoption("bets_mixed"),
        resources=tuple(config.getini("bets_resources")),
        flags=str(config.getini("bets_slurm")),
    )


def _exports(config: pytest.Config) -> tuple[str, ...]:
    """Return the trackers of experiments that get the runs."""
    names = config.getoption("bets_export") or config.getini("bets_export")
    return () if "none" in names else tuple(dict.fromkeys(names))


def _settled(config: pytest.Config) -> Path | None:
    """Return pytest's rootdir if an option, a settings file, pyproject.toml or setup.py sets it."""
    file = config.inipath  # it may be no file: `-c /dev/null` means no settings
    is_set = config.getoption("rootdir") or (file and file.is_file()) or (config.rootpath / "setup.py").is_file()
    return config.rootpath if is_set else None


def _override(text: str) -> tuple[str, str]:
    """Return the name of a constant and the text of its value; the type is that of the bet's own value."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier() or not name.isupper():
        raise pytest.UsageError(
            f"--bets-set {text}: expected NAME=VALUE with a constant's capital name, as in STEPS=10"
        )
    return name, value
