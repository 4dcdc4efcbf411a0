"""A bet is selected whole, its catastrophe is never hidden by a selection, and shards say what they leave to others."""

from pathlib import Path

import pytest

from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.results import journal, records
from tests.helpers.terminal import outcomes

OK, FAILED = pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED
RESULTS = Path("results")
MODES = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["plain", "distributed"])
LENIENT = 'return {"gain": part - 2}'
CATASTROPHE = 'return {"gain": -part}'


@MODES
@pytest.mark.parametrize(
    "selection",
    [
        ("bet_1_first.py::experiment",),
        ("-k", "experiment"),
        ("--deselect", "bet_1_first.py::catastrophic"),
        ("-m", "strict"),
        ("-m", "lenient"),
        ("-m", "not control"),
        ("bet_1_first.py::experiment", "bet_1_first.py::lenient"),
        ("-k", "experiment", "--bets-gate", "catastrophic"),
        ("-k", "experiment", "--bets-gate", "strict"),
    ],
    ids=" ".join,
)
def test_a_catastrophe_is_red_whatever_was_selected(
    bet: WriteBet, run: Run, selection: tuple[str, ...], workers: tuple[str, ...]
) -> None:
    """Where all cells of a bet ran, its catastrophic tier gates."""
    bet(body=CATASTROPHE)
    shown = run(*selection, *workers, expect=FAILED)
    assert "FAILED bet_1_first.py::catastrophic" in shown
    assert "catastrophic tripped: count(gain > 0) < 1 (measured 0, threshold 1, margin -1)" in shown
    assert shown.count("_ 1_first catastrophic _") == 1
    assert records(RESULTS)["1_first"]["catastrophic"] is True


@MODES
@pytest.mark.parametrize(
    ("selection", "body"),
    [
        (("-k", "experiment"), LENIENT),
        (("bet_1_first.py::experiment",), LENIENT),
        (("-k", "experiment"), 'return {"gain": part - 3}'),
        (("-k", "experiment", "--bets-gate", "none"), CATASTROPHE),
    ],
)
def test_no_other_tier_is_red_that_was_not_asked_for(
    bet: WriteBet, run: Run, selection: tuple[str, ...], body: str, workers: tuple[str, ...]
) -> None:
    """A missed strict or lenient tier that was not selected turns nothing red; nor does anything with gate none."""
    bet(body=body)
    assert outcomes(run(*selection, *workers)).startswith("4 passed")


@pytest.mark.parametrize("gate", ["strict", "lenient", "regression"])
def test_a_gate_that_was_named_holds_for_tiers_that_were_not_selected(bet: WriteBet, run: Run, gate: str) -> None:
    """Who names a gate asks for it."""
    body = 'import pathlib\nreturn {"gain": part - (3 if pathlib.Path("worse").exists() else 0)}'
    bet(body=body)
    run()
    Path("worse").touch()
    shown = run("-k", "experiment", "--bets-gate", gate, expect=FAILED)
    assert "lenient not met: count(gain > 0) >= 2" in shown


def test_a_part_of_the_cells_turns_nothing_red(bet: WriteBet, run: Run) -> None:
    """Some cells give no verdict, and the table says so."""
    bet(body=CATASTROPHE)
    shown = run("-k", "experiment and not 4")
    assert outcomes(shown) == "3 passed, 4 deselected"
    assert "1_first  not judged  1 of 4 cells did not run" in shown


def test_what_cannot_be_judged_is_red_though_no_tier_was_selected(bet: WriteBet, run: Run) -> None:
    """All cells ran, and there is no verdict: a green session would hide it."""
    bet(body='return {"gain": "much"}')
    run("-k", "experiment", expect=FAILED)


@pytest.fixture
def three(bet: WriteBet) -> None:
    """Write a PASS, a LENIENT and a catastrophe."""
    bet()
    bet("bet_2_second.py", body=LENIENT)
    bet("bet_3_third.py", body=CATASTROPHE)


def exit_code(shown: str) -> pytest.ExitCode:
    """Return what a session must end with, by its last line."""
    said = outcomes(shown)
    return FAILED if "failed" in said else OK if "passed" in said else pytest.ExitCode.NO_TESTS_COLLECTED


