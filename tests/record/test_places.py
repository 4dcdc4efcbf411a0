"""Where bets are looked for: in the folders that are set, or in those where bets were found before."""

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_bets.cli.main import main
from tests.helpers.fixtures import Run, WriteBet


def summary() -> list[dict[str, Any]]:
    """Return the rows of the summary."""
    return list(json.loads(Path("results/SUMMARY.json").read_bytes())["bets"])


def test_a_summary_has_the_same_bets_whichever_a_session_collects(
    bet: WriteBet, run: Run, pytester: pytest.Pytester
) -> None:
    """It knows the folders of its own rows and of the records. `rollup` looks everywhere, and a session agrees."""
    pytester.makeini("[pytest]\n")
    bet("mine/bet_1_first.py")
    bet("other/bet_2_second.py")
    bet("drafts/bet_3_third.py")
    run("mine")
    assert [row["id"] for row in summary()] == ["1_first"]
    run("other")
    assert main(["rollup"]) == 0
    assert [row["id"] for row in summary()] == ["1_first", "2_second", "3_third"]
    run("mine")
    rows = summary()
    assert [row["id"] for row in rows if row["file"]] == ["1_first", "2_second", "3_third"]
    Path("results/SUMMARY.json").write_text('{"bets": [{"file": "../../outside/bet_9.py"}, 5]}')
    run("mine")
    rows = summary()
    assert [row["id"] for row in rows] == ["1_first", "2_second"]


def test_the_commands_look_in_the_folders_that_are_set(bet: WriteBet, run: Run, pytester: pytest.Pytester) -> None:
    """And where bets were run before."""
    pytester.makeini("[pytest]\nbets_paths = mine\n")
    bet("mine/deep/bet_1_first.py")
    bet("other/bet_1_second.py")
    bet("third/bet_3_third.py")
    run("mine", "third")
    assert main(["rollup"]) == 0
    rows = summary()
    assert [(row["id"], row["file"]) for row in rows] == [
        ("1_first", "mine/deep/bet_1_first.py"),
        ("3_third", "third/bet_3_third.py"),
    ]
    pytester.makeini("[pytest]\nbets_paths = gone\n")
    assert main(["rollup"]) == 2
    assert "bets_paths in the settings: there is no folder" in run(expect=pytest.ExitCode.USAGE_ERROR)


def test_a_summary_and_a_record_of_a_stranger_name_no_folder_that_stops_a_session(bet: WriteBet, run: Run) -> None:
    """JSON that is too deep to be read, and a folder that no system has."""
    bet()
    run()
    for text in ("[" * 100_000, '{"bets": [{"file": "a\\u0000b/bet_9.py"}]}'):
        Path("results/SUMMARY.json").write_text(text)
        assert main(["show", "1"]) == 0
        run()
        assert [row["id"] for row in summary()] == ["1_first"]
