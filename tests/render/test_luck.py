"""One bet's known error in sentences that a first-year student reads rightly."""

from dataclasses import replace

from pytest_bets.chance.luck import luck
from pytest_bets.record.record import Record
from pytest_bets.record.summary import overview
from pytest_bets.record.verdict import Cell
from pytest_bets.render.luck import cell_notes, held_fixed, luck_words, p_words
from pytest_bets.render.show import show
from tests.helpers.nulls import bet, none, record, swap


def shown(found: Record) -> str:
    (row,) = overview([found], [], []).bets
    return " ".join(show(None, found, row, []).split())


def test_luck_is_said_in_sentences() -> None:
    """What could be exchanged, how often strict and lenient are met, and what this is not."""
    page = shown(record(1, 3, 3))
    assert "Known error luck: 1 in 8 (3 seeds)" in page
    assert (
        "Luck If a and b could be exchanged in each of 3 seeds, luck alone meets strict with a chance of 1 in 8 "
        "(exact), and luck alone meets lenient with a chance of 88 % (exact). "
        "None of this is the probability that the claim is false."
    ) in page


def test_a_fail_has_no_known_error_and_no_chance_of_0() -> None:
    """If no relabeling meets strict, that is said in words."""
    page = shown(record(1, 0, 3))
    assert "Known error" not in page
    declared = bet("mean(b - a) >= 99", swap())
    rows = [{"seed": i, "a": i + 0.25, "b": i + 0.5} for i in range(3)]
    found = luck(declared, [{"seed": i} for i in range(3)], rows)
    assert found
    (text,) = luck_words(found)
    assert "no relabeling of these cells meets strict, and luck alone meets lenient" in text
    assert " 0 %" not in text


def test_a_limit_is_no_certainty() -> None:
    """No fault in so many tries leaves a rate."""
    page = shown(record(1, 3, 3, absent=True))
    assert "Known error faults: at most 63 % (0 of 3)" in page
    assert "No fault in 3 tries (a fault): if the tries are independent, the fault rate is at most 63 %" in page
    found = luck(bet("sum(f) == 0", none()), [{}], [{"f": 1, "tries": 3, "a": 1.0, "b": 2.0}])
    assert found
    assert list(luck_words(found)) == [
        "No limit is known for faults of the kind: a fault. The reason: strict is not met."
    ]


def test_what_drawn_relabelings_bound_is_said_with_their_number() -> None:
    """And what joined units and alike cells do to it."""
    params = [{"part": i // 2, "seed": i % 2} for i in range(14)]
    rows = [
        {**p, "a": 0.1 + p["part"] / 8 + p["seed"] * p["part"] / 1e4, "b": 0.3 + p["part"] ** 2 / 7 + p["seed"] / 1e3}
        for p in params
    ]
    found = luck(bet("median(b - a) >= 0.1", swap(unit="part, seed")), params, rows)
    assert found
    (text,) = luck_words(found)
    assert "If a and b could be exchanged in each of 13 units of part and seed, luck alone" in text
    assert "meets strict with a chance of at most" in text
    assert "of 9,999 drawn relabelings)" in text
    assert cell_notes([("1_x", found, 14)])[0].startswith("1: 1 unit was joined to another, because")
    assert "1 unit was joined to another, because they share a number to the last bit." in text
    fine = [{**row, "a": row["a"] + row["seed"] / 1e6} for row in rows]
    found = luck(bet("count(a < b) >= 12", swap(unit="cell")), params, fine)
    assert found
    assert cell_notes([("1_x", found, 14)]) == ["1: 14 cells, ICC 1.00 by part: worth 7."]
    (text,) = luck_words(found)
    assert "But the cells are alike (ICC 1.00 by part): they are worth 7. By 7 parts, luck alone" in text


def test_p_values_are_of_the_coarsest_unit_within_which_cells_are_alike() -> None:
    """A finer one would flatter."""
    params = [{"part": i // 5, "seed": i % 5} for i in range(15)]
    cells = [
        Cell(p, {"a": p["part"] + p["seed"] / 1e3 + 0.001, "b": 2 * p["part"] + 1.5 + p["seed"] / 1e3}) for p in params
    ]
    declared = bet("count(a < b) >= 12", swap(unit="cell"))
    found = replace(record(1, 3, 3), cells=tuple(cells), luck=luck(declared, params, [cell.row for cell in cells]))
    assert list(p_words(found, declared)) == [
        "A value at least as good as the measured one, if a, b could be exchanged: p = 0.12 for count(a < b) >= 12."
    ]


def test_what_was_held_fixed_is_listed() -> None:
    """String columns that are equal in all cells, and constants that are strings."""
    found = record(1, 2, 2)
    cells = tuple(Cell(cell.params, {**cell.measured, "text": "one", "name": str(cell.params)}) for cell in found.cells)
    declared = replace(found.declaration, constants={"SIZE": "30m", "STEPS": 100})
    found = replace(found, cells=cells, declaration=declared)
    assert held_fixed(found) == ["text", "SIZE"]
    assert "Held fixed text, SIZE: the result says nothing of other values" in shown(found)
    users = tuple(replace(cell, params={**cell.params, "user": "ann"}) for cell in cells)
    assert held_fixed(replace(found, cells=users)) == ["user", "text", "SIZE"]
    assert held_fixed(replace(found, cells=users[:1])) == ["user", "SIZE"]
