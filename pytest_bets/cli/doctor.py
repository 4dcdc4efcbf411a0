"""The command `doctor`: is everything here that bets need, and what to do where it is not."""

import argparse
import json
from collections.abc import Sequence
from typing import Final

from pytest_bets.cli.checks import Check, checks
from pytest_bets.cli.command import FINDINGS, OK, Answer, Command, text_width
from pytest_bets.diagnostics import count_noun
from pytest_bets.project import Project
from pytest_bets.render.table import wrap

SCHEMA: Final = "pytest-bets/doctor/1"
DESCRIPTION: Final = """\
Check the installation and the project: Python, pytest, plugins, extras, engines, git, folders and bet files. Nothing is
run and nothing is changed.

Exit status: 0 nothing to cure, 1 problems, 2 usage error.
"""
_INDENT: Final = 9


def configure(doctor: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    doctor.add_argument("--format", choices=("text", "json"), default="text", help="format of the report")
    doctor.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")


def run(project: Project, options: argparse.Namespace) -> Answer:
    """Run the command."""
    found = list(checks(project))
    status = FINDINGS if any(check.level == "problem" for check in found) else OK
    return Answer(_json(found) if options.format == "json" else _text(found, text_width()), status)


def _text(found: Sequence[Check], width: int) -> str:
    lines = []
    for check in found:
        level = check.level.upper() if check.level == "problem" else check.level
        first, *rest = wrap(check.text, max(width - _INDENT, 20))
        lines += [f"{level:<{_INDENT}}{first}", *(" " * _INDENT + line for line in rest)]
        if check.cure:
            lines.append(f"{' ' * _INDENT}-> {check.cure}")  # it stays on one line, to be copied
    count = {level: sum(check.level == level for check in found) for level in ("problem", "note")}
    lines += ["", ", ".join(count_noun(number, level) for level, number in count.items()) + "."]
    return "\n".join(lines) + "\n"


def _json(found: Sequence[Check]) -> str:
    listed = [check._asdict() for check in found]
    state = "problems" if any(check.level == "problem" for check in found) else "ok"
    return json.dumps({"schema": SCHEMA, "state": state, "checks": listed}, indent=1) + "\n"


COMMAND: Final = Command(run, "pytest-bets doctor", configure, DESCRIPTION)
