"""Whether two bets make the same claim, whatever words and names they use for it."""

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cached_property
from math import nan, prod
from typing import Final, Literal

from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.meaning import axis_meaning, meaning
from pytest_bets.sentence.ast import (
    Arithmetic,
    Comparison,
    Groups,
    Logic,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Reducer,
    Sentence,
    Text,
    names,
)
from pytest_bets.values import row

Direction = Literal["same", "opposite"]
Strict = tuple[str, str, float]
"""A sentence: its value without its names, `up` or `down` or `at`, and its threshold."""

_ALIKE: Final = 0.8
"""From where on two hypotheses whose sentences measure the same are the same claim."""
_MIRRORED: Final = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
_NEGATED: Final = {"<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_DIRECTION: Final = {">=": "up", ">": "up", "<=": "down", "<": "down", "==": "at"}
_OPPOSITE: Final = {"up": "down", "down": "up", "at": "at"}


class Claim:
    """What a bet claims, in a form that can be compared with another bet's."""

    def __init__(self, bet: Declaration) -> None:
        self.bet = bet
        self.words = re.findall(r"\w+", bet.docstring.section_text("Hypothesis").casefold())

    @cached_property
    def experiment(self) -> "Experiment":
        """The experiment's code."""
        return Experiment(self.bet)

    @cached_property
    def cells(self) -> float:
        """The number of cells; NaN, which no threshold is above or below, where only a run can tell."""
        values = [meaning(value, self.bet.constants, self.bet.reading.rebound) for value in self.bet.sweep.values()]
        sizes = [len(value) if isinstance(value, list) else nan for value in values]
        return prod(sizes) * (self.bet.replicate or 1)

    @cached_property
    def columns(self) -> frozenset[str]:
        """The names that the strict sentences read."""
        return frozenset[str]().union(*(names(sentence.value) for sentence in self.bet.sentences("strict")))


def repeats(older: Claim, newer: Claim) -> bool:
    """Return whether the newer bet makes the claim of the older one again.

    The opposite claim, and the same claim over values that the older sweep did not have, are other claims.
    """
    direction = _direction(older, newer)
    if direction == "opposite" or _is_another_scale(older.bet, newer.bet):
        return False
    if older.words == newer.words:
        return True
    if direction != "same":
        return False
    if SequenceMatcher(None, " ".join(older.words), " ".join(newer.words), autojunk=False).ratio() >= _ALIKE:
        return True
    return older.experiment.same(newer.experiment) and any(True for _ in _pairs(older, newer, "same", named=True))


def is_easier(older: Claim, newer: Claim) -> bool:
    """Return whether the newer bet asks for less than the older one in a strict sentence that both have."""
    for (_, way, before), (_, _, after) in _pairs(older, newer, "same"):
        if (way == "up" and after < before) or (way == "down" and after > before):
            return True
    return False


def _direction(older: Claim, newer: Claim) -> Direction | None:
    """Return whether the two bet on the same side of the same measurement, None where they measure other things."""
    if any(True for _ in _pairs(older, newer, "same")):
        return "same"
    return "opposite" if any(True for _ in _pairs(older, newer, "opposite")) else None


def _pairs(older: Claim, newer: Claim, wanted: Direction, *, named: bool = False) -> Iterator[tuple[Strict, Strict]]:
    """Yield the sentences that measure the same; with `named`, a column is that of its name or its place in a dict."""
    by_name = older.columns == newer.columns  # else the columns may have got other names
    for one in older.bet.sentences("strict"):
        for other in newer.bet.sentences("strict"):
            for left in _forms(one, by_name or named, {} if by_name else older.experiment.places, older.cells):
                right = next(iter(_forms(other, by_name or named, {} if by_name else newer.experiment.places, 0)))
                way = right[1] if wanted == "same" else _OPPOSITE[right[1]]
                if left[0] == right[0] and left[1] == way:
                    yield left, right


def _forms(sentence: Sentence, by_name: bool, places: Mapping[str, int], cells: float) -> Iterator[Strict]:
    """Yield a sentence as it is, and as its opposite: of 5 cells, 4 in which warm wins are 1 in which it does not."""
    way = _DIRECTION[sentence.operator]
    yield _shape(sentence.value, by_name, places), way, sentence.threshold
    match sentence.value:
        case Reducer(("count" | "share") as name, Comparison(operator, left, right), level) if operator in _NEGATED:
            value = Reducer(name, Comparison(_NEGATED[operator], left, right), level)
            whole = 1 if name == "share" else cells
            yield _shape(value, by_name, places), _OPPOSITE[way], whole - sentence.threshold
        case Reducer(("mean" | "median" | "sum") as name, Arithmetic("-", left, right), level):
            value = Reducer(name, Arithmetic("-", right, left), level)
            yield _shape(value, by_name, places), _OPPOSITE[way], -sentence.threshold


def _shape(value: Node, by_name: bool, places: Mapping[str, int]) -> str:
    """Return the text of a value, with `<` for `>` turned round.

    A name stands by its place in `places`, else as it is where `by_name`, else by its place in the value.
    """
    seen: dict[str, str] = {}

    def name(text: str) -> str:
        if text in places:
            return f"#{places[text]}"
        return text if by_name else seen.setdefault(text, f"${len(seen)}")

    def shape(node: Node) -> str:
        match node:
            case Number(value):
                return repr(float(value))
            case Text(value):
                return repr(value)
            case Name(text):
                return name(text)
            case Negative(operand):
                return f"-{shape(operand)}"
            case Not(operand):
                return f"not {shape(operand)}"
            case Arithmetic(operator, left, right):
                return f"({shape(left)}{operator}{shape(right)})"
            case Comparison(operator, left, right):
                if operator in (">", ">="):
                    operator, left, right = _MIRRORED[operator], right, left
                return f"({shape(left)}{operator[0]}{shape(right)})"  # a tie makes no other claim
            case Logic(operator, operands):
                return f"({f' {operator} '.join(map(shape, operands))})"
            case Reducer(reducer, column, level):
                return f"{reducer}[{shape(column)},{level}]"
            case Groups(parameter, condition):
                return f"groups[{name(parameter)},{shape(condition)}]"

    return shape(value)


def _is_another_scale(older: Declaration, newer: Declaration) -> bool:
    """Return whether a known part of the older sweep has no value in common with any part of the newer one."""
    before, after = _values(older), _values(newer)
    return bool(after) and any(not any(own & other for other in after) for own in before)


def _values(bet: Declaration) -> list[set[str]]:
    known = (axis_meaning(name, value, bet.constants, bet.reading) for name, value in bet.sweep.items())
    return [set(map(row, values)) for values in known if isinstance(values, list) and values]


class Experiment:
    """The code of an experiment, with its own names by their place."""

    def __init__(self, bet: Declaration) -> None:
        self.bet = bet

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The place of each name that the experiment returns, where it says them in a dict."""
        return {key: place for place, key in enumerate(_returned(self.bet.experiment))}

    def same(self, other: "Experiment") -> bool:
        """Return whether two experiments are the same but for names, with the same constants."""
        return self.text != "" and self.text == other.text and self._constants == other._constants

    @cached_property
    def text(self) -> str:
        """The code, without names of its own and without docstrings."""
        experiment = self.bet.experiment
        if not isinstance(experiment, ast.FunctionDef | ast.AsyncFunctionDef):
            return ""
        nodes = list(ast.walk(experiment))
        own = {node.arg for node in nodes if isinstance(node, ast.arg)}
        own |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        body = experiment.body
        if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            body = body[1:]
        try:
            return _Text(own | self.bet.constants.keys(), self.places).of([experiment.args, *body])
        except RecursionError:
            return ""

    @cached_property
    def _constants(self) -> list[str]:
        used = {node.id for node in ast.walk(self.bet.experiment) if isinstance(node, ast.Name)} if self.text else set()
        known = self.bet.constants
        return sorted(row(meaning(known[name], known, self.bet.reading.rebound)) for name in used if name in known)


class _Text:
    """Writes code with some names by their order, and with the keys of dicts by their place."""

    def __init__(self, renamed: Collection[str], places: Mapping[str, int]) -> None:
        self._renamed = renamed
        self._places = places
        self._order: dict[str, str] = {}

    def of(self, node: object) -> str:
        """Return the text of a node, of a list of them, or of a plain value."""
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) if name in self._renamed:
                return self._order.setdefault(name, f"${len(self._order)}")
            case ast.Dict(keys=keys, values=values):
                pairs = zip(map(self._key, keys), map(self.of, values), strict=True)
                return f"{{{','.join(f'{key}:{value}' for key, value in pairs)}}}"
            case ast.Constant(value=value):
                return repr(value)
            case ast.AST():
                fields = (getattr(node, field, None) for field in node._fields if field not in _LEFT_OUT)
                return f"{type(node).__name__}({','.join(map(self.of, fields))})"
            case list():
                return f"[{','.join(map(self.of, node))}]"
            case _:
                return repr(node)

    def _key(self, key: ast.expr | None) -> str:
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value in self._places:
            return f"#{self._places[key.value]}"
        return self.of(key)


_LEFT_OUT: Final = frozenset({"ctx", "annotation", "returns", "type_comment", "kind", "type_params"})


def _returned(experiment: ast.AST) -> Sequence[str]:
    """Return the keys of the dicts in the experiment, in their order."""
    dicts = [node for node in ast.walk(experiment) if isinstance(node, ast.Dict)]
    keys = (key.value for node in dicts for key in node.keys if isinstance(key, ast.Constant))
    return list(dict.fromkeys(key for key in keys if isinstance(key, str)))
