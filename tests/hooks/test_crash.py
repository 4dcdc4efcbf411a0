"""A crash voids its bet alone: the session is red, no average is taken of what is left, and no verdict is replaced."""

from pathlib import Path

import pytest

from pytest_bets.hooks.crash import crash_reason
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.results import journal, known, records, strict
from tests.helpers.terminal import outcomes

SUBTESTS = pytest.mark.skipif(not hasattr(pytest, "Subtests"), reason="subtests are part of pytest from 9 on")

RESULTS = Path("results")
FAILED = pytest.ExitCode.TESTS_FAILED
BREAKABLE = """
if pathlib.Path("broken").exists():
    raise RuntimeError("boom")
return {"gain": part}
"""
SETUP = """
    @pytest.fixture
    def gpu(part):
        if part == 2:
            raise RuntimeError("no GPU")
"""
TEARDOWN = """
    @pytest.fixture
    def gpu(part):
        yield
        if part == 2:
            raise RuntimeError("the GPU hangs")
"""


CRASHES = (
    ("", "part", "assert part != 2", "assert 2 != 2"),
    ("", "part", 'if part == 2:\n    pytest.fail("out of memory", pytrace=False)', "Failed: out of memory"),
    (SETUP, "part, gpu", "", "at setup: RuntimeError: no GPU"),
    (TEARDOWN, "part, gpu", "", "at teardown: RuntimeError: the GPU hangs"),
)


@pytest.mark.parametrize("arguments", [[], ["-n", "2"]], ids=["plain", "distributed"])
def test_a_crash_voids_its_bet_alone(bet: WriteBet, run: Run, arguments: list[str]) -> None:
    """The other bets are judged and recorded; a void record has the measured cells and the reason."""
    bet()
    for number, (above, parameters, body, _) in enumerate(CRASHES, start=2):
        bet(f"bet_{number}_broken.py", body=f'{body}\nreturn {{"gain": part}}', above=above, arguments=parameters)
    shown = run("-rs", *arguments, expect=FAILED)
    found = records(RESULTS)
    assert (found["1_first"]["verdict"], found["1_first"]["void"]) == ("PASS", None)
    for number, (*_, reason) in enumerate(CRASHES, start=2):
        void = f"1 of 4 cells crashed: experiment[2]: {reason}"
        assert f"not judged: {void}" in shown
        broken = found[f"{number}_broken"]
        assert (broken["verdict"], broken["void"], broken["criteria"]) == (None, void, [])
        assert [cell["params"]["part"] for cell in broken["cells"]] == [1, 3, 4]


def test_a_void_run_replaces_no_verdict(bet: WriteBet, run: Run) -> None:
    """The record keeps its bytes; journal and summary show the void run."""
    bet(body=BREAKABLE, above="import pathlib")
    run()
    before = known(RESULTS)["1_first.json"]
    Path("broken").touch()
    shown = run(expect=FAILED)
    assert known(RESULTS)["1_first.json"] == before
    assert [line["void"] for line in journal(RESULTS)] == [
        None,
        "4 of 4 cells crashed: experiment[1]: RuntimeError: boom",
    ]
    assert "0 records written, 1 unchanged" in shown
    (row,) = strict((RESULTS / "SUMMARY.json").read_bytes())["bets"]
    assert (row["verdict"], row["runs"]["total"], row["runs"]["agreed"]) == ("PASS", 2, 1)


def test_a_verdict_replaces_a_void_record(bet: WriteBet, run: Run) -> None:
    """After the crash is fixed, the void record is replaced."""
    bet(body=BREAKABLE, above="import pathlib")
    Path("broken").touch()
    run(expect=FAILED)
    assert records(RESULTS)["1_first"]["void"] is not None
    Path("broken").unlink()
    run()
    assert (records(RESULTS)["1_first"]["verdict"], records(RESULTS)["1_first"]["void"]) == ("PASS", None)


def test_a_crash_is_red_under_every_gate(bet: WriteBet, run: Run) -> None:
    """--bets-gate none is about tiers; a crashed cell is a failed test."""
    bet(body='assert part != 2\nreturn {"gain": part}')
    assert outcomes(run("--bets-gate", "none", expect=FAILED)) == "1 failed, 3 passed, 3 skipped"


def test_a_cell_that_is_expected_to_fail_voids_its_bet(bet: WriteBet, run: Run) -> None:
    """A mark of xfail keeps the session green, and makes no measurement of a crash."""
    bet(body='assert part != 2\nreturn {"gain": part}', markers={"xfail": ""})
    shown = run("-rs")
    assert outcomes(shown) == "3 skipped, 1 xfailed, 3 xpassed"
    assert "not judged: 1 of 4 cells crashed: experiment[2]: assert 2 != 2" in shown
    assert records(RESULTS)["1_first"]["verdict"] is None


