"""The digest of a declaration: it moves with everything that is claimed, and with nothing else."""

import hashlib
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.example import EXAMPLE, SENTENCES, changed, of

MARKS = "@pytest.mark.challenges(37)\n@pytest.mark.replicate(5)"
UNCHANGED = {
    "single quotes": ('"count(norm < full) >= 12"', "'count(norm < full) >= 12'"),
    "a decorator in three lines": ('("count(norm < full) >= 9")', '(\n    "count(norm < full) >= 9",\n)'),
    "a sentence in two literals": ('"count(norm < full) >= 9"', '"count(norm < full) " ">= 9"'),
    "white space in a sentence": ('"count(norm < full) >= 9"', '"count(norm  < full)  >= 9"'),
    "a comment": ("STEPS = 100\n", "STEPS = 100  # as in bet 37\n"),
    "underscores in a number": ("STEPS = 100\n", "STEPS = 1_00\n"),
    "a constant over more lines": ('("functions", "docs", ', '(\n    "functions",\n    "docs",\n    '),
    "another number of digits": ("5e-5", "0.00005"),
    "the title": ("is not the luck of one seed.", "is no luck."),
    "the scope": ("says nothing of 1B and more", "says nothing of large models"),
    "how to run it": ("Run: pytest bets/bet_46_norm_replication.py", "Run: pytest bets -k 46"),
    "the words of a tier": ("norm-only wins in at least 12 of 15 cells", "it wins in 12 or more of 15 cells"),
    "a reflowed hypothesis": ("on a user's\n    text than", "on a\n    user's text\n    than"),
    "the rehearsal": ('PILOT = {"SIZE": "tiny", "STEPS": 3}', 'PILOT = {"STEPS": 1}'),
    "no rehearsal": ('PILOT = {"SIZE": "tiny", "STEPS": 3}\n', ""),
    "the body": ('"loss": [3.1, 2.9]', '"loss": [3.0]'),
    "the order of markers": (MARKS, "\n".join(reversed(MARKS.splitlines()))),
    "a type": ("STEPS = 100", "STEPS: int = 100"),
    "a withdrawal": (MARKS, f'{MARKS}\n@pytest.mark.withdrawn("the baseline was untuned")'),
    "the ids of a sweep": ('("part", SLICES)', '("part", SLICES, ids=["a", "b", "c"])'),
    "the lines of windows": ("\n", "\r\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNCHANGED)
def test_the_digest_does_not_move_with_layout_or_prose(name: str) -> None:
    """Neither a formatter nor a corrected typing error breaks a registration."""
    assert changed(*UNCHANGED[name]).digest == of().digest


CHANGED = {
    "the hypothesis": ("whatever the seed and the kind of text", "whatever the seed"),
    "a strict threshold": ("count(norm < full) >= 12", "count(norm < full) > 12"),
    "a lenient sentence": ("count(norm < full) >= 9", "count(norm <= full) >= 9"),
    "a catastrophic sentence": ("count(norm < full) < 5", "count(norm < full) <= 5"),
    "a control": ("count(placebo < full) <= 9", "count(placebo < full) < 9"),
    "no control": ('@pytest.mark.control("count(placebo < full) <= 9")\n', ""),
    "one sentence more": ('"count(norm < full) >= 12"', '"count(norm < full) >= 12", "mean(norm) < 12"'),
    "a constant": ("STEPS = 100", "STEPS = 101"),
    "the type of a constant": ('SIZE = "30m"', 'SIZE = ["30m"]'),
    "a constant that is computed": ("STEPS = 100", "STEPS = 10 * 10"),
    "a constant more": ("STEPS = 100", "STEPS = 100\nWARMUP = 10"),
    "a constant that is changed later": ("STEPS = 100", "STEPS = 100\nSTEPS += 1"),
    "a constant under a condition": ("STEPS = 100", "STEPS = 100\nif USER:\n    STEPS = 3"),
    "a constant that is imported": ("STEPS = 100", "STEPS = 100\nfrom bets.lab.corpus import TEXTS"),
    "the sweep": ('("part", SLICES)', '("part", SLICES[:2])'),
    "the values of the sweep": ('("part", SLICES)', '("part", ["functions", "docs"])'),
    "the name of the sweep": ('("part", SLICES)', '("slice", SLICES)'),
    "a sweep in pytestmark": ("STEPS = 100", 'STEPS = 100\npytestmark = pytest.mark.parametrize("k", [1, 2])'),
    "a sweep in an annotated pytestmark": (
        "STEPS = 100", 'STEPS = 100\npytestmark: list = [pytest.mark.parametrize("m", [1, 2])]'),
    "a parametrized fixture": ("STEPS = 100", "STEPS = 100\n@pytest.fixture(params=[1, 2])\ndef f(): ..."),
    "replicates": ("replicate(5)", "replicate(6)"),
    "no replicates": ("@pytest.mark.replicate(5)\n", ""),
    "a challenge": ("challenges(37)", "challenges(37, 12)"),
    "no challenge": ("@pytest.mark.challenges(37)\n", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGED)
def test_the_digest_moves_with_everything_that_is_claimed(name: str) -> None:
    """Hypothesis, sentences, constants, sweep, replicates, challenges: a change of any is a new declaration."""
    assert changed(*CHANGED[name]).digest != of().digest


def test_changes_of_the_declaration_all_differ_from_each_other() -> None:
    """No two changes have one digest."""
    digests = {changed(*CHANGED[name]).digest for name in CHANGED}
    assert len(digests) == len(CHANGED)


def test_the_digest_is_a_sha_256_of_canonical_json() -> None:
    """Others can compute it, and see what it is of."""
    declaration = of()
    content = {
        "hypothesis": declaration.docstring.section_text("Hypothesis"),
        **SENTENCES,
        "constants": {
            "USER": "programmer",
            "SLICES": ["functions", "docs", "comments"],
            "SIZE": "30m",
            "STEPS": 100,
            "LEARNING_RATE": 5e-5,
        },
        "sweep": {"part": ["functions", "docs", "comments"]},
        "replicate": 5,
        "challenges": [37],
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert declaration.digest == hashlib.sha256(text.encode()).hexdigest()


def rewritten(words: Sequence[str], width: int, above: int, quotes: str) -> str:
    """Return the example in another layout, as a formatter or a careful author would write it."""
    lines, line = [], ""
    for word in words:
        line = f"{line} {word}".strip()
        if len(line) > width:
            lines.append(line)
            line = ""
    hypothesis = "\n    ".join(part for part in [*lines, line] if part)
    head, rest = EXAMPLE.split("Hypothesis: ")
    text = f"{head}Hypothesis:\n    {hypothesis}\nStrict{rest.split('Strict', 1)[1]}"
    text = text.replace("\nSTEPS", "\n" * above + "# a comment\nSTEPS")
    return text.replace('@pytest.mark.strict("', f"@pytest.mark.strict({quotes}").replace('>= 12")', f">= 12{quotes})")


@given(
    width=st.integers(1, 200),
    above=st.integers(1, 5),
    quotes=st.sampled_from(["'", '"', '"""', "'''"]),
    tail=st.booleans(),
)
def test_no_layout_of_a_file_moves_its_digest(width: int, above: int, quotes: str, tail: bool) -> None:
    """Text width, blank lines, comments and quotes do not count."""
    words = of().docstring.section_text("Hypothesis").split()
    text = rewritten(words, width, above, quotes) + ("\n\n# the end\n" if tail else "")
    assert of(text).digest == of().digest


literals = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(value=literals, other=literals)
def test_two_constants_share_a_digest_only_when_they_are_the_same_json(value: object, other: object) -> None:
    """A constant is recorded by value: the digest separates 1 from 1.0 and True from 1."""
    first, second = (changed("STEPS = 100", f"STEPS = {item!r}") for item in (value, other))
    assert first.constants["STEPS"] == value
    same = json.dumps(value, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (first.digest == second.digest) == same


def test_a_string_that_cannot_be_encoded_can_be_declared() -> None:
    """A lone surrogate in a constant breaks neither digest nor seeds."""
    declaration = changed('SIZE = "30m"', 'SIZE = "\\ud800"')
    assert len(declaration.digest) == 64
    assert declaration.digest != of().digest
