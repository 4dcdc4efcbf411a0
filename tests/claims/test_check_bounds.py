"""Pages that are made to stall the check: each is read in a few seconds, or refused with an error that says why."""

import time
from collections.abc import Callable

import pytest

from pytest_bets.claims import block, html, markdown, notebook
from pytest_bets.claims.block import Block
from pytest_bets.claims.check import check
from pytest_bets.claims.finding import Bet
from pytest_bets.diagnostics import PageError

Read = Callable[[str], list[Block]]
BETS = [
    Bet(f"{n:02d}_x", n, "PASS", "stands", frozenset({"retracted"} if n == 37 else ()), [{"x": 5.0}])
    for n in range(1, 60)
]
VALUE = "<!-- bet 46: mean(x) -->5<!-- /bet -->"
READ = [
    ("bet 1 and " * 20_000, markdown.blocks),
    ("bets " + "1-59, " * 3_000, markdown.blocks),
    ("Bet 1 FAIL " * 2_000, markdown.blocks),
    ("Bet 1 x " + "FAIL or PASS, " * 2_000, markdown.blocks),
    ("bet 37 x retracted " * 2_000, markdown.blocks),
    (f"{VALUE} x " * 1_000, markdown.blocks),
    ("a <!-- bet 46: mean(x) -->\n\n" * 1_000, markdown.blocks),
    ("bet 3 except bet 1 and bet 12, " * 3_000, markdown.blocks),
    ("Bet 3, unlike bet 1: FAIL, " * 3_000, markdown.blocks),
    ("All bets except bet 3 failed. " * 3_000, markdown.blocks),
    (">" * 100_000 + "a", markdown.blocks),
    ("- " * 20_000 + "a", markdown.blocks),
    ("<!--" * 50_000, markdown.blocks),
    ("| a |\n|---|\n" + "| Bet 1 | PASS |\n" * 1_000, markdown.blocks),
    ("word " * 149_999, markdown.blocks),
    ("Bet" + " " * 500_000 + "1: PASS", markdown.blocks),
    (f"<p>Bet 46 {VALUE} x " * 1_000, html.blocks),
    (f"Bet 46 {VALUE} x " * 1_000, html.blocks),
    ("<div>" * 20_000, html.blocks),
    ("<a b='" * 100_000, html.blocks),
    ("<a<" * 20_000, html.blocks),
    ("<!--" * 100_000, html.blocks),
    ("&" * 20_000, html.blocks),
    ("<ul><li>" * 3_000, html.blocks),
    ("<table><tr><td>" * 3_000, html.blocks),
    ("</p" * 100_000, html.blocks),
    ("all bets passed " * 5_000, html.blocks),
    ("<code>PASS</code> Bet 1 " * 5_000, html.blocks),
]
REFUSED = [
    ("x" * 750_001, markdown.blocks, "more than 750,000 characters"),
    ("a\n" * 100_001, markdown.blocks, "more than 100,000 lines"),
    ("[" * 50_000, markdown.blocks, "the paragraph of line 1 has too many brackets"),
    ("x\n\n" + "*a _b " * 5_000, markdown.blocks, "the paragraph of line 3 has too many brackets"),
    ("`" * 9 + "a`" * 20_000, markdown.blocks, "too many brackets"),
    ("x" * 750_001, html.blocks, "more than 750,000 characters"),
    (
        '{"cells": [{"cell_type": "markdown", "source": "' + "x" * 750_001 + '"}]}',
        notebook.blocks,
        "750,000 characters",
    ),
]


@pytest.mark.parametrize(("source", "read"), READ, ids=lambda value: getattr(value, "__name__", repr(value)[:30]))
def test_it_is_read_in_a_few_seconds(source: str, read: Read) -> None:
    """Time grows with the length of the page."""
    begun = time.process_time()
    check(source, BETS, read)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("source", "read", "message"), REFUSED, ids=lambda value: getattr(value, "__name__", repr(value)[:30])
)
def test_it_is_refused_at_once(source: str, read: Read, message: str) -> None:
    """The error names the limit."""
    begun = time.process_time()
    with pytest.raises(PageError, match=message):
        check(source, BETS, read)
    assert time.process_time() - begun < 5


def test_the_number_of_blocks_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each block costs the same, however short it is."""
    monkeypatch.setattr(block, "MAX_BLOCKS", 100)
    check("- a\n" * 100, BETS)
    with pytest.raises(PageError, match="more than 100 paragraphs, list items and rows: split it"):
        check("- a\n" * 101, BETS)
