"""The command `odds`: what is known before the run, of bets as they declare it and by nulls in a file."""

from pathlib import Path

import pytest

from pytest_bets.cli.main import main
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.nulls import MARKERS, SECTIONS

ROOT = Path(__file__).parents[2]
BODY = 'return {"a": part + seed % 997 / 1e5, "b": 2 * part + 0.5 + seed % 991 / 1e5}'
WORLD = """
EFFECT = 1.0
def world(effect, rng, seed, part):
    return {"a": 0.0, "b": rng(part).gauss(effect, 1)}
"""


@pytest.fixture
def three_texts(bet: WriteBet) -> WriteBet:
    """Write a bet of fifteen cells of three texts."""

    def write(file: str = "bet_1_first.py", above: str = "", **markers: str | None) -> Path:
        given = {**MARKERS, **markers}
        sections = {**SECTIONS, "Null": SECTIONS["Null"] if given["null"] else None}
        sections |= {"Control": "a is below b in at most 9 of 15 cells."} if "control" in given else {}
        return bet(file, BODY, sections=sections, markers=given, arguments="seed, part", above=above)

    return write


def shown(capsys: pytest.CaptureFixture[str], *arguments: str, expect: int = 0) -> str:
    assert main(["odds", *arguments]) == expect
    found = capsys.readouterr()
    return " ".join((found.out + found.err).split())


def test_all_that_is_known_before_the_run_is_said(three_texts: WriteBet, capsys: pytest.CaptureFixture[str]) -> None:
    """Null, floor, luck with the worst dependence, and how often a unit must win."""
    three_texts()
    page = shown(capsys, "1")
    assert "a, b could be exchanged in each of 3 parts" in page
    assert "the smallest possible chance is 1 in 8" in page
    assert "a chance of 1 in 8 if the cells of a unit agree, and at most 1 in 4 whatever their dependence" in page
    assert "3 of 3 units must be won: for a power of 80 %, each with a probability of 93 %" in page


@pytest.mark.parametrize(
    ("strict", "won"),
    [
        ("groups(part, median(a) < median(b)) >= 2", "2 of 3"),
        ("share(a < b) > 0.3", "1 of 3"),
        ("count(a < b and part == 1) >= 2", ""),
        ("mean(b - a) > 12", ""),
    ],
)
def test_how_many_units_must_be_won_is_said_where_it_is_known(
    three_texts: WriteBet, capsys: pytest.CaptureFixture[str], strict: str, won: str
) -> None:
    """For counts of cells and of groups, and for shares."""
    path = three_texts(strict=f'"{strict}"')
    path.write_text(path.read_text(encoding="utf-8").replace("at least 12", "12, 2, 0.3"), encoding="utf-8")
    page = shown(capsys, "1")
    assert (f"{won} units must be won" in page) == bool(won)
    assert ("must be won" in page) == bool(won)


@pytest.mark.parametrize("null", [None, MARKERS["null"]])
def test_a_strict_that_the_control_excludes_is_known_before_the_run(
    three_texts: WriteBet, capsys: pytest.CaptureFixture[str], null: str | None
) -> None:
    """The session warns of it, too, and names this command."""
    three_texts(null=null, control='"count(a < b) <= 9"')
    text = 'Control strict and control cannot both be met: "count(a < b) >= 12" and "count(a < b) <= 9"'
    assert text in shown(capsys, "1")


