"""The docstring of a bet: its sections, and whether they state a threshold."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bets.bet.docstring import Section, read, states

WHOLE = """Bet 46: the norm-only win is not luck.

Hypothesis: tuning only the gains of a frozen base
    gives lower perplexity,   whatever the seed.

Strict: at least 12 of 15 cells.
Scope:
    30M parameters.
    Says nothing of 1B.
"""


def test_a_docstring_is_a_title_and_sections() -> None:
    """White space in a section is folded, its text may begin on the next line, and its line is that of its name."""
    found = read(WHOLE)
    assert found.title == "Bet 46: the norm-only win is not luck."
    assert found.sections == (
        Section("Hypothesis", "tuning only the gains of a frozen base gives lower perplexity, whatever the seed.", 2),
        Section("Strict", "at least 12 of 15 cells.", 5),
        Section("Scope", "30M parameters. Says nothing of 1B.", 6),
    )
    assert found.text == WHOLE.strip()


def test_a_section_is_found_by_its_name() -> None:
    """The first of a name counts, and one that is not there is empty prose."""
    found = read("T\nScope: a\nScope: b")
    assert found.section("Scope") == Section("Scope", "a", 1)
    assert (found.section_text("Scope"), found.section_text("Run")) == ("a", "")
    assert found.section("Run") is None


def test_layout_does_not_change_what_is_read() -> None:
    """A docstring that begins on its second line, indented, has the same title and prose, and its lines are counted."""
    indented = "\n\n" + "".join(f"    {line}\n" for line in WHOLE.splitlines())
    found = read(indented)
    assert [(section.name, section.text) for section in found.sections] == [
        (section.name, section.text) for section in read(WHOLE).sections
    ]
    assert [section.line for section in found.sections] == [4, 7, 8]


def test_a_word_and_a_colon_within_a_line_begin_no_section() -> None:
    """Only a capitalised word at the margin does, so indented text may hold any."""
    found = read("T\n\nHypothesis: as follows: it wins.\n    Strict: is not here.\nlower: neither.")
    assert found.sections == (Section("Hypothesis", "as follows: it wins. Strict: is not here. lower: neither.", 2),)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("strict: 12", 3),
        ("STRICT : 12", 3),
        ("- **Strict**: 12", 3),
        ("**Strict:** 12", 3),
        ("## Strict", 3),
        ("    Strict: 12", 3),
        ("* _strict_ : 12", 3),
        ("Strict: 12", None),
        ("STRICT: 12", None),
        ("a strict: 12", None),
        ("strict tests fail: 12", None),
        ("strictly: 12", None),
    ],
)
def test_a_line_may_look_like_the_header_of_a_section(line: str, found: int | None) -> None:
    """In other letters, in a list, emphasised or indented: it is no header, and it may be meant for one."""
    assert read(f"\nA title.\n\n{line}\n").lookalike("Strict") == found


@pytest.mark.parametrize("raw", ["", "\n", "   \n\n"])
def test_an_empty_docstring_has_no_title(raw: str) -> None:
    """It has no sections either, and nothing is raised."""
    assert (read(raw).title, read(raw).sections) == ("", ())


@given(st.text())
def test_any_text_is_read(raw: str) -> None:
    """Every section has folded text and lies on a line of the docstring."""
    found = read(raw)
    for section in found.sections:
        assert section.text == " ".join(section.text.split())
        assert 0 < section.line <= len(raw.splitlines())
    states(raw, 3)


@pytest.mark.parametrize(
    ("prose", "threshold"),
    [
        ("at least 12 of 15 cells", 12),
        ("at least 12.", 12),
        ("(12)", 12),
        ("at least 0.8 of the cells", 0.8),
        ("at least .8 of the cells", 0.8),
        ("at least 80 % of the cells", 0.8),
        ("at least 80% of the cells", 0.8),
        ("at least 80 percent", 0.8),
        ("at least 80 per cent", 0.8),
        ("more than 12.5 %", 0.125),
        ("more than 12.5 %", 12.5),
        ("below 2,304 gains", 2304),
        ("below 1,234,567.5 gains", 1234567.5),
        ("a loss of 0.1", -0.1),
        ("at most -0.1", -0.1),
        ("at most \N{MINUS SIGN}0.1", -0.1),
        ("within 1e-3", 0.001),
        ("within 1E+3", 1000),
        ("no more than 0 cells", 0),
        ("from 5-12 cells", 12),
        ("a 30M base wins by 2x", 2),
        ("0.30000000000000004 or more", 0.3),
        ("at least 1_000 tokens", 1000),
        ("at least 12_345_678.5 tokens", 12345678.5),
        ("at least two of three cells", 2),
        ("at least two of three cells", 3),
        ("Twelve of 15 cells", 12),
        ("a loss of zero", 0),
        ("(ten)", 10),
        ("seven, not more", -7),
        ("ten percent more", 0.1),
        ("at least one cell", 1),
        ("fewer than one cell", 1),
        ("one of 4 cells", 1),
        ("one in three cells", 1),
        ("seven months, two cells", 7),
    ],
)
def test_prose_states_a_threshold(prose: str, threshold: float) -> None:
    """12 as 12 or twelve, 0.8 as 0.8 or 80 %, with thousands, signs and exponents as people write them."""
    assert states(prose, threshold)


@pytest.mark.parametrize(
    ("prose", "threshold"),
    [
        ("at least 12 of 15 cells", 1),
        ("at least 12 of 15 cells", 2),
        ("at least 120", 12),
        ("1_000 tokens", 1),
        ("1_000 tokens", 0),
        ("at least thirteen", 13),
        ("a few", 2),
        ("someone, often, attend, weight", 1),
        ("the luck of one seed", 1),
        ("one cannot say", 1),
        ("two-sided, one-tenth, twenty-two", 2),
        ("twenty two", 2),
        ("two thirds of the cells", 2),
        ("one third of the cells, at least one half", 1),
        ("two hundred cells", 2),
        ("a hundred and two", 2),
        ("two point five", 2),
        ("zero point five", 0),
        ("two and a half", 2),
        ("two_cells", 2),
        ("at least 12.5", 12),
        ("at least 1.12", 12),
        ("version v12", 12),
        ("at least 80 cells", 0.8),
        ("at least 0.8 %", 80),
        ("2,304 gains", 304),
        ("nothing here", 0),
        ("", 3),
    ],
)
def test_another_number_is_not_the_threshold(prose: str, threshold: float) -> None:
    """Not part of a number or of a word, not a pronoun, and not a fraction that was meant as a percentage."""
    assert not states(prose, threshold)


@given(st.integers(0, 10**9) | st.floats(1e-6, 1e6))
def test_a_threshold_as_it_is_printed_is_stated(threshold: float) -> None:
    """Whatever Python prints for a number is read back as that number."""
    assert states(f"at least {threshold} of them", threshold)
    assert states(f"at least {threshold:,} of them", threshold)
    assert not states(f"at least {threshold} of them", math.nextafter(threshold, math.inf) + 1)
