"""The catalogue: the bet files under a root, found and read but never imported."""

import pytest

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.diagnostics import DeclarationError
from tests.helpers.fixtures import WriteBet


def test_bets_are_found_in_every_folder_but_those_of_tools(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Hidden folders, builds and virtual environments hold copies, not bets."""
    bet("bet_1_here.py")
    bet("deep/er/bet_2_there.py")
    for folder in (".git", ".tox", "build", "dist", "node_modules", "venv", "__pycache__", "deep/.hidden"):
        bet(f"{folder}/bet_3_copy.py")
    bet("env/lib/bet_4_installed.py")
    (pytester.path / "env" / "pyvenv.cfg").touch()
    assert Catalogue(pytester.path).paths == [
        pytester.path / "bet_1_here.py",
        pytester.path / "deep" / "er" / "bet_2_there.py",
    ]


def test_declarations_come_by_number_and_then_by_name_beside_the_errors(
    bet: WriteBet, pytester: pytest.Pytester
) -> None:
    """9 before 10, those without number last, and no fault hides a good bet."""
    for name in ("bet_10_ten.py", "bet_9_nine.py", "bet_zeta.py", "bet_alpha.py", "sub/bet_0_zero.py"):
        bet(name)
    bet("bet_5_faulty.py", sections={"Run": None})
    pytester.path.joinpath("bet_helper.py").write_text("raise RuntimeError")
    good, bad = Catalogue(pytester.path).declarations()
    assert [declaration.id for declaration in good] == ["0_zero", "9_nine", "10_ten", "alpha", "zeta"]
    assert [error.faults[0].file for error in bad] == ["bet_5_faulty.py"]
    assert [declaration.file for declaration in good][:1] == ["sub/bet_0_zero.py"]


def test_a_file_is_read_once(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """What a session says about a bet does not change while it runs."""
    path = bet()
    catalogue = Catalogue(pytester.path)
    first = catalogue.declaration(path)
    path.write_text("def (")
    assert catalogue.declaration(path) is first


def test_a_faulty_file_raises_the_same_error_each_time(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Every reader gets the error, not only the first."""
    path = bet(sections={"Run": None})
    catalogue = Catalogue(pytester.path)
    for _ in range(2):
        with pytest.raises(DeclarationError, match=r"bet_1_first\.py:1: the docstring has no section `Run:`"):
            catalogue.declaration(path)


def test_a_bet_is_found_by_number_or_id(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Leading zeros belong to the id alone; a file of digits has its number."""
    paths = {name: bet(f"bet_{name}.py") for name in ("007_bond", "12", "gain")}
    catalogue = Catalogue(pytester.path)
    assert catalogue.find(7) == catalogue.find("007_bond") == paths["007_bond"]
    assert catalogue.find(12) == catalogue.find("12") == paths["12"]
    assert catalogue.find("gain") == paths["gain"]
    assert catalogue.find(8) is None
    assert catalogue.find("bond") is None


def test_the_next_number_is_after_the_highest(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Gaps stay: a number that was withdrawn is not given again. An empty catalogue begins with 1."""
    assert Catalogue(pytester.path).next_number() == 1
    bet("bet_3_c.py")
    bet("sub/bet_41_d.py")
    assert Catalogue(pytester.path).next_number() == 42


def test_a_bet_outside_of_the_root_is_read_and_named_in_full(
    bet: WriteBet, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A file that is named on the command line may be outside the root."""
    path = bet()
    declaration = Catalogue(tmp_path_factory.mktemp("elsewhere")).declaration(path)
    assert declaration is not None
    assert declaration.file == path.as_posix()


def test_a_file_that_cannot_be_opened_is_a_fault_of_the_file(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """A link that leads nowhere is reported like any fault, where there are bets."""
    bet("bet_2_second.py")
    path = pytester.path / "bet_1_gone.py"
    path.symlink_to("nowhere.py")
    catalogue = Catalogue(pytester.path)
    with pytest.raises(DeclarationError, match=r"bet_1_gone\.py:1: the file cannot be read: .*No such file"):
        catalogue.declaration(path)
    assert len(catalogue.declarations()[1]) == 1


def test_bets_behind_a_link_out_of_the_root_are_found(
    bet: WriteBet, pytester: pytest.Pytester, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """As pytest finds them; a link within the root leads to files that are found where they are."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    link = pytester.path / "bets"
    link.symlink_to(elsewhere)
    bet().rename(elsewhere / "bet_1_first.py")
    assert [declared.file for declared in Catalogue(pytester.path).declarations()[0]] == ["bets/bet_1_first.py"]
    link.unlink()
    elsewhere.rename(pytester.path / "research")
    link.symlink_to("research")
    assert [declared.file for declared in Catalogue(pytester.path).declarations()[0]] == ["research/bet_1_first.py"]
