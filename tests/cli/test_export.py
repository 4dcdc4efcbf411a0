"""`pytest-bets export`."""

import hashlib
import importlib
import importlib.util
import math
import sys
from pathlib import Path

import pytest

import pytest_bets
from pytest_bets.cli.main import main
from tests.export.test_csv import read
from tests.helpers.commands import run
from tests.helpers.repositories import commit, git, isolate
from tests.helpers.sites import write_catalogue

for library in ("pyarrow.parquet", "yaml"):  # now: a session in this process forgets its imports
    if importlib.util.find_spec(library.partition(".")[0]):
        importlib.import_module(library)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project with the results of four bets, in which the test stands."""
    monkeypatch.chdir(tmp_path)
    write_catalogue(tmp_path)
    return tmp_path


def test_csv_has_the_tables_that_load_gives(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All of them, value by value, NaN and infinity as well."""
    assert main(["export", "--to", "csv", "--out", "tables"]) == 0
    assert capsys.readouterr().out == "tables: 4 files\n"
    results = pytest_bets.load(project / "results")
    for name in ("bets", "criteria", "cells", "runs"):
        found = read((project / f"tables/{name}.csv").read_bytes().decode())
        expected = {
            key: [str(value) if isinstance(value, list) else value for value in values]
            for key, values in results.table(name).items()
        }
        assert repr(found) == repr(expected)


