"""The command `doctor`: is everything here that bets need, and what to do where it is not."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pytest_bets.cli.checks import Check, checks
from pytest_bets.cli.command import FINDINGS, OK, Answer, Command, text_width
from pytest_bets.diagnostics import count_noun
from pytest_bets.project import Project
from pytest_bets.record.encode import encode
from pytest_bets.record.field import limits
from pytest_bets.render.table import wrap

DOCTOR_SCHEMA: Final = "pytest-bets/doctor/1"
DESCRIPTION: Final = """\
Check the installation and the project: Python, pytest, plugins, extras, engines, git, folders and bet files. Nothing is
run and nothing is changed.

Exit status: 0 nothing to cure, 1 problems, 2 usage error.
"""
_INDENT: Final = 9


@dataclass(frozen=True)
class Document:
    """What `pytest-bets doctor --format json` prints."""

    schema: Annotated[str, limits(const=DOCTOR_SCHEMA)]
    state: Annotated[Literal["ok", "problems"], "Whether a check found a problem."]
    checks: tuple[Check, ...]


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
    has_problems = any(check.level == "problem" for check in found)
    document = Document(DOCTOR_SCHEMA, "problems" if has_problems else "ok", tuple(found))
    return json.dumps(encode(document), indent=1) + "\n"


COMMAND: Final = Command(run, "pytest-bets doctor", configure, DESCRIPTION)
