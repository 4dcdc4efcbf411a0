"""Columns of one type from rows of any."""

from hypothesis import given
from hypothesis import strategies as st

from pytest_bets.export.tables import cells, columns
from pytest_bets.record.verdict import Cell

VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.floats()).map(tuple))
ROWS = st.lists(st.dictionaries(st.sampled_from("abcd"), VALUES, min_size=1))


@given(ROWS)
def test_every_column_has_a_value_a_row_and_one_type(rows: list[dict[str, object]]) -> None:
    """A name that a row lacks is missing there; nothing else is."""
    found = columns(rows)
    assert set(found) == {name for row in rows for name in row}
    for name, values in found.items():
        assert len(values) == len(rows)
        assert [value is None for value in values] == [row.get(name) is None for row in rows]
        assert len({type(value) for value in values if value is not None}) <= 1


def test_numbers_stay_numbers_and_mixtures_become_text() -> None:
    """An integer beside a float becomes a float; a number beside a string becomes its JSON."""
    rows = [{"a": 1, "b": True, "c": 1, "d": (1, True)}, {"a": 2.5, "b": 2, "c": "x", "d": "y"}]
    assert columns(rows) == {"a": [1.0, 2.5], "b": [1.0, 2.0], "c": ["1", "x"], "d": ["[1, true]", "y"]}


def test_a_measured_name_bet_does_not_hide_the_id() -> None:
    """It gets a column of its own."""
    assert cells([("1_a", Cell({"part": 1}, {"bet": 2}))]) == {"bet": ["1_a"], "part": [1], "bet_": [2]}
