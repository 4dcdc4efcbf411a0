"""Check a declaration against its cells, their measurements, and the other bets."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from pytest_bets.bet import axes
from pytest_bets.bet.declaration import SEED, Criterion, Declaration
from pytest_bets.bet.units import too_few_units
from pytest_bets.diagnostics import EvaluationError, Fault, count_noun, nearest
from pytest_bets.sentence import interval
from pytest_bets.sentence.ast import Sentence, bare_names
from pytest_bets.sentence.ast import parameters as grouping
from pytest_bets.sentence.evaluate import Row, value

Link = int | str


def cell_faults(declaration: Declaration, cells: Sequence[Mapping[str, object]]) -> list[Fault]:
    """Return the faults of the sentences for these cells, each given by its parameters."""
    parameters = sorted(set().union(*cells)) if cells else []

    def groups(parameter: str) -> int:
        return len({repr(cell.get(parameter)) for cell in cells})

    faults = [*_idle_faults(declaration, parameters)]
    for criterion in declaration.criteria:
        found = _cell_problem(criterion.sentence, cells, parameters, groups)
        if found:
            faults.append(Fault(declaration.file, criterion.line, found[0], str(criterion), *found[1:]))
    return faults


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
    if few := too_few_units(sentence.value, cells):
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
