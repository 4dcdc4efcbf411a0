"""Measured figures with their bars, as a table and as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Figure:
    """A measured figure, with its bar where it has one; `at_least` says on which side of the bar it should be."""

    name: str
    unit: str
    median: float
    lowest: float
    highest: float
    bar: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the figure is on the right side of its bar."""
        if self.bar is None:
            return None
        return self.median >= self.bar if self.at_least else self.median <= self.bar


def figure(
    name: str, unit: str, values: Sequence[float], bar: float | None = None, *, at_least: bool = False
) -> Figure:
    """Return the figure of these values."""
    return Figure(name, unit, median(values), min(values), max(values), bar, at_least)


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as lines of text."""
    words = {True: "met", False: "MISSED", None: ""}
    lines = [f"{'':52} {'median':>8} {'lowest':>8} {'highest':>8}       {'bar':>6}"]
    for item in figures:
        numbers = " ".join(f"{number:8.3f}" for number in (item.median, item.lowest, item.highest))
        bar = "" if item.bar is None else f"{'>=' if item.at_least else '<='}{item.bar:g}"
        lines.append(f"{item.name:52} {numbers} {item.unit:5} {bar:>6} {words[item.met]}".rstrip())
    return "\n".join(lines)


def report(figures: Sequence[Figure], about: Mapping[str, object], path: Path) -> int:
    """Print the figures under what they are about, write both as JSON, and return 1 where a bar is missed."""
    print(", ".join(f"{key} {value}" for key, value in about.items()))
    print(table(figures))
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{**asdict(item), "met": item.met} for item in figures]
    path.write_text(json.dumps({**about, "figures": rows}, indent=1) + "\n")
    return int(any(item.met is False for item in figures))
