"""Text from strangers: what it may do to a terminal, and how much room it takes there."""

from hypothesis import given
from hypothesis import strategies as st

from pytest_bets.render.visible import cut, encodable, padded, visible, visible_lines, width


@given(st.text())
def test_no_text_holds_a_character_that_acts(text: str) -> None:
    """No escape, no line end, no change of direction, no lone surrogate."""
    assert visible(text).isprintable()


BLANK = "\u115f\u1160\u2800\u3164\uffa0"


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"], exclude_characters=BLANK)))
def test_what_prints_is_left_as_it_is(text: str) -> None:
    """Letters, digits, punctuation and symbols of every script."""
    assert visible(text) == text


def test_what_does_not_print_is_spelled() -> None:
    """As Python spells it; the spaces of other scripts are spaces."""
    assert visible("\x1b[2J\r\n\t\u202e\ud800") == "\\x1b[2J\\r\\n\\t\\u202e\\ud800"
    assert visible("a\u200bb\u3164c\u034f\x9b") == "a\\u200bb\\u3164c\\u034f\\x9b"
    assert visible_lines("a\x1b\nb\r\n") == "a\\x1b\nb\\r\n"
    assert visible("a\u00a0b\u3000c") == "a b c"


def test_a_stream_prints_what_its_encoding_has() -> None:
    """And spells the rest; without an encoding it prints all."""
    assert encodable("größe ▁", "ascii") == "gr\\xf6\\xdfe \\u2581"
    assert encodable("größe ▁", "latin-1") == "größe \\u2581"
    assert encodable("größe ▁", None) == "größe ▁"


def test_width_is_counted_in_columns() -> None:
    """East Asian letters take two, accents and the vowels above a Thai letter none."""
    assert [width(text) for text in ("abc", "学習率", "e\u0301", "\u0e01\u0e31\u0e07")] == [3, 6, 1, 2]
    assert padded("学習", 6) == "学習  "


@given(st.text(st.characters(categories=["L", "N"])), st.integers(4, 30))
def test_a_text_that_is_cut_fits(text: str, size: int) -> None:
    """And says that something was left out."""
    shown = cut(text, size)
    assert width(shown) <= size
    assert shown == text or shown.endswith("...")
