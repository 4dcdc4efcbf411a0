"""Writes what is generated in docs/reference/, from parsers and schemas: `python -m tests.helpers.reference`."""

import argparse
import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest_bets
from pytest_bets.cli import main
from pytest_bets.cli.command import Command
from pytest_bets.cli.schemas import schemas
from pytest_bets.hooks import options

FOLDER: Final = Path(__file__).parents[2] / "docs" / "reference"
_PART: Final = re.compile(
    r"(<!-- generated (\w+): python -m tests\.helpers\.reference -->\n).*?(<!-- end -->\n)", re.DOTALL
)
Schema = Mapping[str, Any]


class Recorder:
    """Stands in for pytest's parser and its groups, and keeps what is added."""

    def __init__(self) -> None:
        self.options: list[tuple[str, Mapping[str, Any]]] = []
        self.settings: list[tuple[str, str, Any, str]] = []

    def getgroup(self, *_: str) -> "Recorder":
        """Return the group, which this is too."""
        return self

    def addoption(self, name: str, **given: Any) -> None:
        """Keep an option."""
        self.options.append((name, given))

    def addini(self, name: str, about: str, *, default: object, **given: str) -> None:
        """Keep a setting."""
        self.settings.append((name, about, default, given.get("type", "string")))


def recorded() -> Recorder:
    """Return what the plugin adds to pytest's command line and settings."""
    recorder = Recorder()
    options.add(recorder)  # type: ignore[arg-type]  # it stands in for a parser
    return recorder


def commands() -> Iterator[tuple[str, Command, Sequence[argparse.Action]]]:
    """Yield each command with its name and its arguments."""
    for name in main.COMMANDS:
        command: Command = import_module(f"pytest_bets.cli.{name}").COMMAND
        yield name, command, arguments(command)


class Arguments(argparse.ArgumentParser):
    """Keeps what is added to it."""

    def __init__(self) -> None:
        self.found: list[argparse.Action] = []
        super().__init__()

    def add_argument(self, *names: Any, **given: Any) -> argparse.Action:
        """Keep an argument."""
        self.found.append(super().add_argument(*names, **given))
        return self.found[-1]


def common() -> list[argparse.Action]:
    """Return the arguments that every command has."""
    name, command, own = next(commands())
    parser = Arguments()
    main._configure(parser, name, command)
    return parser.found[: len(parser.found) - len(own)]


def arguments(command: Command) -> list[argparse.Action]:
    """Return the arguments of a command, in order, without those of all commands."""
    parser = Arguments()
    command.configure(parser)
    return parser.found[1:]  # without --help


def _options() -> Iterator[str]:
    yield from _table("option", ((_code(_form(name, given)), given["help"]) for name, given in recorded().options))


def _settings() -> Iterator[str]:
    yield from ("| setting | kind | default | |", "|---|---|---|---|")
    for name, about, default, kind in recorded().settings:
        shown = _code(str(default)) if default else ""
        yield f"| `{name}` | {_KINDS.get(kind, kind)} | {shown} | {_cell(about)} |"


_KINDS: Final = {"string": "text", "linelist": "lines", "paths": "paths"}


def _form(name: str, given: Mapping[str, Any]) -> str:
    """Return an option with its value as a reader types it."""
    if given.get("action") in ("store_true", "store_false"):
        return name
    return f"{name} {'|'.join(given['choices']) if given.get('choices') else given.get('metavar') or name.upper()}"


def _common() -> Iterator[str]:
    yield from _table("option", ((_code(_argument(action)), action.help or "") for action in common()))


def _commands() -> Iterator[str]:
    for name, command, found in commands():
        about = f"{main.COMMANDS[name][0].upper()}{main.COMMANDS[name][1:]}"
        yield from (f"## {name}", "", f"{about}. Example: `{command.example}`", "")
        if found:
            yield from _table("argument", ((_code(_argument(action)), action.help or "") for action in found))
            yield ""
        if command.description:
            yield from ("```text", *command.description.splitlines(), "```", "")


