"""The criteria of a bet, parsed from the markers on its experiment."""

import ast
from collections.abc import Sequence
from typing import Final

from pytest_bets.bet.declaration import CRITERIA, MARKERS, PREMISE, TIERS, Criterion
from pytest_bets.bet.source import Function, Mark
from pytest_bets.diagnostics import Faults, JoinedError, SentenceError, nearest
from pytest_bets.sentence import interval
from pytest_bets.sentence.parse import parse

MAX_SENTENCES: Final = 100
_EXAMPLE: Final = {
    **{
        tier: f'@pytest.mark.{tier}("mean(gain) {sign} 0.1")'
        for tier, sign in zip(TIERS, (">=", ">", "<"), strict=True)
    },
    PREMISE: '@pytest.mark.premise("mean(tuned) < 2.5")',
}


def read(marks: Sequence[Mark], experiment: Function, faults: Faults) -> tuple[Criterion, ...]:
    """Return the criteria on the experiment; add faults for missing tiers and wrong sentences."""
    _check_tiers(marks, experiment, faults)
    sentences = sum(len(mark.arguments) for mark in marks if mark.name in CRITERIA)
    if sentences > MAX_SENTENCES:
        faults.add(experiment.lineno, f"the experiment has {sentences:,} sentences", f"at most {MAX_SENTENCES}")
        faults.raise_any()
    criteria = []
    for mark in marks:
        if mark.name not in CRITERIA:
            continue
        if not mark.arguments or (mark.call and mark.call.keywords):
            faults.add(
                mark.line,
                f"`{mark.name}` has no sentence",
                f"a sentence, as in {_EXAMPLE.get(mark.name, _EXAMPLE['strict'])}",
            )
            continue
        for argument in mark.arguments:
            criterion = _criterion(mark.name, argument, faults)
            if criterion:
                criteria.append(criterion)
    return tuple(criteria)


def _check_tiers(marks: Sequence[Mark], experiment: Function, faults: Faults) -> None:
    for tier in TIERS:
        if not any(mark.name == tier for mark in marks):
            near = next((mark for mark in marks if mark.name not in MARKERS and nearest(mark.name, [tier])), None)
            line, suggestion = (near.line, f"@pytest.mark.{tier}") if near else (experiment.lineno, "")
            faults.add(line, f"the tier `{tier}` is missing", f"a line such as {_EXAMPLE[tier]}", suggestion)


def _criterion(tier: str, argument: ast.expr, faults: Faults) -> Criterion | None:
    if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
        faults.add(
            argument.lineno,
            f"the {tier} sentence `{ast.unparse(argument)}` is not a literal string",
            "the sentence itself, in quotes: history must be readable without running it",
        )
        return None
    try:
        return Criterion(tier, parse(argument.value), argument.lineno)
    except SentenceError as error:
        folded = " ".join(argument.value.split())
        text = folded if error.column is None else f"{folded}\n{' ' * error.column}^"
        expected, suggestion = error.expected, error.suggestion
        if isinstance(error, JoinedError):
            expected, suggestion = _separate(tier, error)
        faults.add(argument.lineno, f"this {tier} sentence: {error.problem}", expected, suggestion, text)
        return None


def _separate(tier: str, error: JoinedError) -> tuple[str, str]:
    """Return what is expected instead of joined sentences, and the equivalent marker if there is one."""
    needed, word = ("any one", "or") if tier == "catastrophic" else ("all", "and")
    expected = f"one comparison in a sentence; of several {tier} sentences {needed} must be true"
    if error.word != word:
        return expected, ""
    several = ", ".join(f'"{part}"' for part in error.parts)
    return expected, f"{error.many} sentences: {tier}({several})"


def check_nesting(criteria: Sequence[Criterion], faults: Faults) -> None:
    """Add a fault for each pair of tiers that does not nest."""
    tiers = {tier: [c.sentence for c in criteria if c.tier == tier] for tier in CRITERIA}
    for fault in interval.nesting_faults(tiers):
        outer = next(c for c in criteria if c.sentence is fault.outer)
        inner = next(c for c in criteria if c.sentence is fault.inner)
        faults.add(
            outer.line,
            f"the tiers do not nest: {fault.problem}",
            fault.expected,
            text=f"line {inner.line}: {inner}\nline {outer.line}: {outer}",
        )
