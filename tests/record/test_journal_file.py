"""The journal's file and its index: appended to, repaired at its end, and never read wrongly."""

import hashlib
import os
import random
import resource
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_bets.cli.main import main
from pytest_bets.diagnostics import RecordError
from pytest_bets.record import journal_file
from pytest_bets.record.codec import MAX_LINE, dump_line, load_line
from pytest_bets.record.journal import runs
from pytest_bets.record.journal_index import SCHEMA
from pytest_bets.record.line import CellsDigest, Line, RunLine, UpgradeLine, Was
from pytest_bets.record.record import CodeFiles, Environment
from pytest_bets.record.store import INDEX, Results
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.results import journal, prove_whole, records

ENVIRONMENT = Environment("3", "p", {}, "cpu", 1, None, None)
VERDICTS = ("PASS", "LENIENT", "FAIL", None)


def ran(bet: str = "1_a", code: str = "c", **parts: object) -> RunLine:
    line = RunLine(
        *("pytest-bets/journal/2", "run", bet, "2026-11-26T11:00:00Z", "host", 1.0, "d", code, "registered"),
        *(ENVIRONMENT, "PASS", False, None, None, (), CellsDigest(1, "e"), None, None),
    )
    return replace(line, **parts)  # type: ignore[arg-type]  # fields by name


