"""Twelve authors: what their texts are, that nothing leaks between them, and what is said where one is missing."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import subprocess
import sys
from importlib.machinery import ModuleSpec
from itertools import pairwise
from pathlib import Path

import pytest

from bets.lab import corpus, documents
from bets.lab.corpus import CorpusError
from bets.lab.texts import authors
from bets.lab.texts.authors import AUTHORS, Author


def long_lines(text: bytes) -> set[str]:
    """The definition of a leak, apart from the code under test."""
    return {line.strip() for line in text.decode().split("\n") if len(line.strip()) >= 60}


@pytest.fixture(scope="module")
def loaded() -> dict[str, Author]:
    return {name: authors.load(name) for name in AUTHORS}


def test_no_long_line_of_an_evaluation_text_is_in_what_is_learnt_from(loaded: dict[str, Author]) -> None:
    """Of any author, in any author's own text; and in what the specialists were trained on, which are the bases."""
    learnt = {name: long_lines(author.own) for name, author in loaded.items()}
    learnt |= {f"the corpus {name}": long_lines(corpus.load(name).train) for name in corpus.NAMES}
    judged = {name: long_lines(author.held_out) | long_lines(author.validation) for name, author in loaded.items()}
    assert all(len(lines) > 200 for lines in judged.values())
    judged |= {name: long_lines(corpus.load(name).held_out + corpus.load(name).validation) for name in corpus.NAMES}
    found = {(a, b): learnt[a] & judged[b] for a in learnt for b in judged}
    assert {pair: lines for pair, lines in found.items() if lines} == {}


def test_the_leak_filters_have_something_to_do() -> None:
    """Without them lines would be in both, so the test above can fail."""
    nothing: frozenset[str] = frozenset()
    own = [authors._draw(name, "train", authors._modules(name), nothing)[0] for name in ("scipy", "fastapi")]
    assert any(long_lines(b"".join(drawn)) & authors._forbidden() for drawn in own)
    held_out = [authors._draw(name, "held_out", authors._modules(name), nothing)[0] for name in AUTHORS[:5]]
    assert any(long_lines(b"".join(drawn)) & authors._trained() for drawn in held_out)


def test_each_author_has_64_kb_of_its_own_and_128_kb_held_out_in_64_pieces(loaded: dict[str, Author]) -> None:
    assert len(loaded) == 12
    for author in loaded.values():
        assert len(author.pieces) == 64
        assert len(set(author.pieces)) == 64
        assert all(1_536 <= len(piece) <= 2_048 for piece in author.pieces)
        assert 0.95 < len(author.held_out) / (128 << 10) <= 1
        for text in (author.own, author.validation):
            assert 0.95 < len(text) / (64 << 10) <= 1
            assert text.endswith(b"\n")
        assert author.held_out == b"".join(author.pieces)


def test_a_module_is_in_one_split_and_in_that_of_the_other_corpora(loaded: dict[str, Author]) -> None:
    """What the scientist's training text has of a module of numpy or scipy, no piece has."""
    for name in loaded:
        drawn = authors._evaluated(name)
        modules = {split: used for split, (_, used) in drawn.items()}
        modules["train"] = frozenset(authors._modules(name)) - modules["held_out"] - modules["validation"]
        assert not any(a & b for a, b in pairwise([*modules.values(), modules["held_out"]]))
        if name in ("numpy", "scipy", "sympy", "networkx", "pygments"):  # large ones
            for split in ("held_out", "validation"):
                assert {documents.split(module) for module in modules[split]} == {split}


def test_a_large_author_gives_a_piece_of_each_of_its_modules_before_a_second_of_any() -> None:
    drawn, used = authors._evaluated("sympy")["held_out"]
    assert len(drawn) == 64 <= len(used)
    texts = [documents.normalised(documents.source(authors._modules("sympy")[module])) for module in sorted(used)[:25]]
    counts = [sum(piece.decode() in text for piece in drawn) for text in texts]
    assert max(counts) == 1
    assert sum(counts) > 15  # the others lost a line that a specialist has read


def test_the_own_text_is_source_with_its_comments_and_docstrings(loaded: dict[str, Author]) -> None:
    for author in loaded.values():
        assert len(re.findall(rb"^ *(?:def|class) ", author.own, re.MULTILINE)) > 20, author.name
        assert b'"""' in author.own or b"'''" in author.own
        assert b"# " in author.own


def test_no_code_of_other_people_is_in_an_authors_text() -> None:
    for name in AUTHORS:
        parts = {part for module in authors._modules(name) for part in module.split(".")}
        assert not parts & {"_vendor", "vendor", "tests", "array_api_compat", "_antlr", "__config__"}
    assert {"numpy.linalg._linalg", "numpy.ma.core"} <= authors._modules("numpy").keys()