@MODES
@pytest.mark.parametrize("splits", [2, 3, 5])
@pytest.mark.parametrize("algorithm", ["duration_based_chunks", "least_duration"])
@pytest.mark.usefixtures("three")
def test_the_shards_of_pytest_split_keep_bets_whole(
    run: Run, splits: int, algorithm: str, workers: tuple[str, ...]
) -> None:
    """Every bet is judged in one shard, the one with the catastrophe is red, and each says what others have."""
    pytest.importorskip("pytest_split")
    red, judged = [], []
    for group in range(1, splits + 1):
        options = ("--splits", f"{splits}", "--group", f"{group}", "--splitting-algorithm", algorithm)
        folder = Path(f"shard{group}")
        said = ("-p", "pytest_split.plugin", *options, *workers, "--bets-results", str(folder))
        shown = run(*said, expect=exit_code)
        own = set(records(folder)) if folder.exists() else set()
        red += [group] if exit_code(shown) == FAILED else []
        judged += sorted(own)
        for name in {"1_first", "2_second", "3_third"} - own:
            assert name in shown.partition("to other shards, and a bet is judged whole: not run here: ")[2]
    assert sorted(judged) == ["1_first", "2_second", "3_third"]
    assert len(red) == 1


@pytest.mark.usefixtures("three")
def test_a_shard_takes_what_m_has_selected(run: Run) -> None:
    """-m strict in shards asks for strict alone: a LENIENT bet is red there, a PASS is not."""
    pytest.importorskip("pytest_split")
    shown = run("-p", "pytest_split.plugin", "--splits", "3", "--group", "1", "-m", "strict")
    assert outcomes(shown) == "5 passed, 16 deselected"
    shown = run("-p", "pytest_split.plugin", "--splits", "3", "--group", "2", "-m", "strict", expect=FAILED)
    assert "FAILED bet_2_second.py::strict - strict not met" in shown
    assert "lenient" not in shown.partition("short test summary")[2]


@MODES
@pytest.mark.parametrize("way", ["items[:] = kept", "items[:] = kept; config.hook.pytest_deselected(items=left)"])
def test_what_a_hook_leaves_out_of_a_bet_comes_back(
    bet: WriteBet, run: Run, way: str, workers: tuple[str, ...]
) -> None:
    """A hook that drops the bad cells cannot make a claim out of the good ones; nor can one that drops a tier."""
    bet(body=LENIENT)
    Path("test_beside.py").write_text("def test_one(): pass\ndef test_two(): pass\n")
    Path("conftest.py").write_text(
        "def pytest_collection_modifyitems(config, items):\n"
        "    bad = ('experiment[1]', 'experiment[2]', 'catastrophic', 'test_two')\n"
        "    kept = [item for item in items if item.name not in bad]\n"
        "    left = [item for item in items if item.name in bad]\n"
        f"    {way}\n"
    )
    shown = run(*workers)
    counted = ", 1 deselected" if "pytest_deselected" in way and not workers else ""
    assert outcomes(shown) == f"7 passed{counted}, 1 unmet"
    assert records(RESULTS)["1_first"]["verdict"] == "LENIENT"


def test_what_a_hook_leaves_out_whole_stays_out(bet: WriteBet, run: Run) -> None:
    """A hook may choose between bets."""
    bet()
    bet("bet_2_second.py", body=CATASTROPHE)
    Path("conftest.py").write_text(
        "def pytest_collection_modifyitems(config, items):\n"
        "    items[:] = [item for item in items if item.path.name != 'bet_2_second.py']\n"
    )
    assert outcomes(run()) == "7 passed"
    assert set(records(RESULTS)) == {"1_first"}


def test_what_the_user_deselects_stays_out_beside_a_hook(bet: WriteBet, run: Run) -> None:
    """-k and --deselect are the user's choice, also if a hook leaves out more."""
    bet()
    Path("conftest.py").write_text(
        "def pytest_collection_modifyitems(items):\n"
        "    items[:] = [item for item in items if item.name != 'experiment[2]']\n"
    )
    dropped = ("bet_1_first.py::strict", "bet_1_first.py::lenient")
    shown = run("-k", "experiment or catastrophic", "--deselect", dropped[0], "--deselect", dropped[1], "-v")
    names = [line.split()[0].partition("::")[2] for line in shown.splitlines() if line.startswith("bet_1_first.py::")]
    assert names == [*(f"experiment[{part}]" for part in (1, 2, 3, 4)), "catastrophic"]
    assert records(RESULTS)["1_first"]["verdict"] == "PASS"


