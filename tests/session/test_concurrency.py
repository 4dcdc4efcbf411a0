"""Sessions that share a folder of results at the same time."""

import pytest

from tests.helpers.fixtures import WriteBet
from tests.helpers.processes import PATIENCE, start
from tests.helpers.results import prove_whole, records, strict

BETS = 6
SESSIONS = (("bet_1_x.py", "bet_2_x.py", "bet_3_x.py"), (), ("bet_4_x.py", "bet_5_x.py", "bet_6_x.py"), ("-n", "2"))
ROUNDS = 3


def test_sessions_at_once_on_one_folder_lose_nothing(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Every run of every session has its line, every chain holds, and the summary knows them all."""
    for number in range(1, BETS + 1):
        bet(f"bet_{number}_x.py")
    results = pytester.path / "results"
    for turn in range(1, ROUNDS + 1):
        sessions = [start(pytester.path, "-q", *arguments) for arguments in SESSIONS]
        for session in sessions:
            shown = session.communicate(timeout=PATIENCE)[0]
            assert session.returncode == 0, shown
        lines = prove_whole(results)
        for number in range(1, BETS + 1):
            own = [line for line in lines if line["bet"] == f"{number}_x"]
            assert len(own) == 3 * turn  # two sessions run all bets, two run one half each
            assert [bool(line["record"]) for line in own] == [True] + [False] * (3 * turn - 1)
    assert len(records(results)) == BETS
    summary = strict((results / "SUMMARY.json").read_bytes())
    runs = {"total": 9, "same": 9, "agreed": 9, "reproduced": 8, "replicated": 0}
    assert [row["runs"] for row in summary["bets"]] == [runs] * BETS
