"""The file of a new bet: a toy that runs at once, with text that must be replaced before it counts."""

import re
import shlex
import unicodedata
from pathlib import PurePath
from typing import Final

from pytest_bets.bet.declaration import Declaration
from pytest_bets.diagnostics import Fault

LONGEST: Final = 60
"""The maximum length of a file name made from a title."""
SLUG: Final = re.compile(rf"(?=.{{1,{LONGEST}}}$)[a-z0-9]+(_[a-z0-9]+)*")
"""The part of the file name that `--slug` sets."""

_UNWRITTEN: Final = {
    "Hypothesis": "say what you claim, so that a result can contradict it.",
    "Scope": "say what this bet does not show.",
}
_TO_WRITE: Final = {"Hypothesis": "your claim", "Scope": "what your bet does not show"}

_TEMPLATE: Final = '''"""Bet {number}: {title}

Hypothesis: {Hypothesis}
Strict: the mean gain is at least 0.1.
Lenient: the mean gain is above 0.
Catastrophic: the mean gain is below -0.1.
Control: a placebo gains at most 0.1 on average.
Scope: {Scope}
Run: pytest {file}
"""

import random

import pytest

DRAWS = 1000  # a constant in capitals is part of the declaration
PILOT = {{"DRAWS": 10}}  # what --bets-pilot sets instead: a rehearsal takes seconds


# These sentences are judged. Each number in them must also be in the section of the docstring.
# Optional: premise("...") with a section `Premise:`, what must hold for the experiment to mean anything; a section
# `Known:`, what you already know of the outcome.
@pytest.mark.strict("mean(gain) >= 0.1")
@pytest.mark.lenient("mean(gain) > 0")
@pytest.mark.catastrophic("mean(gain) < -0.1")
@pytest.mark.control("mean(placebo) <= 0.1")  # if it is false, the bet FAILs whatever else holds
@pytest.mark.replicate(5)  # five runs, with seeds that are derived from the declaration
def experiment(seed):
    draw = random.Random(seed)  # three lines of a toy: replace them with your experiment
    gain = sum(draw.gauss(0.3, 1.0) for _ in range(DRAWS)) / DRAWS
    placebo = sum(draw.gauss(0.0, 1.0) for _ in range(DRAWS)) / DRAWS
    return {{"gain": gain, "placebo": placebo}}  # return what you measured; the sentences judge it
'''


def slug(title: str) -> str:
    """Return a title as part of a file name, without its last words if it is long; empty without letters."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    while len(words) > 1 and len("_".join(words)) > LONGEST:
        words.pop()
    return "_".join(words)[:LONGEST]


def bet_file(number: int, title: str, file: PurePath) -> str:
    """Return the source of a new bet; `file` is its path relative to the working folder."""
    safe = " ".join(title.replace("\\", "/").replace('"""', "'''").split()).rstrip('"')
    return _TEMPLATE.format(number=number, title=safe, file=shlex.quote(file.as_posix()), **_UNWRITTEN)


def created(file: str, bet: str, number: int, attributes: tuple[str, str] | None) -> str:
    """Return the message of `new`: the bet's id, the line added to `.gitattributes`, if any, and the next steps."""
    path = shlex.quote(file)
    lines = [
        f"Created {file}.",
        f"The bet's id is {bet}.",
        "The record keeps this name. For another name, delete the file now and use --slug.",
    ]
    if attributes:
        lines.append(f"{attributes[0]}: added `{attributes[1]}`, so that a merge keeps the runs of both branches.")
    also = f" {shlex.quote(attributes[0])}" if attributes else ""
    lines += [
        "Rehearse the bet, write your claim and your experiment into the file, register the bet, and run it:",
        f"  pytest {path} --bets-pilot",
        f'  git add {path}{also} && git commit -m "Declare bet {number}"',
        f"  pytest {path}",
    ]
    return "\n".join(lines) + "\n"


def unwritten(declaration: Declaration, source: str) -> list[Fault]:
    """Return a fault for each section that still has the text of the template."""
    return [
        Fault(
            declaration.file,
            _line(source, name),
            f"the section `{name}:` still has the text of the template",
            f"{name}: {text}",
            f"{_TO_WRITE[name]}; until then, rehearse with --bets-pilot",
        )
        for name, text in _UNWRITTEN.items()
        if text in declaration.docstring.section_text(name)
    ]


def _line(source: str, section: str) -> int:
    lines = source.splitlines()
    return next((at for at, line in enumerate(lines, start=1) if line.lstrip().startswith(f"{section}:")), 1)
