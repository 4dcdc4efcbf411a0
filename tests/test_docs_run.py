"""The pages of the documentation do what they show: each command runs, and each output is what is printed."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.helpers.console import UPDATE, PageError, Player, Step, is_played, needs, normalised, update

DOCS = Path(__file__).parents[1] / "docs"
PAGES = {path.relative_to(DOCS).as_posix(): path for path in sorted(DOCS.rglob("*.md")) if is_played(path)}
pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not (shutil.which("git") and shutil.which("bash")), reason="git or bash is not installed"
)
PAGE = """\
# A page

Write this into `numbers.txt`:

```text title=numbers.txt
one
two
three
```

```console
$ cat numbers.txt
one
two
three
$ echo "took 3.1 s at $(printf 0123abc)"; cd ..; cd "$OLDPWD"
took 0.2 s at 89abcde
```

Change `numbers.txt`:

```diff title=numbers.txt
-one
+eins
@@
 two
-three
+drei
```

```console
# Not run in the tests: it needs a cluster
$ sbatch numbers.txt
```

```console
$ cat numbers.txt
eins
two
drei
```
"""


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Player:
    """Return what plays each page once."""
    return Player(tmp_path_factory.mktemp("pages"))


def played(folder: Path, text: str) -> list[Step]:
    """Play a page with this text."""
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    return Player(folder / "played").play(page)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_what_its_commands_print(name: str, player: Player) -> None:
    """If not, and the page is right: python -m tests.helpers.console docs/PAGE.md writes it again."""
    for module in needs(PAGES[name]):
        pytest.importorskip(module)
    for step in player.play(PAGES[name]):
        where = f"docs/{name}:{step.start + 1}: `{step.command}`; to write the page: {UPDATE} docs/{name}"
        assert normalised(step.shown) == normalised(step.printed), where


@pytest.mark.skipif(not DOCS.is_dir(), reason="the documentation is not here")
def test_the_tutorial_and_the_guides_are_played() -> None:
    """A page whose commands are no longer found would pass unseen."""
    guides = {path.relative_to(DOCS).as_posix() for path in DOCS.glob("howto/*.md")}
    assert {"tutorial.md", *guides} <= set(PAGES)


def test_commands_files_and_changes_are_played_in_order(tmp_path: Path) -> None:
    """Durations and names of commits may differ, and what is for readers alone is not run."""
    steps = played(tmp_path, PAGE)
    assert [step.command.split()[0] for step in steps] == ["cat", "echo", "cat"]
    assert all(step.agrees for step in steps)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("one\ntwo\nthree\n$", "one\nthree\n$"),
        ("eins\ntwo\ndrei\n```\n", "eins\ntwo\n```\n"),
        ("took 0.2", "needed 0.2"),
    ],
)
def test_another_output_is_found_and_written_into_the_page(old: str, new: str, tmp_path: Path) -> None:
    """A line that is missing, one at the end, another word."""
    assert PAGE.count(old) == 1
    steps = played(tmp_path, PAGE.replace(old, new))
    assert sum(not step.agrees for step in steps) == 1
    page = tmp_path / "page.md"
    assert update(page, Player(tmp_path / "again"))
    assert normalised(page.read_text(encoding="utf-8")) == normalised(PAGE)
    assert not update(page, Player(tmp_path / "once more"))


def test_a_page_that_is_written_keeps_what_differs_from_run_to_run(tmp_path: Path) -> None:
    """So that its difference shows what changed."""
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo 'in 0.12s'; echo new\nin 3.45s\nold\n```\n", encoding="utf-8")
    assert update(page, Player(tmp_path / "played"))
    assert page.read_text(encoding="utf-8").endswith("\nin 3.45s\nnew\n```\n")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("$ cat numbers.txt\none", "$ cat nothing.txt\none", "`cat nothing.txt` ended with status 1"),
        ("-one", "-eleven", "numbers.txt has 0 times what the diff changes:\neleven"),
        (
            "Change `numbers.txt`",
            "Change it",
            "page.md: line 22: the line before the block does not name `numbers.txt`",
        ),
        ("# Not run", "# To run", "page.md: line 32: a console begins with `$ ` and a command, or with `# Not run`"),
        ("drei\n```\n", "drei\n", "the block has no end"),
    ],
)
def test_a_page_that_cannot_be_played_is_an_error(old: str, new: str, message: str, tmp_path: Path) -> None:
    """It says where, and what is wrong."""
    at = PAGE.rindex(old)
    with pytest.raises(PageError) as error:
        played(tmp_path, PAGE[:at] + new + PAGE[at + len(old) :])
    assert message in str(error.value)


def test_a_page_starts_where_the_one_that_it_continues_ends(tmp_path: Path) -> None:
    """What it does there, the other page does not see."""
    (tmp_path / "first.md").write_text(PAGE, encoding="utf-8")
    text = "<!-- continues: first.md -->\n\n```console\n$ cat numbers.txt; rm numbers.txt\neins\ntwo\ndrei\n```\n"
    (tmp_path / "second.md").write_text(text, encoding="utf-8")
    player = Player(tmp_path / "played")
    assert all(step.agrees for step in player.play(tmp_path / "second.md"))
    assert (tmp_path / "played/first/home/numbers.txt").exists()


def test_a_page_names_the_modules_that_it_needs(tmp_path: Path) -> None:
    """Where one is missing, the page is not played."""
    page = tmp_path / "page.md"
    page.write_text("<!-- needs: sklearn -->\n\n<!-- needs: nothing.like_it -->\n\nneeds: pandas\n", encoding="utf-8")
    assert needs(page) == ["sklearn", "nothing.like_it"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("==== 8 passed in 0.65s ====", "=== 8 passed in 120.65s (0:02:00) ==="),
        ("  2026-11-26T14:31:12Z  FAIL  (0.2 s, vm)  record", "  2027-01-01T00:00:00Z  FAIL  (10 s, a.b-1)  record"),
        ("rehearsal, 1 cell, <0.001 s", "rehearsal, 1 cell, 0.0017 s"),
        ("declared 28dc7f8064 2026-11-02", "declared 0000000000 2026-11-02"),
        ("moved [5a25412372 2026-11-02]", "moved [1234567890 2026-11-02]"),
        ("Ran on        Python 3.11.7, Linux\n              pytest 9\nCode", "Ran on        Python 3.13\nCode"),
    ],
)
def test_what_differs_from_run_to_run_is_the_same(one: str, other: str) -> None:
    """Durations, machines, commits, versions."""
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("8 passed in 0.65s", "9 passed in 0.65s"),
        ("measured 0.88", "measured 0.89"),
        ("declared 2026-11-02", "declared 2026-11-03"),
        ("   1  2149151222       0.6", "   1  2149151223       0.6"),
        ("4 findings", "5 findings"),
    ],
)
def test_what_a_reader_relies_on_differs(one: str, other: str) -> None:
    """Counts, values, dates of commits."""
    assert normalised(one) != normalised(other)
