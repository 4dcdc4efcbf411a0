"""Where a record's cells and sentences stand in its file."""

import json

from pytest_bets.record.codec import cell_row, dump
from pytest_bets.report.lines import places
from tests.helpers.sites import cells, declaration, record_of


def test_each_cell_and_each_sentence_has_its_line() -> None:
    """The line that begins with it."""
    record = record_of(declaration(1)[0], cells(12))
    data = dump(record, [cell_row(cell) for cell in record.cells])
    rows, found = data.decode().split("\n"), places(data).lines
    for place, cell in enumerate(record.cells):
        assert json.loads(rows[found["cells", place] - 1].rstrip(","))["params"] == cell.params
    for place, item in enumerate(record.criteria):
        entry = "\n".join(rows[found["criteria", place] - 1 :]).partition("}")[0] + "}"
        assert json.loads(entry)["sentence"] == item.sentence
    assert len(found) == len(record.cells) + len(record.criteria)


def test_a_file_of_another_layout_has_none() -> None:
    """Nothing is said rather than something wrong."""
    record = record_of(declaration(1)[0], cells(12))
    data = dump(record, [cell_row(cell) for cell in record.cells])
    assert places(json.dumps(json.loads(data)).encode()).lines == {}
