"""Notebooks: their Markdown and their shown results are read, at their place in the JSON."""

import json

import pytest

from pytest_bets.claims import notebook
from pytest_bets.claims.finding import apply_edits
from pytest_bets.diagnostics import PageError
from tests.helpers.write_ups import found


def page(*cells: dict[str, object]) -> str:
    return json.dumps({"metadata": {"source": ["Bet 6: PASS"]}, "cells": [*cells], "nbformat": 4}, indent=1)


def markdown(*source: str) -> dict[str, object]:
    return {"cell_type": "markdown", "metadata": {}, "source": list(source)}


def test_markdown_cells_are_read_and_corrected_in_place() -> None:
    """Escapes of JSON count as one character, and every byte beside the correction stays."""
    text = ['# "Bet 6" \u2212 \\ \U0001f600\n', "\n", "Bet 6: PASS, <!-- bet 6: mean(gain) -->4<!-- /bet -->\n"]
    source = page(markdown("x"), markdown(*text))
    findings = found(source, notebook.blocks)
    lines = source.split("\n")
    assert [lines[finding.line - 1].strip()[:12] for finding in findings] == ['"Bet 6: PASS'] * 2
    assert apply_edits(source, findings) == source.replace("Bet 6: PASS, ", "Bet 6: FAIL, ").replace("-->4<", "-->3<")
    assert found(apply_edits(source, findings), notebook.blocks) == ()


def test_a_heading_leads_to_the_cells_after_it() -> None:
    """A notebook is one page."""
    (finding,) = found(page(markdown("## Bet 6"), markdown("Verdict: PASS")), notebook.blocks)
    assert (finding.kind, finding.bet) == ("verdict", "06_warm")


@pytest.mark.parametrize(
    ("mime", "text", "kinds"),
    [
        ("text/html", "<b>Bet 6</b>: PASS", ["verdict"]),
        ("text/markdown", "**Bet 6**: PASS", ["verdict"]),
        ("text/plain", "Bet 6: PASS", []),
    ],
)
def test_what_a_code_cell_shows_is_read_and_its_code_is_not(mime: str, text: str, kinds: list[str]) -> None:
    """Plain output is like a code block."""
    output = {"output_type": "display_data", "data": {mime: [text]}}
    cell: dict[str, object] = {
        "cell_type": "code",
        "source": ["print('Bet 6: PASS')"],
        "outputs": [{"text": "Bet 6: PASS"}, output],
    }
    assert [finding.kind for finding in found(page(cell), notebook.blocks)] == kinds


@pytest.mark.parametrize("source", ["", "{", "[]", '{"cells": 1}', "[" * 100_000])
def test_what_is_no_notebook_is_an_error(source: str) -> None:
    """JSON of another form, and no JSON."""
    with pytest.raises(PageError, match="this is no notebook"):
        notebook.blocks(source)


def test_cells_that_are_not_cells_have_no_text() -> None:
    """Values of other types are left out."""
    assert notebook.blocks('{"cells": [1, {"cell_type": "markdown", "source": 2}, {"cell_type": "code"}]}') == []
