"""Whether measurements decide a value: by other measurements, and by what is added to them."""

import pytest

from pytest_bets.claims.weight import fault
from pytest_bets.sentence.parse import parse_value

ROWS = [
    {"gain": 6.5, "loss": 2.0, "won": True, "part": "a", "seed": 1},
    {"gain": 5.5, "loss": 3.0, "won": False, "part": "b", "seed": 2},
]


@pytest.mark.parametrize(
    "sentence",
    [
        "mean(gain)",
        "1 - mean(loss)",
        "100 * share(won)",
        "2 - count(gain > 10)",
        "count(gain > 100)",
        "count(gain < 1e-5)",
        "share(part == 'a' and gain > 1)",
        "groups(part, mean(gain) < 6)",
        "max(gain) / min(loss)",
        "mean(gain - loss) / 2",
        "count(not won)",
        "low(gain)",
        "max(gain / loss)",
        "count(part == 'a')",
    ],
)
def test_measurements_decide(sentence: str) -> None:
    """Counts, shares, differences, ratios, and comparisons with a far threshold."""
    assert fault(parse_value(sentence), ROWS) == ""


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("0 * mean(gain) + 15", "15 is added"),
        ("mean(gain) - (-8.5)", "-8.5 is added"),
        ("mean(gain + 3 * 2)", "6 is added"),
        ("-(mean(gain) + 4) / 2", "4 is added"),
        ("mean(gain) - mean(gain) + 1", "no measurement has weight"),
        ("count(gain == gain)", "no measurement has weight"),
        ("mean(gain / gain)", "no measurement has weight"),
        ("max(gain) / max(gain) * 15", "no measurement has weight"),
        ("0 * mean(gain)", "no measurement has weight"),
        ("count(gain > 0 or gain <= 0)", "no measurement has weight"),
        ("1e-9 * mean(gain) + 1", "no measurement has weight"),
    ],
)
def test_another_number_is_named(sentence: str, message: str) -> None:
    """A number that is added, and a sentence that gives the same whatever was measured."""
    assert message in fault(parse_value(sentence), ROWS)
