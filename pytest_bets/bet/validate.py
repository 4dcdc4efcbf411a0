"""Check a declaration against its cells, their measurements, and the other bets."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import reduce
from itertools import islice
from typing import Final

from pytest_bets.bet import axes
from pytest_bets.bet.declaration import SEED, Criterion, Declaration
from pytest_bets.bet.units import too_few_units, undefined_group
from pytest_bets.diagnostics import EvaluationError, Fault, count_noun, nearest
from pytest_bets.sentence import advice, interval
from pytest_bets.sentence.ast import Comparison, Name, Negative, Node, Number, Sentence, Text, bare_names, subnodes
from pytest_bets.sentence.ast import parameters as grouping
from pytest_bets.sentence.evaluate import Row, value
from pytest_bets.sentence.lex import expression
from pytest_bets.values import MAX_INTEGER, misread, row

Link = int | str
_SHOWN: Final = 5
"""How many values of a parameter an error lists."""


def cell_faults(declaration: Declaration, cells: Sequence[Mapping[str, object]]) -> list[Fault]:
    """Return the faults of the sentences for these cells, each given by its parameters."""
    parameters = sorted(set().union(*cells)) if cells else []

    def groups(parameter: str) -> int:
        return len({repr(cell.get(parameter)) for cell in cells})

    faults = [*_idle_faults(declaration, parameters)]
    for criterion in declaration.criteria:
        found = _cell_problem(criterion.sentence, cells, parameters, groups) or _unknown_value(criterion, cells)
        if found:
            faults.append(Fault(declaration.file, criterion.line, found[0], str(criterion), *found[1:]))
    return faults


def sentence_faults(declaration: Declaration) -> Iterator[Fault]:
    """Yield the faults of the sentences alone that older declarations may have: those are read as they were judged."""
    for criterion in declaration.criteria:
        if error := advice.uncompared(expression(criterion.sentence.text)):
            problem = f"this {criterion.tier} sentence: {error.problem}"
            text = f"{criterion.sentence.text}\n{' ' * (error.column or 0)}^"
            yield Fault(declaration.file, criterion.line, problem, text, error.expected, error.suggestion)


def unsatisfiable(declaration: Declaration) -> Iterator[str]:
    """Yield a warning where strict and control leave no value of something that both bound: no run can PASS."""
    strict, control = declaration.sentences("strict"), declaration.sentences("control")
    for bounded in {item.value: None for item in strict}:
        bounds = [item for item in (*strict, *control) if item.value == bounded]
        met_by = reduce(interval.Interval.meet, map(interval.solution_set, bounds))
        if met_by.empty and any(item in control for item in bounds):
            texts = " and ".join(f'"{item.text}"' for item in bounds)
            yield f"strict and control cannot both be met: {texts}"


def parameter_faults(declaration: Declaration, cells: Sequence[Mapping[str, object]]) -> Iterator[Fault]:
    """Yield a fault for each parameter with a value that a record would not give back."""
    found = {name: why for cell in cells for name, item in cell.items() if (why := misread(item))}
    for name, why in sorted(found.items()):
        expected = (
            "an integer of at most 2**53, a float or a string" if "beyond" in why else "the number, or another string"
        )
        text = f"def {declaration.function}(...)"
        yield Fault(declaration.file, declaration.line, f"the sweep of `{name}` has {why}", text, expected)


def _idle_faults(declaration: Declaration, parameters: Sequence[str]) -> Iterator[Fault]:
    """Yield a fault for each part of the declared sweep that no cell has."""
    spans = [tuple(name.split(", ")) for name in declaration.sweep if name != axes.GENERATOR]
    for axis in axes.idle([*spans, *([(SEED,)] if declaration.replicate else [])], parameters):
        names = ", ".join(axis)
        problem = f"the declaration sweeps `{names}`, and no cell has {'it' if len(axis) == 1 else 'them'}"
        text = f"def {declaration.function}(...)"
        yield Fault(declaration.file, declaration.line, problem, text, "an experiment that takes it, or no such sweep")


def _cell_problem(
    sentence: Sentence, cells: Sequence[Row], parameters: Sequence[str], groups: Callable[[str], int]
) -> tuple[str, str, str] | None:
    for parameter in grouping(sentence.value):
        if parameter not in parameters:
            expected = (
                f"a parameter of the sweep: {', '.join(parameters)}" if parameters else "a sweep with that parameter"
            )
            return f"`{parameter}` is not a parameter of the sweep", expected, nearest(parameter, parameters)
    if few := too_few_units(sentence.value, cells) or undefined_group(sentence.value, cells):
        return few
    bare = bare_names(sentence.value)
    if bare and len(cells) > 1:
        expected = "a reducer, which turns them into one number"
        return (
            f"`{bare[0]}` has a value in each of {len(cells)} cells",
            expected,
            f"mean({bare[0]}) or median({bare[0]})",
        )
    answer = interval.certainty(sentence, len(cells), groups)
    if answer != "sometimes":
        problem = f"with {count_noun(len(cells), 'cell')} this sentence is {answer} true"
        return problem, "a sentence that the measurements decide", ""
    return None


def _unknown_value(criterion: Criterion, cells: Sequence[Row]) -> tuple[str, str, str] | None:
    """Return the problem of a parameter that is compared with a value that no cell has, as with a misspelt one."""
    for node in subnodes(criterion.sentence.value):
        if not isinstance(node, Comparison) or node.operator not in ("==", "!="):
            continue
        for name, other in ((node.left, node.right), (node.right, node.left)):
            wanted = _literal(other)
            if wanted is None or not isinstance(name, Name) or not all(name.id in cell for cell in cells):
                continue
            values = {repr(cell[name.id]): cell[name.id] for cell in cells}.values()
            if not any(_equal(item, wanted) for item in values):
                shown = [row(item) for item in islice(values, _SHOWN)]
                more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
                always = "false" if node.operator == "==" else "true"
                problem = f"no cell has {_text(wanted)} as its `{name.id}`, so this comparison is always {always}"
                return problem, f"a value of `{name.id}`: {', '.join(shown)}{more}", _nearest_value(wanted, values)
    return None


def _literal(node: Node) -> float | str | None:
    match node:
        case Number(number):
            return number
        case Negative(Number(number)):
            return -number
        case Text(text):
            return text
    return None


def _equal(item: object, wanted: float | str) -> bool:
    """Return whether a parameter is what a sentence names, compared as the evaluator does."""
    if isinstance(wanted, str):
        return item == wanted
    return isinstance(item, bool | int | float) and item == wanted


def _text(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, float) else row(value)


def _nearest_value(wanted: float | str, values: Collection[object]) -> str:
    numbers = [item for item in values if isinstance(item, int | float) and abs(item) <= MAX_INTEGER]  # and no NaN
    if isinstance(wanted, float) and numbers:
        return _text(min(numbers, key=lambda item: abs(item - wanted)))
    texts = {str(item): item for item in values}
    near = nearest(wanted if isinstance(wanted, str) else _text(wanted), texts)
    return _text(texts[near]) if near else ""


def check_row(criteria: Sequence[Criterion], row: Row) -> str | None:
    """Return why this cell makes a sentence impossible to evaluate, None if it does not.

    One wrong cell makes the whole run void, so the message is the one of that verdict.
    """
    for criterion in criteria:
        try:
            value(criterion.sentence, [row])
        except EvaluationError as error:
            return f'{criterion.tier} "{criterion.sentence.text}": {error}'
    return None


def link_faults(
    declaration: Declaration,
    find: Callable[[Link], Link | None],
    links: Callable[[Link], Sequence[Link]],
    known: Collection[str],
) -> list[Fault]:
    """Return the faults of the challenges of a bet.

    `find` returns the canonical link of a bet, its number or else its id, None if there is no such bet. `links` returns
    the canonical challenges of a bet. `known` are all ids.
    """
    own: Link = declaration.id if declaration.number is None else declaration.number
    faults = []
    for link in declaration.challenges:
        text = f"challenges({link!r})"
        there = find(link)
        if there is None:
            wanted = f"{link}_" if isinstance(link, int) else link
            near = nearest(wanted, known)
            expected = f"one of the {len(known)} bets of this catalogue"
            faults.append(Fault(declaration.file, declaration.line, f"there is no bet {link}", text, expected, near))
            continue
        path = _path(there, own, links, set())
        if path:
            shown = " challenges ".join(map(str, [own, *path]))
            faults.append(
                Fault(
                    declaration.file,
                    declaration.line,
                    f"a circle of challenges: bet {shown}",
                    text,
                    "challenges without a circle",
                )
            )
    return faults


def _path(start: Link, goal: Link, links: Callable[[Link], Sequence[Link]], seen: set[Link]) -> list[Link]:
    if start == goal:
        return [start]
    if start in seen:
        return []
    seen.add(start)
    for link in links(start):
        path = _path(link, goal, links, seen)
        if path:
            return [start, *path]
    return []
