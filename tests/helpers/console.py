"""Plays a page of the documentation: writes its files, runs its commands, compares what is printed with what it shows.

    python -m tests.helpers.console docs/tutorial.md docs/howto/*.md

writes what is printed into the pages. In a page,

- a block ```` ```console ```` has commands after `$ `, each followed by all that it prints. They end with status 0.
  A block that begins with `# Not run` is for readers alone.
- a block with `title=FILE`, as in ```` ```python title=bets/toy.py ````, is written to that file; the line before it
  names the file. A block ```` ```diff title=FILE ```` changes it. Lines `@@` separate the places.
- `<!-- continues: PAGE -->` starts the page where another one ended; without it, it starts in an empty folder.
- `<!-- needs: MODULE -->` says what its commands import beside the plugin; tests skip the page without it.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Final

HOME: Final = "/home/you"
"""How pages show the folder that they are played in."""
NOT_RUN: Final = "# Not run"
UPDATE: Final = "python -m tests.helpers.console"
_FENCE: Final = re.compile(r"```(\w+)(?: title=(\S+))?$")
_MACHINE: Final = re.compile(r"(\d s, )[^()\s]+\)")
"""Where a run names the machine it ran on."""
_PROGRAMS: Final = {
    "pytest": "-P -m pytest -p pytest_bets.plugin",
    "pytest-bets": "-P -m pytest_bets",
    "python3": "",
}
_CONTINUES: Final = re.compile(r"^<!-- continues: (\S+) -->$", re.MULTILINE)
_NEEDS: Final = re.compile(r"^<!-- needs: (\S+) -->$", re.MULTILINE)
_SECONDS: Final = r"\d+(?:\.\d+)?"
_HASH: Final = r"[0-9a-f]{7}(?:[0-9a-f]{3}|[0-9a-f]{5}|[0-9a-f]{33})?(?![\w.])"
"""The name of a commit or a digest, as commands abbreviate it. It may have no letter, and then looks like a seed."""
_VARYING: Final = (
    (re.compile(rf"^=+ (.* in ){_SECONDS}s(?: \([\d:]+\))? =+$", re.MULTILINE), r"== \g<1>0s =="),
    (re.compile(rf"\bin {_SECONDS}s\b"), "in 0s"),
    (re.compile(rf"\b{_SECONDS} s, [^()\s]+\)"), "0 s, host)"),
    (re.compile(rf"(?:<|\b){_SECONDS} s\b"), "0 s"),
    (re.compile(r"^platform .*$", re.MULTILINE), "platform"),
    (re.compile(r"^Ran on .*(?:\n {14}\S.*)*", re.MULTILINE), "Ran on"),
    (re.compile(rf"(?<![\w.])(?=\d*[a-f]){_HASH}"), "0123456"),
    (re.compile(rf"(\[|\(|\b(?:declared|result|at|declaration|files,) ){_HASH}"), r"\g<1>0123456"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "2026-11-02T09:00:00Z"),
)
"""What differs from run to run: durations, machines, versions, names of commits and digests, times of the journal."""


class PageError(Exception):
    """A page cannot be played."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its file if it has one, its lines, the line before it, and its start, from 0."""

    language: str
    title: str | None
    lines: tuple[str, ...]
    before: str
    start: int


@dataclass(frozen=True)
class Step:
    """A command that was run: what it printed, what the page shows, and the lines of the page that show it."""

    command: str
    printed: str
    shown: str
    start: int
    end: int

    @property
    def agrees(self) -> bool:
        """Whether the page shows what was printed, up to what differs from run to run."""
        return normalised(self.printed) == normalised(self.shown)


def normalised(text: str) -> str:
    """Return the text without what differs from run to run."""
    for pattern, constant in _VARYING:
        text = pattern.sub(constant, text)
    return text


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        fence = _FENCE.match(lines[at])
        if not fence and not lines[at].startswith("```"):
            at += 1
            continue
        end = next((i for i in range(at + 1, len(lines)) if lines[i] == "```"), None)
        if end is None:
            raise PageError(f"line {at + 1}: the block has no end")
        if fence:
            before = next((line for line in reversed(lines[:at]) if line), "")
            yield Block(fence[1], fence[2], tuple(lines[at + 1 : end]), before, at + 1)
        at = end + 1


def is_played(page: Path) -> bool:
    """Return whether a page has commands to run."""
    found = blocks(page.read_text(encoding="utf-8"))
    return any(block.language == "console" and not _for_readers(block) for block in found)


def needs(page: Path) -> list[str]:
    """Return the modules that the commands of a page import."""
    return _NEEDS.findall(page.read_text(encoding="utf-8"))