def add(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def upgraded(bet: str, was: str, now: str) -> UpgradeLine:
    before = Was("pytest-bets/record/1", f"record of {was}", CodeFiles(was, {"a.py": "0"}))
    return UpgradeLine("pytest-bets/journal/2", "upgrade", bet, "T", "h", "d", now, f"record of {now}", before, None)


def text(*lines: Line) -> bytes:
    return b"".join(dump_line(line) + b"\n" for line in lines)


@pytest.fixture(autouse=True)
def indexed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write an index even of a short journal."""
    monkeypatch.setattr(journal_file, "BEHIND", 1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the journal of a folder of results that has three runs in it, and an index of them."""
    path = tmp_path / "results" / "journal.jsonl"
    path.parent.mkdir()
    path.write_bytes(text(ran(), ran("2_b"), ran(verdict="FAIL")))
    Results(path.parent).refresh()
    assert (path.parent / ".bets" / "journal-index").is_file()
    return path


def says(folder: Path, codes: str) -> dict[str, object]:
    """Return what the index and the tallies say about each bet and code."""
    results = Results(folder)
    results.refresh()
    found: dict[str, object] = {}
    for bet in ("1_a", "2_b", "3_c"):
        tally = results._tally(bet)
        for code in codes:
            found[bet, code] = tally.repeats(("d", code))  # type: ignore[index]
            line, is_known = results.writer(bet, f"record of {code}")
            found[bet, code, "wrote"] = (line.code if line else None, is_known)  # type: ignore[index]
        found[bet] = (tally.total, tally.last, results.recent(bet))
    return found


def expected(data: bytes, codes: str) -> dict[str, object]:
    """Return the same from every line, in the plainest way."""
    raw = [line.removesuffix(b"\r") for line in data.split(b"\n") if line]
    lines = [load_line(line, "j") for line in raw]
    found: dict[str, object] = {}
    for bet in ("1_a", "2_b", "3_c"):
        own = [line for line in runs(lines) if line.bet == bet]
        written = [
            line for line in (*(line for line in lines if isinstance(line, RunLine)), *runs(lines)) if line.record
        ]
        written = [line for line in written if line.bet == bet]
        for code in codes:
            found[bet, code] = sum(line.code == code for line in own)  # type: ignore[index]
            same = [line for line in written if line.record == f"record of {code}"]
            wrote = same[-1].code if same else written[-1].code if written else None
            found[bet, code, "wrote"] = (wrote, bool(same))  # type: ignore[index]
        last = [hashlib.sha256(line).hexdigest() for line, entry in zip(raw, lines, strict=True) if entry.bet == bet]
        found[bet] = (len(own), last[-1] if last else None, (own[-20:], max(len(own) - 20, 0)))
    return found


def keeping_times(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Return an edit in place that sets back the time of the file."""

    def edit(path: Path) -> None:
        before = path.stat()
        data = change(path.read_bytes())
        with path.open("r+b") as file:
            file.write(data)
            file.truncate()
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    return edit


def checkout(path: Path, chance: random.Random) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    other = path.with_name("other")
    other.write_bytes(b"".join(lines[: chance.randrange(len(lines) + 1)]) + text(ran("3_c", verdict="FAIL")))
    other.replace(path)


def merge(path: Path, chance: random.Random) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    lines.insert(chance.randrange(len(lines) + 1), text(ran("2_b", "x")))
    path.write_bytes(b"".join(lines))


CHANGES: dict[str, Callable[[Path, random.Random], object]] = {
    "a run is added": lambda path, chance: add(
        path, text(ran(chance.choice(("1_a", "2_b", "3_c")), chance.choice("abc"), verdict=chance.choice(VERDICTS)))
    ),
    "a run that wrote a record": lambda path, chance: add(
        path, text(*(ran("1_a", code, record=f"record of {code}") for code in chance.choice("abc")))
    ),
    "an upgrade": lambda path, chance: add(path, text(upgraded("1_a", chance.choice("ab"), "c"))),
    "a checkout": checkout,
    "a merge": merge,
    "an edit of the same size": lambda path, _: keeping_times(lambda data: data.replace(b'"PASS"', b'"FAIL"', 1))(path),
    "a truncation": lambda path, _: keeping_times(lambda data: b"".join(data.splitlines(keepends=True)[:-1]))(path),
    "other line ends": lambda path, _: path.write_bytes(path.read_bytes().replace(b"\r", b"").replace(b"\n", b"\r\n")),
    "an editor without a final line feed": lambda path, _: path.write_bytes(path.read_bytes().rstrip(b"\n")),
    "a deleted journal": lambda path, _: path.unlink(),
    "a deleted index": lambda path, _: (path.parent / ".bets" / "journal-index").unlink(missing_ok=True),
    "a damaged index": lambda path, chance: (path.parent / ".bets" / "journal-index").write_bytes(
        (path.parent / ".bets" / "journal-index").read_bytes()[: chance.randrange(400)]
        if (path.parent / ".bets" / "journal-index").exists()
        else b"{}\n"
    ),
}


def test_an_index_says_what_the_lines_say_whatever_happens_to_the_journal(path: Path) -> None:
    """A checkout, a merge, an edit with the old time and size: the answer is that of reading every line."""
    chance = random.Random(7)
    one = Results(path.parent)
    for _ in range(120):
        name = chance.choice(list(CHANGES))
        if path.exists() and path.read_bytes()[-1:] not in (b"", b"\n"):
            add(path, b"\n")
        path.touch()
        CHANGES[name](path, chance)
        data = path.read_bytes() if path.exists() else b""
        assert says(path.parent, "abcx") == expected(data, "abcx"), name
        one.refresh()  # and so does an object that has seen the journal as it was
        assert one._tally("1_a").total == sum(line.bet == "1_a" for line in one.journal()), name


def _noted(names: list[str], name: str) -> str:
    names.append(name)
    return name


def test_the_index_is_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one, no line is read again; an added line is the only one that is."""
    read: list[str] = []
    monkeypatch.setattr(journal_file, "load_line", lambda line, name: load_line(line, _noted(read, name)))
    assert Results(path.parent)._tally("1_a").total == 2
    assert read == []
    add(path, text(ran()))
    assert Results(path.parent)._tally("1_a").total == 3
    assert [name.rpartition(":")[2] for name in read] == ["4"]


def test_an_index_of_another_journal_of_the_same_size_and_time_is_not_used(path: Path) -> None:
    """Only the bytes tell."""
    keeping_times(lambda data: data.replace(b'"FAIL"', b'"PASS"').replace(b"2_b", b"1_a"))(path)
    assert Results(path.parent)._tally("1_a").total == 3


def test_an_index_of_another_folder_is_not_used(path: Path) -> None:
    """One that somebody committed, with the digest of the journal beside it and other runs: here, one run less."""
    other, index, whole = path.parents[1] / "other", path.parent / ".bets" / INDEX, path.read_bytes()
    index.unlink()
    part = b"".join(whole.splitlines(keepends=True)[:2])
    path.write_bytes(part)
    Results(path.parent).refresh()
    was, now = (
        f'"covered": [{len(data)}, {lines}, "{hashlib.sha256(data).hexdigest()}"]'.encode()
        for data, lines in ((part, 2), (whole, 3))
    )
    assert was in index.read_bytes()
    index.write_bytes(index.read_bytes().replace(was, now))
    path.write_bytes(whole)
    assert Results(path.parent)._tally("1_a").total == 1  # in its own folder it is believed
    shutil.copytree(path.parent, other)
    assert Results(other)._tally("1_a").total == 2


@pytest.mark.parametrize("head", [b"[" * 100_000, b'{"schema": "%s", "body": "%s", "covered": [], "bets": []}'])
def test_a_file_that_is_no_index_is_not_used(path: Path, head: bytes) -> None:
    """A repository of a stranger may have one: too deep to be read, or with a list in the place of an object."""
    known = head.replace(b'{"schema"', b'{"folder": %d, "schema"' % (path.parent / ".bets").stat().st_ino)
    known = known.replace(b"%s", SCHEMA.encode(), 1).replace(b"%s", hashlib.sha256(b"").hexdigest().encode())
    (path.parent / ".bets" / INDEX).write_bytes(known + b"\n")
    assert Results(path.parent)._tally("1_a").total == 2


def test_a_last_line_is_repaired_wherever_it_was_cut_off(path: Path) -> None:
    """Every whole line stays, the part is kept aside, and the new line follows the last whole one."""
    whole, line = path.read_bytes(), dump_line(ran("3_c", host="größer"))
    for cut in (*range(1, len(line), 23), len(line) - 1):
        path.write_bytes(whole + line[:cut])
        results = Results(path.parent)
        results.refresh()
        assert len(results.journal()) == 3
        (notice,) = results.notices()
        assert f"journal.jsonl:4: the last line is incomplete ({cut} byte" in notice
        assert notice.endswith("; the next run moves it away")
        with results.locked():
            results.add([ran("2_b")], {})
        assert path.read_bytes() == whole + text(ran("2_b"))
        aside = path.parent / ".bets" / "cut-off.jsonl"
        assert aside.read_bytes() == line[:cut] + b"\n"
        assert results.notices()[0].endswith("results/.bets/cut-off.jsonl")
        aside.unlink()


def test_a_whole_last_line_without_a_line_feed_is_a_line(path: Path) -> None:
    """An editor may leave it out; the next run adds it."""
    path.write_bytes(path.read_bytes().rstrip(b"\r\n"))
    results = Results(path.parent)
    assert results._tally("1_a").total == 2
    assert "journal.jsonl:3: the last line had no line feed at its end; the next run adds it" in results.notices()[0]
    with results.locked():
        results.add([ran("3_c")], {})
    assert path.read_bytes() == text(ran(), ran("2_b"), ran(verdict="FAIL"), ran("3_c"))
    assert results.notices()[0].endswith("; it was added")
    assert Results(path.parent).notices() == []


@pytest.mark.parametrize(
    "end", [b"\0" * 900, dump_line(ran())[:300] + b"\0" * 600 + b"\n"], ids=["empty", "half empty"]
)
def test_bytes_that_never_reached_the_disk_are_no_line(path: Path, end: bytes) -> None:
    """After a power cut, a file may have its new length and not its new bytes."""
    path.write_bytes(path.read_bytes() + end)
    results = Results(path.parent)
    assert "the last line is incomplete" in results.notices()[0]
    with results.locked():
        results.add([ran()], {})
    assert len(Results(path.parent).journal()) == 4


@pytest.mark.parametrize(
    "end", [b">>>>>>> main", b"# end", b'{"schema":"pytest-bets/journal/9"}', b"{}", b'{"a"\n{"b":1}\n', b"\n"]
)
def test_what_no_session_can_have_left_is_an_error_and_stays(path: Path, end: bytes) -> None:
    """Only the beginning of a line of ours is moved away."""
    path.write_bytes(path.read_bytes() + end)
    before = path.read_bytes()
    with pytest.raises(RecordError, match=r"journal\.jsonl:4: "):
        Results(path.parent).refresh()
    assert path.read_bytes() == before


def test_a_line_that_does_not_fit_on_the_disk_leaves_no_part(path: Path) -> None:
    """The error is that of the system, and the journal is as it was."""
    before = path.read_bytes()
    results = Results(path.parent)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with results.locked():
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, hard))
        try:
            with pytest.raises(OSError, match="File too large"):
                results.add([ran()], {})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert not list((path.parent / ".bets").glob("*.draft"))


