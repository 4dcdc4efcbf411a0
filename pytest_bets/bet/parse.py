"""Parse the declaration in a bet file, and report every fault in it."""

import ast
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Final

from pytest_bets.bet import (
    axes,
    bindings,
    criteria,
    limits,
    markers,
    misnamed,
    null,
    odds,
    resources,
    source,
    thresholds,
    world,
)
from pytest_bets.bet.constants import constants as constants_of
from pytest_bets.bet.declaration import (
    CRITERIA,
    DEVICES,
    MARKERS,
    SEED,
    TAKEN_IDS,
    Declaration,
    bet_id,
    is_bet_name,
    number_of,
)
from pytest_bets.bet.folding import BUILTINS
from pytest_bets.bet.reading import Reading
from pytest_bets.bet.source import Function, Mark
from pytest_bets.diagnostics import DeclarationError, Fault, Faults, nearest
from pytest_bets.sentence.ast import names

RESERVED: Final = (*CRITERIA, "record")
MAX_SOURCE: Final = 200_000
"""The maximum number of characters in a bet file: parsing stays below a few seconds."""
_MENTION: Final = re.compile(
    rf"mark\s*\.\s*(?:{'|'.join(MARKERS)})\b|\bmark\s+as\b|=\s*pytest\s*\.\s*mark\s*$", re.MULTILINE
)


def read(text: str, file: str, *, lenient: bool = False) -> Declaration | None:
    """Parse the declaration in a bet file; None if the file is not a bet.

    `lenient` is for revisions of a history: it accepts what only later versions refuse, since it was declared.

    Raises:
        DeclarationError: with every fault of the file.

    """
    text = text.removeprefix("\ufeff")
    numbered = number_of(file) is not None
    if not numbered and not _MENTION.search(text):
        return None
    if len(text) > MAX_SOURCE:
        problem = f"the file has {len(text):,} characters"
        raise DeclarationError([Fault(file, 1, problem, expected=f"a bet file of at most {MAX_SOURCE:,} characters")])
    try:
        return _read(text, file, numbered, lenient)
    except SyntaxError as error:
        fault = Fault(file, error.lineno or 1, f"this is not Python: {error.msg}", (error.text or "").strip())
        raise DeclarationError([fault]) from None
    except RecursionError:
        raise DeclarationError([Fault(file, 1, "this is nested too deeply to be read")]) from None


def _read(text: str, file: str, numbered: bool, lenient: bool) -> Declaration | None:
    # a tree that markers are taken out of is none that is kept for the next reader
    tree = source.module(text, "<bet>") if resources.RESOURCES in text else source.parsed(text)
    marked = [
        (function, owner)
        for function, owner in source.functions(tree)
        if any(mark.name in MARKERS for mark in source.marks(function.decorator_list))
    ]
    if marked or numbered or source.mentioned(tree, MARKERS):
        return _Parser(text, file, tree, lenient).declaration(marked)
    return None


