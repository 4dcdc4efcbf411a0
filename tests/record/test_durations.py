"""How long cells took, in a file that is no evidence."""

from pathlib import Path

import pytest

from pytest_bets.record import durations
from pytest_bets.record.durations import read_durations, write_durations
from tests.helpers.fixtures import Run, WriteBet


def test_the_last_time_counts_and_the_file_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells of the last session are kept first."""
    monkeypatch.setattr(durations, "LARGEST", 3)
    write_durations(tmp_path, {"a": 1.0, "b": 2.0})
    write_durations(tmp_path, {"c": 3.0, "a": 9.0})
    assert read_durations(tmp_path) == {"c": 3.0, "a": 9.0, "b": 2.0}
    write_durations(tmp_path, {"d": 4.0, "e": 5.0})
    assert read_durations(tmp_path) == {"d": 4.0, "e": 5.0, "c": 3.0}
    assert (tmp_path / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": "1"}', '{"a": NaN}', '{"a": -1.0}'])
def test_a_file_that_says_nothing_useful_is_ignored(tmp_path: Path, text: str) -> None:
    """It is replaced by the next session."""
    (tmp_path / "durations.json").write_text(text)
    assert read_durations(tmp_path) == {}


def test_the_longest_cell_of_a_bet_comes_first(bet: WriteBet, run: Run) -> None:
    """By its own time, and not by that of its bet; a file that lies changes the order and nothing else."""
    note = "with open('order', 'a') as file: file.write(f'{part} ')\ntime.sleep(0.2 * (part == 3))"
    bet(body=f"{note}\nreturn {{'gain': part}}", above="import time")
    orders = []
    for _ in range(2):
        Path("order").write_text("")
        run("--bets-on", "local=1")
        orders.append(Path("order").read_text().split())
    assert orders[0] == ["1", "2", "3", "4"]
    assert orders[1][0] == "3"
    assert not Path("results/durations.json").exists()
