"""The corpora: what is in them, that nothing leaks into training, and what is said where one cannot be had."""

from __future__ import annotations

import ast
import importlib.util
import io
import itertools
import os
import subprocess
import sys
import tokenize
from functools import partial
from pathlib import Path

import pytest

from bets.lab import corpus, documents
from bets.lab.corpus import NAMES, SLICES, Corpus, CorpusError

ALL = [*((name, None) for name in NAMES), *(("programmer", part) for part in SLICES)]


def long_lines(text: bytes) -> set[str]:
    """The definition of a leak, apart from the code under test."""
    return {line.strip() for line in text.decode().split("\n") if len(line.strip()) >= 60}


def story(seed: str, count: int) -> str:
    """Paragraphs that are in no other text."""
    return "\n\n".join(
        f"Paragraph {i} of {seed}, which says nothing that any other text of this suite says." for i in range(count)
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BETS_CORPUS", str(tmp_path))
    return tmp_path


def refusal(name: str, part: str | None = None) -> str:
    with pytest.raises(CorpusError) as caught:
        corpus.load(name, part)
    return str(caught.value)


def test_no_long_line_of_any_evaluation_text_is_in_any_training_text() -> None:
    loaded = {each: corpus.load(*each) for each in ALL}
    held = {each: long_lines(c.validation) | long_lines(c.held_out) for each, c in loaded.items()}
    assert all(len(found) > 50 for (name, part), found in held.items() if name != "novelist" and part != "functions")
    for c in loaded.values():
        training = long_lines(c.train)
        assert {each: training & found for each, found in held.items() if training & found} == {}


def test_the_leak_filter_has_something_to_do() -> None:
    """Without it lines of evaluation texts are in training texts, so the test above can fail."""
    train = "".join(d.read() for d in corpus._split("programmer", None)["train"])
    assert long_lines(train.encode()) & corpus._forbidden()


def test_a_module_is_in_one_split_and_in_the_same_one_of_every_corpus() -> None:
    where: dict[str, str] = {}
    for name, part in ALL:
        for split, found in corpus._split(name, part).items():
            for document in found:
                assert where.setdefault(document.name, split) == split
    assert {where["json.decoder"], where["topics/assignment"]} <= set(corpus.SPLITS)


def test_splits_of_a_corpus_share_no_document() -> None:
    for name, part in ALL:
        splits = [{d.name for d in found} for found in corpus._split(name, part).values()]
        assert sum(map(len, splits)) == len(set().union(*splits))


@pytest.mark.parametrize("name", NAMES)
def test_each_part_has_its_size_and_ends_with_a_line(name: str) -> None:
    c = corpus.load(name)
    if name == "novelist":
        total = len(c.train) + len(c.validation) + len(c.held_out)
        assert 0.5 < len(c.train) / total < 0.85
        assert 0.1 < len(c.held_out) / total < 0.35
    else:
        assert 1_000_000 < len(c.train) <= 4_000_000
        assert 60_000 < len(c.validation) <= 65_536
        assert 120_000 < len(c.held_out) <= 131_072
    for part in (c.train, c.validation, c.held_out):
        assert part.endswith(b"\n")
        assert b"\r" not in part
        part.decode()


def test_a_cut_keeps_whole_lines_and_whole_characters() -> None:
    text = "één\nzwölf\n日本\n"
    sizes = range(len(text.encode()) + 3)
    assert {corpus.cut(text, size) for size in sizes} == {"", "één\n", "één\nzwölf\n", text}
    assert all(len(corpus.cut(text, size).encode()) <= size for size in sizes)


def test_the_functions_parse_and_hold_no_comment_and_no_docstring() -> None:
    text = corpus.load("programmer", "functions").held_out.decode()
    whole = text[: text.rindex("\ndef ")]  # the last may be cut
    tree = ast.parse(whole)
    assert len(tree.body) > 50
    assert all(isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) for node in tree.body)
    assert all(ast.get_docstring(node) is None for node in documents.definitions(tree))
    kinds = {token.type for token in tokenize.generate_tokens(io.StringIO(whole).readline)}
    assert tokenize.COMMENT not in kinds


def test_each_kind_of_a_module_is_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        '"""Module."""\nx = "# no"  # yes\n\n\nclass A:\n    """Class."""\n\n    def f(self):\n        """F."""\n\n'
        '    def g(self):\n        """G."""\n        "second"\n        def inner():\n            "I."\n'
        "            return 1 # one\n"
    )
    assert documents.comments(path) == "yes\none"
    assert documents.docstrings(path) == "Module.\n\nClass.\n\nF.\n\nG.\n\nI."
    assert documents.functions(path) == ("def f(self):\n    pass\n\ndef g(self):\n\n    def inner():\n        return 1")


def test_equal_documents_are_taken_once() -> None:
    pairs = [("a", "x\n"), ("b", "x\n"), ("c", "y\n")]
    found = [documents.Document(name, partial(str, text)) for name, text in pairs]
    assert corpus._take(found, 100, frozenset()) == ("x\ny\n", frozenset({"x\n", "y\n"}))
    assert corpus._take(found, 100, frozenset({"y\n"}))[0] == "x\n"


def test_no_test_of_the_standard_library_is_in_it() -> None:
    names = [name for name, _ in documents.standard_library()]
    assert {"json.decoder", "argparse", "email.message"} <= set(names)
    assert [n for n in names if n.startswith(("test.", "turtledemo", "site-packages")) or ".test" in n] == []