LINE = "x = f(1)  # a line of 32 bytes.\n"


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("", []),
        (LINE * 47, []),
        (LINE * 48, [1_536]),
        (LINE * 64, [2_048]),
        (LINE * 65, [2_048]),
        (LINE * 200, [2_048, 2_048, 2_048]),
        (LINE * 50 + "y" * 3_000 + "\n" + LINE * 50, [1_600, 1_600]),
        (LINE * 50 + "é" * 900 + "\n" + LINE * 3, [1_600, 1_897]),
    ],
)
def test_pieces_are_whole_lines_of_about_two_kilobytes(text: str, sizes: list[int]) -> None:
    found = list(authors.pieces(text))
    assert [len(piece) for piece in found] == sizes
    assert all(piece.endswith(b"\n") and piece.decode() in text for piece in found)


@pytest.mark.parametrize(
    ("line", "tabular"),
    [
        ("    'AbapStyle': ('pygments.styles.abap', 'abap', ()),\n", True),
        ('    "one", "two",\n', True),
        ("[-1.5e-3, 0x1f, 2],\n", True),
        ("    (r'\\bfoo\\b', Name.Function),\n", False),
        ("]\n", False),
        ("\n", False),
        ("    return 1\n", False),
        ("    # 'a', 'b'\n", False),
    ],
)
def test_a_line_of_a_table_has_nothing_but_literals(line: str, tabular: bool) -> None:
    assert authors.tabulated(line) is tabular


def test_a_piece_that_is_mostly_a_table_is_left_out() -> None:
    table = "    'a name', 'another name', 12,\n"
    assert list(authors.pieces(table * 60)) == []
    assert len(list(authors.pieces((table + LINE) * 31))) == 1


def test_the_hash_is_of_each_part_and_each_piece() -> None:
    parts = [(b"ab", b"c", (b"d",)), (b"a", b"bc", (b"d",)), (b"ab", b"c", (b"d", b"")), (b"ab", b"", (b"c", b"d"))]
    hashes = [Author("x", *each).sha256 for each in parts]
    assert len(set(hashes)) == len(parts)
    plain = b"".join(len(part).to_bytes(8, "big") + part for part in (b"ab", b"c", b"d"))
    assert hashes[0] == hashlib.sha256(plain).hexdigest()


def test_the_texts_depend_on_no_hash_seed_and_on_no_added_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what is drawn from sets of modules; a user's file with the lines of an author changes no author."""
    monkeypatch.delenv("BETS_CORPUS", raising=False)
    (tmp_path / "ada.txt").write_bytes(authors.load("anyio").held_out)
    code = """if True:
        import hashlib, sys
        from bets.lab.texts import authors
        authors._trained = frozenset
        for name in sys.argv[1:]:
            print(hashlib.sha256(b"".join(authors._evaluated(name)["held_out"][0])).hexdigest())
    """
    printed = set()
    for seed, folder in (("1", ""), ("2", str(tmp_path))):
        environment = os.environ | {"PYTHONHASHSEED": seed, "BETS_CORPUS": folder}
        environment["PYTHONPATH"] = str(Path(__file__).parents[3])
        command = [sys.executable, "-c", code, *AUTHORS[-3:]]
        printed.add(subprocess.check_output(command, env=environment, text=True))
    assert len(printed) == 1


def test_an_unknown_author_gets_the_nearest_name() -> None:
    with pytest.raises(CorpusError, match=r"no author 'scippy', did you mean 'scipy': there are sympy, scipy,"):
        authors.load("scippy")


def test_a_missing_package_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for another author: its own text must be free of the lines of all."""
    find = importlib.util.find_spec

    def spec(name: str) -> ModuleSpec | None:
        return None if name == "setuptools" else find(name)

    monkeypatch.setattr(importlib.util, "find_spec", spec)
    monkeypatch.setattr(authors, "_forbidden", authors._forbidden.__wrapped__)
    monkeypatch.setattr(authors, "_evaluated", authors._evaluated.__wrapped__)
    monkeypatch.setattr(authors, "load", authors.load.__wrapped__)
    message = r"author 'setuptools': setuptools is not installed: pip install 'pytest-bets\[lab\]'"
    with pytest.raises(CorpusError, match=message):
        authors.load("setuptools")
    with pytest.raises(CorpusError, match=message):
        authors.load("anyio")


def test_a_package_with_too_little_text_is_named_with_what_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "small.py"
    path.write_text(LINE * 200)
    monkeypatch.setattr(authors, "_modules", lambda _: {"small": path})
    with pytest.raises(CorpusError, match="author 'small': found 3 pieces of text for held_out, expected 64"):
        authors._draw("small", "held_out", {"small"}, frozenset())
