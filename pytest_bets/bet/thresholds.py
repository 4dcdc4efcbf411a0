"""Check the docstring of a bet: its title, its sections, and that it states every threshold."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Final

from pytest_bets.bet import misnamed
from pytest_bets.bet.declaration import CONTROL, PREMISE, Criterion, Declaration, is_bet_name, number_of
from pytest_bets.bet.docstring import REQUIRED, SECTIONS, Docstring, Section, states
from pytest_bets.bet.docstring import read as read_docstring
from pytest_bets.bet.null import Null
from pytest_bets.bet.wording import contradiction
from pytest_bets.diagnostics import Faults, nearest

_JUDGED: Final = ("Control", "Premise", "Null")
"""The sections that a marker of the same name judges, if the bet has one."""
_NONE: Final = re.compile(r"(?:none|n/a|not applicable|no (?:control|premise|null))\b", re.IGNORECASE)
_NOTHING: Final = re.compile(r"(?:no|none|nothing|unknown|not known|n/a|-+)(?: (?:was|is) known)?\W*", re.IGNORECASE)


def read(tree: ast.Module, faults: Faults) -> tuple[Docstring, int]:
    """Return the docstring of a bet file and its first line; add a fault for everything missing or wrong."""
    raw = ast.get_docstring(tree, clean=False)
    required = ", ".join(REQUIRED)
    if raw is None:
        faults.add(1, "the bet has no docstring", f"a title line and the sections {required}")
        return read_docstring(""), 1
    line = tree.body[0].lineno
    docstring = read_docstring(raw)
    titled = re.match(r"Bet\s+(\d+)\s*:", docstring.title)
    number = number_of(faults.file)
    if not docstring.title:
        faults.add(line, "the docstring has no title line", "a title such as: Bet 46: the claim in one line")
    elif titled and number is None and is_bet_name(faults.file):
        name = PurePath(faults.file).name
        split = misnamed.right(name)  # bet_1x.py is meant as bet_1_x.py
        near = split if number_of(split) == int(titled[1]) else name.replace("_", f"_{titled[1]}_", 1)
        problem = f"the title says bet {titled[1]}, the file's name {name} has no number"
        faults.add(line, problem, "a title without a number, or a file whose name has it", near)
    elif titled and int(titled[1]) != number:
        faults.add(line, f"the title says bet {titled[1]}, the file's name says {number}", f"Bet {number}:")
    present = Counter(section.name for section in docstring.sections)
    for name in REQUIRED:
        if name not in present:
            _miss(name, f"the docstring has no section `{name}:`", f"the sections {required}", docstring, line, faults)
    for section in docstring.sections:
        if section.name in SECTIONS and not section.text:
            faults.add(
                line + section.line,
                f"the section `{section.name}:` is empty",
                "its text on this line or indented below",
            )
        if section.name == "Known" and _NOTHING.fullmatch(section.text):
            expected = "no such section: a bet without one counts as at risk"
            faults.add(line + section.line, "the section `Known:` says that nothing was known", expected)
        if present[section.name] > 1 and docstring.section(section.name) is not section:
            faults.add(line + section.line, f"a second section `{section.name}:`", "each section once")
    return docstring, line


def _miss(name: str, problem: str, expected: str, docstring: Docstring, first: int, faults: Faults) -> None:
    """Add a fault for a missing section, at the line that may be its misspelled header."""
    unknown = [section for section in docstring.sections if section.name not in SECTIONS]
    near = next((section.line for section in unknown if nearest(section.name, [name])), None)
    like = docstring.lookalike(name)
    if like is not None:
        faults.add(first + like, problem, f"`{name}:` at the start of its line", f"{name}:")
    else:
        faults.add(first + (near or 0), problem, expected, f"{name}:" if near else "")


def check_thresholds(
    docstring: Docstring, docstring_line: int, criteria: Sequence[Criterion], faults: Faults, *, lenient: bool = False
) -> None:
    """Add a fault for every threshold that the section of its tier does not state, or states as something else.

    `lenient` is for revisions of a history: what an earlier version accepted was declared.
    """
    if not docstring.title:
        return
    for tier in (CONTROL, PREMISE):
        name = tier.capitalize()
        if any(criterion.tier == tier for criterion in criteria) and not docstring.section(name):
            problem = f"there is a {tier} but the docstring has no section `{name}:`"
            _miss(name, problem, f"a description of the {tier}", docstring, docstring_line, faults)
    for criterion in criteria:
        section = docstring.section(criterion.tier.capitalize())
        if section is None:
            continue
        threshold, at = criterion.sentence.threshold, docstring_line + section.line
        if not states(section.text, threshold):
            problem = f"the threshold {threshold} is missing from the section `{section.name}:`"
            expected = f"write {threshold} in line {at}, or change the marker to match"
        elif lenient:
            continue
        else:
            together = [each.sentence for each in criteria if each.tier == criterion.tier]
            reason = contradiction(section.text, together, criterion.sentence)
            if reason is None:
                continue
            problem = f"the section `{section.name}:` states {threshold} {reason}"
            expected = f"the comparison `{criterion.sentence.operator} {threshold}` in words, in line {at}"
        text = f"line {criterion.line}: {criterion}\nline {at}: {section.name}: {section.text}"
        faults.add(criterion.line, problem, expected, text=text)


def check_null(docstring: Docstring, docstring_line: int, nulls: Sequence[Null], faults: Faults) -> None:
    """Add a fault for a null that no section explains to people."""
    if nulls and docstring.title and not docstring.section("Null"):
        problem = "there is a null but the docstring has no section `Null:`"
        expected = "what would be so if there is nothing to find, in a sentence"
        _miss("Null", problem, expected, docstring, docstring_line, faults)


def unjudged(declaration: Declaration) -> Iterator[Section]:
    """Yield each section on a control, a premise or a null that no marker judges, unless it says that there is none."""
    for section in declaration.docstring.sections:
        if section.name in _JUDGED and not _NONE.match(section.text):
            marker = section.name.lower()
            if not (declaration.nulls if section.name == "Null" else declaration.sentences(marker)):
                yield section
