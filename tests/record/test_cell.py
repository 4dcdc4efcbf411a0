"""What a cell sends: JSON as a whole, and its row of the record to the letter."""

import math

from hypothesis import given
from hypothesis import strategies as st

from pytest_bets.record.cell import decode_cell, encode_cell
from pytest_bets.record.codec import cell_row
from pytest_bets.values import row

TEXTS = st.text() | st.sampled_from(['"cell": ', '", "cell": {', "\\", '\\"cell": ', "\udc80", "\n\t"])
VALUES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | TEXTS
ROWS = st.dictionaries(TEXTS, VALUES, max_size=4)


@given(st.integers(0, 10**6), st.fixed_dictionaries({"device": TEXTS, "threads": st.integers()}), ROWS, ROWS)
def test_what_a_cell_sends_holds_its_row_to_the_letter_whatever_its_texts_are(
    index: int, compute: dict[str, object], params: dict[str, object], measured: dict[str, object]
) -> None:
    """A text that looks like JSON or like a key changes nothing."""
    cell = decode_cell(encode_cell(index, 7, compute, params, measured))
    assert cell_row(cell.cell) == row({"params": params, "measured": measured})
    assert (cell.index, cell.of, cell.compute) == (index, 7, compute)


def test_a_number_that_json_lacks_is_sent_as_a_record_spells_it() -> None:
    """NaN and the infinities are strings, alone and in a curve."""
    cell = decode_cell(encode_cell(0, 1, {}, {}, {"loss": math.nan, "curve": [1, math.inf, -math.inf]}))
    assert cell_row(cell.cell) == '{"measured": {"curve": [1, "inf", "-inf"], "loss": "nan"}, "params": {}}'
    assert cell.cell.measured["curve"] == [1, math.inf, -math.inf]
