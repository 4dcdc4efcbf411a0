"""Bets with a null, as declarations and cells without a file or a session."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import permutations, product
from typing import Any, Final

from pytest_bets.bet.declaration import Criterion, Declaration
from pytest_bets.bet.docstring import Docstring, read
from pytest_bets.bet.null import Absence, Null, Swap
from pytest_bets.chance.luck import luck
from pytest_bets.chance.relabeling import are_met
from pytest_bets.record.build import build
from pytest_bets.record.record import CodeFiles, Environment, Record, Registration
from pytest_bets.record.verdict import Cell, judge
from pytest_bets.sentence.evaluate import value_of
from pytest_bets.sentence.parse import parse

Row = Mapping[str, Any]
SECTIONS: Final = {
    "Strict": "a is below b in at least 12 of 15 cells.",
    "Lenient": "a is below b in at least 9 of 15 cells.",
    "Catastrophic": "a is below b in fewer than 1 of 15 cells.",
    "Null": "it does not matter which is called which.",
}
MARKERS: Final = {
    "strict": '"count(a < b) >= 12"',
    "lenient": '"count(a < b) >= 9"',
    "catastrophic": '"count(a < b) < 1"',
    "null": 'swap="a, b", unit="part"',
    "replicate": "5",
    "parametrize": '"part", [1, 2, 3]',
}
"""A bet with a null, in a file: its sections and its markers."""


ENVIRONMENT: Final = Environment("3.11", "Linux", {}, "cpu", 1, None, None)


def bet(
    strict: str | Sequence[str],
    *nulls: Null,
    lenient: str | Sequence[str] = "count(a < b) >= 1",
    control: Sequence[str] = (),
    catastrophic: str = "count(a < b) < 0",
    **given: Any,
) -> Declaration:
    """Return a declaration with these sentences and nulls."""
    tiers = {"strict": strict, "lenient": lenient, "catastrophic": catastrophic, "control": control}
    criteria = [
        Criterion(tier, parse(text), 1)
        for tier, texts in tiers.items()
        for text in ([texts] if isinstance(texts, str) else texts)
    ]
    fields: dict[str, Any] = {"constants": {}, "sweep": {}, "replicate": None, **given}
    return Declaration(
        file="bets/bet_1_first.py",
        function="experiment",
        line=1,
        docstring=Docstring("A claim.", "A claim.", ()),
        criteria=tuple(criteria),
        pilot={},
        challenges=(),
        withdrawn=None,
        nulls=nulls,
        **fields,
    )


def swap(columns: str = "a, b", unit: str | None = None) -> Swap:
    """Return a null of exchanged columns."""
    return Swap(tuple(columns.split(", ")), tuple(unit.split(", ")) if unit else None, 1)


def none(tries: str = "sum(tries)") -> Absence:
    """Return a null of absence."""
    return Absence("a fault", tries, 1)


def relabeled(rows: Sequence[Row], columns: Sequence[str], units: Sequence[int]) -> Iterable[list[dict[str, Any]]]:
    """Yield every relabeling of the cells in six lines, without any of the product's own code."""
    orders = list(permutations(columns))
    for labels in product(orders, repeat=len(set(units))):
        yield [
            {**row, **{name: row[other] for name, other in zip(columns, labels[unit], strict=True)}}
            for row, unit in zip(rows, units, strict=True)
        ]


def share(bet: Declaration, tier: str, rows: Sequence[Row], columns: Sequence[str], units: Sequence[int]) -> float:
    """Return how often a tier is met over all relabelings, by brute force with the evaluator."""
    sentences = bet.sentences(tier)
    met = [
        are_met(sentences, [value_of(sentence.value, cells) for sentence in sentences])
        for cells in relabeled(rows, columns, units)
    ]
    return sum(met) / len(met)


def record(number: int, wins: int, of: int, *, odds: str = "", null: bool = True, absent: bool = False) -> Record:
    """Return a record whose strict is met by all wins, in so many units."""
    nulls = [none("count(f >= 0)")] if absent else [swap()] if null else []
    strict = "sum(f) == 0" if absent else f"count(a < b) >= {of}"
    text = f"A claim.\n\nHypothesis: x\nOdds: {odds}\n" if odds else "A claim."
    declared = replace(bet(strict, *nulls), file=f"bets/bet_{number}_x.py", docstring=read(text))
    declared = replace(declared, odds={"PASS": 70.0, "LENIENT": 20.0, "FAIL": 10.0} if odds else None)
    params = [{"seed": i} for i in range(of)]
    cells = [Cell(p, {"a": 0.25 + i, "b": i + (0.5 if i < wins else 0.125), "f": 0}) for i, p in enumerate(params)]
    rows = [cell.row for cell in cells]
    return build(
        declared,
        judge(declared.criteria, cells),
        cells,
        registration=Registration("unknown", None),
        code=CodeFiles("0" * 64, {}),
        environment=ENVIRONMENT,
        luck=luck(declared, params, rows),
    )
