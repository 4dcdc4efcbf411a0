"""Which files are bets, and what of pytest works in them as in any test file."""

import json
import os

import pytest

from tests.helpers.fixtures import Refused, WriteBet

BROKEN = 'raise RuntimeError("imported")\n'


def collected(pytester: pytest.Pytester, *arguments: str) -> list[str]:
    result = pytester.runpytest_inprocess("--collect-only", "-q", "-p", "no:randomly", *arguments)
    assert result.ret in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    return [line for line in result.outlines if "::" in line]


CELLS = [f"bet_1_first.py::experiment[{part}]" for part in (1, 2, 3, 4)]
TIERS = [f"bet_1_first.py::{tier}" for tier in ("strict", "lenient", "catastrophic")]


def test_a_bet_file_gives_its_cells_and_then_one_item_a_tier(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """The control has an item where there is one."""
    bet()
    assert collected(pytester) == [*CELLS, *TIERS]
    bet(markers={"control": '"count(gain < 0) <= 1"'}, sections={"Control": "1"})
    assert collected(pytester) == [*CELLS, *TIERS, "bet_1_first.py::control"]


@pytest.mark.parametrize("arguments", [(), ("--doctest-glob=*.txt",), ("-m", "not slow"), ("--import-mode=importlib",)])
def test_an_unnumbered_file_without_our_markers_is_not_even_imported(
    bet: WriteBet, pytester: pytest.Pytester, arguments: tuple[str, ...]
) -> None:
    """Its name alone does not make it ours."""
    bet()
    pytester.path.joinpath("bet_helper.py").write_text(f"{BROKEN}def test_one(): pass\n")
    pytester.path.joinpath("bet_helper-old.py").write_text(f"{BROKEN}def test_one(): pass\n")
    assert collected(pytester, *arguments) == [*CELLS, *TIERS]


def test_a_file_that_only_speaks_of_our_markers_is_left_alone(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """A docstring or a comment about `pytest.mark.strict` marks nothing."""
    bet()
    pytester.path.joinpath("bet_notes.py").write_text(f'"""Use pytest.mark.strict."""\n# @pytest.mark.strict\n{BROKEN}')
    assert collected(pytester) == [*CELLS, *TIERS]


def test_a_file_that_is_no_bet_is_a_test_file_when_it_is_named(pytester: pytest.Pytester) -> None:
    """On the command line, as any Python file."""
    pytester.path.joinpath("bet_helper.py").write_text("def test_one(): pass\ndef experiment(): pass\n")
    assert collected(pytester) == []
    assert collected(pytester, "bet_helper.py") == ["bet_helper.py::test_one"]


@pytest.mark.parametrize("pattern", ["bet_*.py", "*.py", "checks/bet_*.py"])
def test_a_file_that_is_no_bet_is_a_test_file_where_the_users_own_pattern_takes_it(
    bet: WriteBet, pytester: pytest.Pytester, pattern: str
) -> None:
    """`python_files` is the user's, as pytest reads it, and a bet is a bet whatever it says."""
    pytester.makeini(f"[pytest]\npython_files = {pattern}\n")
    bet()
    (pytester.path / "checks").mkdir()
    pytester.path.joinpath("checks", "bet_helper.py").write_text("def test_one(): pass\n")
    assert sorted(collected(pytester)) == sorted([*CELLS, *TIERS, "checks/bet_helper.py::test_one"])


def test_functions_of_test_files_are_untouched_by_our_markers(pytester: pytest.Pytester) -> None:
    """In a file that is no bet `strict` is the user's own, and what a test returns is pytest's to judge."""
    pytester.makeini("[pytest]\nmarkers =\n    strict: ours\n")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.strict
        @pytest.mark.replicate(3)
        @pytest.mark.control("not a sentence")
        def test_one():
            assert 1 + 1 == 2

        @pytest.mark.strict("count(gain > 0) >= 3")
        def experiment():
            return {"gain": 1}
        """
    )
    pytester.runpytest_inprocess("--strict-markers").assert_outcomes(passed=1)


def test_a_bet_without_a_number_has_its_slug_for_an_id(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """It is run and recorded as any."""
    bet("bet_gain.py")
    pytester.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=7)
    record = json.loads((pytester.path / "results" / "gain.json").read_text())
    assert (record["bet"]["id"], record["bet"]["number"], record["verdict"]) == ("gain", None, "PASS")


def test_a_bet_whose_name_has_another_form_gets_the_right_one(bet: WriteBet, refused: Refused) -> None:
    """Its markers say that it is a bet, and its record would have no name."""
    bet("bet_1-first.py")
    assert (
        "bet_1-first.py:1: this is not a bet file name\n"
        "    bet_1-first.py\n"
        "  expected: bet_<number>_<slug>.py, of letters, digits and underscores\n"
        "  did you mean: bet_1_first.py"
    ) in refused()


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("bet-01-first.py", "bet_01_first.py"),
        ("Bet_01.py", "bet_01.py"),
        ("bets/01_first.py", "bet_01_first.py"),
        ("test_bet_1.py", "bet_1.py"),
    ],
)
@pytest.mark.parametrize("named", [False, True], ids=["folder", "file"])
def test_a_bet_under_a_name_that_pytest_passes_over_is_an_error(
    bet: WriteBet, refused: Refused, name: str, right: str, named: bool
) -> None:
    """It would be a green session in which the bet did not run."""
    bet(name)
    shown = refused(*([name] if named else []))
    assert f"{name}:1: this is not a bet file name, so pytest would not run it" in shown
    assert f"  did you mean: {right}" in shown
    assert "Unknown pytest.mark" not in shown


def test_a_number_that_runs_into_the_name_is_parted_from_it(bet: WriteBet, refused: Refused) -> None:
    """`bet_1x.py` is a bet without a number; its title says what was meant."""
    bet("bet_1x.py", title="Bet 1: a claim.")
    assert "the file's name bet_1x.py has no number" in (shown := refused())
    assert "  did you mean: bet_1_x.py" in shown


def test_the_experiment_may_have_any_name_and_helpers_are_not_collected(
    bet: WriteBet, pytester: pytest.Pytester
) -> None:
    """The criteria choose the function."""
    above = "def helper(): return 1\nclass Helper:\n    def test_one(self): pass\n"
    bet(function="def measure", above=above)
    assert collected(pytester)[:2] == ["bet_1_first.py::measure[1]", "bet_1_first.py::measure[2]"]
    assert not [line for line in collected(pytester) if "helper" in line.lower()]


def test_a_failing_assertion_in_an_experiment_shows_its_values(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Assertions of bet files are rewritten as those of test files."""
    bet(body='wanted = [1, 2]\nassert wanted == [1, part]\nreturn {"gain": part}')
    result = pytester.runpytest_inprocess("-p", "no:randomly")
    result.stdout.fnmatch_lines(["E * assert [[]1, 2] == [[]1, 1]", "E * At index 1 diff: 2 != 1"])
    result.assert_outcomes(passed=1, failed=3, skipped=3)


def test_one_cell_and_one_tier_are_selected_by_their_ids(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """As any item on the command line."""
    bet()
    assert collected(pytester, "bet_1_first.py::experiment[2]") == ["bet_1_first.py::experiment[2]"]
    assert collected(pytester, "bet_1_first.py::strict") == ["bet_1_first.py::strict"]
    assert collected(pytester, "bet_1_first.py::experiment") == CELLS


def test_each_tier_is_selected_by_its_marker_with_the_cells(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """The cells carry every marker by their decorators, a tier its own."""
    bet()
    assert collected(pytester, "-m", "strict") == [*CELLS, "bet_1_first.py::strict"]
    assert collected(pytester, "-m", "lenient or catastrophic") == [*CELLS, *TIERS[1:]]


PLACES = {
    "from the root": ("", "exp/bet_1_first.py", ()),
    "from a subfolder": ("exp", "exp/bet_1_first.py", ()),
    "named from a subfolder": ("exp", "exp/bet_1_first.py", ("bet_1_first.py",)),
    "named by another subfolder": ("other", "exp/bet_1_first.py", ("../exp/bet_1_first.py",)),
    "importlib": ("", "exp/bet_1_first.py", ("--import-mode=importlib",)),
    "append": ("", "exp/bet_1_first.py", ("--import-mode=append",)),
    "without a cache": ("", "exp/bet_1_first.py", ("-p", "no:cacheprovider")),
    "with strict markers": ("", "exp/bet_1_first.py", ("--strict-markers", "--strict-config")),
    "with doctests": ("", "exp/bet_1_first.py", ("--doctest-modules",)),
    "with warnings as errors": ("", "exp/bet_1_first.py", ("-W", "error")),
    "plain assertions": ("", "exp/bet_1_first.py", ("--assert=plain",)),
}


@pytest.mark.parametrize("package", [False, True])
@pytest.mark.parametrize("place", PLACES)
def test_a_bet_is_the_same_from_wherever_it_is_run(
    bet: WriteBet, pytester: pytest.Pytester, place: str, package: bool
) -> None:
    """Items, verdict and the record's place and file do not depend on the call, nor on a package around the file."""
    pytester.makeini("[pytest]\n")
    folder, file, arguments = PLACES[place]
    bet(file)
    (pytester.path / "other").mkdir()
    if package:
        (pytester.path / "exp" / "__init__.py").touch()
    os.chdir(pytester.path / folder)
    result = pytester.runpytest_inprocess("-p", "no:randomly", *arguments)
    result.assert_outcomes(passed=7)
    record = json.loads((pytester.path / "results" / "1_first.json").read_text())
    assert record["bet"]["file"] == "exp/bet_1_first.py"
    assert record["verdict"] == "PASS"


def test_a_bet_below_a_symbolic_link_to_the_root_is_recorded_by_its_place_below_the_root(
    bet: WriteBet, pytester: pytest.Pytester, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A project that is reached by a link has the same records."""
    pytester.makeini("[pytest]\n")
    bet("exp/bet_1_first.py")
    link = tmp_path_factory.mktemp("links") / "project"
    link.symlink_to(pytester.path, target_is_directory=True)
    pytester.runpytest_inprocess("-p", "no:randomly", str(link)).assert_outcomes(passed=7)
    record = json.loads((pytester.path / "results" / "1_first.json").read_text())
    assert record["bet"]["file"] == "exp/bet_1_first.py"
    assert list(record["code"]["definitions"]) == ["exp/bet_1_first.py"]


def test_collecting_alone_runs_no_experiment_and_writes_nothing(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """`--collect-only` has no side effect."""
    bet(body='raise RuntimeError("ran")')
    result = pytester.runpytest_inprocess("--collect-only")
    assert result.ret == pytest.ExitCode.OK
    assert not (pytester.path / "results").exists()


@pytest.mark.parametrize("options", [(), ("-n2",), ("-m", "strict"), ("--bets-on", "local:2")])
def test_a_module_that_skips_itself_is_skipped_and_named(
    bet: WriteBet, pytester: pytest.Pytester, options: tuple[str, ...]
) -> None:
    """`importorskip` works in a bet file; the bet has no row, so a line says that it was not judged, and why."""
    bet(above='pytest.importorskip("no_such_module", reason="no such module here")')
    result = pytester.runpytest_subprocess(*options)
    result.assert_outcomes(skipped=1)
    lines = [line for line in result.outlines if "skips itself" in line]
    assert lines == ["bet_1_first.py skips itself, and was not judged: no such module here"]
