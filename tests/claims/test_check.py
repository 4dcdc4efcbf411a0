"""What a page of Markdown says about bets, held against what is known of them: values in, findings out."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bets.claims.check import check
from pytest_bets.claims.finding import Bet, Finding, apply_edits
from pytest_bets.claims.lexicon import word
from pytest_bets.claims.markdown import blocks, line_starts
from pytest_bets.claims.number import VALUE, agrees, alike

CELLS = [{"norm": 5.0968, "full": 7.0 + cell, "part": cell % 3, "worst": math.nan} for cell in range(15)]
BETS = [
    Bet("46_norm", 46, "LENIENT", "stands", frozenset(), CELLS),
    Bet(
        "12_decay",
        12,
        "PASS",
        "stands",
        frozenset(),
        [{"loss": 2.5, "share_won": 0.8, "tie": 0.285, "tiny": -4e-4, "nothing": 0.0}],
    ),
    Bet("13_noise", 13, "FAIL, in the noise", "in the noise", frozenset(), [{"loss": 1234567.0}], noise=True),
    Bet("37_gone", 37, "PASS", "retracted by 46_norm", frozenset({"retracted"}), [{"gain": 1.0}]),
    Bet("38_back", 38, "PASS", "withdrawn: a bug", frozenset({"withdrawn"}), [{"gain": 1.0}]),
    Bet("50_new", 50, "never run", "open", frozenset(), ()),
    Bet("51_cut", 51, "void", "open", frozenset(), (), "1 of 4 cells crashed"),
    Bet("52_broken", 52, "", "", frozenset(), (), "bet_52_broken.py:3: the tier `strict` is missing", readable=False),
    Bet("nameless", None, "PASS", "stands", frozenset(), [{"gain": 0.25}]),
]


def found(source: str) -> tuple[Finding, ...]:
    return check(source, BETS).findings


def the(source: str) -> Finding:
    (finding,) = found(source)
    return finding


def fixed(source: str) -> str:
    return apply_edits(source, found(source))


@pytest.mark.parametrize(
    "form",
    [
        "Bet 46: {}",
        "bet 46 ({})",
        "Bet #46 — {}",
        "Bet 046: {}",
        "**Bet 46**: *{}*",
        "Bet 46: **{}**",
        "Bet 46: ✅ {}",
        "Bet 46 is {}",
        "Bet 46's verdict: {}",
        "Bet 46’s verdict is still {}.",
        "Bet 46: ~~FAIL~~ {}",
        "Bet&nbsp;46: {}",
        "Bet\n46:\n{}",
        "[Bet 46: {}](results/46_norm.json)",
        "[Bet 46: {}][record]\n\n[record]: results/46_norm.json",
        "[![Bet 46: {}](badge.svg)](results/)",
        "# Bet 46: {} ##",
        "Bet 46: {}\n======",
        "- a list\n  1. Bet 46: {}",
        "> Bet 46: {}",
        "| bet | verdict |\n|---|---|\n| Bet 46 | **{}** |",
        "| claim | verdict | bet |\n|---|---|---|\n| x \\| y | {} | [Bet 46](x) |",
        "<details>\n<summary>Bet 46: {}</summary>\n</details>",
        "<!-- a note --> Bet 46: {}",
        "Bet 46:\n<!-- a note --> {}",
        "Bet 46:\\\n{}",
        "| a |\n|---|\n| x \\| Bet 46: {} |",
        "---\ntitle: 'Bet 46: {}'\n---\n\ntext",
        "Bets 13 and 51, and Bet 46: {}",
    ],
)
def test_a_verdict_must_be_the_records_in_every_form(form: str) -> None:
    """LENIENT is of record: it is clean, PASS is a finding, and the fix changes that word alone."""
    assert found(form.format("LENIENT")) == ()
    finding = the(form.format("PASS"))
    assert (finding.kind, finding.bet, finding.record) == ("verdict", "46_norm", "the record says LENIENT")
    assert fixed(form.format("PASS")) == form.format("LENIENT")


@pytest.mark.parametrize(
    "source",
    [
        "`Bet 46: PASS`",
        "```\nBet 46: PASS\n```",
        "~~~~ text\nBet 99: PASS <!-- bet 46: nonsense -->\n~~~~",
        "    Bet 46: PASS",
        "<code>Bet 46: PASS</code>",
        "<pre>\nBet 46: PASS\n</pre>",
        "<!-- Bet 46: PASS -->",
        "<!--\nBet 46: PASS\n\nBet 99\n-->",
        "[foo]: /url 'Bet 46: PASS'",
        "![a chart](chart.svg 'Bet 99')",
        "| Bet | 46: PASS |\n|---|---|",
        "- Bet\n\n  46: PASS",
        "`<!-- bet 46: count(norm < full) -->3<!-- /bet -->`",
        "<https://example.org/bet-99>",
        "bets/bet_99_gone.py, 46_norm, alphabet 99, Bet 99%, bet 5.5, bet 99th",
        "Bet 46: PASS or FAIL?",
        "Bet 46. PASS means that the strict tier was met. Bet 46: pass rates fall.",
        "In bet 46, 12 of 15 cells won. Bet 46: PASS@1 rises. Bet 46: FAIL-safe. Bet 46: PASS/FAIL.",
        "| Bet 46 | Bet 12 | PASS |\n|---|---|---|\n| Bet 46 | LENIENT | FAIL |",
    ],
)
def test_what_claims_nothing_is_no_finding(source: str) -> None:
    """Code, hidden text, and prose that only looks like a claim."""
    assert found(source) == ()


@pytest.mark.parametrize(
    "form",
    [
        "Bet nameless: {}",
        "bet nameless ({})",
        "**Bet nameless**: *{}*",
        "Bet nameless's verdict is {}",
        "[Bet nameless: {}](results/nameless.json)",
        "| bet | verdict |\n|---|---|\n| Bet nameless | {} |",
        "| bet | verdict |\n|---|---|\n| [Bet nameless](x) is small | **{}** |",
        "Bets 12 and nameless: {}",
        "Bets nameless, nameless and 12: {}",
        "Bet 12_decay: {}",
        "Bet\n12_decay\nis {}",
    ],
)
def test_a_bet_may_be_named_by_its_id(form: str) -> None:
    """One without a number can be named in no other way."""
    assert found(form.format("PASS")) == ()
    for finding in found(form.format("LENIENT")):
        assert (finding.kind, finding.record.endswith(" says PASS")) == ("verdict", True)
    assert fixed(form.format("LENIENT")) == form.format("PASS")


@pytest.mark.parametrize(
    "form", ["[Bet a_lost](a_lost.json){}", "Bet a_lost: PASS.{}", "| a | b |\n|---|---|\n| Bet a_lost |{} |"]
)
def test_citing_a_claim_that_is_gone_by_its_id_must_say_so(form: str) -> None:
    """In a link, with a verdict, or in a cell of its own, an id is a citation."""
    gone = [Bet("a_lost", None, "PASS", "retracted by 46_norm", frozenset({"retracted"}), [])]
    (finding,) = check(form.format(""), gone).findings
    assert (finding.kind, finding.bet, finding.stands) == ("standing", "a_lost", '"Bet a_lost"')
    assert check(form.format(" It was retracted."), gone).findings == ()


@pytest.mark.parametrize(
    "source",
    [
        "We bet on dropout: PASS means that it helps.",
        "We bet dropout helps, and our best bet dropout had was PASS.",
        "Bet dropout helps. PASS is another thing. [A link](x) to dropout.",
        "My bet dropout-free: FAIL. Bet dropouts: FAIL. Alphabet dropout: FAIL. Bet Dropout: FAIL.",
        "Bets on dropout and decay: FAIL. Bets dropout and decay are good.",
        "`Bet dropout: FAIL`",
        "| bet dropout for it | FAIL |\n|---|---|",
        "Bet warmup: FAIL",
    ],
)
def test_an_id_that_is_a_word_of_prose_is_no_mention(source: str) -> None:
    """Only a verdict, a link or a cell of its own makes a citation of it; an id of no bet is a word like any other."""
    gone = frozenset({"retracted"})
    checked = check(source, [Bet(name, None, "LENIENT", "retracted", gone, []) for name in ("dropout", "decay")])
    assert (checked.findings, checked.mentions) == ((), 0)


@pytest.mark.parametrize(
    ("written", "due"),
    [
        ("Bet 12: PASSED", "Bet 12: PASSED"),
        ("Bet 12: FAILED", "Bet 12: PASS"),
        ("Bet 13: FAIL", "Bet 13: FAIL"),
        ("Bet 13: FAIL, in the noise", "Bet 13: FAIL, in the noise"),
        ("Bet 13: FAIL, catastrophic", "Bet 13: FAIL, in the noise"),
        ("Bet 13: PASS, catastrophic", "Bet 13: FAIL, in the noise"),
        ("Bet 50: PASS", "Bet 50: never run"),
        ("Bet 50 was never run", "Bet 50 was never run"),
        ("Bet 51 (LENIENT)", "Bet 51 (void)"),
        ("Bet 51: VOID", "Bet 51: VOID"),
        ("Bet 12 is void", "Bet 12 is PASS"),
        ("Bets 12 and 46: PASS", "Bets 12 and 46: PASS"),
        ("Bets 12, 46 and 12: FAIL", "Bets 12, 46 and 12: FAIL"),
        ("Bets 46 and 46: FAIL", "Bets 46 and 46: LENIENT"),
        ("Bet 46: PA**SS**", "Bet 46: PA**SS**"),
        ("| Bet 12: FAIL | Bet 12: FAIL |\n|---|---|", "| Bet 12: PASS | Bet 12: PASS |\n|---|---|"),
    ],
)
def test_a_fix_writes_the_verdict_that_is_due(written: str, due: str) -> None:
    """A more exact verdict is held in full; one word for several bets, or one cut by a mark, is left to people."""
    assert fixed(written) == due


@pytest.mark.parametrize(
    ("source", "record"),
    [
        ("Bet 50: PASS", "it was never run"),
        ("Bet 51: PASS", "its run is void: 1 of 4 cells crashed"),
        ("Bet 99 wins", "there is no bet 99; the nearest is 52_broken"),
        ("Bet 44", "there is no bet 44; the nearest is 46_norm"),
        ("Bet 52: PASS", "the bet's file cannot be read: bet_52_broken.py:3: the tier `strict` is missing"),
        ("Bets 12 and 46: PASS", "the record of bet 46 says LENIENT"),
        ("<!-- bet namless: max(gain) -->1<!-- /bet -->", "there is no bet namless; the nearest is nameless"),
    ],
)
def test_a_finding_says_what_is_of_record(source: str, record: str) -> None:
    """Never run, void, unknown and unreadable bets have different findings."""
    assert the(source).record == record


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("Bet 37 shows it.{}", "paragraph"),
        ("# Bet 37{}", "heading"),
        ("- Bet 37: PASS\n\n  More.{}\n- and this", "list item"),
        ("| a | b |\n|---|---|\n| Bet 37 | x.{} |\n| y | z |", "table row"),
        ("It has <!-- bet 37: max(gain) -->1<!-- /bet -->.{}", "paragraph"),
        ("Bet 37 shows\n<!-- a note -->\nthis.{}", "paragraph"),
    ],
)
def test_citing_a_claim_that_is_gone_must_say_so_in_the_same_block(source: str, kind: str) -> None:
    """Retracted and withdrawn claims each need their word; saying so elsewhere, or denying it, does not do."""
    for silent in ("", " It was not retracted.", " It has never been retracted.", " Withdrawn."):
        finding = the(source.format(silent) + "\n\nBet 46 retracted others.\n")
        assert finding.kind == "standing"
        assert finding.record == f"retracted by 46_norm, and this {kind} does not say so"
    for telling in (" (retracted)", " Retracted since.", " A retraction followed.", " It was overturned."):
        assert found(source.format(telling)) == ()


def test_a_withdrawn_claim_must_be_called_withdrawn() -> None:
    """Its mention is one finding, however often the block has it."""
    finding = the("Bet 38: PASS, bet 38 again, and <!-- bet 38: max(gain) -->1<!-- /bet -->, retracted by nobody.")
    assert finding.record == "withdrawn: a bug, and this paragraph does not say so"
    assert found("Bet 38: PASS, but withdrawn.") == found("We withdrew bet 38.") == ()


@pytest.mark.parametrize(
    ("sentence", "wrong", "right"),
    [
        ("46: count(norm < full)", "14", "15"),
        ("46_norm: count(norm < full)", "**14**", "**15**"),
        ("46: mean(norm)", "5.2", "5.1"),
        ("46: mean(norm)", "5.10", "5.10"),
        ("46: mean(norm)", "5.09", "5.10"),
        ("46: mean(norm) - mean(full)", "−8.91", "−8.90"),
        ("46: mean(full) - mean(norm)", "+8.91", "+8.90"),
        ("46: share(norm < full and part == 0)", "30 %", "33 %"),
        ("46: share(norm < full and part == 0)", "33%", "33%"),
        ("46: groups(part, median(norm) < 6)", "2", "3"),
        ("46: mean(worst)", "0", "undefined"),
        ("46: 1 / count(norm > full)", "inf", "undefined"),
        ("12: share_won", "79%", "80%"),
        ("12: tie", "29%", "29%"),
        ("12: tiny", "0.1", "0.0"),
        ("12: -nothing", "1e5", "0e+00"),
        ("13: loss", "1,234,566", "1,234,567"),
        ("13: loss", "1.24e6", "1.23e+06"),
        ("nameless: max(gain)", "0.2", "0.2"),
        ("nameless: max(gain)", "0.3", "0.3"),
        ("nameless: max(gain)", "", "0.25"),
    ],
)
def test_a_marked_value_must_be_the_recorded_one(sentence: str, wrong: str, right: str) -> None:
    """It is compared at the decimals that are shown and corrected with as many; a right value stays."""
    page = f"- In <!-- bet {sentence} -->{{}}<!-- /bet --> of cells, 14 in all."
    assert fixed(page.format(wrong)) == page.format(right)
    assert found(page.format(right)) == ()


def test_a_percent_sign_after_the_marker_counts() -> None:
    """The value stands as a percentage, wherever its sign stands."""
    page = "<!-- bet 12: share_won -->{}<!-- /bet --> % won"
    assert found(page.format("80")) == ()
    assert the(page.format("8")).record == "the record has 80 %"
    assert fixed(page.format("8")) == page.format("80")


@pytest.mark.parametrize(
    "page",
    [
        "Up by <!-- bet 12: share_won -->{}<!-- /bet --> percentage points.",
        "Up by <!-- bet 12: share_won -->{}<!-- /bet --> pp.",
        "| Bet | won (%) |\n|---|---|\n| 12 | <!-- bet 12: share_won -->{}<!-- /bet --> |",
        "| Bet | won, in percent |\n|---|---|\n| 12 | <!-- bet 12: share_won -->{}<!-- /bet --> % |",
        "| | Bet 12 |\n|---|---|\n| won, % | <!-- bet 12: share_won -->{}<!-- /bet --> |",
        "<table><tr><th>Bet<th>won (%)<tr><td>12<td><!-- bet 12: share_won -->{}<!-- /bet --></table>",
    ],
)
def test_points_and_the_head_of_a_column_or_row_make_a_percentage(page: str) -> None:
    """The number below `(%)` is read as one with the sign."""
    assert found(page.format("80")) == ()
    assert the(page.format("0.8")).record == "the record has 80.0 %"


@pytest.mark.parametrize("head", ["top 10 %", "won (95 % CI)", "won"])
def test_a_percentage_of_something_else_in_a_head_changes_nothing(head: str) -> None:
    """It has a number of its own."""
    assert found(f"| Bet | {head} |\n|---|---|\n| 12 | <!-- bet 12: share_won -->0.8<!-- /bet --> |") == ()


@pytest.mark.parametrize(
    "value",
    [
        "100 * mean(share_won) / mean(share_won) * share_won",
        "mean(100 * share_won)",
        "max(share_won * 100)",
        "-mean(-100 * share_won)",
        "100 * count(share_won > 0.5) / 1 - 100 * count(share_won > 0.5) + 100 * share_won",
        "(mean(share_won) - mean(nothing)) * 100 / 1",
        "100 / 1 * share_won",
        "100 - (100 - 100 * mean(share_won))",
    ],
)
def test_a_sentence_with_a_factor_of_100_gives_a_percentage(value: str) -> None:
    """The factor may stand anywhere in it, and is not applied again."""
    page = f"<!-- bet 12: {value} -->{{}}<!-- /bet --> % won"
    assert found(page.format("80")) == ()
    assert fixed(page.format("79")) == page.format("80")


@pytest.mark.parametrize(
    "value", ["share(share_won < 100)", "share(100 * share_won < 81)", "mean(share_won / 100) * 125"]
)
def test_another_100_gives_no_percentage(value: str) -> None:
    """It is compared with, or divided by."""
    assert found(f"<!-- bet 12: {value} -->100<!-- /bet --> % won") == ()


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("a <!-- bet 46: mean(norm) -->5.1", "marker", "it is not closed: expected <!-- /bet --> after it"),
        ("a <!-- /bet -->", "marker", "no marker is open before it"),
        ("a <!-- bet 46: men(norm) -->5.1<!-- /bet -->", "marker", "`men` is not a reducer"),
        ("a <!-- bet 46: men(norm) -->5.1<!-- /bet -->", "marker", "did you mean mean?"),
        ("a <!-- bet 46: mean(norm -->5.1<!-- /bet -->", "marker", "the sentence cannot be read: '(' was never closed"),
        ("a <!-- bet 46: mean(norm) > 5 -->5.1<!-- /bet -->", "marker", "did you mean mean(norm)?"),
        ("a <!-- bet 46: __import__('os') -->1<!-- /bet -->", "marker", "`__import__` is not a reducer"),
        ("a <!-- bet 46: 5 -->5<!-- /bet -->", "marker", "it reads no measurement"),
        ("a <!-- bet 46: -->5<!-- /bet -->", "marker", "it is empty"),
        ("a <!-- bet 46 mean(norm) -->5<!-- /bet -->", "marker", "expected <!-- bet 46: VALUE -->"),
        ("a <!-- bet 46: mean(nrom) -->5.1<!-- /bet -->", "marker", "did you mean norm?"),
        ("a <!-- bet 46: norm -->5.1<!-- /bet -->", "marker", "`norm` stands outside a reducer"),
        ("a <!-- bet 50: mean(x) -->5<!-- /bet -->", "value", "it was never run"),
        ("a <!-- bet 51: mean(x) -->5<!-- /bet -->", "value", "its run is void"),
        ("a <!-- bet 46: mean(norm) -->five<!-- /bet -->", "value", "the record has 5.097: expected one number"),
        ("a <!-- bet 46: mean(norm) -->5.1 and 5.1<!-- /bet -->", "value", "expected one number"),
    ],
)
def test_a_marker_that_cannot_be_held_is_a_finding_without_a_fix(source: str, kind: str, message: str) -> None:
    """It says what is wrong with the marker, the sentence or the record."""
    finding = the("intro\n\n" + source)
    assert (finding.line, finding.kind, finding.edit) == (3, kind, None)
    assert message in finding.record


def test_a_marker_closes_in_its_own_block() -> None:
    """One that is left open and one that closes nothing are two findings."""
    assert [finding.line for finding in found("a <!-- bet 46: mean(norm) -->5.1\n\nb <!-- /bet -->")] == [1, 3]


def test_a_marker_within_a_marker_leaves_the_outer_open() -> None:
    """The inner one is held, and the second closing comment closes nothing."""
    nested = "<!-- bet 46: mean(norm) -->5 <!-- bet 12: loss -->3.5<!-- /bet --> <!-- /bet -->"
    assert [finding.kind for finding in found(nested)] == ["marker", "value", "marker"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_lines_are_counted_and_kept_whatever_their_ends(end: str, mark: str) -> None:
    """A byte order mark, front matter, code and tables shift no line, and a fix keeps every other character."""
    head = "# Bet 46: {0}\n\n```\n\nBet 46: PASS\n```\n\nsoft\n  Bet\t46: {0}\n\n"
    page = mark + (head + "| a |\n|---|\n|\tBet 46: {0}|  \n\n\n> x\nBet 46: {0}").replace("\n", end)
    assert [finding.line for finding in found(page.format("PASS"))] == [1, 9, 13, 17]
    assert fixed(page.format("PASS")) == page.format("LENIENT")


def test_what_is_checked_is_counted() -> None:
    """Mentions are those in prose, values those between markers, right or wrong."""
    checked = check("Bet 12 and bets 12 and 46, <!-- bet 12: loss -->2.5<!-- /bet -->, `Bet 1`", BETS)
    assert (checked.findings, checked.mentions, checked.values) == ((), 3, 1)


VERDICTS = {"PASS", "LENIENT", "FAIL", "void", "never run", "FAIL, in the noise", "FAIL, catastrophic"}
PIECES = st.sampled_from(
    [
        *("Bet 46: PASS", "Bet 12 (FAIL)", "<!-- bet 12: loss -->", "3.7", "<!-- /bet -->", "<!--", "-->", "Bet", "46"),
        *(": PASS", "%", "`", "```\n", "*", "**", "_", "[", "](x)", "![", "~~", "\\", "|", "\\|", "\n|---|---|\n"),
        *("\n", "\r\n", "\r", "\t", " ", "- ", "> ", "# ", "1. ", "<b>", "</code>", "<code>", "&amp;", "&nbsp;"),
        *("é", "\0", "\ufeff", "text"),
    ]
)
PAGES = st.lists(PIECES | st.text(max_size=3), max_size=25).map("".join)


@given(PAGES)
def test_every_shown_character_has_its_place(source: str) -> None:
    """Letters and digits of a block stand in the source where the block says, but for entities."""
    for block in blocks(source):
        assert len(block.text) == len(block.places)
        for shown, place in zip(block.text, block.places, strict=True):
            if shown.isascii() and shown.isalnum() and source[place] != "&":
                assert source[place] == shown
        for comment in block.comments:
            assert source[comment.start : comment.end].startswith("<!--")
            assert source[comment.start : comment.end].endswith(("-->", "--->", "<!-->"))


@given(PAGES)
def test_a_fixed_page_needs_no_other_fix(source: str) -> None:
    """No page crashes the check, every finding has a line of the page, and all possible fixes are made."""
    findings = found(source)
    assert all(1 <= finding.line <= len(line_starts(source)) for finding in findings)
    assert not [finding for finding in found(apply_edits(source, findings)) if finding.edit]


@given(PAGES)
def test_a_fix_writes_numbers_and_verdicts_alone(source: str) -> None:
    """Each correction replaces a number or a verdict by another one, in place, or fills an empty marker."""
    findings = found(source)
    for edit in {finding.edit for finding in findings if finding.edit}:
        replaced = source[edit.start : edit.end]
        assert VALUE.fullmatch(edit.text) or word(edit.text) in VERDICTS
        assert not replaced or VALUE.fullmatch(replaced) or word(replaced).partition(",")[0] in VERDICTS
    kept = apply_edits(source, [finding for finding in findings if not finding.edit])
    assert kept == source


@given(st.floats(-1e9, 1e9), st.integers(0, 6), st.sampled_from(["", ","]))
def test_a_value_agrees_with_itself_at_any_decimals(value: float, decimals: int, comma: str) -> None:
    """What is printed with any number of decimals agrees, and is alike to itself."""
    shown = f"{value:{comma}.{decimals}f}"
    assert VALUE.fullmatch(shown)
    assert agrees(shown, value)
    assert agrees(alike(shown, value), value)
    assert not agrees(alike(shown, value + 2), value)
