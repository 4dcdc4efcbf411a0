"""Wrong claims, and which of them a fix may correct: not a verdict that may be of another bet."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from pytest_bets.claims.claim import Claim
from pytest_bets.claims.finding import Bet
from pytest_bets.claims.lexicon import FALSIFIED, NOISE
from pytest_bets.claims.said import Said

Stated = tuple[str, int]
"""A bet and the first token of a sentence that says its verdict."""


@dataclass(frozen=True)
class Contradiction:
    """A claim, the bets that it is about, and those of them whose records say something else."""

    claim: Claim
    bets: Sequence[Bet]
    wrong: Sequence[Bet]

    @property
    def due(self) -> str:
        """The verdict of record, as long as the written one."""
        verdict = self.wrong[0].verdict
        return verdict if self.claim.exact else verdict.partition(",")[0]

    @property
    def replaceable(self) -> bool:
        """Whether one verdict in place of the written one would make it right."""
        plain = self.claim.bound and self.claim.capital and not (self.claim.negated or self.claim.apart)
        return plain and len({bet.verdict for bet in self.bets}) == 1


def is_true(claim: Claim, bet: Bet) -> bool:
    """Return whether the record agrees with a claim."""
    if claim.exact:
        return bet.verdict == claim.exact
    kinds = {bet.verdict, bet.verdict.partition(",")[0]}
    if "FAIL" in kinds:
        kinds.add(NOISE if bet.noise else FALSIFIED)
    return not kinds.isdisjoint(claim.allowed)


def rivals(
    said: Said,
    contradictions: Sequence[Contradiction],
    right: Sequence[tuple[Claim, Sequence[Bet]]],
    find: Callable[[str], Bet | None],
) -> list[str]:
    """Return, for each contradiction, a bet beside it that the verdict may be of; empty if there is none.

    The bet is named in the same sentence or row, has that verdict, and no other words there say its verdict.
    """
    stated = {(bet.id, said.sentence(claim)) for claim, bets in right for bet in bets}
    left = set(range(len(contradictions)))
    while True:  # a verdict that will be replaced is stated as well, so that a second fix changes nothing
        clear = {at for at in left if not _rival(said, contradictions[at], stated, find)}
        if not clear:
            break
        for at in clear:
            one = contradictions[at]
            stated |= {(bet.id, said.sentence(one.claim)) for bet in one.bets if one.replaceable}
        left -= clear
    return [_rival(said, one, stated, find) if at in left else "" for at, one in enumerate(contradictions)]


def _rival(
    said: Said, contradiction: Contradiction, stated: Collection[Stated], find: Callable[[str], Bet | None]
) -> str:
    claim, own = contradiction.claim, {bet.id for bet in contradiction.bets}
    sentence = said.sentence(claim)
    for name in (name for mention in said.together(claim) for name in mention.bets[:50]):
        bet = find(name)
        if bet is None or not bet.readable or bet.id in own or (bet.id, sentence) in stated:
            continue
        if is_true(claim, bet):
            return name
    return ""
