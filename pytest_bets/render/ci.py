"""What continuous integration shows of a session: annotations of GitHub Actions, and a summary in Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pytest_bets.diagnostics import count_noun
from pytest_bets.render.markdown import code, plain, row
from pytest_bets.render.visible import visible

Level = Literal["error", "warning"]
LARGEST: Final = 900_000
"""Bytes of a summary in Markdown: GitHub takes 1 MiB for a step."""


@dataclass(frozen=True)
class Annotation:
    """A message at a line of a file."""

    level: Level
    file: str
    line: int
    title: str
    message: str

    def __str__(self) -> str:
        """Return the workflow command that GitHub Actions reads from the log."""
        place = f"file={_property(self.file)},line={self.line},title={_property(visible(self.title))}"
        return f"::{self.level} {place}::{_data(self.message)}"


@dataclass(frozen=True)
class Row:
    """A bet of the session: its verdict now and before, where there was one, and the sentences that decided."""

    bet: str
    title: str
    verdict: str
    before: str | None
    decided: Sequence[str]
    standing: str


def summary(rows: Sequence[Row], base: str, *, red: bool) -> str:
    """Return the verdicts of a session as Markdown, those that changed first.

    Args:
        rows: The bets, by number.
        base: What the verdicts before are from.
        red: Whether the session failed.

    """
    changed = [item for item in rows if item.before not in (None, item.verdict)]
    new = sum(item.before is None for item in rows)
    counts = f"{count_noun(len(rows), 'bet')}, {len(changed)} with another verdict than {plain(base)}, {new} new there."
    blocks = [f"## Bets: {'failed' if red else 'passed'}", counts]
    if changed:
        blocks.append("\n".join(f"- **{plain(item.bet)}: {item.before} -> {item.verdict}**" for item in changed))
    lines = ["| bet | verdict | before | claim | what decided | standing |", "|---|---|---|---|---|---|"]
    size = len("".join(blocks))
    for index, item in enumerate(rows):
        decided = "; ".join(item.decided)
        cells = [plain(item.bet), item.verdict, item.before or "", plain(item.title), decided, plain(item.standing)]
        lines.append(row(cells))
        size += len(lines[-1].encode())
        if size > LARGEST:
            lines[-1] = f"\n{len(rows) - index} more bets are left out: this page may have at most {LARGEST:,} bytes."
            break
    return "\n\n".join([*blocks, "\n".join(lines)]) + "\n"


def quote(text: str) -> str:
    """Return a sentence as code in Markdown."""
    return code(text)


def _data(text: str) -> str:
    """Escape the message of a workflow command; other characters that do not print are spelled line by line."""
    lines = (visible(line) for line in text.splitlines())
    return "%0A".join(line.replace("%", "%25") for line in lines)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
