"""The table that closes a session: what a reader needs comes first where there are many bets."""

import re

import pytest

from pytest_bets.render.closing import FOLDED_ABOVE, GROUPED_ABOVE, Row, closing_table

VERDICTS = ("PASS", "LENIENT", "FAIL", "FAIL, in the noise", "FAIL, catastrophic", "void", "not judged")


def rows(count: int, *verdicts: str, plain: bool = True) -> list[Row]:
    """Return so many bets, their verdicts in turn."""
    return [
        Row(f"{number:03d}_claim", verdicts[number % len(verdicts)], ["mean(gain) >= 1 (measured 2)"], "stands", plain)
        for number in range(count)
    ]


def bare(_: str, text: str) -> str:
    return text


def coloured(verdict: str, text: str) -> str:
    return f"\x1b[31m{text}\x1b[0m" if verdict.startswith("FAIL") else f"\x1b[32m{text}\x1b[0m"


def shown(found: list[Row], *, verbose: bool = False) -> list[str]:
    return closing_table(found, 80, bare, verbose=verbose)


def test_few_bets_stand_in_their_order() -> None:
    """By number, as they were given, without a heading."""
    lines = shown(rows(GROUPED_ABOVE, *VERDICTS))
    assert len(lines) == 2 + GROUPED_ABOVE
    assert [line[:3] for line in lines[2:]] == [f"{number:03d}" for number in range(GROUPED_ABOVE)]


def test_many_bets_stand_in_groups_the_fails_first() -> None:
    """Each with its count; within a group by number."""
    lines = shown(rows(GROUPED_ABOVE + 1, *VERDICTS))
    assert [line for line in lines if line.endswith((" bet", " bets"))] == [
        "FAIL, catastrophic: 3 bets",
        "FAIL: 6 bets",
        "not judged: 6 bets",
        "LENIENT: 3 bets",
        "PASS: 3 bets",
    ]
    fails = lines[lines.index("FAIL: 6 bets") + 1 :][:6]
    assert [line[:3] for line in fails] == ["002", "003", "009", "010", "016", "017"]


def test_a_crowd_of_passes_is_named_and_not_shown() -> None:
    """By number, on lines that fit; -v shows each."""
    found = rows(FOLDED_ABOVE + 1, "PASS")
    lines = shown(found)
    assert lines[:2] == ["", f"PASS: {FOLDED_ABOVE + 1} bets"]
    assert " ".join(lines[2:]).startswith("41 with nothing else to say (-v shows each): 000, 001, 002, ")
    assert max(map(len, lines)) <= 80
    assert len(shown(found, verbose=True)) == 4 + FOLDED_ABOVE + 1


def test_a_pass_with_something_else_to_say_keeps_its_row() -> None:
    """One that was retracted, or whose runs disagree."""
    found = [*rows(FOLDED_ABOVE, "PASS"), Row("900_gone", "PASS", ["x"], "retracted by 901", plain=False)]
    lines = shown(found)
    assert any(line.startswith("900_gone  PASS") for line in lines)
    assert "40 with nothing else to say (-v shows each)" in " ".join(lines)


@pytest.mark.parametrize("count", [3, GROUPED_ABOVE + 1, FOLDED_ABOVE + 1])
def test_colours_take_no_room(count: int) -> None:
    """Without them the coloured table is the bare one."""
    found = [*rows(count, *VERDICTS), Row("学習率_の_主張", "FAIL, catastrophic", ["größe"], "stands", plain=True)]
    lines = closing_table(found, 80, coloured, verbose=False)
    assert [re.sub(r"\x1b\[\d+m", "", line) for line in lines] == shown(found)
    assert any("\x1b[31mFAIL," in line for line in lines)
