"""The command line beside pytest.

Each command has a module of its own, with its help. Only that of the command that runs is imported: the imports of all
take as long as reading a hundred bets.
"""

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from pytest_bets.cli.command import INTERRUPTED, UNDETERMINED, USAGE, Answer, Command
from pytest_bets.diagnostics import CommandError, HistoryError, ProjectError, RecordError, UndeterminedError
from pytest_bets.project import locate
from pytest_bets.record.filenames import BADGE, SUMMARY_JSON, SUMMARY_TEXT
from pytest_bets.record.store import Results
from pytest_bets.render.colour import coloured, wanted
from pytest_bets.render.visible import encodable, visible_lines
from pytest_bets.walk import relative

COMMANDS: Final = {
    "new": "write a bet file from a template",
    "doctor": "check the installation and the project, with a cure for each problem",
    "show": "show one bet: declaration, record, standing, history",
    "history": "show the values of a bet over all its runs, by host and code",
    "watch": "show a session while it runs: cells, progress, time left",
    "odds": "say what chance alone would give, before the run",
    "rollup": "make SUMMARY.md and SUMMARY.json again, as after a merge",
    "compare": "compare the results of two commits, folders, records or runs",
    "badge": "write results/badge.json, which shields.io shows as a badge",
    "report": "write the catalogue as a site of static pages",
    "export": "write results as CSV, Parquet, PRML manifests or an RO-Crate",
    "audit": "check every bet against its history in git",
    "claims": "check verdicts and numbers in write-ups against the records",
    "schema": "print the JSON Schema of what pytest-bets writes",
    "upgrade": "rewrite records of an older schema",
}
"""Every command, and what it does."""
ABOUT: Final = """\
Falsifiable bets: criteria first, every outcome kept. pytest itself runs the bets:

  pytest bets/                        run every bet; the exit status is not zero if a bet fails catastrophically,
                                      crashes, or cannot be judged
  pytest bets/ -m strict              the same, and if a strict criterion is not met
  pytest bets/ --bets-replay          judge the recorded measurements again, in seconds

While they run, `pytest-bets watch` in another terminal shows how far they are.

These commands do the rest:
"""


class _Version(argparse.Action):
    """Prints the version, which is looked up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from pytest_bets import __version__

        print(f"pytest-bets {__version__}")  # noqa: T201  # this is a command line
        parser.exit()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    0 done, or clean; 1 findings; 2 usage error; 3 cannot determine; 130 interrupted.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    chosen = next((word for word in arguments if not word.startswith("-")), None)  # no option before it has a value
    parser = _parser(chosen, _command(chosen))
    gc.freeze()  # what was imported stays to the end: no collection need look at it again
    options = parser.parse_args(arguments)
    try:
        project = locate(Path.cwd(), options.results, options.rootdir)
        answer: Answer = options.command(project, options)
    except (UndeterminedError, HistoryError) as error:
        return _failed(options.name, error, UNDETERMINED)
    except (CommandError, ProjectError, RecordError, OSError) as error:
        return _failed(options.name, error, USAGE)
    except KeyboardInterrupt:
        return _failed(options.name, "interrupted", INTERRUPTED)
    _print(_shown(answer.text, options))
    notices = Results(project.results).notices() if project.results.is_dir() else ()
    for notice in (*_conflicts(project.results), *notices):
        _complain(f"pytest-bets {options.name}: {notice}")
    return answer.status


def _print(text: str) -> None:
    try:
        print(text, end="", flush=True)  # noqa: T201
    except BrokenPipeError:  # the reader has seen enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes again at its end


def _shown(text: str, options: argparse.Namespace) -> str:
    """Return the text as it is printed: nothing in it acts on a terminal but the colours that are added here."""
    shown = encodable(visible_lines(text), sys.stdout.encoding)
    is_text = getattr(options, "format", "text") == "text"  # any other format is for programs
    return coloured(shown) if is_text and wanted(options.color, os.environ, terminal=sys.stdout.isatty()) else shown


def _command(name: str | None) -> Command | None:
    """Import the module of a command; None where there is no such command."""
    if name not in COMMANDS:
        return None
    command: Command = import_module(f"pytest_bets.cli.{name}").COMMAND
    return command


def _conflicts(results: Path) -> list[str]:
    """Name the files of the summary in which git left a merge conflict: no command reads them."""
    files = [path for name in (SUMMARY_TEXT, SUMMARY_JSON, BADGE) if (path := results / name).is_file()]
    hint = "a merge conflict was left here; `pytest-bets rollup` writes the file again"
    return [f"{relative(path)}: {hint}" for path in files if b"\n<<<<<<< " in b"\n" + path.read_bytes()]


def _failed(command: str, error: Exception | str, status: int) -> int:
    _complain(f"pytest-bets {command}: {error}")
    return status


def _complain(text: str) -> None:
    print(encodable(visible_lines(text), sys.stderr.encoding), file=sys.stderr)  # noqa: T201


def _parser(chosen: str | None, command: Command | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "pytest-bets", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", prog="pytest-bets")
    for name, about in COMMANDS.items():
        added = commands.add_parser(name, help=about)
        if command and name == chosen:
            _configure(added, name, command)
    return parser


def _configure(parser: argparse.ArgumentParser, name: str, command: Command) -> None:
    about = COMMANDS[name]
    parser.description = command.description or f"{about[0].upper()}{about[1:]}."
    if command.description:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"example: {command.example}"
    parser.set_defaults(command=command.run, name=name)
    parser.add_argument(
        "--results", metavar="DIR", help="folder of the results (default: the setting bets_results, or results)"
    )
    parser.add_argument(
        "--rootdir", metavar="DIR", help="root of the project (default: as pytest finds it from this folder)"
    )
    parser.add_argument(
        "--color",
        choices=("auto", "yes", "no"),
        default="auto",
        help="colour on the terminal (auto: NO_COLOR, FORCE_COLOR)",
    )
    command.configure(parser)
