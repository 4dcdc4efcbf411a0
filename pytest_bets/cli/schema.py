"""The command `schema`: the JSON Schemas of what pytest-bets writes and prints."""

import argparse
import json
from typing import Final

from pytest_bets.cli.command import Answer, Command
from pytest_bets.diagnostics import CommandError, did_you_mean
from pytest_bets.project import Project
from pytest_bets.report.gather import SCHEMAS


def configure(schema: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    schema.add_argument("schema", metavar="NAME", nargs="?", default="record", help="which schema (default: record)")
    schema.add_argument("--list", action="store_true", help="list the schemas")


def run(project: Project, options: argparse.Namespace) -> Answer:  # noqa: ARG001  # every command has this signature
    """Run the command."""
    paths = {path.stem: path for path in sorted(SCHEMAS.glob("*.json"))}
    if options.list:
        found = {name: json.loads(path.read_bytes()) for name, path in paths.items()}
        rows = [f"{name:9} {item['$id']:26} {item['title']}\n" for name, item in found.items()]
        return Answer("".join(rows))
    name = options.schema.removesuffix(".json")
    if name not in paths:
        expected = f"expected one of {', '.join(paths)}"
        raise CommandError(f"there is no schema {options.schema!r}{did_you_mean(name, paths)}; {expected}")
    return Answer(paths[name].read_text(encoding="utf-8"))


COMMAND: Final = Command(run, "pytest-bets schema record", configure)
