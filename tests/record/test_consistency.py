"""Records whose cells, seeds or verdict are not those of what they declare."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

import pytest

from pytest_bets.bet.declaration import Declaration
from pytest_bets.record.build import build
from pytest_bets.record.build import declared as declared_part
from pytest_bets.record.consistency import Declared, means_same, other_cells, parameters, spanned
from pytest_bets.record.record import CodeFiles, Environment, Record, Registration
from pytest_bets.record.verdict import Cell, judge
from pytest_bets.record.verify import misjudged_by_itself
from tests.helpers.example import EXAMPLE, of

ENVIRONMENT = Environment("3.11.7", "Linux-x86_64", {}, "cpu", 2, None, None)
Rows = Sequence[Mapping[str, object]]


def declared(sweep: str = '("part", SLICES)', replicate: bool = True) -> Declaration:
    text = EXAMPLE.replace('("part", SLICES)', sweep)
    return of(text if replicate else text.replace("@pytest.mark.replicate(5)\n", ""))


def record(bet: Declaration, params: Rows) -> Record:
    cells = [Cell(each, {"norm": 1.0, "full": 2.0, "placebo": 3.0}) for each in params]
    code = CodeFiles("0" * 64, {bet.file: "0" * 64})
    verdict = judge(bet.criteria, cells)
    return build(bet, verdict, cells, registration=Registration("unknown", None), code=code, environment=ENVIRONMENT)


def whole(bet: Declaration, parts: Sequence[object] = ("functions", "docs", "comments")) -> list[dict[str, object]]:
    seeds = bet.seeds(bet.replicate) if bet.replicate else [None]
    return [{"part": part} if seed is None else {"seed": seed, "part": part} for part, seed in product(parts, seeds)]


def test_a_whole_record_has_its_cells() -> None:
    """In any order; values by another name, and parameters that a fixture adds, are not judged."""
    bet = declared()
    assert other_cells(record(bet, whole(bet))) == []
    assert other_cells(record(bet, whole(bet)[::-1])) == []
    assert spanned(record(bet, whole(bet))) == 15
    added = [{**each, "device": device} for each in whole(bet) for device in ("cpu", "gpu")]
    assert other_cells(record(bet, added)) == []
    assert spanned(record(bet, added)) is None


@pytest.mark.parametrize(
    ("sweep", "parts"),
    [
        ('("part", range(1, 4))', (1, 2, 3)),
        ('("part", "abc")', ("a", "b", "c")),
        ('("part", {"a": 1, "b": 2})', ("a", "b")),
        ('("part", [1, 1.5, True, None])', (1, 1.5, True, None)),
        ('("part", [[1], [2]])', ("part0", "part1")),
        ('("part", ["a", "a"])', ("a", "a")),
        ('("part", corpus.parts())', ("whatever", "it", "gave")),
        ('("part", [pytest.param(1, id="one")])', (1,)),
    ],
)
def test_every_kind_of_sweep_is_known_or_left_alone(sweep: str, parts: Sequence[object]) -> None:
    """As pytest takes its values."""
    bet = declared(sweep)
    assert other_cells(record(bet, whole(bet, parts))) == []


def test_several_parameters_of_one_mark_go_together() -> None:
    """The parts of a value belong to their names."""
    bet = declared('("part, size", [("a", 1), ("b", 2)])', replicate=False)
    assert other_cells(record(bet, [{"part": "a", "size": 1}, {"part": "b", "size": 2}])) == []
    assert other_cells(record(bet, [{"part": "a", "size": 2}, {"part": "b", "size": 1}])) == [
        'cells that are missing: part "a", size 1; part "b", size 2',
        'cells that are not declared: part "a", size 2; part "b", size 1',
    ]


def test_cells_that_are_missing_or_were_not_declared_are_named() -> None:
    """With their number, where it differs."""
    bet = declared(replicate=False)
    assert other_cells(record(bet, whole(bet)[:2])) == [
        "the declaration spans 3 cells, the record has 2",
        'cells that are missing: part "comments"',
    ]
    assert other_cells(record(bet, whole(bet, ("functions", "docs", "easy")))) == [
        'cells that are missing: part "comments"',
        'cells that are not declared: part "easy"',
    ]
    assert other_cells(record(bet, whole(bet) * 2))[0] == "the declaration spans 3 cells, the record has 6"


def test_a_swept_parameter_that_no_cell_has_is_named() -> None:
    """Another function than the declared one ran; a fixture may give a parameter another name."""
    bet = declared(replicate=False)
    assert other_cells(record(bet, [{}])) == ["the declaration sweeps `part`, and no cell has a value of it"]
    pairs = declared('("part, size", [("a", 1), ("b", 2)])', replicate=False)
    assert other_cells(record(pairs, [{"part": "a"}, {"part": "b"}])) == [
        "the declaration sweeps `part, size`, and no cell has a value of it"
    ]
    seeds = declared()
    assert other_cells(record(seeds, [{"seed": seed} for seed in seeds.seeds(5)])) == [
        "the declaration sweeps `part`, and no cell has a value of it"
    ]
    assert other_cells(record(bet, [{"slice": "docs"}])) == []
    assert other_cells(record(declared('("part", corpus.parts())', replicate=False), [{}])) == []


def test_seeds_are_those_that_the_declaration_gives() -> None:
    """Neither others nor none."""
    bet = declared()
    shifted = [{**each, "seed": int(str(each["seed"])) + 1} for each in whole(bet)]
    assert "cells that are not declared" in other_cells(record(bet, shifted))[1]
    without = [{"part": each["part"]} for each in whole(bet)]
    assert other_cells(record(bet, without)) == ["its cells have no `seed`, and the declaration has 5 of them"]
    alone = of(EXAMPLE.replace('@pytest.mark.parametrize("part", SLICES)\n', "").replace("(seed, part)", "(seed)"))
    assert other_cells(record(alone, [{"seed": seed} for seed in range(5)])) == [
        "its seeds are not those of its declaration: seed 0; seed 1; seed 2; and 2 more"
    ]


def test_void_records_and_rehearsals_have_the_cells_that_they_have() -> None:
    """A crash leaves cells out, and a rehearsal has one seed."""
    bet = declared()
    broken = record(bet, whole(bet)[:2])
    assert other_cells(broken)
    assert other_cells(replace(broken, verdict=None)) == []
    assert other_cells(replace(broken, pilot=True)) == []


def test_a_record_is_judged_by_its_own_sentences() -> None:
    """Whatever its bet declares today."""
    bet = declared()
    good = record(bet, whole(bet))
    assert misjudged_by_itself(good) == []
    turned = replace(good, verdict="FAIL" if good.verdict != "FAIL" else "PASS")
    assert "verdict: the record says" in misjudged_by_itself(turned)[0]
    shorter = replace(good, criteria=good.criteria[1:])
    assert any("criteria" in text for text in misjudged_by_itself(shorter))


def test_a_record_whose_sentences_were_changed_has_another_digest() -> None:
    """The digest is computed again."""
    bet = declared()
    part = replace(record(bet, whole(bet)).declaration, constants={"STEPS": 1})
    forged = replace(record(bet, whole(bet)), declaration=part)
    assert misjudged_by_itself(forged) == ["declaration.digest: it is not that of what the record declares"]
    part = replace(part, strict=("what is this",))
    assert "cannot be read" in misjudged_by_itself(replace(forged, declaration=part))[0]


def test_the_digest_and_the_seeds_are_those_of_the_bet_file() -> None:
    """Computed from the record alone; and another spelling means the same."""
    bet = declared()
    part = record(bet, whole(bet)).declaration
    assert Declared(bet.id, part).digest == bet.digest
    assert list(Declared(bet.id, part).seeds) == bet.seeds(5)
    one, other = (record(declared(f'("part", {each})'), [{}]).declaration for each in ("range(0, 4)", "range(4)"))
    assert one.digest != other.digest
    assert means_same(one, other)
    assert not means_same(one, part)


def test_a_record_is_not_compared_by_a_builtin_that_the_file_binds() -> None:
    """The summary, `show` and a replay then say that the file declares something else."""
    part = declared_part(of())
    one = replace(part, digest="a", constants={"STEPS": [1, 2]})
    other = replace(part, digest="b", constants={"STEPS": {"source": "list(range(1, 3))"}})
    assert means_same(one, other)
    assert not means_same(one, other, frozenset({"range"}))


def test_parameters_leave_the_order_out_and_may_leave_the_seeds_out() -> None:
    """To compare two records."""
    bet = declared()
    one, other = record(bet, whole(bet)), record(bet, whole(bet)[::-1])
    assert parameters(one, seeds=True) == parameters(other, seeds=True)
    assert len(set(parameters(one, seeds=False))) == 3
