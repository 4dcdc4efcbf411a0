"""The function `world` of a bet: what its experiment would return if the effect had a given size."""

import ast
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_bets.bet.constants import Constants
from pytest_bets.bet.source import Function, functions
from pytest_bets.diagnostics import Faults, nearest

WORLD: Final = "world"
EFFECT: Final = "EFFECT"
_FIRST: Final = ("effect", "rng")
_GLOBAL_GENERATORS: Final = ("random", "np.random", "numpy.random", "torch")


@dataclass(frozen=True)
class World:
    """The sweep parameters that `world` takes, its source, and its meaning: without comments, layout and docstring."""

    parameters: tuple[str, ...]
    source: str
    meaning: str


def read(
    tree: ast.Module, constants: Constants, parameters: Sequence[str], has_null: bool, faults: Faults
) -> World | None:
    """Return the world of a bet; add a fault for one that cannot be simulated, and for EFFECT without a world.

    A function of this name that has nothing to do with a null, an effect or a generator is the bet's own.
    """
    found = next((node for node, owner in functions(tree) if owner is None and node.name == WORLD), None)
    effect = EFFECT in constants.values
    if effect:
        _check_effect(constants.values, constants.lines[EFFECT], has_world=found is not None, faults=faults)
    if found is None:
        return None
    arguments = [argument.arg for argument in (*found.args.posonlyargs, *found.args.args, *found.args.kwonlyargs)]
    if not (effect or has_null or set(_FIRST) & set(arguments)):
        return None
    expected = f"def world({', '.join([*_FIRST, *parameters])})"
    if arguments[:2] != list(_FIRST) or found.args.vararg or found.args.kwarg:
        shown = f"`world` takes ({ast.unparse(found.args)})"
        faults.add(found.lineno, f"{shown}: its first arguments must be effect and rng", expected)
        return None
    for name in arguments[2:]:
        if name not in parameters:
            problem = f"`world` takes `{name}`, which is not a parameter of the sweep"
            faults.add(found.lineno, problem, expected, nearest(name, parameters))
    _check_generators(found, faults)
    source = ast.get_source_segment(faults.source, found) or ast.unparse(found)
    return World(tuple(arguments[2:]), source, _meaning(found))


def meaning_of(source: str) -> str:
    """Return the meaning of the source of a world, as a record holds it.

    Raises:
        SyntaxError: if it is not one function.

    """
    body = ast.parse(textwrap.dedent(source)).body
    if len(body) == 1 and isinstance(body[0], ast.FunctionDef | ast.AsyncFunctionDef):
        return _meaning(body[0])
    raise SyntaxError("this is not one function")


def _check_effect(values: Mapping[str, object], line: int, *, has_world: bool, faults: Faults) -> None:
    effect = values[EFFECT]
    is_number = isinstance(effect, int | float) and not isinstance(effect, bool)
    if not is_number or not 0 < abs(effect) <= sys.float_info.max:  # type: ignore[arg-type]  # the line above checks it
        faults.add(
            line, "EFFECT is not a literal number other than 0", "the smallest effect worth finding: EFFECT = 0.05"
        )
    elif not has_world:
        faults.add(
            line,
            "EFFECT is declared without a function `world`, so no power can be computed",
            "def world(effect, rng, ...): what the experiment would return at that effect",
        )


def _check_generators(world: Function, faults: Faults) -> None:
    expected = "rng(key), as in rng(seed, part).gauss(0, 1): the same key gives the same numbers in one simulated run"
    if isinstance(world, ast.AsyncFunctionDef):
        faults.add(world.lineno, "`world` is a coroutine", "def world(...), which returns at once")
    for node in ast.walk(world):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "rng":
            problem = f"`world` uses `rng.{node.attr}`: rng has no state, it makes a generator for a key"
            faults.add(node.lineno, problem, expected)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "rng":
            if not (node.args or node.keywords):
                faults.add(node.lineno, "`world` calls `rng()` without a key", expected)
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in _GLOBAL_GENERATORS:
            problem = f"`world` uses `{ast.unparse(node)}`, which has a state that no run repeats"
            faults.add(node.lineno, problem, expected)


def _meaning(world: Function) -> str:
    """Return what a function does, as a text that is the same in every version of Python."""
    body = world.body
    is_documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and len(body) > 1
    return _dumped([world.args, *(body[1:] if is_documented else body)])


def _dumped(item: object) -> str:
    """Return a syntax tree as text, without positions and without what is empty: newer versions add such fields."""
    if isinstance(item, list):
        return f"[{', '.join(map(_dumped, item))}]"
    if not isinstance(item, ast.AST):
        return repr(item)
    fields = [(name, value) for name, value in ast.iter_fields(item) if value is not None and value != []]
    return f"{type(item).__name__}({', '.join(f'{name}={_dumped(value)}' for name, value in fields)})"
