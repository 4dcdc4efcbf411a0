"""What makes a file a bet: what is in it, with any mistake, and not a word that another project may use, too."""

import pytest

from pytest_bets.bet.declaration import CRITERIA, MARKERS, TIERS
from pytest_bets.bet.intent import NAMES, hinted, meant

HEAD = "import pytest\n"
SECTIONS = '"""A claim.\n\nHypothesis: it holds.\nStrict: 3.\n"""\n'
TEST = "\ndef test_it(): pass\n"
BETS = {
    "all tiers": "@pytest.mark.strict(A)\n@pytest.mark.lenient(B)\n@pytest.mark.catastrophic()",
    "one sentence": "@pytest.mark.strict('mean(gain) >= 0.1')",
    "a typo in it": "@pytest.mark.control('maen(gain) => .1')",
    "a sign of another script": "@pytest.mark.strict('mean(gain) \u2265 0.1')",
    "two tiers and a bare name": "@pytest.mark.strict('gain > 1')\n@pytest.mark.lenient('gain > 0')",
    "a name for the marker": "won = pytest.mark.strict\n@won('mean(gain) > 1')",
    "a name for all markers": "from pytest import mark as m\n@m.strict('count(gain > 0) >= 3')",
    "a formatted string": "@pytest.mark.strict(f'count(gain > 0) >= {N}')",
    "pytestmark": "pytestmark = [pytest.mark.strict('mean(gain) > 1')]",
    "no Python": "@pytest.mark.strict('mean(gain) > 1')\ndef (",
}
NO_BETS = {
    "nothing": "x = 1",
    "a marker": "@pytest.mark.strict",
    "two markers": "@pytest.mark.strict\n@pytest.mark.control",
    "a reason": "@pytest.mark.strict('see the issue')",
    "a version": "@pytest.mark.strict('numpy>=1.2')",
    "an arrow": "@pytest.mark.strict('f(a) -> 2')\n@pytest.mark.lenient('a -> b')",
    "a number": "@pytest.mark.control(5)\n@pytest.mark.replicate(3)",
    "a bet in a string": "TEXT = '''\n@pytest.mark.strict(\"mean(gain) > 1\")\n'''",
    "a comment": "# pytest.mark.strict('mean(gain) > 1')",
    "another library": "@mark.strict\n@other.strict('mean(gain) > 1')",
    "another marker": "@pytest.mark.parametrize('text', ['mean(gain) > 1'])\n@pytest.mark.strict",
    "no Python": "print 'a'",
}


@pytest.mark.parametrize("numbered", [False, True])
@pytest.mark.parametrize("kind", BETS)
def test_a_sentence_or_all_tiers_make_a_bet(kind: str, numbered: bool) -> None:
    """However wrong they are."""
    assert meant(f"{HEAD}{BETS[kind]}{TEST}", numbered=numbered)


@pytest.mark.parametrize("numbered", [False, True])
@pytest.mark.parametrize("kind", NO_BETS)
def test_a_word_makes_no_bet(kind: str, numbered: bool) -> None:
    """Markers of other projects have the same names."""
    assert not meant(f"{HEAD}{NO_BETS[kind]}{TEST}", numbered=numbered)


def test_the_sections_of_a_docstring_make_a_bet_with_a_number_or_a_marker() -> None:
    """A text about bets has neither."""
    assert meant(f"{SECTIONS}{TEST}", numbered=True)
    assert meant(f"{SECTIONS}def (", numbered=True)
    assert not meant(f"{SECTIONS}{TEST}", numbered=False)
    assert meant(f"{SECTIONS}{HEAD}@pytest.mark.strict{TEST}", numbered=False)
    assert not meant(f"{SECTIONS.replace('Strict', 'Run')}{TEST}", numbered=True)


def test_every_marker_is_a_hint() -> None:
    """The names are listed twice, because this is asked before anything is imported."""
    assert set(NAMES) == set(MARKERS)
    assert NAMES[: len(CRITERIA)] == (*sorted(TIERS), "control", "premise")
    assert all(hinted(f"@pytest.mark.{name}") for name in MARKERS)
    assert not hinted("@pytest.mark.slow\nStrict: 3\n")
