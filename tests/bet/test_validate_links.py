"""Bets that do not fit together are a collection error: where, what, and how to correct it."""

from pathlib import Path

import pytest

from pytest_bets.bet.parse import read
from pytest_bets.bet.validate import Link, link_faults
from tests.helpers.fixtures import Refused, Run, WriteBet

HOMES = "[pytest]\nbets_paths = ."


def test_a_number_that_is_used_twice_is_one_error(bet: WriteBet, refused: Refused) -> None:
    """It names the other file, wherever it lies, and a number that is free. The folders are those of collected bets."""
    bet("bet_1_first.py")
    bet("older/bet_1_other.py")
    bet("bet_7_seventh.py")
    text = refused()
    assert (
        "older/bet_1_other.py:1: the number 1 is used twice: also by bet_1_first.py\n"
        "    bet_1_other.py\n"
        "  expected: a free number, such as 8"
    ) in text
    assert text.count("the number 1") == 1


@pytest.mark.parametrize(
    ("others", "named"),
    [
        (2, "also by d0/bet_1_x.py, d1/bet_1_x.py"),
        (9, "also by d0/bet_1_x.py, d1/bet_1_x.py, d2/bet_1_x.py and 6 more"),
    ],
)
def test_a_number_of_many_files_is_one_error_that_names_three(
    bet: WriteBet, refused: Refused, pytester: pytest.Pytester, others: int, named: str
) -> None:
    """A folder of bets that was chosen too high may contain hundreds of them; all of them are collected here."""
    pytester.makeini(HOMES)
    bet("bets/bet_1_first.py")
    for number in range(others):
        bet(f"d{number}/bet_1_x.py")
    text = refused("--import-mode=importlib")
    assert f"bets/bet_1_first.py:1: the number 1 is used by {others + 1} files: {named}\n" in text
    assert text.count("the number 1") == text.count("ERROR collecting") == 1


def test_bets_of_other_projects_are_not_looked_for(bet: WriteBet, run: Run, pytester: pytest.Pytester) -> None:
    """A root may be a home folder with many projects: only the folders of collected bets are read, and `bets`."""
    pytester.makeini("[pytest]\n")
    bet("mine/bet_1_first.py")
    bet("theirs/bet_1_first.py")
    shown = run("mine")
    assert "1_first  PASS" in shown
    bet("bets/bet_1_other.py")
    shown = run("mine", expect=pytest.ExitCode.INTERRUPTED)
    assert "mine/bet_1_first.py:1: the number 1 is used twice: also by bets/bet_1_other.py" in shown


def test_a_challenge_leads_to_a_bet_in_any_folder(bet: WriteBet, run: Run, pytester: pytest.Pytester) -> None:
    """A link that is not found in the known folders is looked for under the whole root."""
    pytester.makeini("[pytest]\n")
    bet("deep/er/bet_37_first.py")
    bet("mine/bet_62_doubt.py", markers={"challenges": "37"})
    assert "62_doubt" in run("mine")


def test_a_number_is_the_same_with_leading_zeros(bet: WriteBet, refused: Refused) -> None:
    """Digits are kept as written; the number is what they say."""
    bet("bet_1_first.py")
    bet("bet_001_other.py")
    assert "bet_001_other.py:1: the number 1 is used twice: also by bet_1_first.py" in refused()


def test_a_number_is_refused_even_if_the_other_bet_is_not_selected(
    bet: WriteBet, pytester: pytest.Pytester, refused: Refused
) -> None:
    """What a bet is called does not depend on what is run beside it."""
    pytester.makeini(HOMES)
    bet("bet_1_first.py")
    bet("older/bet_1_other.py")
    assert "the number 1 is used twice" in refused("bet_1_first.py")


def test_an_id_without_number_that_is_used_twice_is_refused(bet: WriteBet, refused: Refused) -> None:
    """Two bets cannot share a record; one error is enough."""
    bet("one/bet_gain.py")
    bet("two/bet_gain.py")
    text = refused("--import-mode=importlib")
    assert "two/bet_gain.py:1: the id gain is used twice: also by one/bet_gain.py" in text


@pytest.mark.parametrize("name", ["SUMMARY", "summary", "Journal"])
def test_an_id_that_is_the_name_of_another_file_of_results_is_refused(
    bet: WriteBet, refused: Refused, name: str
) -> None:
    """The summary would be written over its record; some file systems do not tell upper case from lower."""
    bet(f"bet_{name}.py")
    assert refused().splitlines()[-3:] == [
        f"bet_{name}.py:1: the id {name} is the name of another file in the folder of results",
        f"    bet_{name}.py",
        f"  expected: another name, such as bet_{name.lower()}_of_runs.py",
    ]


def test_ids_that_differ_in_case_alone_are_refused(bet: WriteBet, refused: Refused) -> None:
    """Where case does not count in file names, both bets would write one record."""
    bet("bet_gain.py")
    bet("bet_Gain.py")
    if len([*Path().glob("bet_*.py")]) == 1:
        pytest.skip("this file system has one file for both")
    text = refused()
    assert "bet_Gain.py:1: the id Gain differs from that of bet_gain.py in case alone" in text
    assert "bet_gain.py:1: the id gain differs from that of bet_Gain.py in case alone" in text


