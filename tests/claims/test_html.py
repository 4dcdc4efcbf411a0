"""HTML files: what a browser shows is read, with its place in the source."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bets.claims import html
from pytest_bets.claims.finding import apply_edits
from tests.helpers.write_ups import found


@pytest.mark.parametrize(
    "form",
    [
        "<p>Bet 6: <b>{}</b></p>",
        "<p>Bet&nbsp;6&#58; {}",
        "<ul><li>Bet 5: PASS<li>Bet 6: {}</ul>",
        "<ul><li>Bet 6<ul><li>{}</ul></ul>",
        "<table><tr><th>Bet<th>Verdict<tr><td>6<td>{}</table>",
        "<table><thead><tr><th></th><th>Bet 6</th></tr></thead><tr><td>verdict</td><td>{}</td></tr></table>",
        "<h2>Bet 6</h2>\n<p>Verdict: {}</p>",
        "<title>Bet 6: {}</title>",
        "<dl><dt>Bet 6<dd>{}</dl>",
        "<p>Bet 6: <code>{}</code>",
        "<p hidden>Bet 6: {}</p>",
        "<p hidden>x</p><p>Bet 6: {}",
        "<!-- a note -->Bet 6<!-- > -->: {}",
        "<div data-x='>'>Bet 6: {}</div>",
        "a < b, Bet 6: {} &amp; more",
    ],
)
def test_what_is_shown_is_read_and_corrected(form: str) -> None:
    """FAIL is of record: it is clean, PASS is a finding, and the fix changes that word alone."""
    assert found(form.format("FAIL"), html.blocks) == ()
    findings = found(form.format("PASS"), html.blocks)
    assert [finding.kind for finding in findings] == ["verdict"]
    assert apply_edits(form.format("PASS"), findings) == form.format("FAIL")


@pytest.mark.parametrize(
    "source",
    [
        "<pre>Bet 6: PASS</pre>",
        "<code>Bet 6: PASS</code>",
        "<style>Bet 6: PASS</style><script>'Bet 6: PASS'</script>",
        "<textarea>Bet 6: PASS</textarea>",
        "<del>Bet 6: PASS</del>",
        "<!-- Bet 6: PASS -->",
        "<a title='Bet 6: PASS'>x</a>",
        "<p>x</p><!-- Bet 6: PASS",
        "<p>x</p><a href='Bet 6: PASS",
        "<!DOCTYPE Bet 6: PASS><?Bet 6: PASS>",
    ],
)
def test_what_is_not_shown_as_text_claims_nothing(source: str) -> None:
    """Code, comments, attributes, struck text, and the rest after a tag that is never closed."""
    assert found(source, html.blocks) == ()


def test_a_finding_has_its_line() -> None:
    """Lines are those of the file."""
    findings = found("<p>x</p>\n\n<p>Bet 6:\n<i>PASS</i>\n<p>Bet 9", html.blocks)
    assert [(finding.line, finding.kind) for finding in findings] == [(4, "verdict"), (5, "unknown")]


PIECES = st.sampled_from(
    [
        *(
            "<p>",
            "</p>",
            "<li>",
            "<ul>",
            "</ul>",
            "<tr>",
            "<td>",
            "</table>",
            "<b hidden>",
            "</b>",
            "<code>",
            "</code>",
        ),
        *("<del>", "</del>", "<!--", "-->", "&amp;", "&#6", "<", ">", "'", '"', "<a b='", "<br>", "<img alt='Bet 6'>"),
        *(
            "Bet 6: PASS",
            "<!-- bet 5: mean(gain) -->",
            "7.5",
            "<!-- /bet -->",
            "\n",
            "text",
            "\0",
            "<script>",
            "</p",
            "<!",
        ),
    ]
)


@given(st.lists(PIECES | st.text(max_size=3), max_size=20).map("".join))
def test_every_shown_character_has_its_place(source: str) -> None:
    """Letters and digits of a block stand in the source where the block says, and a fix needs no other."""
    for block in html.blocks(source):
        assert len(block.text) == len(block.places)
        for shown, place in zip(block.text, block.places, strict=True):
            if shown.isascii() and shown.isalnum() and source[place] not in "&<":
                assert source[place] == shown
    findings = found(source, html.blocks)
    assert not [finding for finding in found(apply_edits(source, findings), html.blocks) if finding.edit]