def test_a_line_beyond_the_limit_is_neither_written_nor_read(path: Path) -> None:
    """The error has file, line, limit and what was found; 100 MB of one line are not held in memory."""
    results = Results(path.parent)
    with results.locked(), pytest.raises(RecordError, match=rf"has 2,000,\d+ bytes; expected at most {MAX_LINE:,}"):
        results.add([ran(void="x" * MAX_LINE)], {})
    assert len(results.journal()) == 3
    with path.open("ab") as file:
        for _ in range(100):
            file.write(b"x" * 1_000_000)
    with pytest.raises(RecordError, match=rf"journal\.jsonl:4: the line has 100,000,000 bytes; .* {MAX_LINE:,}"):
        Results(path.parent).refresh()


def test_a_folder_that_cannot_be_written_is_read_without_an_index(tmp_path: Path) -> None:
    """Nothing is written there, and the answer is the same."""
    (tmp_path / ".bets").touch()
    (tmp_path / "journal.jsonl").write_bytes(text(ran(), ran()))
    results = Results(tmp_path)
    results.refresh()
    assert results._tally("1_a").total == 2
    assert {path.name for path in tmp_path.iterdir()} == {".bets", "journal.jsonl"}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["plain", "xdist"])
def test_a_session_says_that_it_repaired_the_journal(
    bet: WriteBet, run: Run, capsys: pytest.CaptureFixture[str], workers: tuple[str, ...]
) -> None:
    """With file and line; a command says so before."""
    bet()
    run()
    path = Path("results/journal.jsonl")
    with path.open("ab") as file:
        file.write(path.read_bytes()[:99])
    found = "results/journal.jsonl:2: the last line is incomplete (99 bytes), as after a kill or on a full disk; "
    for name in ("show", "rollup", "claims"):
        arguments = {"show": ["1"], "claims": ["README.md"]}.get(name, [])
        Path("README.md").touch()
        capsys.readouterr()
        main([name, *arguments])
        assert capsys.readouterr().err == f"pytest-bets {name}: {found}the next run moves it away\n"
    if not workers:
        assert f"{found}the next run moves it away." in " ".join(run("--bets-replay").split())
    assert f"{found}it was moved to results/.bets/cut-off.jsonl." in " ".join(run(*workers).split())
    assert len(prove_whole(Path("results"))) == 2
    assert "incomplete" not in run()


