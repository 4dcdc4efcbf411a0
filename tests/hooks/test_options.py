"""Options that mean nothing, or two things, are refused before anything runs."""

import pytest

from tests.helpers.fixtures import Run, WriteBet


@pytest.mark.parametrize("text", ["STEPS", "steps=3", "=3", "A-B=3", "A.B=3"])
def test_an_override_without_a_constants_name_is_refused(pytester: pytest.Pytester, text: str) -> None:
    """The form is shown."""
    result = pytester.runpytest_inprocess("--bets-set", text)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: --bets-set {text}: expected NAME=VALUE with a constant's capital name, as in STEPS=10"]
    )


REPLAY = "--bets-replay runs no experiment: it goes with none of --bets-pilot, --bets-set, --bets-resume"
RESUME = "--bets-resume goes with neither --bets-pilot nor --bets-set: only runs of record are resumed"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--bets-replay", "--bets-pilot"), REPLAY),
        (("--bets-replay", "--bets-set", "A=1"), REPLAY),
        (("--bets-replay", "--bets-resume"), REPLAY),
        (("--bets-resume", "--bets-pilot"), RESUME),
        (("--bets-resume", "--bets-set", "A=1"), RESUME),
    ],
)  # fmt: skip
def test_options_that_contradict_each_other_are_refused(
    bet: WriteBet, pytester: pytest.Pytester, arguments: tuple[str, ...], message: str
) -> None:
    """Nothing runs under options that mean two things."""
    bet(above="A = 1")
    result = pytester.runpytest_inprocess(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {message}" in result.stderr.str()


def test_an_unknown_gate_in_the_settings_is_refused(pytester: pytest.Pytester) -> None:
    """All gates are listed, as the command line lists them."""
    pytester.makeini("[pytest]\nbets_gate = strickt\n")
    result = pytester.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    expected = "expected one of auto, strict, lenient, catastrophic, regression, none"
    assert f"ERROR: bets_gate is 'strickt' in the settings; {expected}" in result.stderr.str()


def test_an_empty_results_folder_in_the_settings_is_the_default(
    bet: WriteBet, pytester: pytest.Pytester, run: Run
) -> None:
    """As for the commands; the root itself got the records, and `git add .` was the advice."""
    bet()
    pytester.makeini("[pytest]\nbets_results =\n")
    run()
    assert (pytester.path / "results/1_first.json").is_file()


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="older versions have no settings with types")
@pytest.mark.parametrize("name", ["bets_results", "bets_slurm", "bets_resources", "bets_attempts", "bets_luck"])
def test_a_setting_of_another_type_is_one_clear_error(
    bet: WriteBet, pytester: pytest.Pytester, run: Run, name: str
) -> None:
    """It was a traceback where it was read only at the first bet file."""
    bet()
    (pytester.path / "pytest.toml").write_text(f"[pytest]\n{name} = 3\n", encoding="utf-8")
    shown = run(expect=pytest.ExitCode.USAGE_ERROR)
    assert f"config option '{name}' expects a " in shown
    assert "Traceback" not in shown
