"""Processes that have different sweeps measure some values twice and others never: such a bet is void and red."""

from pathlib import Path

import pytest

from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.results import prove_whole, records

OK, FAILED = pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED
MODES = {"plain": (), "workers": ("-n", "2"), "children": ("--bets-on", "local=2")}
TURNING = """
import itertools, os, pathlib, time

def turned(values):
    "Each process that imports this begins the values at another place."
    folder = pathlib.Path(__file__).parent
    for turn in itertools.count():
        try:
            os.close(os.open(folder / f"turn{turn}", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            continue
        turn %= len(values)
        return values[turn:] + values[:turn]
"""
SWEEPS = {
    "objects": ('"part", turned([(1,), (2,), (3,), (4,)])', "part[0]"),
    "plain values under ids of places": ('"part", turned([1, 2, 3, 4]), ids=["a", "b", "c", "d"]', "part"),
}
VOID = "its cells are not of one sweep: the processes that ran them had other values or another order"


@pytest.mark.parametrize("sweep", SWEEPS)
@pytest.mark.parametrize("mode", MODES)
def test_no_verdict_is_made_of_different_sweeps(bet: WriteBet, run: Run, mode: str, sweep: str) -> None:
    """One process judges what it has measured; several may have measured one value twice."""
    marker, value = SWEEPS[sweep]
    bet(body=f'time.sleep(0.2)\nreturn {{"gain": {value}}}', above=TURNING, markers={"parametrize": marker})
    shown = run(*MODES[mode], expect=OK if mode == "plain" else FAILED)
    record = records(Path("results"))["1_first"]
    (line,) = prove_whole(Path("results"))
    if mode == "plain":
        assert (record["verdict"], record["catastrophic"], len(record["cells"])) == ("PASS", False, 4)
    else:
        assert f"catastrophic: cannot be judged: {VOID}" in shown
        assert (record["verdict"], line["verdict"], record["cells"]) == (None, None, [])
        assert record["void"].startswith(VOID)
    assert not list(Path("results").rglob("*.cells"))


@pytest.mark.parametrize("mode", [name for name in MODES if name != "plain"])
def test_a_selection_hides_no_difference(bet: WriteBet, run: Run, mode: str) -> None:
    """Without any tier, the session is red."""
    marker, value = SWEEPS["objects"]
    bet(body=f'time.sleep(0.2)\nreturn {{"gain": {value}}}', above=TURNING, markers={"parametrize": marker})
    assert VOID in run("-k", "experiment", *MODES[mode], expect=FAILED)


HONEST = """
import functools, threading, time
from pathlib import Path

WORDS = ["alpha", "beta", "gamma", "delta", "epsilon"]
class Held:
    def __init__(self, gain): self.gain, self.words, self.lock, self.me = gain, set(WORDS), threading.Lock(), self
"""


def test_processes_agree_on_the_same_objects(bet: WriteBet, run: Run) -> None:
    """Sets of words within values, lambdas, locks, paths: the record has the bytes of one process."""
    bet(
        body='time.sleep(0.1)\npart.append(1)\nreturn {"gain": 1}',
        above=HONEST,
        markers={
            "parametrize": '"part", [[frozenset(WORDS)], [Held(1), lambda x: x], [Path(__file__)], [abs, set(WORDS)]]'
        },
    )
    for mode, arguments in MODES.items():
        run(*arguments, f"--bets-results={mode}")
    found = {mode: Path(mode, "1_first.json").read_bytes() for mode in MODES}
    assert len(set(found.values())) == 1
