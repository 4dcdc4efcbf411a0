"""Equal failures of the cells of a bet are shown once, and counted; nothing else that reads them changes."""

from pathlib import Path

import pytest

from tests.helpers.fixtures import Run, WriteBet

FAILED = pytest.ExitCode.TESTS_FAILED
MANY = {"parametrize": '"part", range(8)'}


def blocks(shown: str, title: str = "FAILURES") -> str:
    """Return the section in which pytest shows failures."""
    return shown.partition(f"= {title} =")[2].partition("= bets =")[0]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["plain", "two workers"])
def test_a_crash_of_many_cells_is_shown_once(bet: WriteBet, run: Run, workers: tuple[str, ...]) -> None:
    """With its traceback and the count of the others. The summary, -rA and JUnit's file have all of them."""
    bet(body='if part < 7:\n    raise ValueError("boom")\nassert part < 0', markers=MANY)
    Path("test_other.py").write_text('import pytest\n@pytest.mark.parametrize("n", [1, 2])\ndef test_it(n): assert 0\n')
    shown = run("-rA", "--junitxml=j.xml", *workers, expect=FAILED)
    assert blocks(shown).count("E           ValueError: boom") == 1
    assert blocks(shown).count("\n6 more cells failed in the same way: experiment[") == 1
    assert blocks(shown).count("assert 7 < 0") == 1
    assert blocks(shown).count("def test_it(n): assert 0") == 2
    assert shown.count("FAILED bet_1_first.py::experiment[") == 8
    assert Path("j.xml").read_text().count("E           ValueError: boom") == 7
    assert "10 failed" in shown


def test_a_fixture_that_fails_for_every_cell_is_shown_once(bet: WriteBet, run: Run) -> None:
    """Its errors are counted like failures."""
    bet(arguments="part, data", above="@pytest.fixture\ndef data():\n    raise OSError('no data')", markers=MANY)
    shown = run(expect=FAILED)
    assert blocks(shown, "ERRORS").count("OSError: no data") == 1
    assert "7 more cells failed in the same way: experiment[1]," in shown
    assert "and 2 more (-vv shows each)" in shown


def test_each_failure_is_shown_with_more_verbosity_and_where_it_differs(bet: WriteBet, run: Run) -> None:
    """-vv shows all; another message, and the same message in another bet, is another failure."""
    body = 'return {"gain": None if part < 3 else "text" if part == 3 else 1}'
    bet(body=body)
    bet("bet_2_second.py", body=body)
    shown = run(expect=FAILED)
    for number, name in ((1, "first"), (2, "second")):
        assert shown.count(f"\nbet_{number}_{name}.py:18: `gain` is a NoneType") == 1
        assert shown.count(f"\nbet_{number}_{name}.py:18: strict") == 1
    assert shown.count("\n1 more cell failed in the same way: experiment[2] (-vv shows each)") == 2
    assert blocks(run("-vv", expect=FAILED)).count("bet_1_first.py:18: `gain` is a NoneType") == 2


@pytest.mark.parametrize("style", ["line", "native", "no"])
def test_every_style_of_tracebacks_works(bet: WriteBet, run: Run, style: str) -> None:
    """The short styles print the place of a failure, which a folded one has too."""
    bet(body='raise ValueError("boom")', markers=MANY)
    shown = run(f"--tb={style}", expect=FAILED)
    # an older pytest prints only the line of a folded failure in this style
    is_short = style == "line" and pytest.version_tuple < (9,)
    assert blocks(shown).count("more cells failed in the same way") == (0 if style == "no" or is_short else 1)