class Player:
    """Plays pages below a folder, each once: a page that another one continues is copied."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._played: dict[Path, list[Step]] = {}

    def play(self, page: Path) -> list[Step]:
        """Play a page, and return the commands that were run."""
        page = page.resolve()
        if page not in self._played:
            try:
                self._played[page] = self._play(page, page.read_text(encoding="utf-8"))
            except PageError as error:
                raise PageError(f"{page.name}: {error}") from None
        return self._played[page]

    def _play(self, page: Path, text: str) -> list[Step]:
        root = self.folder / page.stem
        continued = _CONTINUES.search(text)
        if continued:
            base = (page.parent / continued[1]).resolve()
            self.play(base)
            shutil.copytree(self.folder / base.stem, root, symlinks=True)
        console = Console(root)
        steps: list[Step] = []
        for block in blocks(text):
            if block.language == "console":
                if not _for_readers(block):
                    steps += _run(console, block)
            elif block.title:
                if f"`{block.title}`" not in block.before:
                    raise PageError(f"line {block.start}: the line before the block does not name `{block.title}`")
                (_change if block.language == "diff" else _write)(console.place / block.title, block.lines)
        return steps


def update(page: Path, player: Player) -> bool:
    """Write what the commands print into the page; return whether it changed."""
    lines = page.read_text(encoding="utf-8").splitlines()
    wrong = [step for step in player.play(page) if not step.agrees]
    for step in reversed(wrong):
        lines[step.start : step.end] = _kept(step.shown.splitlines(), step.printed.splitlines())
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return bool(wrong)


def _kept(shown: Sequence[str], printed: Sequence[str]) -> Iterator[str]:
    """Yield the lines that were printed; those that a page shows already, up to what differs, as it shows them."""
    matcher = SequenceMatcher(None, [*map(normalised, shown)], [*map(normalised, printed)], autojunk=False)
    for tag, first, last, start, end in matcher.get_opcodes():
        yield from shown[first:last] if tag == "equal" else printed[start:end]


class Console:
    """A shell in the folder of a page, with the same environment on every machine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "home"
        self.home.mkdir(parents=True, exist_ok=True)
        self.place = next((path.parent for path in self.home.glob("*/.git")), self.home)
        programs = root / "programs"
        programs.mkdir(exist_ok=True)
        for name, module in _PROGRAMS.items():
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {module} "$@"\n')
            program.chmod(0o755)
        self.environment = _environment(programs)

    def run(self, command: str) -> str:
        """Run a command and return all that it prints, with the names that pages have for this machine."""
        note = self.root / "place"
        script = f"{command}\nstatus=$?; pwd -P > {shlex.quote(str(note))}; exit $status"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.place,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        printed = _MACHINE.sub(r"\1laptop)", done.stdout.replace(str(self.home), HOME))
        if done.returncode != 0:
            raise PageError(f"`{command}` ended with status {done.returncode}:\n{printed}")
        self.place = Path(note.read_text(encoding="utf-8").strip())
        return "".join(f"{line.rstrip()}\n" for line in printed.splitlines())


def _environment(programs: Path) -> dict[str, str]:
    kept = ("PYTHONPATH", "SYSTEMROOT", "TMPDIR")
    moment = "2026-11-02T09:00:00+0000"
    person = {"NAME": "You", "EMAIL": "you@example.org", "DATE": moment}
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        **{f"GIT_{role}_{name}": text for role in ("AUTHOR", "COMMITTER") for name, text in person.items()},
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(programs),
        "LC_ALL": "C",
        "PYTHONUTF8": "1",
        "TERM": "dumb",
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_PAGER": "cat",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _for_readers(block: Block) -> bool:
    return bool(block.lines) and block.lines[0].startswith(NOT_RUN)


def _run(console: Console, block: Block) -> Iterator[Step]:
    """Run the commands of a block."""
    starts = [at for at, line in enumerate(block.lines) if line.startswith("$ ")]
    if not starts or starts[0] != 0:
        raise PageError(f"line {block.start + 1}: a console begins with `$ ` and a command, or with `{NOT_RUN}`")
    for at, end in zip(starts, [*starts[1:], len(block.lines)], strict=True):
        command = block.lines[at][2:]
        shown = "".join(f"{line}\n" for line in block.lines[at + 1 : end])
        yield Step(command, console.run(command), shown, block.start + at + 1, block.start + end)


def _write(path: Path, lines: tuple[str, ...]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _change(path: Path, lines: tuple[str, ...]) -> None:
    """Replace the lines of a diff that begin with `-` or a space by those that begin with `+` or a space."""
    text = path.read_text(encoding="utf-8")
    for place in "\n".join(lines).split("\n@@\n"):
        hunk = place.split("\n")
        old = "".join(f"{line[1:]}\n" for line in hunk if not line.startswith("+"))
        new = "".join(f"{line[1:]}\n" for line in hunk if not line.startswith("-"))
        if text.count(old) != 1:
            raise PageError(f"{path.name} has {text.count(old)} times what the diff changes:\n{old}")
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def main() -> None:
    """Write what commands print into the pages that are named."""
    with tempfile.TemporaryDirectory() as folder:
        player = Player(Path(folder))
        for page in map(Path, sys.argv[1:]):
            if is_played(page):
                print(f"{page}: {'written' if update(page, player) else 'unchanged'}")


if __name__ == "__main__":
    main()
