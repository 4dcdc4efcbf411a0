"""reStructuredText: docutils reads it, findings have their line, and nothing is corrected."""

import pytest

from pytest_bets.claims import rest
from pytest_bets.diagnostics import PageError
from tests.helpers.write_ups import found

pytest.importorskip("docutils")


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("Bet 6: **{}**", 1),
        ("x\n\nBet 6\n=====\n\nVerdict: {}\n", 6),
        ("- Bet 5: PASS\n- Bet 6: ``{}``\n", 2),
        ("====  =======\nBet   Verdict\n====  =======\n6     {}\n====  =======\n", 4),
        (".. note:: Bet 6: {}\n", 1),
        ("x\n\n.. versionadded:: 3\n   :x: y\n\n   Bet 6: {}\n", 6),
        (":doc:`page` on bet 6 [1]_: {}\n\n.. [1] x\n", 1),
        (".. raw:: html\n\n   <b>Bet 6</b>: {}\n", 1),
    ],
)
def test_a_wrong_verdict_is_found(source: str, line: int) -> None:
    """In prose, tables, admonitions, and directives of Sphinx, which docutils does not know."""
    assert found(source.format("FAIL"), rest.blocks) == ()
    (finding,) = found(source.format("PASS"), rest.blocks)
    assert (finding.line, finding.kind, finding.edit) == (line, "verdict", None)


@pytest.mark.parametrize(
    "source", [".. Bet 6: PASS", "::\n\n   Bet 6: PASS", "``Bet 6: PASS``", "", ".. include:: /etc/passwd"]
)
def test_comments_and_code_claim_nothing(source: str) -> None:
    """And no other file is read."""
    assert found(source, rest.blocks) == ()


def test_a_long_page_is_refused() -> None:
    """Docutils is slow."""
    with pytest.raises(PageError, match="more than 100,000 characters"):
        rest.blocks("x" * 100_001)
    with pytest.raises(PageError, match="too many stars, bars or backticks"):
        rest.blocks("*a " * 20_000)
