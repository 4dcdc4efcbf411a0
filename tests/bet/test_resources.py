"""What cells need: read from literals, checked where it is written, and no part of the claim."""

import ast
from textwrap import dedent

import pytest

from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.parse import read
from pytest_bets.bet.resources import Need, narrowed, overrides, without_resources
from pytest_bets.code.outline import outline
from pytest_bets.diagnostics import DeclarationError
from tests.helpers.example import EXAMPLE, of
from tests.helpers.fixtures import Refused, WriteBet

MARK = "@pytest.mark.resources(cpus=2, gpus=1, memory='16GB', hours=2)\n"


def marked(mark: str) -> str:
    return EXAMPLE.replace("@pytest.mark.challenges(37)", f"{mark}\n@pytest.mark.challenges(37)")


def faults(text: str) -> str:
    with pytest.raises(DeclarationError) as caught:
        read(text, "bets/bet_46_norm_replication.py")
    return str(caught.value)


def test_a_need_is_what_was_written() -> None:
    """Memory in bytes."""
    need = narrowed(Need(), {"cpus": 2, "gpus": 1, "memory": "1.5GB", "hours": 0.5})
    assert need == Need(2, 1, 1_500_000_000, 0.5)
    assert str(need) == "cpus=2 gpus=1 memory=1.5GB hours=0.5"
    assert str(narrowed(need, {"cpus": 0.5})) == "cpus=0.5 gpus=1 memory=1.5GB hours=0.5"
    assert narrowed(need, {"gpus": 0}) == Need(2, 0, 1_500_000_000, 0.5)


def test_the_marker_changes_neither_the_declaration_nor_the_code() -> None:
    """It is about the site."""
    plain, other = of(), of(marked(MARK))
    assert other.digest == plain.digest
    assert other.seeds(3) == plain.seeds(3)
    assert other.resources == ({"cpus": 2, "gpus": 1, "memory": "16GB", "hours": 2},)
    assert outline(EXAMPLE.encode()).units == outline(marked(MARK).encode()).units


def test_a_file_that_is_read_again_has_the_same_needs() -> None:
    """As where `pytest.main` is called twice in one process, in a notebook."""
    first, second = of(marked(MARK)), of(marked(MARK))
    assert first.resources == second.resources == ({"cpus": 2, "gpus": 1, "memory": "16GB", "hours": 2},)


def test_the_marker_of_a_case_leaves_the_values_of_the_case() -> None:
    """One value, several, and a case that has more than the marker."""
    text = """
    CASES = [1, pytest.param(2, marks=mark.resources(gpus=1)), pytest.param(3, 4, marks=[mark.resources(cpus=2)])]
    MORE = [pytest.param(5, marks=[pytest.mark.slow, pytest.mark.resources(gpus=1)]), pytest.param(6)]
    NAMED = [pytest.param(7, id="x", marks=(pytest.mark.resources(gpus=1),))]
    """
    found = ast.unparse(without_resources(ast.parse(dedent(text)))).splitlines()
    assert found == [
        "CASES = [1, 2, (3, 4)]",
        "MORE = [pytest.param(5, marks=[pytest.mark.slow]), pytest.param(6)]",
        "NAMED = [pytest.param(7, id='x')]",
    ]


def test_a_sweep_with_the_marker_has_the_digest_of_the_sweep_without() -> None:
    """A literal one stays literal."""

    def swept(values: str) -> Declaration:
        return of(EXAMPLE.replace('("part", SLICES)', f'("part", {values})'))

    plain = swept("[1, 2]")
    assert plain.sweep == {"part": [1, 2]}
    assert swept("[1, pytest.param(2, marks=pytest.mark.resources(gpus=1))]").digest == plain.digest


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("@pytest.mark.resources", "`resources` takes resources by name"),
        ("@pytest.mark.resources(2)", "`resources` takes resources by name"),
        ("@pytest.mark.resources(gpu=1)", "`resources` has no resource `gpu`"),
        ("@pytest.mark.resources(gpus=STEPS)", "`resources` has gpus=STEPS"),
        ("@pytest.mark.resources(cpus=0)", "`resources` has cpus=0"),
        ("@pytest.mark.resources(cpus=1.5)", "`resources` has cpus=1.5"),
        ("@pytest.mark.resources(cpus=0.0)", "`resources` has cpus=0.0"),
        ("@pytest.mark.resources(gpus=0.5)", "`resources` has gpus=0.5"),
        ("@pytest.mark.resources(cpus=True)", "`resources` has cpus=True"),
        ("@pytest.mark.resources(memory=16)", "`resources` has memory=16"),
        ("@pytest.mark.resources(memory='0GB')", "`resources` has memory='0GB'"),
        ("@pytest.mark.resources(hours=-1)", "`resources` has hours=-1"),
        ("@pytest.mark.resources(hours='2')", "`resources` has hours='2'"),
        ("@pytest.mark.resources(**MORE)", "`resources` has no resource `**`"),
    ],
)
def test_a_fault_is_shown_with_its_line_and_what_was_expected(mark: str, words: str) -> None:
    """As every fault of a declaration."""
    text = faults(marked(mark))
    line = marked(mark).splitlines().index(mark) + 1
    assert text.startswith(f"bets/bet_46_norm_replication.py:{line}: {words}\n    {mark}\n  expected: ")


def test_the_nearest_name_is_suggested() -> None:
    """Of a resource."""
    assert "did you mean: gpus" in faults(marked("@pytest.mark.resources(gpu=1)"))


def test_a_marker_that_the_source_does_not_show_is_refused(bet: WriteBet, refused: Refused) -> None:
    """As those of criteria are; a misspelt one is, too."""
    bet(
        above="fast = pytest.mark.__getattr__('resources')(gpus=1)",
        markers={"strict": '"count(gain > 0) >= 3")\n@fast  # ('},
    )
    assert "carries the marker resources that does not stand on it in the source" in refused()
    bet(markers={"resource": "gpus=1"})
    assert "did you mean: resources" in refused()


def test_the_setting_is_read_by_bet() -> None:
    """Several resources a line, and a line for all."""
    found = overrides(["46: gpus=1 hours=4", "*: hours=1 memory=2GB", "  "])
    assert found == {"46": {"gpus": 1, "hours": 4}, "*": {"hours": 1, "memory": "2GB"}}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("46", "expected `46: gpus=1 hours=4`, or `*: hours=1`"),
        ("46:", "expected `46: gpus=1 hours=4`, or `*: hours=1`"),
        ("46: gpus", "`gpus`: expected a whole number of 0 or more, as in gpus=1"),
        ("46: memory=2", '`memory=2`: expected a size of more than zero in KB, MB, GB or TB, as in memory="16GB"'),
        ("46: hour=2", "`hour` is no resource; expected some of cpus, gpus, memory, hours; did you mean hours?"),
    ],
)
def test_a_line_that_cannot_be_read_is_an_error(line: str, words: str) -> None:
    """With the line and what was expected."""
    with pytest.raises(ValueError, match="bets_resources") as caught:
        overrides([line])
    assert words in str(caught.value)
    assert repr(line) in str(caught.value)