def _argument(action: argparse.Action) -> str:
    value = "|".join(map(str, action.choices)) if action.choices else str(action.metavar or action.dest.upper())
    if not action.option_strings:
        shown = str(action.metavar or action.dest)
        return {"?": f"[{shown}]", "*": f"[{shown} ...]"}.get(str(action.nargs), shown)
    name = action.option_strings[-1]
    return name if action.nargs == 0 else f"{name} {value}"


def _fields(name: str) -> Iterator[str]:
    schema = schemas()[name]
    yield from (str(schema["description"]), "", "| field | kind | |", "|---|---|---|")
    for path, kind, about in _rows(schema, schema.get("$defs", {}), ""):
        yield f"| `{path}` | {kind} | {_cell(about)} |"


def _rows(schema: Schema, known: Any, before: str) -> Iterator[tuple[str, str, str]]:
    """Yield the path, the kind and the description of every field."""
    for name, given in schema["properties"].items():
        found = _resolved(given, known)
        yield f"{before}{name}", _kind(found, known), found.get("description", "")
        for path, inner in _inside(found, known, f"{before}{name}"):
            yield from _rows(inner, known, path)


def _inside(schema: Schema, known: Any, path: str) -> Iterator[tuple[str, Schema]]:
    """Yield the objects with fields of their own within a field, each with the path of its fields."""
    if "properties" in schema:
        yield f"{path}.", schema
    if "items" in schema:
        yield from _inside(_resolved(schema["items"], known), known, f"{path}[]")
    for member in schema.get("anyOf", ()):
        yield from _inside(_resolved(member, known), known, path)


def _resolved(schema: Schema, known: Any) -> Schema:
    reference = schema.get("$ref")
    return schema if reference is None else {**known[reference.rpartition("/")[2]], **schema}


def _kind(schema: Schema, known: Any) -> str:
    """Return in words which values a field has."""
    if "const" in schema:
        return f"`{_json(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{_json(value)}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(_resolved(member, known), known) for member in schema["anyOf"]))
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    words = " or ".join(kinds)
    if "items" in schema:
        return words.replace("array", f"list of {_kind(_resolved(schema['items'], known), known)}")
    return words


def _json(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _table(header: str, rows: Iterator[tuple[str, str]]) -> Iterator[str]:
    yield from (f"| {header} | |", "|---|---|")
    yield from (f"| {name} | {_cell(about)} |" for name, about in rows)


def _code(text: str) -> str:
    return f"`{_cell(text)}`"


def _cell(text: str) -> str:
    """Return a text as a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def _python() -> Iterator[str]:
    """Yield what makes Sphinx read the docstrings of all public names."""
    yield "```{eval-rst}"
    for name in sorted(pytest_bets.__all__, key=lambda name: (name != "load", name)):
        if inspect.isclass(getattr(pytest_bets, name)):
            yield from (
                f".. autoclass:: pytest_bets.{name}()",
                "   :members:",
                "   :inherited-members: Mapping, object",
                "",
            )
        elif callable(getattr(pytest_bets, name)):
            yield from (f".. autofunction:: pytest_bets.{name}", "")
        else:
            yield from (f".. data:: pytest_bets.{name}", "")
    yield "```"


PARTS: Final[Mapping[str, Callable[[], Iterator[str]]]] = {
    "options": _options,
    "settings": _settings,
    "common": _common,
    "commands": _commands,
    "python": _python,
    "record": lambda: _fields("record"),
    "journal": lambda: _fields("journal"),
    "upgrade": lambda: _fields("upgrade"),
    "summary": lambda: _fields("summary"),
}
"""What is generated, by the name that stands in a page."""


def generated(text: str) -> str:
    """Return a page with its generated parts written again."""

    def written(match: re.Match[str]) -> str:
        return "\n".join([f"{match[1]}", *PARTS[match[2]](), "", match[3]])

    return _PART.sub(written, text)


def write() -> None:
    """Write the generated parts of every page again."""
    for page in sorted(FOLDER.glob("*.md")):
        page.write_text(generated(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write()
