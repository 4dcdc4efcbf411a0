"""The functions of a bet file: every argument of the experiment comes from somewhere, no test is dropped silently."""

import json

import pytest

from tests.helpers.fixtures import Refused, Run, WriteBet

TESTS = """
def test_helper():
    raise RuntimeError

class TestGains:
    def test_one(self):
        raise RuntimeError
"""
OTHERS = """
import dataclasses

@pytest.fixture
def test_data():
    return 1

@dataclasses.dataclass
class TestConfig:
    size: int = 1

def test_like():
    return 1
test_like.__test__ = False

def helper():
    return 1
"""
ERROR = "error::pytest_bets.hooks.functions.BetWarning"
ADVICE = (
    "is not run: in a bet file pytest runs `experiment` alone. Rename it if it is a helper; "
    "if it is a test, put it into a file of its own, such as test_1_first.py"
)


def test_a_seed_without_replicate_is_refused_with_the_marker(bet: WriteBet, refused: Refused) -> None:
    """It is what replicate gives; what one cell would mean for the sentences is left out."""
    bet(arguments="seed", markers={"parametrize": None})
    assert refused() == (
        "_______________________ ERROR collecting bet_1_first.py ________________________\n"
        "bet_1_first.py:17: nothing gives the argument `seed`: neither the sweep nor a fixture has that name\n"
        "    def experiment(...)\n"
        "  expected: replicate above the experiment, which gives the seeds\n"
        "  did you mean: @pytest.mark.replicate(5)"
    )


@pytest.mark.parametrize(
    ("argument", "near"),
    [("prat", "part"), ("tmp_pth", "tmp_path"), ("offest", "offset"), ("stepz", "steps"), ("xyzzy", "")],
)
def test_an_argument_that_nothing_gives_is_refused_with_the_nearest_name(
    bet: WriteBet, refused: Refused, pytester: pytest.Pytester, argument: str, near: str
) -> None:
    """Fixtures of pytest, of a conftest.py and of the file are known, and the parameters of the sweep."""
    pytester.makeconftest("import pytest\n@pytest.fixture\ndef steps():\n    return 1")
    bet(arguments=f"part, {argument}", above="@pytest.fixture\ndef offset():\n    return 1")
    assert refused().endswith(
        f"bet_1_first.py:20: nothing gives the argument `{argument}`: neither the sweep nor a fixture has that name\n"
        "    def experiment(...)\n"
        "  expected: parametrize with that name, or a fixture" + (near and f"\n  did you mean: {near}")
    )


def test_what_a_fixture_lacks_is_refused_too(bet: WriteBet, refused: Refused) -> None:
    """It would be missed at the same moment."""
    bet(arguments="part, model", above="@pytest.fixture\ndef model(tokenizer):\n    return 1")
    assert "bet_1_first.py:20: a fixture needs `tokenizer`: neither the sweep nor a fixture has that name" in refused()


CONFTEST = """
import pytest

@pytest.fixture(autouse=True)
def seed():
    return 3

@pytest.fixture
def model(request, size):
    return size

def pytest_generate_tests(metafunc):
    if "drawn" in metafunc.fixturenames:
        metafunc.parametrize("drawn", [1])
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_an_argument_may_come_from_anywhere(
    bet: WriteBet, run: Run, pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    """A fixture called seed, one that a parameter of the sweep feeds, a hook that generates, a default, a decorator."""
    pytester.makeconftest(CONFTEST)
    path = bet(
        arguments="seed, model, drawn, tmp_path, request, half=0.5",
        above="from unittest import mock",
        markers={"parametrize": '"size", [1, 2, 3, 4]'},
        body='return {"gain": seed + model + drawn + half}',
    )
    above = '@mock.patch("os.getcwd", new=None)\n@pytest.mark.usefixtures("capsys")\ndef exp'
    path.write_text(path.read_text().replace("def exp", above))
    run(*workers)
    record = json.loads((pytester.path / "results" / "1_first.json").read_text())
    assert [cell["measured"]["gain"] for cell in record["cells"]] == [5.5, 6.5, 7.5, 8.5]


def test_a_fixture_that_is_asked_for_at_run_time_voids_the_bet_without_a_folder_of_this_machine(
    bet: WriteBet, run: Run, pytester: pytest.Pytester
) -> None:
    """No collection can know of it; the record says what was missing, and the same on every machine."""
    above = '@pytest.fixture\ndef model(request):\n    return request.getfixturevalue("tokenizer")'
    bet(arguments="part, model", above=above)
    run(expect=pytest.ExitCode.TESTS_FAILED)
    void = json.loads((pytester.path / "results" / "1_first.json").read_text())["void"]
    assert void == "4 of 4 cells crashed: experiment[1]: at setup: fixture 'tokenizer' not found"


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_test_in_a_bet_file_is_warned_of(bet: WriteBet, run: Run, workers: tuple[str, ...]) -> None:
    """It is not run; the warning says so, where it stands, and where to put it."""
    bet(above=TESTS)
    shown = run("-W", "default", *workers)
    for line, name in ((13, "test_helper"), (16, "TestGains")):
        assert f"bet_1_first.py:{line}: BetWarning: `{name}` {ADVICE}" in shown
    assert "7 passed" in shown


def test_a_warning_of_a_test_is_an_error_where_warnings_are(bet: WriteBet, run: Run) -> None:
    """As anywhere in pytest; and it is switched off as any other."""
    bet(above=TESTS)
    shown = run("-W", ERROR, expect=pytest.ExitCode.INTERRUPTED)
    assert f"`test_helper` {ADVICE}" in shown
    assert "7 passed" in run("-W", ERROR, "-W", ERROR.replace("error", "ignore"))


def test_what_is_no_test_is_not_warned_of(bet: WriteBet, run: Run, pytester: pytest.Pytester) -> None:
    """A fixture, a class without tests, what says that it is no test, a helper, and what stands in another file."""
    pytester.path.joinpath("losses.py").write_text(
        "def test_loss(): pass\nclass TestLoss:\n    def test_one(self): pass\n"
    )
    bet(above=f"from losses import TestLoss, test_loss\n{OTHERS}")
    assert "7 passed" in run("-W", ERROR)


def test_an_experiment_may_be_named_like_a_test(bet: WriteBet, run: Run) -> None:
    """It runs, and gives no warning."""
    bet(function="def test_gain")
    assert "7 passed" in run("-W", ERROR)


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_section_that_no_marker_judges_is_warned_of(bet: WriteBet, run: Run, workers: tuple[str, ...]) -> None:
    """A reader of the docstring would believe that there is a control."""
    bet(sections={"Control": "a placebo gains at most 0.1.", "Premise": "the base has learnt.", "Null": "no gain."})
    shown = run("-W", "default", *workers)
    for line, name in ((8, "Control"), (9, "Premise"), (10, "Null")):
        problem = f"no marker judges what the section `{name}:` says: add @pytest.mark.{name.lower()}(...)"
        assert f"bet_1_first.py:{line}: BetWarning: {problem}" in shown
    assert "7 passed" in shown


def test_a_section_that_says_that_there_is_none_is_not_warned_of(bet: WriteBet, run: Run) -> None:
    """Nor is one with its marker."""
    bet(
        sections={"Control": "at most 9.", "Premise": "None: the experiment always means something."},
        markers={"control": '"mean(gain) <= 9"'},
    )
    run("-W", ERROR)
