"""Two sides compared: sentences, cells, intervals."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_bets.compare.difference import Comparison, compare
from pytest_bets.compare.render import as_json, as_text
from pytest_bets.compare.side import Run, Side, of_line, of_records
from pytest_bets.diagnostics import CommandError
from pytest_bets.record.build import journal_line
from pytest_bets.record.record import Environment
from pytest_bets.record.verdict import Cell, Judged
from pytest_bets.render.visible import encodable, visible_lines
from tests.helpers.sites import cells as made
from tests.helpers.sites import declaration, record_of

MACHINE = Environment("3.11.7", "Linux-x86_64", {"pytest": "9.2.0"}, "cpu", 2, None, None)
GAINS = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=12)


def cells(values: Sequence[float], **params: Sequence[object]) -> tuple[Cell, ...]:
    names = params or {"part": list(range(len(values)))}
    return tuple(
        Cell({name: column[index] for name, column in names.items()}, {"gain": value})
        for index, value in enumerate(values)
    )


def side(values: Sequence[float], bet: str = "1_a", **params: Sequence[object]) -> Side:
    strict = Judged("strict", "mean(gain) >= 0", math.fsum(values) / len(values), 0.0, True, 1.0)
    run = Run(bet, 1, "A.", "PASS", False, None, None, (strict,), "d", "c", MACHINE, cells(values, **params))
    return Side("side", {bet: run})


def only(found: Comparison) -> Mapping[str, float]:
    (column,) = found.bets[0].cells
    assert column.interval is not None
    return {"mean": column.difference, "low": column.interval.low, "high": column.interval.high}


@given(GAINS.flatmap(lambda gains: st.tuples(st.just(gains), st.permutations(range(len(gains))))))
def test_the_interval_is_that_of_the_paired_t_test(drawn: tuple[list[float], list[int]]) -> None:
    """The one of scipy, whatever the order of the cells."""
    values, order = drawn
    after = [value + index + 0.5 for index, value in enumerate(values)]
    found = only(compare(side(values), side([after[index] for index in order], part=order)))
    differences = [new - old for old, new in zip(values, after, strict=True)]
    expected = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    scale = max(map(abs, differences)) + 1
    assert found["mean"] == pytest.approx(sum(differences) / len(differences), abs=1e-9 * scale)
    assert found["low"] == pytest.approx(expected.low, rel=1e-6, abs=1e-6 * scale)
    assert found["high"] == pytest.approx(expected.high, rel=1e-6, abs=1e-6 * scale)


def test_a_unit_averages_its_cells_before_the_interval() -> None:
    """Six cells of two parts are two units, however many seeds there are."""
    seeds, parts = [1, 2, 3, 1, 2, 3], ["a", "a", "a", "b", "b", "b"]
    before, after = side([0.0] * 6, seed=seeds, part=parts), side([1, 2, 3, 5, 6, 7], seed=seeds, part=parts)
    column = compare(before, after, unit="part").bets[0].cells[0]
    assert column.interval is not None
    expected = stats.ttest_1samp([2, 6], 0).confidence_interval(0.95)
    assert (column.interval.units, column.interval.unit) == (2, "part")
    assert (column.interval.low, column.interval.high) == pytest.approx((expected.low, expected.high))


def test_the_mean_difference_is_that_of_its_interval() -> None:
    """Of the means of units, where these have unequal numbers of cells."""
    seeds, parts = [1, 2, 3, 1], ["a", "a", "a", "b"]
    before, after = side([0.0] * 4, seed=seeds, part=parts), side([1, 2, 3, 6], seed=seeds, part=parts)
    column = compare(before, after, unit="part").bets[0].cells[0]
    assert column.interval is not None
    assert column.difference == (column.interval.low + column.interval.high) / 2 == 4
    assert compare(before, after).bets[0].cells[0].difference == 3


def test_without_a_unit_a_sweep_of_several_parameters_has_no_interval() -> None:
    """Its cells are not independent."""
    seeds, parts = [1, 2, 1, 2], ["a", "a", "b", "b"]
    found = compare(side([0.0] * 4, seed=seeds, part=parts), side([1.0, 2, 3, 4], seed=seeds, part=parts))
    assert found.bets[0].cells[0].interval is None
    assert found.bets[0].cells[0].difference == 2.5


def test_cells_are_paired_by_their_parameters() -> None:
    """In any order; a cell that one side lacks is counted."""
    found = compare(side([1.0, 2.0], part=["a", "b"]), side([2.5, 1.0, 9.0], part=["b", "a", "c"]))
    (column,) = found.bets[0].cells
    assert (column.cells, column.same, column.difference, found.bets[0].unpaired) == (2, 1, 0.25, 1)


def test_cells_with_the_same_parameters_are_paired_one_by_one() -> None:
    """A sweep may have a value twice."""
    twice = side([1.0, 2.0], part=["a", "a"])
    assert compare(twice, twice).bets[0].same
    found = compare(side([1.0], part=["a"]), twice).bets[0]
    assert (found.cells, found.unpaired) == ((), 1)


def test_texts_and_lists_are_compared_too() -> None:
    """They have no difference, and are not the same; nor is a name that one side alone has measured."""

    def measured(**more: object) -> Side:
        (run,) = side([1.0, 2.0]).runs.values()
        parts = [replace(cell, measured={**cell.measured, "loss": (2.0, 1.0), **more}) for cell in run.cells or ()]
        return Side("side", {"1_a": replace(run, cells=tuple(parts))})

    before, after = measured(digest="a"), measured(digest="b", late=1.0)
    assert compare(before, before).bets[0].same
    found = compare(before, after)
    assert (found.bets[0].same, found.bets[0].others) == (False, ("digest", "late"))
    assert "cells         other values of digest, late\n" in as_text(found, 80)


@given(GAINS)
def test_a_side_is_the_same_as_itself(values: list[float]) -> None:
    """NaN included."""
    whole = side([*values, math.nan])
    assert compare(whole, whole).bets[0].same


@given(GAINS, GAINS)
def test_the_other_way_round_the_signs_turn(one: list[float], other: list[float]) -> None:
    """Differences and ends of intervals."""
    there, back = compare(side(one), side(other)), compare(side(other), side(one))
    for first, second in zip(there.bets[0].cells, back.bets[0].cells, strict=True):
        assert first.difference == -second.difference
        if first.interval and second.interval:
            assert first.interval.low == pytest.approx(-second.interval.high, nan_ok=True)


def test_bets_of_one_side_are_named_and_others_can_be_chosen() -> None:
    """By number or id; a bet that neither side has is an error, and so is a unit that no sweep has."""
    before = Side("old", {**side([1.0]).runs, **side([1.0], "2_b").runs})
    found = compare(before, side([1.0]))
    assert ([bet.id for bet in found.bets], found.only_before, found.only_after) == (["1_a"], ("2_b",), ())
    for name in ("2_b", "2", "02", "b"):
        assert [bet.id for bet in compare(before, before, [name]).bets] == ["2_b"]
    with pytest.raises(CommandError, match="neither side has bet 9"):
        compare(before, before, ["1", "9"])
    with pytest.raises(CommandError, match="--unit user: no compared bet has this sweep parameter; there are part"):
        compare(before, before, unit="user")


def test_a_run_is_the_same_as_its_record_at_every_threshold() -> None:
    """A margin of zero has no sign: the journal has no margins, and they are computed again."""
    for wins in (1, 3, 9, 12):
        record = record_of(declaration(1)[0], made(wins))
        line = journal_line(record, [], record_sha256=None, time="", host="a", seconds=1, previous=None)
        assert compare(of_records("a", [record]), of_line("b", line)).bets[0].same


def test_json_stays_json_whatever_the_terminal_shows() -> None:
    """What does not print, or has no letter in the encoding of the output, is spelled there as no JSON is."""
    found = compare(side([1.0]), side([2.0]))
    part = replace(found.bets[0], title="caf\u00e9 \u00ad\x7f\U000e0101")
    text = as_json(replace(found, bets=(part,)))
    assert json.loads(encodable(visible_lines(text), "ascii"))["bets"][0]["title"] == part.title