class _Parser:
    """Parses one file and collects its faults, so that one error reports all."""

    def __init__(self, text: str, file: str, tree: ast.Module, lenient: bool) -> None:
        self.tree = tree
        self.lenient = lenient
        self.faults = Faults(file, text)

    def declaration(self, marked: Sequence[tuple[Function, ast.ClassDef | None]]) -> Declaration:
        """Return the declaration, or raise all faults."""
        self._check_name()
        limits.check_integers(self.tree, self.faults)
        stated: Sequence[Mapping[str, object]] = ()
        if resources.RESOURCES in self.faults.source:
            resources.check(self.tree, self.faults)
            stated = () if self.faults.found else resources.stated(self.tree)
            self.tree = resources.without_resources(self.tree)
        docstring, docstring_line = thresholds.read(self.tree, self.faults)
        experiment = self._experiment(marked)
        marks = source.marks(experiment.decorator_list)
        constants = constants_of(self.tree)
        judged = criteria.read(marks, experiment, self.faults)
        if not self.lenient:
            bindings.check(self.tree, constants, experiment, self.faults)
        thresholds.check_thresholds(docstring, docstring_line, judged, self.faults, lenient=self.lenient)
        criteria.check_nesting(judged, self.faults)
        sweep = axes.sweep(self.tree, marks, constants.literals)
        replicate = markers.replicate(marks, experiment, constants, sweep, self.faults)
        limits.check_cells(self.tree, marks, constants.literals, replicate, self.faults)
        parameters = [name for key in sweep for name in key.split(", ")]
        parameters += [SEED] if any(mark.name == "replicate" for mark in marks) else []
        nulls = null.read(
            marks, frozenset[str]().union(*(names(item.sentence.value) for item in judged)), parameters, self.faults
        )
        null.check_strict(nulls, [item.sentence for item in judged if item.tier == "strict"], self.faults)
        thresholds.check_null(docstring, docstring_line, nulls, self.faults)
        declared = Declaration(
            file=self.faults.file,
            function=experiment.name,
            line=experiment.lineno,
            docstring=docstring,
            criteria=judged,
            constants={name: value for name, value in constants.values.items() if name != source.PILOT},
            pilot=markers.pilot(constants, self.faults),
            sweep=sweep,
            replicate=replicate,
            challenges=markers.challenges(marks, self.faults),
            withdrawn=markers.withdrawn(marks, self.faults),
            nulls=tuple(nulls),
            odds=odds.read(docstring, docstring_line, self.faults),
            world=world.read(self.tree, constants, parameters, bool(nulls), self.faults),
            resources=tuple(stated),
            reading=Reading(bindings.rebound(self.tree, BUILTINS), axes.single(self.tree, marks)),
            experiment=experiment,
        )
        if replicate:
            limits.check_seeds(len(declared.seeded), replicate, experiment.lineno, self.faults)
        self.faults.raise_any()
        return declared

    def _check_name(self) -> None:
        if not is_bet_name(self.faults.file):
            path = PurePath(self.faults.file)
            self.faults.add(
                1,
                "this is not a bet file name",
                misnamed.FORM,
                misnamed.right(path.name),
                path.name,
            )
        bet = bet_id(self.faults.file)
        if bet.casefold() in TAKEN_IDS:
            problem = f"the id {bet} is the name of another file in the folder of results"
            expected = f"another name, such as bet_{bet.lower()}_of_runs.py"
            self.faults.add(1, problem, expected, text=PurePath(self.faults.file).name)
        if bet.casefold() in DEVICES and not self.lenient:
            problem = f"Windows keeps the name {bet} for a device: the record {bet}.json cannot be checked out there"
            self.faults.add(1, problem, f"another name, such as bet_{bet}_1.py", text=PurePath(self.faults.file).name)

    def _experiment(self, marked: Sequence[tuple[Function, ast.ClassDef | None]]) -> Function:
        expected = "one function with the criteria strict, lenient and catastrophic"
        if not marked:
            near = self._near_miss(MARKERS)
            self.faults.add(
                near.line if near else source.mentioned(self.tree, MARKERS) or 1,
                "no function of this bet has a criterion",
                expected,
                nearest(near.name, MARKERS) if near else "",
            )
            self.faults.raise_any()
        for function, owner in marked:
            if owner:
                self.faults.add(function.lineno, f"the criteria are on a method of class {owner.name}", expected)
        for function, _ in marked[1:]:
            self.faults.add(
                function.lineno,
                f"`{function.name}` has criteria, and so has `{marked[0][0].name}` on line {marked[0][0].lineno}",
                expected + "; a second hypothesis is a second bet",
            )
        experiment = marked[0][0]
        if experiment.name in RESERVED:
            self.faults.add(
                experiment.lineno, f"`{experiment.name}` is the name of a tier's item", "another name", "experiment"
            )
        if "yield" in self.faults.source and (line := source.yields(experiment)):
            self.faults.add(line, f"`{experiment.name}` yields", "an experiment that returns its measurements once")
        return experiment

    def _near_miss(self, wanted: Sequence[str]) -> Mark | None:
        known = {*MARKERS, "parametrize", "usefixtures", "skip", "skipif", "xfail", "filterwarnings", "slow"}
        for function, _ in source.functions(self.tree):
            for mark in source.marks(function.decorator_list):
                if mark.name not in known and nearest(mark.name, wanted):
                    return mark
        return None
