"""The command line and the settings, read once into one frozen value."""

from typing import Final

import pytest

PROGRESS: Final = ("auto", "bar", "line", "off")
GATES: Final = ("auto", "strict", "lenient", "catastrophic", "regression", "none")
LUCK_LIMIT: Final = 0.05
MARKER_HELP: Final = (
    "strict(sentence): the claim holds in full if every such sentence is true (bets)",
    "lenient(sentence): the claim holds in part if every such sentence is true (bets)",
    "catastrophic(sentence): the claim is badly wrong if any such sentence is true (bets)",
    "control(sentence): negative control: the bet FAILs if any such sentence is false (bets)",
    "premise(sentence): what must hold for the experiment to mean anything; if it is false, there is no verdict (bets)",
    "replicate(n): run n times, with values of the argument `seed` that are derived from the declaration (bets)",
    "challenges(number): if this bet FAILs with its controls met, the claim of that bet is retracted (bets)",
    "withdrawn(reason): the claim of this bet is withdrawn; its row stays (bets)",
    "null(swap, unit): these columns could be exchanged if there is nothing to find; null(none, tries): what must "
    "never happen, and in how many tries it could (bets)",
    "resources(cpus, gpus, memory, hours): what a cell needs where --bets-on runs it, as literals by name (bets)",
)


def add(parser: pytest.Parser) -> None:
    """Add the plugin's options to pytest's command line, and its settings."""
    group = parser.getgroup("bets", "falsifiable bets")
    _add_outcomes(group)
    _add_runs(group)
    _add_engines(group)
    _add_settings(parser)


def _add_outcomes(group: pytest.OptionGroup) -> None:
    """Add the options on the gate and the folder of results."""
    group.addoption(
        "--bets-gate",
        choices=GATES,
        help="what makes pytest exit non-zero. strict, lenient, catastrophic: a bet is below this tier; regression: a "
        "verdict is worse than the record; none; auto: the lowest of the selected tiers, which without -m is "
        "catastrophic (ini bets_gate, default auto)",
    )
    group.addoption(
        "--bets-results",
        metavar="DIR",
        help="folder of records, journal and summary (ini bets_results, default: results under the project's root)",
    )


def _add_runs(group: pytest.OptionGroup) -> None:
    """Add the options on how the bets are run."""
    group.addoption(
        "--bets-replay",
        action="store_true",
        help="run nothing: judge the recorded measurements again and compare with the recorded verdicts",
    )
    group.addoption(
        "--bets-resume",
        action="store_true",
        help="reuse the finished cells of an interrupted run if declaration, code, packages and sweep are unchanged",
    )
    group.addoption(
        "--bets-pilot",
        action="store_true",
        help="rehearse: run each bet with its PILOT constants and one replicate; no verdict, and no record unless "
        "--bets-results names a folder",
    )
    group.addoption(
        "--bets-set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="explore: override a constant of the bets; no verdict and no record, as in a rehearsal; may be repeated",
    )
    group.addoption(
        "--bets-progress",
        choices=PROGRESS,
        help="what is shown while cells run. bar: a status line under pytest's output; line: one line a minute; off: "
        "nothing, and nothing is kept for `pytest-bets watch`; auto: a bar on a terminal, unless -s lets cells write "
        "there, and else a line a minute. An experiment reports with the fixture `progress`: `for step in "
        'progress(range(STEPS), "train")`, `progress.update(loss=2.31)` (ini bets_progress, default auto)',
    )
    group.addoption(
        "--bets-summary-md",
        metavar="FILE",
        help="write the verdicts of this session as Markdown, beside those of the base branch or of the records; "
        "under GitHub Actions this is also the step summary",
    )
    group.addoption(
        "--bets-export",
        action="append",
        default=[],
        metavar="TRACKER",
        help="send each judged run to a tracker of experiments: mlflow, wandb; may be repeated; none: no tracker (ini "
        "bets_export)",
    )
    group.addoption(
        "--bets-replication",
        choices=("next",),
        help="run each bet again with fresh seeds, as its next replication: the journal gets a line with its number, "
        "and the record stands",
    )


def _add_engines(group: pytest.OptionGroup) -> None:
    """Add the options on where the cells run."""
    group.addoption(
        "--bets-on",
        metavar="ENGINE",
        help="run the cells on an engine, each as soon as there is room and the longest first: local[=N] (N slots of "
        "this machine), ray[=ADDRESS], slurm[=FLAGS], dask[=ADDRESS], or one that a package brings; none: this process "
        "(ini bets_on)",
    )
    group.addoption(
        "--bets-attempts",
        metavar="N",
        help="how often a cell is tried when its node is lost (ini bets_attempts, default 3)",
    )
    group.addoption(
        "--bets-mixed",
        action="store_true",
        help="allow nodes whose Python or packages differ from the controller's; the record names every environment",
    )


def _add_settings(parser: pytest.Parser) -> None:
    """Add the settings of bets."""
    parser.addini("bets_on", "default of --bets-on", default="")
    parser.addini("bets_attempts", "default of --bets-attempts", default="3")
    parser.addini("bets_export", "default of --bets-export", type="args", default=[])
    parser.addini("bets_slurm", "further flags for sbatch, as in --partition=gpu", default="")
    parser.addini(
        "bets_resources",
        "what cells need, by bet: `46: gpus=1 hours=4`, or `*: hours=1` for all; it overrides their resources markers",
        type="linelist",
        default=[],
    )
    parser.addini("bets_progress", "default of --bets-progress", default="auto")
    parser.addini("bets_gate", "default of --bets-gate", default="auto")
    parser.addini(
        "bets_registration",
        "what to do with an unregistered bet: warn after the run, require (do not run it), or off",
        default="warn",
    )
    parser.addini(
        "bets_luck",
        "the largest chance that luck alone meets strict, and what to do with a bet above it: warn before the run, "
        "require (do not run it), or off; as in `0.01 require`",
        default=f"{LUCK_LIMIT} warn",
    )
    parser.addini("bets_results", "default of --bets-results, relative to the project's root", default="results")
    parser.addini(
        "bets_paths",
        "folders of the bets: numbers are compared within them, and every bet_<number>_*.py in them must be a bet "
        "(default: bets, and the folders of the collected bets)",
        type="paths",
        default=[],
    )


def is_used(config: pytest.Config) -> bool:
    """Return whether an option or a setting of bets is given, which is then checked even if there is no bet."""
    options = [value for name, value in vars(config.option).items() if name.startswith("bets_")]
    given = any(value not in (None, False, []) for value in options)
    defaults: dict[str, object] = {"bets_gate": "auto", "bets_registration": "warn", "bets_paths": [], "bets_on": ""}
    defaults |= {"bets_luck": f"{LUCK_LIMIT} warn", "bets_progress": "auto", "bets_export": [], "bets_attempts": "3"}
    defaults |= {"bets_results": "results", "bets_slurm": "", "bets_resources": []}
    return given or any(config.getini(name) != default for name, default in defaults.items())


def register_markers(config: pytest.Config) -> None:
    """Register the markers of bets, in a project that has some: another one may use the same words."""
    known = config.getini("markers")
    for line in MARKER_HELP:
        if line not in known:
            config.addinivalue_line("markers", line)
