"""Units: intervals over too few of them are refused, and cells that are taken for units are named."""

import pytest
import scipy.special  # noqa: F401  # a process loads numpy once, and a session in this process forgets what it loaded

from pytest_bets.bet.declaration import Criterion
from pytest_bets.bet.units import dependence, interval_lines, undefined_group, unvaried
from pytest_bets.cli.main import main
from pytest_bets.sentence.parse import parse
from tests.helpers.fixtures import Refused, Run, WriteBet

SWEEP = [{"part": part, "seed": seed} for part in "abc" for seed in range(5)]


def note(sentence: str, cells: list[dict[str, object]] = SWEEP, replicate: int | None = 5) -> str:
    return dependence([Criterion("strict", parse(sentence), 1)], replicate, cells)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("low(gain) > 0", "`low(gain)`: 15 cells are taken as independent; `low(gain, part)` takes 3"),
        (
            "1 - high(a / b, 0.9) > 0",
            "`high(a / b, 0.9)`: 15 cells are taken as independent; `high(a / b, 0.9, part)` takes 3",
        ),
        ("low(gain, part) > 0", ""),
        ("low(gain, 0.9, seed) > 0", ""),
        ("mean(gain) > 0", ""),
        ("groups(part, low(gain) > 0) >= 2", ""),
        ("groups(seed, low(gain) > 0) >= 2", ""),
    ],
)
def test_cells_that_are_taken_as_independent_are_named(sentence: str, expected: str) -> None:
    """Replicates of one part are no new parts; in a group of one part or of one seed all cells differ in one thing."""
    assert note(sentence) == expected


def test_only_a_replicated_sweep_of_several_values_is_named() -> None:
    """With one part, one replicate or no cell, cells share nothing; a rehearsal has one replicate."""
    sentence = "low(gain) > 0"
    assert note(sentence, [cell for cell in SWEEP if cell["part"] == "a"]) == ""
    unreplicated = [{"part": part, "size": size} for part in "abc" for size in range(5)]
    assert note(sentence, unreplicated, None) == note(sentence, SWEEP, 1) == note(sentence, []) == ""
    assert note(sentence, SWEEP, None) == note(sentence, SWEEP)
    assert note(sentence, [cell for cell in SWEEP if cell["seed"] == 0]) == note(sentence, SWEEP)
    two = [{**cell, "user": user} for cell in SWEEP for user in "xy"]
    takes = "`low(gain, part)` takes 3, `low(gain, user)` takes 2"
    assert note(sentence, two) == f"`low(gain)`: 30 cells are taken as independent; {takes}"
    grouped = "`low(gain)`: 15 cells in a group of `user` are taken as independent; `low(gain, part)` takes 3"
    assert note("groups(user, low(gain) > 0) >= 1", two) == grouped


@pytest.mark.parametrize(
    ("sentence", "problem"),
    [
        ("groups(part, std(gain) < 1) >= 2", "a group of `part` has 1 cell, so `std` is undefined"),
        ("groups(part, not 0 < 2 * low(gain) < 1) >= 2", "a group of `part` has 1 cell, so `low` is undefined"),
        ("groups(part, count(gain > 0) == 1 or std(gain) < 1) >= 2", ""),
        ("groups(part, mean(gain) > 0) >= 2", ""),
        ("groups(seed, std(gain) < 1) >= 1", ""),
        ("std(gain) < 1", ""),
    ],
)
def test_a_group_of_one_cell_defines_no_interval(sentence: str, problem: str) -> None:
    """Strict could not be met, and a catastrophe would always trip; a condition beside it may decide."""
    cells = [{"part": part, "seed": 1} for part in "abc"]
    found = undefined_group(parse(sentence).value, cells)
    assert (found[0] if found else "") == problem


def test_a_sentence_of_undefined_groups_is_a_collection_error(bet: WriteBet, refused: Refused) -> None:
    """As any other sentence that the number of cells decides."""
    bet(markers={"strict": '"groups(part, std(gain) < 1) >= 3"'})
    assert "a group of `part` has 1 cell, so `std` is undefined" in refused()


def test_an_interval_is_explained_by_what_it_is_made_of() -> None:
    """`show` gives the number of cells or of groups and the degrees of freedom, each interval once."""
    assert interval_lines(["low(gain) > 0"], []) == interval_lines(["low() > 0", "low(gain", ""], SWEEP) == []
    assert interval_lines([" low(gain)\n > 0"], SWEEP) == interval_lines(["low(gain) > 0"], SWEEP)
    sentences = ["low(gain) > 0", "low(gain, 0.9, part) > 1", "low(gain) > -1", "groups(part, high(gain) > 0) >= 1"]
    assert interval_lines(sentences, SWEEP) == [
        "low(gain): t interval over 15 cells as independent, 14 degrees of freedom",
        "low(gain, 0.9, part): t interval over the means of 3 groups by `part`, 2 degrees of freedom",
        "high(gain): t interval over 5 cells as independent in each group of `part`, 4 degrees of freedom",
    ]