@pytest.mark.parametrize("option", ["--lf", "--sw"])
def test_last_failed_and_stepwise_are_the_users_selection(
    bet: WriteBet, pytester: pytest.Pytester, option: str
) -> None:
    """A cell that crashed is run alone, or first; a part of a bet is not judged, and the table says so."""
    bet(body='if part == 3 and pathlib.Path("broken").exists():\n    raise RuntimeError\nreturn {"gain": part}',
        above="import pathlib")  # fmt: skip
    Path("broken").touch()
    arguments = ("-p", "no:randomly", option)
    assert pytester.runpytest_inprocess(*arguments).ret in (FAILED, pytest.ExitCode.INTERRUPTED)
    Path("broken").unlink()
    result = pytester.runpytest_inprocess(*arguments)
    assert result.ret == OK
    judged = "2 of 4 cells did not run" if option == "--sw" else "PASS"
    assert judged in result.stdout.str()


def test_a_bet_that_is_collected_twice_is_not_measured_twice(bet: WriteBet, run: Run) -> None:
    """--keep-duplicates gives every cell twice; the bet is judged over each cell once, or not at all."""
    bet(body=LENIENT)
    run("bet_1_first.py", "bet_1_first.py", "--keep-duplicates")
    for line in journal(RESULTS):
        assert line["cells"]["count"] == 4
        assert line["verdict"] in ("LENIENT", None)


@MODES
@pytest.mark.parametrize(
    "repeated", ["*items, *items", "*items[:3], *items", "*items, items[0]", "*items[::-1], *items"]
)
def test_a_hook_that_repeats_cells_is_refused(bet: WriteBet, run: Run, repeated: str, workers: tuple[str, ...]) -> None:
    """One of two measurements would be lost, whichever it is: the first pass gained, and the second did not."""
    bet(body='AGAIN.append(part)\nreturn {"gain": 1 if AGAIN.count(part) == 1 else -1}', above="AGAIN = []")
    bet("other/bet_2_second.py")
    conftest = "def pytest_collection_modifyitems(items):\n    own = [i for i in items if 'first' in i.nodeid]\n"
    Path("conftest.py").write_text(
        f"{conftest}    rest = [i for i in items if i not in own]\n    items[:] = own\n"
        f"    items[:] = [{repeated}] + rest\n"
    )
    shown = run(*workers, expect=FAILED)
    assert "its cells were not run: a plugin or a conftest.py has put them into the session more than once" in shown
    assert outcomes(shown) == "7 passed, 7 skipped, 1 error"
    assert [line["bet"] for line in journal(RESULTS)] == ["2_second"]


@MODES
def test_a_hook_that_repeats_tiers_repeats_nothing(bet: WriteBet, run: Run, workers: tuple[str, ...]) -> None:
    """A tier is reported once, and what was measured is whole."""
    bet(body='return {"gain": -part}')
    Path("conftest.py").write_text("def pytest_collection_modifyitems(items):\n    items += items[-3:]\n")
    assert outcomes(run(*workers, expect=FAILED)) == "1 failed, 4 passed, 2 unmet"


LATE = """
import pytest

class Last:
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items):
        yield
        items[:] = [*items, *items]

def pytest_itemcollected(item):
    if not item.config.pluginmanager.has_plugin("late"):
        item.config.pluginmanager.register(Last(), "late")
"""


@MODES
def test_cells_that_are_repeated_after_all_other_hooks_are_red(
    bet: WriteBet, run: Run, workers: tuple[str, ...]
) -> None:
    """The bet may be judged by then; what was measured afterwards is not lost without a word."""
    bet()
    Path("conftest.py").write_text(LATE)
    run(*workers, expect=FAILED)


@MODES
def test_a_file_that_is_named_twice_runs_once(bet: WriteBet, run: Run, workers: tuple[str, ...]) -> None:
    """--keep-duplicates gave every cell twice, and the second measurement was lost."""
    bet(body='with open("ran", "a") as file:\n    file.write("x")\nreturn {"gain": part}')
    shown = run("bet_1_first.py", "bet_1_first.py", "--keep-duplicates", *workers)
    assert outcomes(shown) == "7 passed"
    assert Path("ran").read_text() == "xxxx"