def test_a_strict_that_luck_cannot_meet_is_said_in_words(
    three_texts: WriteBet, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three parts of five cells give 15, 5, -5 or -15."""
    three_texts(strict='"count(a < b) - count(b < a) == 12"')
    assert "luck cannot meet strict if the cells of a unit agree" in shown(capsys, "1")


def test_a_fine_unit_is_shown_with_the_coarser_ones(three_texts: WriteBet, capsys: pytest.CaptureFixture[str]) -> None:
    """1 in 57 is not shown alone."""
    three_texts(null='swap="a, b", unit="cell"')
    page = shown(capsys, "1_first")
    assert "1 in 57" in page
    assert "if the cells of a part are alike (3 parts): 1 in 8, at most 1 in 4" in page


def test_a_world_is_simulated(three_texts: WriteBet, capsys: pytest.CaptureFixture[str]) -> None:
    """The null, the power at EFFECT, and the smallest effect with enough power."""
    three_texts(above=WORLD)
    page = shown(capsys, "1")
    assert "of 2,000 simulated runs: at most 1" in page
    assert "at EFFECT = 1.0 the bet PASSes in 1,2" in page
    assert "the smallest effect with a power of 80 % is about 1." in page


def test_a_table_has_a_row_a_bet_and_all_together(
    three_texts: WriteBet, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the verdict and its known error, once there is a record."""
    three_texts()
    three_texts("bet_2_second.py", null=None)
    assert "never run" in shown(capsys)
    run("-q", "-o", "bets_luck=off")
    table = shown(capsys, "--format", "markdown")
    assert (
        '| 1_first | null(swap="a, b", unit="part") | 1 in 8, at most 1 in 4 | PASS | luck: 1 in 8 (3 parts) |' in table
    )
    assert "| 2_second | | | PASS | not known |" in table
    assert (
        "luck alone would meet strict in 0.1 on average; 1 PASSed. At a false discovery rate of 5 % stand: none."
        in table
    )


@pytest.mark.parametrize("change", [{"replicate": "6"}, {"strict": '"count(a < b) >= 13"'}])
def test_a_record_of_another_declaration_is_not_judged_by_this_one(
    three_texts: WriteBet, run: Run, capsys: pytest.CaptureFixture[str], change: dict[str, str]
) -> None:
    """Its cells may be others, and its verdict is by other sentences."""
    three_texts()
    run("-q", "-o", "bets_luck=off")
    assert "Measured PASS. If a and b could be exchanged in each of 3 parts" in shown(capsys, "1")
    path = three_texts(**change)
    path.write_text(path.read_text(encoding="utf-8").replace("at least 12", "at least 12, 13"), encoding="utf-8")
    assert "Measured the record is of another declaration: PASS; run the bet again" in shown(capsys, "1")
    assert "| PASS | luck: 1 in 8 (3 parts) |" in shown(capsys, "--format", "markdown")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[2]]\nswap = 'a, b'\n", "nulls.toml:1: there is no bet '2'"),
        ("\n[[1]]\nswap = 'a, bb'\n", "nulls.toml:2: `swap` has `bb`, which no sentence of this bet reads"),
        ("[[1]]\nswap = 'a, b'\n", "`unit` is missing: the sweep has more than one parameter"),
        ("[1]\nswap = 'a, b'\n", "nulls.toml:1: `1` is not an array of tables [1] expected: [[1]]"),
        ("[[1]\n", "nulls.toml: "),
    ],
)
def test_a_wrong_file_of_nulls_is_a_usage_error(
    three_texts: WriteBet, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    """With the line of the bet."""
    three_texts(null=None)
    Path("nulls.toml").write_text(text, encoding="utf-8")
    assert message in shown(capsys, "--nulls", "nulls.toml", expect=2)


def test_nulls_of_a_file_stand_for_those_that_are_not_declared(
    three_texts: WriteBet, capsys: pytest.CaptureFixture[str]
) -> None:
    """Chosen after the result, and not part of any declaration."""
    three_texts(null=None)
    Path("nulls.toml").write_text("[['1_first']]\nswap = 'a, b'\nunit = 'part'\nwhy = 'texts'\n", encoding="utf-8")
    assert "a chance of 1 in 8 if the cells of a unit agree" in shown(capsys, "1", "--nulls", "nulls.toml")
    assert "the chance of a verdict is not known" in shown(capsys, "1")
    assert "there is no bet '9'" in shown(capsys, "9", expect=2)


def test_a_null_of_a_stranger_cannot_act_on_the_terminal(
    bet: WriteBet, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """Control characters are shown and not sent."""
    markers = {
        "strict": '"sum(faults) == 0"',
        "lenient": '"sum(faults) <= 1"',
        "catastrophic": '"sum(faults) >= 2"',
        "null": r'none="a \x1b[31mfault\x07", tries="count(faults >= 0)"',
    }
    sections = {"Strict": "0 faults.", "Lenient": "at most 1.", "Catastrophic": "2 or more.", "Null": "no fault."}
    bet(body='return {"faults": 0}', markers=markers, sections=sections)
    run("-q")
    for arguments in (["odds"], ["odds", "1"], ["odds", "--format", "markdown"], ["show", "1"]):
        capsys.readouterr()
        assert main(arguments) == 0
        found = capsys.readouterr().out
        assert "fault" in found
        assert not {"\x1b", "\x07"} & set(found)


def test_the_table_of_the_catalogue_is_the_one_in_the_page(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """docs/error-rates.md holds what `pytest-bets odds --nulls docs/nulls.toml --format markdown` prints."""
    if not (ROOT / "bets").is_dir():
        pytest.skip("the source distribution has no catalogue")
    monkeypatch.chdir(ROOT)
    assert main(["odds", "--nulls", "docs/nulls.toml", "--format", "markdown"]) == 0
    page = (ROOT / "docs" / "error-rates.md").read_text(encoding="utf-8")
    written = page.partition("<!-- odds -->\n")[2].partition("<!-- end -->")[0]
    assert written.strip() == capsys.readouterr().out.strip()