@pytest.mark.parametrize(
    ("sentence", "error"),
    [
        (
            "low(gain, prt) >= 3",
            [
                "`prt` is not a parameter of the sweep",
                "expected: a parameter of the sweep: part, seed",
                "did you mean: part",
            ],
        ),
        (
            "high(gain, one) >= 3",
            ["`one` has 1 value in the sweep, so `high` has 1 unit", "expected: a parameter with 2 or more values"],
        ),
        ("groups(part, low(gain, part) > 0) >= 3", ["`part` has 1 value in a group of `part`, so `low` has 1 unit"]),
        ("low(gain > 0, part) > 3", ["with 12 cells this sentence is never true"]),
    ],
)
def test_units_that_the_sweep_does_not_have_are_collection_errors(
    bet: WriteBet, refused: Refused, sentence: str, error: list[str]
) -> None:
    """A t interval needs two units, and a unit is a parameter of the sweep."""
    also = {"replicate": "3", "parametrize": '"part", [1, 2, 3, 4]'}
    above = "one = pytest.mark.parametrize"
    path = bet(above=above, markers={**also, "strict": f"{sentence!r}"}, arguments="seed, part, one")
    path.write_text(
        path.read_text().replace("@pytest.mark.repl", '@pytest.mark.parametrize("one", [1])\n@pytest.mark.repl')
    )
    shown = refused()
    for line in error:
        expected = line.replace("part, seed", "one, part, seed")
        assert expected in shown, shown


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["plain", "xdist"])
def test_a_session_judges_by_units_and_names_cells_as_units(bet: WriteBet, run: Run, workers: tuple[str, ...]) -> None:
    """Four parts of means 1 to 4: the interval over 12 cells is narrower than the one over 4 units, and says so."""
    sweep = {"replicate": "3", "lenient": '"low(gain) >= 1.7"', "strict": '"low(gain, part) >= 3"'}
    bet(
        markers={**sweep, "catastrophic": '"high(gain, part) < 1"'},
        arguments="seed, part",
        sections={"Lenient": "1.7."},
    )
    shown = " ".join(run(*workers).split())
    assert "LENIENT strict not met: low(gain, part) >= 3 " in shown
    assert "(measured 0.4457)" in shown
    assert "Cells as units: bet 1: `low(gain)`: 12 cells are taken as independent; `low(gain, part)` takes 4." in shown


@pytest.mark.parametrize(
    ("sentence", "noted"),
    [
        ("low(gain) > 0", True),
        ("1 - high(gain * 2, 0.9, part) > 0", True),
        ("low(gain - loss) > 0", False),
        ("low(good) > 0", False),
        ("low(gain > 0) > 0", False),
        ("low(absent) > 0", False),
        ("mean(gain) > 0", False),
        ("groups(part, low(gain) > 0) >= 2", False),
        ("no sentence", False),
    ],
)
def test_an_interval_over_the_same_measurement_in_every_cell_is_named(sentence: str, noted: bool) -> None:
    """A rate may be the same in every cell; of one cell nothing is said."""
    rows = [{"part": index, "gain": 2.5, "loss": index, "good": True} for index in range(4)]
    text = f"`{sentence}`: 4 cells measured the same, so the interval has no width; is the seed used?"
    assert unvaried([sentence], rows) == (text if noted else "")
    assert unvaried([sentence], rows[:1]) == ""


def test_a_session_and_show_name_an_interval_without_width(
    bet: WriteBet, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its verdict is as it was."""
    intervals = {"strict": '"low(gain) >= 3"', "lenient": '"low(gain) >= 1"'}
    markers = {"replicate": "5", "parametrize": None, **intervals}
    bet(body='return {"gain": 3.5}', markers=markers, arguments="seed", sections={"Lenient": "1."})
    text = "`low(gain) >= 3`: 5 cells measured the same, so the interval has no width; is the seed used?"
    shown = " ".join(run().split())
    assert "1 PASS" in shown
    assert f"bet 1: {text}" in shown
    capsys.readouterr()
    assert main(["show", "1"]) == 0
    assert text in " ".join(capsys.readouterr().out.split())