def test_the_hash_is_of_all_three_parts_and_their_lengths() -> None:
    parts = [(b"ab", b"c", b"d"), (b"a", b"bc", b"d"), (b"a", b"b", b"cd"), (b"ab", b"d", b"c"), (b"abcd", b"", b"")]
    assert len({Corpus("x", *each).sha256 for each in parts}) == len(parts)
    assert Corpus("x", b"ab", b"c", b"d").sha256 == Corpus("y", b"ab", b"c", b"d").sha256


def test_the_corpora_depend_on_no_hash_seed_and_on_no_added_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BETS_CORPUS", raising=False)
    (tmp_path / "ada.txt").write_text(story("Ada", 60))
    code = "from bets.lab.corpus import load; print(load('novelist').sha256, load('general').sha256)"
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    environment = os.environ | {
        "PYTHONHASHSEED": seed,
        "BETS_CORPUS": str(tmp_path),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    there = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    assert there.split() == [corpus.load(name).sha256 for name in ("novelist", "general")]


def test_a_corpus_is_read_once_in_a_process() -> None:
    assert corpus.load("novelist") is corpus.load("novelist")


def test_a_folder_adds_a_user_for_each_file(folder: Path) -> None:
    (folder / "ada.txt").write_text(story("Ada", 100).replace("\n", "\r\n"))
    (folder / "bo.md").write_text(story("Bo", 100))
    assert corpus.users() == ("programmer", "scientist", "novelist", "ada", "bo")
    c = corpus.load("ada")
    counts = [part.count(b"Paragraph") for part in (c.train, c.validation, c.held_out)]
    assert sum(counts) == 100
    assert counts == pytest.approx([80, 10, 10], abs=2)
    assert (c.train + c.validation + c.held_out).decode() == story("Ada", 100) + "\n"


def test_an_added_user_leaks_nothing_in_either_direction(folder: Path) -> None:
    general = corpus._built_in("general", None)
    known, hidden = (next(iter(sorted(long_lines(t)))) for t in (general.train, general.held_out))
    other = story("Bo", 100).split("\n\n")[-1]
    (folder / "ada.txt").write_text(f"{hidden}\n\n{other}\n\n{story('Ada', 100)}\n\n{known}\n")
    (folder / "bo.txt").write_text(story("Bo", 100))
    c = corpus.load("ada")
    assert not {hidden, other} & long_lines(c.train)
    assert known not in long_lines(c.held_out)


def test_without_the_variable_there_are_three_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BETS_CORPUS", raising=False)
    assert corpus.users() == corpus.USERS


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "found an empty file, expected a text of 2,000 bytes or more"),
        (b"small", "found 5 bytes, expected a text of 2,000 bytes or more"),
        (b"a" * 3000 + b"\0", "found a NUL at byte 3,000, expected UTF-8 text"),
        (b"a" * 3000 + b"\xff", "found byte 0xff at 3,000, expected UTF-8 text"),
        (b"a" * 3000, "found 1 lines, expected 10 or more to cut into three parts"),
    ],
)
def test_a_file_that_is_no_text_is_named_with_what_was_found(folder: Path, content: bytes, message: str) -> None:
    (folder / "ada.txt").write_bytes(content)
    assert refusal("ada") == f"{folder / 'ada.txt'}: {message}"


def test_a_folder_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    for path, what in [(tmp_path / "none", "does not exist"), (file, "is a file")]:
        monkeypatch.setenv("BETS_CORPUS", str(path))
        assert refusal("ada") == f"BETS_CORPUS={path} {what}: expected a folder with a text file for each user"


def test_an_empty_folder_is_refused(folder: Path) -> None:
    assert refusal("ada") == f"BETS_CORPUS={folder} has no file: expected a text file for each user"


def test_a_name_that_is_taken_is_refused(folder: Path) -> None:
    (folder / "novelist.txt").write_text(story("x", 50))
    assert "'novelist' is a built-in corpus" in refusal("novelist")
    (folder / "novelist.txt").unlink()
    for name in ("ada.md", "ada.txt"):
        (folder / name).write_text(story("x", 50))
    assert refusal("ada") == f"{folder / 'ada.txt'}: ada.md is user 'ada' too; expected one file for each"


def test_an_unknown_name_gets_the_nearest_one() -> None:
    assert "no corpus 'programer', did you mean 'programmer': there are programmer," in refusal("programer")
    assert refusal("programmer", "doc").startswith("no part 'doc' of 'programmer', did you mean 'docs': there are")
    assert refusal("novelist", "docs") == "corpus 'novelist' has no parts, found part 'docs': only 'programmer' has"


def test_a_missing_library_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    message = "corpus 'scientist' needs scipy, which is not installed: pip install 'pytest-bets\\[lab\\]'"
    with pytest.raises(CorpusError, match=message):
        documents.installed("scipy")


def test_a_part_of_a_text_is_from_all_over_what_there_is() -> None:
    """Pieces in a row of it, in order, from the first to the last byte, none of them twice."""
    whole = b"".join(number.to_bytes(4, "big") for number in range(60_000))
    words = corpus.spread(whole, 16_384)
    pieces = [words[i : i + corpus.PIECE] for i in range(0, len(words), corpus.PIECE)]
    assert len(words) == 16_384
    assert all(piece in whole for piece in pieces)
    assert (pieces[0], pieces[-1]) == (whole[: corpus.PIECE], whole[-corpus.PIECE :])
    places = [whole.index(piece) for piece in pieces]
    assert all(b - a > corpus.PIECE for a, b in itertools.pairwise(places))


@pytest.mark.parametrize("size", [0, 100, 2_048, 5_000])
def test_a_short_text_is_taken_whole_and_no_more_is_taken_than_was_asked_for(size: int) -> None:
    assert corpus.spread(b"abc", 3) == b"abc"
    assert len(corpus.spread(bytes(10_000), size)) <= size
