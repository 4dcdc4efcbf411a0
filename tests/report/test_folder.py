"""The folder of a site."""

from pathlib import Path

import pytest

from pytest_bets.diagnostics import CommandError
from pytest_bets.report.folder import LIST, write


def test_files_of_an_earlier_site_are_removed_and_others_stay(tmp_path: Path) -> None:
    """Such as the CNAME of a web host."""
    site = tmp_path / "site"
    assert write(site, [("index.html", b"1"), ("bets/a.html", b"a")]) == 2
    (site / "CNAME").write_text("example.org")
    before = (site / "index.html").stat().st_mtime_ns
    write(site, [("index.html", b"1"), ("data/b.csv", b"b")])
    assert (site / "index.html").stat().st_mtime_ns == before
    assert sorted(path.name for path in site.rglob("*") if path.is_file()) == sorted(
        [LIST, "CNAME", "b.csv", "index.html"]
    )
    assert not (site / "bets").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    """A wrong --out must not cost files."""
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(CommandError, match="not of a site; name an empty folder with --out"):
        write(tmp_path, [("index.html", b"")])
    with pytest.raises(CommandError, match="found a file"):
        write(tmp_path / "thesis.tex", [("index.html", b"")])
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_edited_list_removes_nothing_outside(tmp_path: Path) -> None:
    """Names with .. and links that lead out are not followed."""
    site, outside = tmp_path / "site", tmp_path / "outside"
    outside.mkdir()
    (outside / "a").write_text("x")
    (tmp_path / "b").write_text("x")
    write(site, [("index.html", b"")])
    (site / "link").symlink_to(outside)
    (site / LIST).write_text(f"../b\nlink/a\n{tmp_path}/b\nindex.html\n")
    write(site, [("index.html", b"")])
    assert (outside / "a").exists()
    assert (tmp_path / "b").exists()


@pytest.mark.parametrize("name", ["index.html", "bets", LIST])
def test_a_link_that_leads_out_is_not_written_through(tmp_path: Path, name: str) -> None:
    """A clone may come with a folder that looks like a site."""
    site, outside = tmp_path / "site", tmp_path / "outside"
    outside.mkdir()
    (outside / "a.html").write_text("precious")
    write(site, [("index.html", b"1"), ("bets/a.html", b"a")])
    if name == "bets":
        (site / "bets/a.html").unlink()
        (site / "bets").rmdir()
    else:
        (site / name).unlink()
    (site / name).symlink_to(outside if name == "bets" else outside / "a.html")
    with pytest.raises(CommandError, match="leads out of the folder of the site"):
        write(site, [("index.html", b"2"), ("bets/a.html", b"b")])
    assert (outside / "a.html").read_text() == "precious"
