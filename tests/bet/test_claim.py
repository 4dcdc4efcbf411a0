"""Whether two bets make the same claim, whatever words and names they use."""

import pytest

from pytest_bets.bet.claim import Claim, is_easier, repeats
from pytest_bets.bet.declaration import Declaration
from tests.helpers.example import of
from tests.helpers.histories import DECLARATION

WORDS = "with warm-up the loss is lower than without it, whatever the size of the model and the data"
Pairs = tuple[tuple[str, str], ...]


def bet(*pairs: tuple[str, str], number: int = 1) -> Declaration:
    text = DECLARATION
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return of(text.replace("Bet 1:", f"Bet {number}:"), f"bets/bet_{number}_x.py")


ROW = ("return losses(size, STEPS)", 'row = losses(size, STEPS)\n    return {"warm": row["warm"], "cold": row["cold"]}')
OTHER_NAMES: Pairs = (
    ("return losses(size, STEPS)", 'each = losses(n, COUNT)\n    return {"a": each["warm"], "b": each["cold"]}'),
    ("def experiment(size)", "def experiment(n)"),
    ('"size"', '"n"'),
    ("STEPS = 10", "COUNT = 10"),
    ("count(warm < cold)", "count(b > a)"),
    ("count(placebo < cold)", "count(b > a + 9)"),
)
OTHER_WORDS = (WORDS, "a slow start pays off in the end")
DOWN: Pairs = (
    ("at least 4", "at most 1"),
    ("cold) >= 4", "cold) <= 1"),
    ("at least 3", "at most 2"),
    ("cold) >= 3", "cold) <= 2"),
    ("fewer than 2", "more than 3"),
    ("cold) < 2", "cold) > 3"),
)
REPEATED: dict[str, tuple[Pairs, Pairs]] = {
    "the same": ((), ()),
    "another threshold": ((), (("at least 4", "at least 5"), (">= 4", ">= 5"))),
    "other punctuation": ((), (("and the data.", "and the data!"),)),
    "like words": ((), (("whatever the size", "for every size"),)),
    "other words, the same experiment": ((), (OTHER_WORDS,)),
    "other columns": ((), (("warm < cold", "hot < plain"), ("whatever the size", "for every size"))),
    "sides exchanged": ((), (("warm < cold", "cold > warm"), OTHER_WORDS)),
    "the complement": ((), (("at least 4", "at most 1"), ("warm < cold) >= 4", "warm >= cold) <= 1"))),
    "other names of everything": ((ROW,), (*OTHER_NAMES, OTHER_WORDS)),
    "a part of the sweep": ((), (("[1, 2, 3, 4, 5]", "[1, 2, 1.5, 1.25, 1.75]"),)),
    "a longer sweep": ((), (("[1, 2, 3, 4, 5]", "[1, 2, 3, 4, 5, 6]"),)),
}
OTHERS: dict[str, tuple[Pairs, Pairs]] = {
    "the opposite": ((), DOWN),
    "the columns swapped": ((), (("warm < cold", "cold < warm"),)),
    "another scale": ((), (("[1, 2, 3, 4, 5]", "[10, 20, 30, 40, 50]"),)),
    "another measurement": ((), (("count(warm < cold)", "count(warm * 2 < cold)"), OTHER_WORDS)),
    "another column of the same experiment": ((), (("count(warm < cold)", "count(placebo < cold)"), OTHER_WORDS)),
    "another experiment": ((), (("losses(size, STEPS)", "losses(size, STEPS + 1)"), OTHER_WORDS)),
    "another constant": ((), (("STEPS = 10", "STEPS = 100"), OTHER_WORDS)),
    "another function": ((), (("return losses(", "return gains("), OTHER_WORDS)),
}


@pytest.mark.parametrize("name", REPEATED)
def test_the_same_claim_is_known_again(name: str) -> None:
    """In either order."""
    one, other = (Claim(bet(*pairs, number=number)) for number, pairs in enumerate(REPEATED[name], start=1))
    assert repeats(one, other)
    assert repeats(other, one) or "sweep" in name


@pytest.mark.parametrize("name", OTHERS)
def test_another_claim_is_another(name: str) -> None:
    """Honest work goes on after a FAIL."""
    one, other = (Claim(bet(*pairs, number=number)) for number, pairs in enumerate(OTHERS[name], start=1))
    assert not repeats(one, other)


@pytest.mark.parametrize(
    ("pairs", "easier"),
    [
        ((("at least 4", "at least 3"), (">= 4", ">= 3")), True),
        ((("at least 4", "more than 3"), (">= 4", "> 3")), True),
        ((), False),
        ((("at least 4", "at least 5"), (">= 4", ">= 5")), False),
        (DOWN, False),
        ((("at least 4", "at most 2"), ("warm < cold) >= 4", "warm >= cold) <= 2")), True),
        ((("at least 4", "at most 1"), ("warm < cold) >= 4", "warm >= cold) <= 1")), False),
    ],
)
def test_a_bar_is_easier_where_less_is_asked_of_the_same(pairs: Pairs, easier: bool) -> None:
    """The same bar and a harder one are not."""
    assert is_easier(Claim(bet()), Claim(bet(*pairs, number=2))) is easier