def test_one_bet_is_exported_alone(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By its number; an unknown one is named with the nearest."""
    assert main(["export", "2", "--to", "csv"]) == 0
    assert set(read((project / "export/csv/cells.csv").read_bytes().decode())["bet"]) == {"2_made"}
    assert main(["export", "2_mad", "--to", "csv", "--out", "other"]) == 2
    assert "there is no bet '2_mad'" in capsys.readouterr().err


def test_parquet_is_read_back(project: Path) -> None:
    """Types and values are those of the frames."""
    pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = project / "results/1_made.json"
    assert main(["export", "--to", "parquet"]) == 0
    results = pytest_bets.load(project / "results")
    for name in ("bets", "criteria", "cells", "runs"):
        table = parquet.read_table(project / f"export/parquet/{name}.parquet")
        assert repr(table.to_pydict()) == repr(results.to_arrow(name).to_pydict())
    assert path.exists()


def test_parquet_keeps_nan_and_infinity() -> None:
    """Missing is not NaN."""
    pytest.importorskip("pyarrow")
    from pyarrow import BufferReader, parquet

    from pytest_bets.export.frames import to_parquet

    data = to_parquet({"gain": [math.nan, math.inf, -math.inf, None], "loss": [[math.nan], None, [], [0.1]]})
    found = parquet.read_table(BufferReader(data)).to_pydict()
    assert repr(found) == repr({"gain": [math.nan, math.inf, -math.inf, None], "loss": [[math.nan], None, [], [0.1]]})


def test_prml_is_of_committed_bets(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run or not; a bet that was changed since is named, and the hash of the dataset is that of the committed file."""
    pytest.importorskip("yaml")
    isolate(monkeypatch)
    status, output = run("export", "--to", "prml", "--producer", "example.org")
    assert (status, "is in no git checkout: commit the bets first" in output) == (3, True)
    git("init", "-q", "-b", "main")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-02-03T04:05:06+01:00")
    commit("bets")
    bet = project / "bets/bet_3_made.py"
    bet.write_text(bet.read_text().replace(">= 12", ">= 11").replace("least 12", "least 11"))
    (project / "bets/bet_1_made.py").write_text(f"{(project / 'bets/bet_1_made.py').read_text()}# a comment\n")
    status, output = run("export", "--to", "prml", "--producer", "example.org")
    assert (status, output) == (0, "export/prml: 18 files\nleft out: bet 3_made: what it declares is not committed\n")
    text = (project / "export/prml/1_made-strict-1.prml.yaml").read_text()
    assert "created_at: '2026-02-03T03:05:06Z'" in text
    data = git("show", "HEAD:bets/bet_1_made.py").encode() + b"\n"
    assert f"hash: {hashlib.sha256(data).hexdigest()}" in text
    digest = (project / "export/prml/1_made-strict-1.prml.prml.sha256").read_text()
    assert digest == f"{hashlib.sha256(text.encode()).hexdigest()}\n"


def test_prml_needs_a_producer_and_a_commit(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shallow clone cannot give the time of the declaration."""
    assert run("export", "--to", "prml") == (
        2,
        "pytest-bets export: prml needs --producer: a DNS name, an ORCID or a GitHub handle of who makes the claims\n",
    )
    isolate(monkeypatch)
    git("init", "-q", "-b", "main")
    status, output = run("export", "--to", "prml", "--producer", "example.org")
    assert (status, "no bet is committed as it is" in output) == (2, True)
    assert "left out: bet 1_made: it is not committed" in output
    (project / ".git/shallow").write_text("")
    commit("bets")
    (project / ".git/shallow").write_text(git("rev-parse", "HEAD") + "\n")
    status, output = run("export", "--to", "prml", "--producer", "example.org")
    assert (status, "git fetch --unshallow" in output) == (3, True)


def test_prml_cannot_determine_anything_in_a_damaged_repository(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What git says is printed, without a traceback."""
    pytest.importorskip("yaml")
    isolate(monkeypatch)
    git("init", "-q", "-b", "main")
    first = commit("bets")
    bet = project / "bets/bet_1_made.py"
    bet.write_text(f"{bet.read_text()}# a comment\n")
    commit("bets")
    (project / ".git/objects" / first[:2] / first[2:]).unlink()
    status, output = run("export", "--to", "prml", "--producer", "example.org")
    assert (status, output.startswith("pytest-bets export: ")) == (3, True)
    assert f"Could not read {first}" in output
    assert "Traceback" not in output


def test_prml_names_a_bet_that_cannot_be_read(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left out, as one that is not committed is."""
    pytest.importorskip("yaml")
    isolate(monkeypatch)
    git("init", "-q", "-b", "main")
    bet = project / "bets/bet_3_made.py"
    bet.write_text(bet.read_text().replace("least 12", "least twenty"))
    commit("bets")
    status, output = run("export", "--to", "prml", "--producer", "example.org")
    assert status == 0
    assert output.startswith("export/prml: 18 files\nleft out: bets/bet_3_made.py:")
    assert "the threshold 12 is missing from the section `Strict:`" in output
    assert run("export", "1", "--to", "prml", "--producer", "example.org", "--out", "one")[1] == "one: 6 files\n"


def test_a_crate_is_written(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the files of the results and of the bets."""
    assert main(["export", "--to", "ro-crate", "--license", "https://spdx.org/licenses/MIT"]) == 0
    assert capsys.readouterr().out == "export/ro-crate: 10 files\n"
    for name in ("ro-crate-metadata.json", "results/1_made.json", "results/journal.jsonl", "bets/bet_1_made.py"):
        assert (project / "export/ro-crate" / name).is_file()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--to", "cvs"), "there is no format 'cvs'; did you mean csv?; expected one of csv, parquet, prml, ro-crate"),
        (("--to", "csv", "--out", "bets"), "bets: it is not empty; remove it, or name another folder with --out"),
        (("--to", "csv", "--out", "pyproject.toml"), "pyproject.toml: it is a file; remove it"),
        (("--to", "csv", "--results", "nowhere"), "no bet was run"),
        (("--to", "ro-crate"), "an RO-Crate names a license"),
    ],
)
def test_what_cannot_be_done_is_said(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], text: str
) -> None:
    """Nothing is written."""
    assert main(["export", *arguments]) == 2
    assert text in capsys.readouterr().err
    assert not (project / "export").exists()


@pytest.mark.parametrize(("library", "extra"), [("pyarrow", "frames"), ("yaml", "prml")])
def test_a_library_that_is_missing_is_named(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], library: str, extra: str
) -> None:
    """With the extra that has it."""
    isolate(monkeypatch)
    git("init", "-q", "-b", "main")
    commit("bets")
    monkeypatch.setitem(sys.modules, library, None)
    form = "parquet" if extra == "frames" else "prml"
    assert main(["export", "--to", form, "--producer", "example.org"]) == 2
    assert f"pip install 'pytest-bets[{extra}]'" in capsys.readouterr().err
    assert not (project / "export").exists()
