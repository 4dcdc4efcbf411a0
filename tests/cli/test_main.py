"""The commands beside pytest: show, rollup, help, version; new, audit and claims have files of their own."""

import subprocess
import sys
from importlib.metadata import version

import pytest

import pytest_bets
from pytest_bets.cli.main import main
from tests.helpers.commands import run
from tests.helpers.fixtures import WriteBet


def test_show_prints_declaration_record_standing_and_history(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """One page shows declaration, record, standing and every run."""
    bet()
    bet("bet_2_doubt.py", 'return {"gain": -part}', markers={"challenges": "1"})
    for _ in range(2):
        pytester.runpytest_inprocess()
    status, output = run("show", "1")
    assert status == 0
    for line in (
        "1_first: A first claim.",
        "Hypothesis    the gain is positive, whatever the part.",
        "Strict        met: count(gain > 0) >= 3 (measured 4, margin 1)",
        "Verdict       PASS over 4 cells; registration unknown",
        "Standing      retracted by 2",
        "History       2 runs; reproduced 1 of 1",
    ):
        assert line in output
    assert output.count("PASS  strict 4") == 2
    assert run("show", "first") == run("show", "1_first") == (status, output)


def test_show_of_a_bet_that_never_ran_says_so(bet: WriteBet) -> None:
    """A declaration is shown before there is a record."""
    bet()
    output = run("show", "1")[1]
    assert "Never run: there is no record." in output
    assert "no run in the journal" in output


def test_a_number_names_the_bet_that_is_declared_not_its_former_name(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """A session of a renamed bet says `pytest-bets show 1` of the run that it has just recorded."""
    path = bet()
    pytester.runpytest_inprocess()
    path.rename(path.with_name("bet_1_later.py"))
    pytester.runpytest_inprocess()
    assert "1_first: A first claim.\n\nRenamed to 1_later." in run("show", "first")[1]
    for command in ("show", "history", "odds"):
        assert run(command, "1") == run(command, "1_later")


def test_a_name_of_several_bets_is_no_bet_of_its_own(bet: WriteBet) -> None:
    """The command does not choose one of them."""
    bet()
    bet("bet_2_first.py")
    for command in ("show", "odds"):
        expected = "first names several bets: 1_first, 2_first; give the id of one"
        assert run(command, "first") == (2, f"pytest-bets {command}: {expected}\n")


def test_show_suggests_the_nearest_bet(bet: WriteBet) -> None:
    """A misspelt id is answered with the one that was meant."""
    path = bet()
    root = path.parent
    assert run("show", "1_frist") == (
        2,
        f"pytest-bets show: there is no bet '1_frist' under {root}; did you mean 1_first?\n",
    )


def test_show_of_a_record_says_what_became_of_the_file(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """A file that cannot be read is not gone."""
    path = bet()
    pytester.runpytest_inprocess()
    path.write_text(path.read_text().replace('"count(gain > 0) >= 3"', '"count(gain > 0 >= 3"'))
    status, output = run("show", "1")
    assert status == 0
    assert f"\nFile          cannot be read: {path.name}:" in output
    assert "is gone" not in output
    path.unlink()
    assert "\nThe bet's file is gone.\n" in run("show", "1")[1]


def test_show_of_a_faulty_bet_prints_its_faults(bet: WriteBet) -> None:
    """The errors of its collection are shown here, too."""
    bet(markers={"strict": '"cuont(gain > 0) >= 3"'})
    status, output = run("show", "1")
    assert status == 2
    assert "`cuont` is not a reducer" in output
    assert "did you mean: count" in output


def test_rollup_makes_the_summary_again_to_the_byte(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """What a session wrote and what the command writes are the same."""
    bet()
    pytester.runpytest_inprocess()
    files = [pytester.path / "results" / name for name in ("SUMMARY.md", "SUMMARY.json")]
    before = [path.read_bytes() for path in files]
    for path in files:
        path.unlink()
    status, output = run("rollup")
    assert (status, [path.read_bytes() for path in files]) == (0, before)
    assert output == "results/SUMMARY.md: 1 bet: 1 PASS, 0 LENIENT, 0 FAIL; 0 of 1 registered before their run\n"


def test_rollup_without_results_says_what_is_missing(pytester: pytest.Pytester) -> None:
    """No folder is made where there is nothing to sum up."""
    assert run("rollup") == (
        2,
        f"pytest-bets rollup: there is no folder {pytester.path / 'results'}: "
        "no bet was run, or --results names another\n",
    )


def test_help_shows_how_bets_are_run_and_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """The first thing that a user reads names pytest and every command."""
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    output = capsys.readouterr().out
    assert "pytest bets/ -m strict" in output
    for command in ("new ", "show ", "rollup ", "claims "):
        assert f"    {command}" in output


def test_an_unknown_command_lists_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt command is a usage error."""
    with pytest.raises(SystemExit, match="2"):
        main(["shw"])
    assert "choose from" in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["show"], ["new"]], ids=["alone", "before a command", "before another"])
def test_version_is_that_of_the_package(command: list[str]) -> None:
    """All three ways to ask give the same answer."""
    assert run("--version", *command) == (0, f"pytest-bets {version('pytest-bets')}\n")
    assert pytest_bets.__version__ == version("pytest-bets")


def test_the_package_has_no_other_attributes_that_are_made_up() -> None:
    """Looking the version up lazily hides no misspelling."""
    with pytest.raises(AttributeError, match="module 'pytest_bets' has no attribute '__verison__'"):
        pytest_bets.__verison__  # noqa: B018


def test_importing_the_package_does_not_look_the_version_up() -> None:
    """Every session of pytest imports it."""
    script = "import pytest_bets, sys; print('importlib.metadata' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_conflict_in_the_summary_names_the_command_that_resolves_it(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Two branches that both ran bets always conflict there; no command but rollup touches the file."""
    bet()
    pytester.runpytest_inprocess()
    summary = pytester.path / "results" / "SUMMARY.md"
    good = summary.read_bytes()
    summary.write_bytes(b"<<<<<<< HEAD\n" + good + b"=======\n" + good + b">>>>>>> other\n")
    status, output = run("show", "1")
    hint = "results/SUMMARY.md: a merge conflict was left here; `pytest-bets rollup` writes the file again\n"
    assert (status, output.endswith(f"pytest-bets show: {hint}")) == (0, True)
    assert "merge conflict" not in run("rollup")[1]
    assert summary.read_bytes() == good
    assert "merge conflict" not in run("show", "1")[1]


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    """As in `pytest-bets show 1 --cells | head`."""
    command = [sys.executable, "-m", "pytest_bets", "schema"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.communicate()[1] == ""
    assert process.returncode == 0


SHADOWS = ("argparse", "iniconfig", "pytest", "_pytest", "scipy", "filelock", "markdown_it", "json", "subprocess")


def test_an_interrupted_command_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C, wherever it comes: no traceback, and the status that a shell gives."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pytest_bets.cli.main.locate", interrupted)
    assert main(["audit"]) == 130
    assert capsys.readouterr().err == "pytest-bets audit: interrupted\n"


def test_no_module_of_the_project_at_hand_is_imported(pytester: pytest.Pytester, bet: WriteBet) -> None:
    """Python puts the working folder on the path of `-m`; a stranger's modules there must not run."""
    bet()
    for name in SHADOWS:
        (pytester.path / f"{name}.py").write_text(f"open('ran', 'a').write('{name}')\nraise SystemExit('{name}')\n")
    (pytester.path / "pytest.ini").write_text("[pytest]\naddopts = -p evil\npythonpath = .\n")
    (pytester.path / "conftest.py").write_text("pytest_plugins = ['evil']\nopen('ran', 'a').write('conftest')\n")
    (pytester.path / "evil.py").write_text("open('ran', 'a').write('evil')\n")
    (pytester.path / "README.md").write_text("Bet 1 is void.\n")
    (pytester.path / "results").mkdir()
    for words in (("show", "1"), ("claims",), ("rollup",), ("audit",)):
        status, shown = run(*words)
        assert status in (0, 1, 3), shown
        assert "Traceback" not in shown
    assert not (pytester.path / "ran").exists()
