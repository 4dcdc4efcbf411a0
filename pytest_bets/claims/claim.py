"""A claim, as a value: what a block says about the verdict of bets."""

from dataclasses import dataclass

from pytest_bets.claims.mentions import Mention


@dataclass(frozen=True)
class Claim:
    """What is said of the bets of a mention: the verdicts that it allows, and the words that say it.

    `exact` is the whole verdict where it has a second part, as in `FAIL, catastrophic`; it is `apart` if other words
    say that part. An allowed verdict may have a second part, too. `bound` is false where no form ties the words to the
    bets, `capital` is true for a documented verdict. A `past` claim is of an earlier verdict, a `dated` one says about
    when. with `several` it is about some of the bets, `under` is the heading that says it. A claim that
    is `gone` says that the bet was retracted or withdrawn.
    """

    mention: Mention
    allowed: frozenset[str]
    first: int
    exact: str = ""
    apart: bool = False
    bound: bool = True
    capital: bool = False
    negated: bool = False
    past: bool = False
    dated: bool = False
    was: bool = False
    maybe: bool = False
    several: bool = False
    under: str = ""
    gone: bool = False


@dataclass
class Way:
    """The way from a bet to its verdict: the next token, and what the words before it say."""

    at: int
    signs: bool = False
    was: bool = False
    negated: bool = False
    maybe: bool = False
    past: bool = False
    commas: int = 0