def test_a_record_whose_session_was_killed_after_its_line_is_put_in_place(
    bet: WriteBet, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line names its hash, and its bytes lie beside; a draft without a line is dropped."""
    bet()
    run()
    results = Path("results")
    line, record = journal(results)[0], (results / "1_first.json").read_bytes()
    (results / "1_first.json").rename(results / ".bets" / "1_first.json.draft")
    (results / ".bets" / "2_other.json.draft").write_bytes(record)
    assert main(["show", "1"]) == 0
    assert "History       1 run\n" in capsys.readouterr().out
    assert (results / "1_first.json").read_bytes() == record
    assert not list((results / ".bets").glob("*.draft"))
    assert "1 PASS" in run("--bets-replay")
    (results / "1_first.json").rename(results / ".bets" / "1_first.json.draft")
    assert "0 records written, 1 unchanged" in run()
    assert records(results)["1_first"]["declaration"]["digest"] == line["declaration"]


@pytest.mark.parametrize("garbage", ["garbage", '{"bet": 1}\\n'])
def test_a_journal_that_breaks_while_a_session_runs_is_an_error_with_the_measurements(
    bet: WriteBet, run: Run, garbage: str
) -> None:
    """Nothing is added to it, and nothing is lost."""
    write = f'with open("results/journal.jsonl", "a") as file: file.write("""{garbage}""")'
    bet(body=f"if part == 4 and os.path.exists('again'):\n    {write}\nreturn {{'gain': part}}", above="import os")
    run()
    Path("again").touch()
    shown = run(expect=pytest.ExitCode.TESTS_FAILED)
    assert "The results could not be written: " in shown
    assert '{"bet":"1_first","cells":[{"measured":{"gain":1}' in shown
    assert len(Path("results/journal.jsonl").read_bytes().splitlines()) == 2


def test_show_prints_the_last_runs_and_counts_the_others(
    bet: WriteBet, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bet may have been run a hundred thousand times."""
    bet()
    run()
    path = Path("results/journal.jsonl")
    line = load_line(path.read_bytes().rstrip(b"\n"), "j")
    assert isinstance(line, RunLine)
    path.write_bytes(text(line, *(replace(line, seconds=float(n), record=None) for n in range(30))))
    capsys.readouterr()
    main(["show", "1"])
    page = capsys.readouterr().out
    assert "31 runs; reproduced 30 of 30" in page
    assert "\n  10 runs left out: `pytest-bets history` shows every run\n" in page
    assert "(9.0 s, " not in page
    assert "(10.0 s, " in page