@pytest.mark.parametrize(
    ("scope", "arguments"),
    [
        *((scope, []) for scope in ("module", "package", "session")),
        ("module", ["-n", "2"]),
        ("module", ["-p", "pytest_randomly", "--randomly-seed=2"]),
    ],
    ids=repr,
)
def test_a_wide_fixture_that_fails_to_be_torn_down_turns_the_session_red(
    bet: WriteBet, run: Run, scope: str, arguments: list[str]
) -> None:
    """Whichever item is the last, each process reports the error once, and the session fails."""
    above = f"""
        @pytest.fixture(scope="{scope}")
        def server():
            yield
            raise RuntimeError("the server does not stop")
    """
    bet(above=above, arguments="part, server")
    shown = run(*arguments, expect=FAILED)
    assert "RuntimeError: the server does not stop" in shown
    assert "1 error" in outcomes(shown) or "2 errors" in outcomes(shown)


def test_a_wide_fixture_is_shared_by_the_cells(bet: WriteBet, run: Run) -> None:
    """A module's fixture is set up once for all cells, and its teardown comes after the tiers, which use none of it."""
    above = """
        calls = []

        @pytest.fixture(scope="module")
        def model():
            calls.append(1)
            yield len(calls)
            calls.append(2)

        @pytest.fixture(autouse=True)
        def each():
            calls.append(0)
    """
    bet(above=above, arguments="part, model", body='return {"gain": model, "calls": len(calls)}')
    run("--setup-show")
    assert [cell["measured"] for cell in records(RESULTS)["1_first"]["cells"]] == [
        {"gain": 1, "calls": calls} for calls in (2, 3, 4, 5)
    ]


@SUBTESTS
@pytest.mark.parametrize("arguments", [[], ["-n", "2"]], ids=["plain", "distributed"])
def test_subtests_do_not_disturb_the_judging(bet: WriteBet, run: Run, arguments: list[str]) -> None:
    """A subtest that passes or is skipped reports under its cell's id, and is neither a cell nor its end."""
    body = """
        for index in range(3):
            with subtests.test(index=index):
                if index == 1:
                    pytest.skip("not this one")
        return {"gain": part}
    """
    bet(body=body, arguments="part, subtests")
    shown = run(*arguments)
    assert records(RESULTS)["1_first"]["verdict"] == "PASS"
    assert len(journal(RESULTS)) == 1
    assert "7 passed" in outcomes(shown)


@SUBTESTS
def test_a_subtest_that_fails_voids_the_cell(bet: WriteBet, run: Run) -> None:
    """The test that a failed subtest belongs to fails, so that its measurements do not count."""
    body = """
        with subtests.test("sane"):
            assert part != 2
        return {"gain": part}
    """
    bet(body=body, arguments="part, subtests")
    run(expect=FAILED)
    assert records(RESULTS)["1_first"]["verdict"] is None
    assert "1 of 4 cells crashed: experiment[2]: contains 1 failed subtest" in records(RESULTS)["1_first"]["void"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("ValueError: no data", "ValueError: no data"),
        ("assert 1 == 2\n  where 1 = f()", "assert 1 == 2"),
        ("", "it failed"),
        ("file /home/me/lab/b.py, line 1\n  def f():\nE       fixture 'x' not found\n>  y", "fixture 'x' not found"),
        ("OSError: [Errno 2] No such file: '/home/me/lab/data/a.txt'", "OSError: [Errno 2] No such file: 'data/a.txt'"),
        ("OSError: [Errno 2] No such file: '/srv/x-1/a.txt'", "OSError: [Errno 2] No such file: '.../a.txt'"),
        ("/home/me/lab/bet_1.py:3: no", "bet_1.py:3: no"),
        ("no answer from https://a.org/b/c, 3/4 of bets/", "no answer from https://a.org/b/c, 3/4 of bets/"),
    ],
)  # fmt: skip
def test_why_a_cell_crashed_is_one_line_without_a_folder_of_this_machine(text: str, line: str) -> None:
    """A record is the same on every machine."""
    assert crash_reason(text, "/home/me/lab/") == line
    assert "/home" not in crash_reason(text, "")


@pytest.mark.parametrize("arguments", [[], ["-n", "2"]], ids=["plain", "distributed"])
@pytest.mark.parametrize("body", ["raise RuntimeError(LONG)", "pytest.skip(LONG)"], ids=["crash", "skip"])
def test_a_long_reason_leaves_a_line_in_the_journal(bet: WriteBet, run: Run, arguments: list[str], body: str) -> None:
    """A line has at most two million bytes: a reason of more had kept the run out of the journal."""
    bet(body=f'if part == 1:\n    {body}\nreturn {{"gain": part}}', above='LONG = "x" * 2_100_000')
    run("--tb=no", *arguments, expect=FAILED if "raise" in body else pytest.ExitCode.OK)
    (line,) = journal(RESULTS)
    assert len(line["void"]) < 2_100
    assert line["void"].endswith("...")
    assert "x" * 1_000 in line["void"]
