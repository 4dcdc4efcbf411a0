"""The syntax tree of a sentence, as frozen values."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Number:
    """A literal number."""

    value: float


@dataclass(frozen=True)
class Text:
    """A quoted string."""

    value: str


@dataclass(frozen=True)
class Name:
    """A measured name or a sweep parameter."""

    id: str


@dataclass(frozen=True)
class Negative:
    """Unary minus."""

    operand: "Node"


@dataclass(frozen=True)
class Arithmetic:
    """Two operands and one of + - * /."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True)
class Comparison:
    """One comparison; `a < b < c` becomes `a < b and b < c`."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True)
class Logic:
    """`and` or `or` over two or more operands."""

    operator: str
    operands: tuple["Node", ...]


@dataclass(frozen=True)
class Not:
    """Logical negation."""

    operand: "Node"


@dataclass(frozen=True)
class Reducer:
    """A column reduced to one number.

    `level` and `unit`, a sweep parameter, are its further arguments, None where there are none.
    """

    name: str
    column: "Node"
    level: float | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Groups:
    """The number of groups of cells, grouped by `parameter`, that meet the condition on reducers."""

    parameter: str
    condition: "Node"


Node = Number | Text | Name | Negative | Arithmetic | Comparison | Logic | Not | Reducer | Groups


@dataclass(frozen=True)
class Sentence:
    """A parsed sentence: `value operator threshold`, and its text with white space folded."""

    text: str
    value: Node
    operator: str
    threshold: int | float


def subnodes(node: Node) -> Iterator[Node]:
    """Yield the node and every node below it."""
    yield node
    match node:
        case Negative(operand) | Not(operand):
            yield from subnodes(operand)
        case Arithmetic(_, left, right) | Comparison(_, left, right):
            yield from subnodes(left)
            yield from subnodes(right)
        case Logic(_, operands):
            for operand in operands:
                yield from subnodes(operand)
        case Reducer(_, column, _):
            yield from subnodes(column)
        case Groups(_, condition):
            yield from subnodes(condition)


def names(value: Node) -> frozenset[str]:
    """Return every measured name and sweep parameter that the value reads."""
    found = {node.id for node in subnodes(value) if isinstance(node, Name)}
    return frozenset(found | set(parameters(value)))


def parameters(value: Node) -> list[str]:
    """Return the sweep parameters that the value groups cells by, in order, with repetitions."""
    found = []
    for node in subnodes(value):
        if isinstance(node, Groups):
            found.append(node.parameter)
        elif isinstance(node, Reducer) and node.unit is not None:
            found.append(node.unit)
    return found


def bare_names(value: Node) -> tuple[str, ...]:
    """Return the names outside every reducer, which only a bet with a single cell may have."""
    match value:
        case Name(name):
            return (name,)
        case Negative(operand) | Not(operand):
            return bare_names(operand)
        case Arithmetic(_, left, right) | Comparison(_, left, right):
            return bare_names(left) + bare_names(right)
        case Logic(_, operands):
            return tuple(name for operand in operands for name in bare_names(operand))
        case Groups(_, condition):
            return bare_names(condition)
        case _:
            return ()
