"""The function `world` and EFFECT: what can be simulated, and what is refused."""

import pytest

from pytest_bets.audit.change import shown
from pytest_bets.bet.diff import changes
from pytest_bets.diagnostics import DeclarationError
from tests.helpers.example import EXAMPLE, of

SIGNATURE = "expected: def world(effect, rng, part, seed)"
STATELESS = "expected: rng(key), as in rng(seed, part).gauss(0, 1)"


def declared(
    body: str = "return {}", arguments: str = "effect, rng, seed, part", above: str = "EFFECT = 0.05\n"
) -> str:
    return f"{EXAMPLE}\n\n{above}def world({arguments}):\n    {body}\n"


@pytest.mark.parametrize(
    ("source", "problem", "expected"),
    [
        (
            f"{EXAMPLE}\nEFFECT = 0.05\n",
            "EFFECT is declared without a function `world`, so no power can be computed",
            "def world(effect, rng, ...)",
        ),
        (declared(above="EFFECT = STEPS\n"), "EFFECT is not a literal number other than 0", "EFFECT = 0.05"),
        (declared(above=f"EFFECT = 1{'0' * 400}\n"), "EFFECT is not a literal number other than 0", "EFFECT = 0.05"),
        (declared(above="EFFECT = 1e999\n"), "EFFECT is not a literal number other than 0", "EFFECT = 0.05"),
        (declared(above="EFFECT = 0\n"), "EFFECT is not a literal number other than 0", "EFFECT = 0.05"),
        (
            declared(arguments="rng, effect"),
            "`world` takes (rng, effect): its first arguments must be effect",
            SIGNATURE,
        ),
        (declared(arguments="effect"), "`world` takes (effect): its first arguments must be effect and rng", SIGNATURE),
        (declared(arguments="effect, rng, **more"), "its first arguments must be effect and rng", SIGNATURE),
        (
            declared(arguments="effect, rng, prt"),
            "`world` takes `prt`, which is not a parameter of the sweep",
            f"{SIGNATURE}\n  did you mean: part",
        ),
        (declared("return {'a': rng.gauss(0, 1)}"), "`world` uses `rng.gauss`: rng has no state", STATELESS),
        (declared("return {'a': rng().random()}"), "`world` calls `rng()` without a key", STATELESS),
        (declared("return {'a': random.random()}"), "`world` uses `random.random`, which has a state", STATELESS),
        (declared("return {'a': np.random.normal()}"), "`world` uses `np.random.normal`, which has a state", STATELESS),
    ],
)
def test_a_world_that_cannot_be_simulated_is_an_error(source: str, problem: str, expected: str) -> None:
    """With its line, and what is expected."""
    with pytest.raises(DeclarationError) as error:
        of(source)
    assert problem in str(error.value)
    assert expected in str(error.value)
    assert all(line.startswith((" ", "bets/bet_46_norm_replication.py:")) for line in str(error.value).splitlines())


def test_a_world_is_declared_by_its_meaning() -> None:
    """Another body is another declaration; a comment, its docstring and its layout are not."""
    bet = of(declared("return {'a': rng(part).gauss(effect, 1)}"))
    assert bet.world is not None
    assert bet.world.parameters == ("seed", "part")
    same = of(declared('"""Say."""\n    # why\n    return {"a": rng(part).gauss( effect, 1 )}'))
    assert same.digest == bet.digest
    other = of(declared("return {'a': rng(part).gauss(effect, 2)}"))
    assert other.digest != bet.digest != of().digest
    assert [shown(change).partition(":")[0] for change in changes(bet, other)] == ["world replaced"]


def test_a_helper_of_that_name_is_the_bets_own() -> None:
    """Without a null, an effect or a generator it is not a world."""
    source = f"{EXAMPLE}\n\ndef world(size):\n    return size\n"
    assert of(source).world is None
    assert of(source).digest == of().digest


def test_a_comment_in_a_world_is_no_change() -> None:
    """The record keeps the source as it was written, and the audit sees no other declaration."""
    body = "return {'a': rng(part).gauss(effect, 1)}"
    one, other = of(declared(body)), of(declared(f"# a text\n    {body}"))
    assert one.world is not None
    assert other.world is not None
    assert one.world.source != other.world.source
    assert one.digest == other.digest
    assert changes(one, other) == []
    (added,) = (change for change in changes(of(), one) if change.subject == "world")
    assert shown(added).startswith("world added: def world(effect, rng, seed, part):")