def test_a_challenge_to_a_bet_that_is_not_there_gets_the_nearest(bet: WriteBet, refused: Refused) -> None:
    """The link is shown, with the size of the catalogue."""
    bet("bet_1_first.py", markers={"challenges": '"gian_of_parts"'})
    bet("bet_gain_of_parts.py")
    assert refused() == (
        "_______________________ ERROR collecting bet_1_first.py ________________________\n"
        "bet_1_first.py:19: there is no bet gian_of_parts\n"
        "    challenges('gian_of_parts')\n"
        "  expected: one of the 2 bets of this catalogue\n"
        "  did you mean: gain_of_parts"
    )


def test_a_challenge_to_a_number_that_is_not_there_is_refused(bet: WriteBet, refused: Refused) -> None:
    """A typing error in a number is no link."""
    bet("bet_1_first.py", markers={"challenges": "37"})
    assert "bet_1_first.py:19: there is no bet 37\n    challenges(37)\n" in refused()


def test_a_challenge_to_a_file_that_is_no_bet_is_refused(
    bet: WriteBet, refused: Refused, pytester: pytest.Pytester
) -> None:
    """The name of a bet does not make one."""
    pytester.path.joinpath("bet_helper.py").write_text("STEPS = 3\n")
    bet("bet_1_first.py", markers={"challenges": '"helper"'})
    assert "bet_1_first.py:19: there is no bet helper" in refused()


@pytest.mark.parametrize("source", ["", "1.5", "None", "THAT", "True", 'f"first"', "[1]"])
def test_challenges_takes_literal_numbers_or_ids(bet: WriteBet, refused: Refused, source: str) -> None:
    """A link that only running the file would tell is none."""
    bet("bet_1_first.py")
    bet("bet_2_second.py", above="THAT = 1", markers={"challenges": source})
    assert (
        "bet_2_second.py:18: `challenges` takes the numbers of bets\n"
        f"    @pytest.mark.challenges({source})\n"
        "  expected: literal numbers, as in challenges(37), or ids in quotes"
    ) in refused()


@pytest.mark.parametrize("link", ["1", '"1_first"'])
def test_a_bet_that_challenges_itself_is_a_circle(bet: WriteBet, refused: Refused, link: str) -> None:
    """By number or by id."""
    bet(markers={"challenges": link})
    assert (
        "bet_1_first.py:19: a circle of challenges: bet 1 challenges 1\n"
        f"    challenges({link.replace(chr(34), chr(39))})\n"
        "  expected: challenges without a circle"
    ) in refused()


@pytest.mark.parametrize("back", ["1", '"1_first"'])
def test_two_bets_that_challenge_each_other_are_a_circle(bet: WriteBet, refused: Refused, back: str) -> None:
    """Each of the two errors shows the whole circle."""
    bet("bet_1_first.py", markers={"challenges": '"second"'})
    bet("bet_second.py", markers={"challenges": back})
    text = refused()
    assert "bet_1_first.py:19: a circle of challenges: bet 1 challenges second challenges 1" in text
    assert "bet_second.py:19: a circle of challenges: bet second challenges 1 challenges second" in text


def test_a_circle_of_three_is_found_and_a_bet_that_leads_into_it_is_not_part_of_it(
    bet: WriteBet, refused: Refused
) -> None:
    """Who challenges a circle from outside has done nothing wrong."""
    bet("bet_1_a.py", markers={"challenges": "2"})
    bet("bet_2_b.py", markers={"challenges": "3"})
    bet("bet_3_c.py", markers={"challenges": "1"})
    bet("bet_4_d.py", markers={"challenges": "1"})
    text = refused()
    assert "bet_1_a.py:19: a circle of challenges: bet 1 challenges 2 challenges 3 challenges 1" in text
    assert "bet_2_b.py:19: a circle of challenges: bet 2 challenges 3 challenges 1 challenges 2" in text
    assert "bet_3_c.py:19: a circle of challenges: bet 3 challenges 1 challenges 2 challenges 3" in text
    assert "bet_4_d.py" not in text


def test_a_bet_with_a_link_into_a_faulty_bet_has_no_fault_of_its_own(bet: WriteBet, refused: Refused) -> None:
    """The faulty bet has its own error."""
    bet("bet_1_first.py", sections={"Run": None})
    bet("bet_2_second.py", markers={"challenges": "1"})
    text = refused()
    assert "bet_1_first.py:1: the docstring has no section `Run:`" in text
    assert "bet_2_second.py" not in text


def test_a_catalogue_in_which_every_bet_challenges_all_before_it_is_checked_at_once(bet: WriteBet) -> None:
    """Each bet is visited once, not each path: sixty bets have 2**58 paths."""
    text = bet(markers={"challenges": ", ".join(map(str, range(1, 60)))}).read_text()
    declaration = read(text, "bet_60_last.py")
    assert declaration is not None

    def links(link: Link) -> list[Link]:
        return list(range(1, int(link)))

    assert link_faults(declaration, lambda link: link, links, []) == []
