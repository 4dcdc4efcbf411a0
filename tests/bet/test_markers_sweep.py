"""A sweep, its seeds or its rehearsal declared wrongly is a collection error: where, what, and how to correct it."""

import pytest

from tests.helpers.fixtures import Refused, WriteBet

REPLICATED = {"parametrize": None, "replicate": "4"}


@pytest.mark.parametrize("count", ["0", "-1", "2.0", '"4"', "True", "", "2, 2", "n=4", "COUNT", "len([1])"])
def test_replicate_takes_one_count(bet: WriteBet, refused: Refused, count: str) -> None:
    """Everything but one literal integer of 1 or more, or a constant that is one, is refused."""
    bet(above="COUNT = int(4)", arguments="seed", markers={"parametrize": None, "replicate": count})
    assert (
        "bet_1_first.py:17: `replicate` takes one count\n"
        f"    @pytest.mark.replicate({count})\n"
        "  expected: a literal integer of 1 or more, as in replicate(5)"
    ) in refused()


def test_replicate_stands_once(bet: WriteBet, refused: Refused) -> None:
    """It would be unclear which of the two counts applies."""
    path = bet(arguments="seed", markers=REPLICATED)
    path.write_text(path.read_text().replace("@pytest.mark.strict", "@pytest.mark.replicate(2)\n@pytest.mark.strict"))
    assert "bet_1_first.py:18: `replicate` takes one count\n    @pytest.mark.replicate(4)" in refused()


def test_a_replicated_experiment_needs_an_argument_for_the_seed(bet: WriteBet, refused: Refused) -> None:
    """Replicates that cannot differ are one run, counted often."""
    bet(arguments="", markers=REPLICATED)
    assert refused().endswith(
        "bet_1_first.py:18: `experiment` is replicated but takes no argument `seed`\n"
        "    def experiment():\n"
        "  expected: an argument `seed`, an integer"
    )


@pytest.mark.parametrize("names", ['"seed"', '"part, seed"', '["part", "seed"]', '("seed", "part")'])
def test_seeds_are_not_chosen_by_parametrize_beside_replicate(bet: WriteBet, refused: Refused, names: str) -> None:
    """Seeds come from the declaration's digest and from nowhere else."""
    bet(arguments="seed, part=0", markers={"parametrize": f"{names}, []", "replicate": "4"})
    assert refused().endswith(
        "bet_1_first.py:18: `seed` comes from both replicate and parametrize\n"
        "    @pytest.mark.replicate(4)\n"
        "  expected: replicate alone, which derives the seeds"
    )


def test_a_sweep_without_a_cell_is_refused(bet: WriteBet, refused: Refused) -> None:
    """An empty `parametrize`, which pytest would skip, judges nothing."""
    bet(markers={"parametrize": '"part", []'})
    assert refused().endswith(
        "bet_1_first.py:18: the sweep has no cell\n    def experiment(...)\n  expected: at least one parameter set"
    )


def test_a_sweep_that_is_empty_beside_one_that_is_not_is_refused(bet: WriteBet, refused: Refused) -> None:
    """Every combination needs a value of each."""
    path = bet(arguments="part, other")
    path.write_text(
        path.read_text().replace("@pytest.mark.strict", "@pytest.mark.parametrize('other', [])\n@pytest.mark.strict")
    )
    assert "bet_1_first.py:19: the sweep has no cell" in refused()


def test_an_experiment_that_is_taken_away_leaves_no_cell(bet: WriteBet, refused: Refused) -> None:
    """A declared experiment that the module does not hold is not passed over."""
    path = bet()
    path.write_text(path.read_text() + '\n\ndel globals()["experiment"]\n')
    assert "bet_1_first.py:18: the sweep has no cell" in refused()


def test_a_pilot_that_names_no_constant_gets_the_nearest(bet: WriteBet, refused: Refused) -> None:
    """A rehearsal of a misspelt constant would run at full size."""
    bet(above='STEPS = 100\nSIZE = "30m"\nPILOT = {"STPES": 3, "SIZE": "tiny"}')
    assert refused().endswith(
        "bet_1_first.py:14: PILOT names `STPES`, which is not a constant of this file\n"
        '    PILOT = {"STPES": 3, "SIZE": "tiny"}\n'
        "  expected: one of STEPS, SIZE\n"
        "  did you mean: STEPS"
    )


def test_a_pilot_in_a_file_without_constants_says_so(bet: WriteBet, refused: Refused) -> None:
    """There is nothing to suggest."""
    bet(above='PILOT = {"STEPS": 3}')
    assert refused().endswith(
        'PILOT names `STEPS`, which is not a constant of this file\n    PILOT = {"STEPS": 3}\n  expected: one of none'
    )


@pytest.mark.parametrize(
    "pilot",
    ["PILOT = dict(STEPS=3)", 'PILOT = {"STEPS": STEPS}', "PILOT = [3]", "PILOT = {3: 4}", "PILOT = None"],
)
def test_a_pilot_is_a_literal_dict_by_name(bet: WriteBet, refused: Refused, pilot: str) -> None:
    """What a rehearsal changes is read without running it."""
    bet(above=f"STEPS = 100\n{pilot}")
    assert refused().endswith(
        "bet_1_first.py:13: PILOT is not a literal dict\n"
        f"    {pilot}\n"
        '  expected: constants by name, as in PILOT = {"STEPS": 3}'
    )


def test_a_pilot_that_is_assigned_twice_is_no_literal(bet: WriteBet, refused: Refused) -> None:
    """Which of the two a rehearsal takes would depend on running the file."""
    bet(above='STEPS = 100\nPILOT = {"STEPS": 3}\nPILOT = {"STEPS": 4}')
    assert "bet_1_first.py:13: PILOT is not a literal dict" in refused()
