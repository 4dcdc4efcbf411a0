"""Checks of one cell's measurements against the sentences: what would be an error over all cells is one here."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from pytest_bets.bet.declaration import Criterion
from pytest_bets.bet.validate import cell_faults, check_row, sentence_faults
from pytest_bets.diagnostics import EvaluationError
from pytest_bets.sentence.evaluate import value
from pytest_bets.sentence.parse import parse
from tests.helpers.example import changed
from tests.helpers.fixtures import Refused, Run, WriteBet

LISTED = "`gain` is a list, and a sentence compares numbers and strings"


def criteria(*sentences: str) -> list[Criterion]:
    return [Criterion("strict", parse(sentence), 1) for sentence in sentences]


@pytest.mark.parametrize(
    ("sentence", "row", "problem"),
    [
        ("mean(gain) >= 1", {"gain": [1, 2]}, LISTED),
        ("mean(gain > 1) >= 1", {"gain": [1, 2]}, LISTED),
        ("mean(loss) - 2 * sum(-gain) >= 1", {"gain": [], "loss": 1}, LISTED),
        ("groups(part, mean(gain) > 1) >= 1", {"gain": [1], "part": 1}, LISTED),
        ("mean(gain) >= 1", {"gain": "x"}, "'x' is a string, and `mean(...)` needs a number"),
        ("mean(gain + 1) >= 1", {"gain": "x"}, "'x' is a string, and `+` needs a number"),
        ("count(gain > 1) >= 1", {"gain": "x"}, "`'x' > 1.0` compares a number with a string"),
        ("count(gain == 'x') >= 1", {"gain": 1}, "`1.0 == 'x'` compares a number with a string"),
        ("count(gain < 'x') >= 1", {"gain": "y"}, "`'y' < 'x'`: strings are compared with == and != alone"),
        ("mean(gain) >= 1", {"gain": None}, "`gain` is a NoneType, and a sentence compares numbers and strings"),
        ("mean(gain) >= 1", {"gian": 1}, "`gain` was not measured; the names are gian; did you mean gian?"),
        ("gain >= 1", {"gain": "x"}, "'x' is a string, and `gain` needs a number"),
    ],
)
def test_a_row_that_no_run_could_judge_is_named_with_its_sentence(
    sentence: str, row: dict[str, object], problem: str
) -> None:
    """The words are those of the void verdict that the whole run would have."""
    assert check_row(criteria("mean(other) >= 0", sentence), {"other": 1, **row}) == (
        f'strict "{sentence}": {problem.replace("names are gian", "names are gian, other")}'
    )
    with pytest.raises(EvaluationError):
        value(parse(sentence), [row, row])


@pytest.mark.parametrize(
    ("sentence", "row"),
    [
        ("mean(gain) >= 1", {"gain": float("nan")}),
        ("mean(gain) >= 1", {"gain": True, "curve": [1, 2], "note": "text"}),
        ("mean(1 / gain) >= 1", {"gain": 0}),
        ("low(gain) >= 1", {"gain": 1}),
        ("std(gain) >= 1", {"gain": 1}),
        ("count(kind == 'x') >= 1", {"kind": "y"}),
        ("groups(part, median(gain) < 1) >= 1", {"gain": float("inf"), "part": "a"}),
    ],
)
def test_a_row_that_can_be_judged_has_no_problem(sentence: str, row: dict[str, object]) -> None:
    """NaN, infinity and what is undefined for a single cell are values of a run; unread names may hold anything."""
    assert check_row(criteria(sentence), row) is None


Cells = Sequence[Mapping[str, object]]
PARTS: Cells = [{"part": "docs"}, {"part": "code"}]
NUMBERS: Cells = [{"part": 1}, {"part": 2.5}, {"part": True}]
NINE: Cells = [{"part": number} for number in range(1, 10)]


def faults(sentence: str, cells: Cells) -> list[tuple[str, str, str]]:
    """Return the problems of one catastrophic sentence in a sweep over parts, with what is expected and suggested."""
    bet = changed("@pytest.mark.replicate(5)\n", "")
    bet = replace(bet, criteria=(Criterion("catastrophic", parse(sentence), 7),))
    found = [*sentence_faults(bet), *cell_faults(bet, cells)]
    assert all(fault.line == 7 and sentence in fault.text for fault in found)
    return [(fault.problem, fault.expected, fault.suggestion) for fault in found]


@pytest.mark.parametrize(
    ("sentence", "cells", "expected"),
    [
        (
            'count(part == "doc" and loss > 6) > 0',
            PARTS,
            (
                'no cell has "doc" as its `part`, so this comparison is always false',
                'a value of `part`: "docs", "code"',
                '"docs"',
            ),
        ),
        (
            'groups(user, count("Code" != part) > 0) > 0',
            [{**cell, "user": user} for cell in PARTS for user in (1, 2)],
            (
                'no cell has "Code" as its `part`, so this comparison is always true',
                'a value of `part`: "docs", "code"',
                '"code"',
            ),
        ),
        (
            "mean((part == 3) * loss) > 0",
            NUMBERS,
            (
                "no cell has 3 as its `part`, so this comparison is always false",
                "a value of `part`: 1, 2.5, true",
                "2.5",
            ),
        ),
        (
            "count(not part == -20) < 2",
            NINE,
            (
                "no cell has -20 as its `part`, so this comparison is always false",
                "a value of `part`: 1, 2, 3, 4, 5 and 4 more",
                "1",
            ),
        ),
        (
            'count(part == "1") > 2',
            NINE,
            (
                'no cell has "1" as its `part`, so this comparison is always false',
                "a value of `part`: 1, 2, 3, 4, 5 and 4 more",
                "1",
            ),
        ),
        (
            "count(part == 7) > 0",
            PARTS,
            (
                "no cell has 7 as its `part`, so this comparison is always false",
                'a value of `part`: "docs", "code"',
                "",
            ),
        ),
    ],
)
def test_a_parameter_is_compared_with_a_value_that_it_has(
    sentence: str, cells: Cells, expected: tuple[str, str, str]
) -> None:
    """A misspelt value is in no cell, and its sentence would never trip."""
    assert faults(sentence, cells) == [expected]


@pytest.mark.parametrize(
    ("sentence", "cells"),
    [
        ('count(part == "docs" and loss > 6) > 0', PARTS),
        ('count(kind == "doc") > 0', PARTS),
        ("count(part == loss) > 0", PARTS),
        ("count(part == 1 and loss > 0) > 0", NUMBERS),
        ("count(part != 2.5) > 0", NUMBERS),
        ("count(part + 1 == 9) > 0", NUMBERS),
        ("count(0 < part <= 7 and loss == 3) > 0", NUMBERS),
    ],
)
def test_other_comparisons_are_left_to_the_measurements(sentence: str, cells: Cells) -> None:
    """Of a value that a cell has, of what is measured, and of what is computed."""
    assert faults(sentence, cells) == []


@pytest.mark.parametrize(
    ("sentence", "problem", "suggestion"),
    [
        ("count(part == 1 or 2) >= 3", "`or` takes `2`", "count(part == 1 or part == 2) >= 3"),
        (
            "count(part == 1 or part == 2 or -3) >= 3",
            "`or` takes `-3`",
            "count(part == 1 or part == 2 or part == -3) >= 3",
        ),
        ("count(gain > 0 and 1) >= 3", "`and` takes `1`", "count(gain > 0 and gain > 1) >= 3"),
        ("count(part == 1 or 'x') >= 3", "`or` takes `'x'`", "count(part == 1 or part == 'x') >= 3"),
        ("count(2 or part == 1) >= 3", "`or` takes `2`", ""),
        ("count(gain > 0 and not 0) >= 3", "`not` takes `0`", ""),
        (
            "groups(part, mean(gain) > 1 or 2) >= 3",
            "`or` takes `2`",
            "groups(part, mean(gain) > 1 or mean(gain) > 2) >= 3",
        ),
    ],
)
def test_a_literal_alone_is_no_condition(sentence: str, problem: str, suggestion: str) -> None:
    """It is the same in every cell. Such a sentence on record is still parsed, and judged as it was."""
    found = list(sentence_faults(replace(changed("SIZE", "SIZE"), criteria=tuple(criteria(sentence)))))
    assert [(fault.problem, fault.suggestion) for fault in found] == [
        (f"this strict sentence: {problem} alone, which is the same in every cell", suggestion)
    ]


@pytest.mark.parametrize(
    ("sentence", "problem", "suggestion"),
    [
        (
            "groups(part, mean(gain) and mean(loss) > 0) >= 3",
            "`and` takes `mean(gain)`",
            "groups(part, mean(gain) > 0 and mean(loss) > 0) >= 3",
        ),
        ("count(loss > 0 or gain - loss) >= 3", "`or` takes `gain - loss`", ""),
        ("count(not -(gain - loss)) >= 3", "`not` takes `-(gain - loss)`", ""),
    ],
)
def test_a_value_alone_is_no_condition(sentence: str, problem: str, suggestion: str) -> None:
    """It is true wherever it is not zero, and reads as if the comparison beside it were meant for both."""
    found = list(sentence_faults(replace(changed("SIZE", "SIZE"), criteria=tuple(criteria(sentence)))))
    assert [(fault.problem, fault.suggestion) for fault in found] == [
        (f"this strict sentence: {problem} alone, which is true wherever it is not zero", suggestion)
    ]


@pytest.mark.parametrize(
    "sentence", ["count(gain > 0 or not loss) > 1", "count(0 < gain < 3) > 1", "mean(-gain + 1) > 0"]
)
def test_conditions_on_what_is_measured_are_no_literals(sentence: str) -> None:
    """A name alone is true where it is not zero."""
    assert list(sentence_faults(replace(changed("SIZE", "SIZE"), criteria=tuple(criteria(sentence))))) == []


TYPO = '"count(part == 5 and gain > 6) > 0"'


@pytest.mark.parametrize("arguments", [(), ("-k", "part and 1"), ("-n", "2")], ids=["plain", "selected", "distributed"])
def test_a_catastrophe_that_no_cell_can_trip_is_refused(bet: WriteBet, run: Run, arguments: tuple[str, ...]) -> None:
    """Whatever is selected: the values are those of the whole sweep."""
    bet(markers={"catastrophic": TYPO}, sections={"Catastrophic": "a gain above 6 in part 5, more than 0 times."})
    failed = pytest.ExitCode.TESTS_FAILED if "-n" in arguments else pytest.ExitCode.INTERRUPTED
    shown = run(*arguments, expect=failed)
    assert "bet_1_first.py:16: no cell has 5 as its `part`, so this comparison is always false" in shown
    assert "expected: a value of `part`: 1, 2, 3, 4" in shown
    assert "did you mean: 4" in shown


def test_a_value_that_only_the_whole_sweep_has_is_accepted_in_a_part_of_it(bet: WriteBet, run: Run) -> None:
    """A rehearsal has a smaller sweep, and a selection takes cells out of the whole one."""
    bet(
        above="PARTS = [1, 2, 3, 4]\nPILOT = {'PARTS': [1, 2]}",
        markers={"catastrophic": '"count(part == 4 and gain > 6) > 0"', "parametrize": '"part", PARTS'},
        sections={"Catastrophic": "a gain above 6 in part 4, more than 0 times."},
    )
    run("--bets-pilot")
    run("--bets-set", "PARTS=[1, 3]")
    run("-k", "part and 1 or strict")
    assert "1_first  PASS" in run()


def test_a_literal_alone_is_refused_at_collection(bet: WriteBet, refused: Refused) -> None:
    """In a rehearsal, too; with the right form."""
    bet(markers={"strict": '"count(part == 1 or 3) >= 3"'}, sections={"Strict": "at least 3 of the parts 1 or 3 gain."})
    for arguments in ((), ("--bets-pilot",)):
        assert (
            "bet_1_first.py:14: this strict sentence: `or` takes `3` alone, which is the same in every cell\n"
            "    count(part == 1 or 3) >= 3\n"
            "                       ^\n"
            "  expected: a comparison on each side\n"
            "  did you mean: count(part == 1 or part == 3) >= 3"
        ) in refused(*arguments)


def test_a_record_of_a_sentence_with_a_literal_alone_is_still_judged(bet: WriteBet, run: Run) -> None:
    """Replays and commands read what was judged before."""
    path = bet(sections={"Strict": "at least 3 of the parts 1 or 3 gain."})
    run()
    path.write_text(path.read_text().replace("count(gain > 0) >= 3", "count(gain > 0 or 1) >= 3"))
    shown = run("--bets-replay", expect=pytest.ExitCode.TESTS_FAILED)
    assert "which is the same in every cell" not in shown


@pytest.mark.parametrize("arguments", [(), ("--bets-pilot",), ("-n", "2")], ids=["plain", "pilot", "distributed"])
@pytest.mark.parametrize(
    ("values", "why", "expected"),
    [
        ("[2**1030, 2, 3, 4]", "an integer beyond 2**53", "an integer of at most 2**53, a float or a string"),
        ("[-(2**53) - 1, 2, 3, 4]", "an integer beyond 2**53", "an integer of at most 2**53, a float or a string"),
        ("['nan', 2, 3, 4]", "the string 'nan', which means a number in a record", "the number, or another string"),
        ("['-inf', 2, 3, 4]", "the string '-inf', which means a number in a record", "the number, or another string"),
    ],
)
def test_a_swept_value_that_a_record_would_not_give_back_is_refused(
    bet: WriteBet, run: Run, values: str, why: str, expected: str, arguments: tuple[str, ...]
) -> None:
    """Before any cell runs, as the same measurement is refused; other bets of the session are not lost."""
    bet(markers={"parametrize": f'"part", {values}'})
    failed = pytest.ExitCode.TESTS_FAILED if "-n" in arguments else pytest.ExitCode.INTERRUPTED
    shown = run(*arguments, expect=failed)
    assert f"bet_1_first.py:18: the sweep of `part` has {why}" in shown
    assert f"  expected: {expected}" in shown


def test_other_values_at_the_limits_are_swept(bet: WriteBet, run: Run) -> None:
    """Also NaN and infinity, as numbers."""
    bet(
        body='return {"gain": 1}',
        markers={"parametrize": '"part", [2**53, float("nan"), float("-inf"), "NaN"]'},
    )
    assert "1_first  PASS" in run()
