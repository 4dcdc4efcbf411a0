"""What belongs in one drawing, and what its units are."""

from dataclasses import replace

from pytest_bets.record.verdict import Cell
from pytest_bets.report.panel import across, averaged, grouped_rows, panels, unit_of
from tests.helpers.sites import cells, declaration, record_of

RECORD = record_of(declaration(1)[0], cells(12))


def test_columns_that_one_sentence_reads_are_in_one_panel() -> None:
    """In the order of the sentences, each with the tiers that read it; texts and curves are in none."""
    (panel,) = panels(RECORD)
    assert [column.name for column in panel.columns] == ["norm", "full", "placebo"]
    assert panel.roles == ("strict, lenient, catastrophic", "strict, lenient, catastrophic, control", "control")


def test_a_drawing_has_a_parameter_across_that_is_no_seed() -> None:
    """The seed only where there is no other, and the one that a sentence groups by first."""
    group = across(RECORD)
    assert group is not None
    assert group.name == "part"
    only = replace(RECORD, cells=tuple(Cell({"seed": n}, {"norm": n}) for n in range(3)))
    assert [found.name for found in [across(only)] if found] == ["seed"]
    assert across(replace(RECORD, cells=RECORD.cells[:1])) is None


def test_the_units_are_those_that_do_not_flatter() -> None:
    """With several parameters within a group it is the coarsest, or what a null declares; with one it is the cell."""
    assert unit_of(RECORD, across(RECORD)) is None
    assert unit_of(RECORD, None) == "part"
    declared = replace(RECORD, declaration=replace(RECORD.declaration, null=({"swap": "norm, full", "unit": "seed"},)))
    assert unit_of(declared, None) == "seed"
    assert averaged([("a", 1.0), ("a", 3.0), ("b", 5.0)]) == [2.0, 5.0]


def test_groups_keep_the_order_of_the_sweep() -> None:
    """Each with the places of its cells."""
    assert grouped_rows(across(RECORD), 15)[0] == ("functions", [0, 3, 6, 9, 12])
    assert grouped_rows(None, 2) == [("all cells", [0, 1])]
