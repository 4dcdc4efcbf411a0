"""The command line and the settings, read once into one frozen value."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

GATES: Final = ("auto", "strict", "lenient", "catastrophic", "regression", "none")
REGISTRATIONS: Final = ("warn", "require", "off")
FILES: Final = "bet_*.py"
MARKER_HELP: Final = (
    "strict(sentence): the claim holds in full where every such sentence is true (bets)",
    "lenient(sentence): the claim holds in part where every such sentence is true (bets)",
    "catastrophic(sentence): the claim is badly wrong where any such sentence is true (bets)",
    "control(sentence): the claim clears its noise floor where every such sentence is true (bets)",
    "replicate(n): give the argument `seed` n values that nobody chooses (bets)",
    "challenges(number): if this bet FAILs, the claim of that bet is retracted (bets)",
    "withdrawn(reason): the claim of this bet is withdrawn; its row stays (bets)",
)


@dataclass(frozen=True)
class Settings:
    """What the user asked of the plugin in this session."""

    root: Path
    here: Path
    results: Path
    gate: str
    registration: str
    replay: bool
    resume: bool
    pilot: bool
    overrides: Mapping[str, str]
    elsewhere: bool

    @property
    def rehearsal(self) -> bool:
        """Whether the experiments run with other constants than they declare, so that nothing is judged of record."""
        return self.pilot or bool(self.overrides)

    @property
    def kept(self) -> bool:
        """Whether runs are written: never in a replay, and in a rehearsal only to a folder that was named for it."""
        return not self.replay and (self.elsewhere or not self.rehearsal)

    @property
    def required(self) -> bool:
        """Whether a bet must be registered to run; a rehearsal and a replay make no evidence."""
        return self.registration == "require" and not self.replay and not self.rehearsal


def add(parser: pytest.Parser) -> None:
    """Add the plugin's options to pytest's command line."""
    group = parser.getgroup("bets", "falsifiable bets")
    group.addoption(
        "--bets-gate",
        choices=GATES,
        help="what turns the session red: strict, lenient or catastrophic, where that bar is not cleared; regression, "
        "where a verdict is worse than its record; none; auto, the lowest bar among the selected tiers "
        "(ini bets_gate, default auto)",
    )
    group.addoption(
        "--bets-results",
        metavar="DIR",
        help="folder of records, journal and summary (ini bets_results, default results under the root)",
    )
    group.addoption(
        "--bets-replay",
        action="store_true",
        help="run no experiment: judge the recorded measurements again and compare with the recorded verdicts",
    )
    group.addoption(
        "--bets-resume",
        action="store_true",
        help="reuse the finished cells of an interrupted run, where declaration and code are the same",
    )
    group.addoption(
        "--bets-pilot",
        action="store_true",
        help="rehearse: each bet's PILOT constants and one replicate; no verdict, and no record unless "
        "--bets-results names a folder for it",
    )
    group.addoption(
        "--bets-set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="explore: override a constant of the bets; like a rehearsal, no verdict of record; may be repeated",
    )
    parser.addini("bets_gate", "default of --bets-gate", default="auto")
    parser.addini(
        "bets_registration",
        "what becomes of a bet that no commit holds as it is declared: warn, after it ran; require, do not run it; off",
        default="warn",
    )
    parser.addini("bets_results", "default of --bets-results, relative to the root", default="results")


def read(config: pytest.Config) -> Settings:
    """Return the settings of this session.

    Raises:
        pytest.UsageError: where options contradict each other or a value is none of the allowed.

    """
    root = config.rootpath
    usual = root / str(config.getini("bets_results"))
    named = config.getoption("bets_results")
    results = Path(os.path.normpath(config.invocation_params.dir / named)) if named else usual
    gate = config.getoption("bets_gate") or str(config.getini("bets_gate"))
    if gate not in GATES:
        raise pytest.UsageError(f"bets_gate is {gate!r} in the settings; expected one of {', '.join(GATES)}")
    registration = str(config.getini("bets_registration"))
    if registration not in REGISTRATIONS:
        from pytest_bets.pure.fault import nearest  # here alone: a session without bets imports nothing more

        near = nearest(registration, REGISTRATIONS)
        raise pytest.UsageError(
            f"bets_registration is {registration!r} in the settings; expected one of {', '.join(REGISTRATIONS)}"
            + (f"; did you mean {near}?" if near else "")
        )
    settings = Settings(
        root=root,
        here=config.invocation_params.dir,
        results=results,
        gate=gate,
        registration=registration,
        replay=config.getoption("bets_replay"),
        resume=config.getoption("bets_resume"),
        pilot=config.getoption("bets_pilot"),
        overrides=dict(_override(text) for text in config.getoption("bets_set")),
        elsewhere=results != Path(os.path.normpath(usual)),
    )
    if settings.replay and (settings.rehearsal or settings.resume):
        raise pytest.UsageError(
            "--bets-replay runs no experiment: it goes with none of --bets-pilot, --bets-set, --bets-resume"
        )
    if settings.resume and settings.rehearsal:
        raise pytest.UsageError(
            "--bets-resume goes with neither --bets-pilot nor --bets-set: only runs of record are resumed"
        )
    return settings


def _override(text: str) -> tuple[str, str]:
    """Return the name of a constant and the text of its value, which the bet's own value gives a type."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier() or not name.isupper():
        raise pytest.UsageError(
            f"--bets-set {text}: expected NAME=VALUE with a constant's capital name, as in STEPS=10"
        )
    return name, value
