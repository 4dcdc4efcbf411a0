"""What is known of bets before their run, and what their nulls say about what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pytest_bets.chance import fdr
from pytest_bets.chance.words import average, percent
from pytest_bets.diagnostics import count_noun
from pytest_bets.render.markdown import plain, row
from pytest_bets.render.table import table, wrap
from pytest_bets.render.visible import visible
from pytest_bets.render.words import short

_INDENT: Final = 14
HEADINGS: Final = ("bet", "null", "strict, before the run", "verdict", "known error")


@dataclass(frozen=True)
class Odds:
    """One bet: its null in words, what is known before the run, its verdict and the known error of that.

    `chance` is that of strict over the measured cells; None where the bet has no null of exchanged columns. `standing`
    says that the claim is retracted or withdrawn, and is empty otherwise.
    """

    bet: str
    null: str
    before: str
    verdict: str
    error: str
    chance: float | None
    standing: str = ""

    @property
    def cells(self) -> list[str]:
        """The texts by column."""
        verdict = ", ".join(filter(None, [self.verdict, self.standing]))
        return [self.bet, self.null, self.before, verdict, self.error]


def odds_table(bets: Sequence[Odds], width: int) -> str:
    """Return a row a bet, and the bets together."""
    rows = [[visible(cell) for cell in bet.cells] for bet in bets]
    return "\n".join([*table(rows, width, HEADINGS), "", *wrap(visible(together(bets)), width)]) + "\n"


def odds_markdown(bets: Sequence[Odds]) -> str:
    """Return the same as a table of Markdown."""
    lines = [row(list(HEADINGS)), "|" + "---|" * len(HEADINGS)]
    lines += [row([plain(cell) for cell in bet.cells]) for bet in bets]
    return "\n".join([*lines, "", together(bets)]) + "\n"


def together(bets: Sequence[Odds]) -> str:
    """Return what the chances of all bets say together."""
    lucky = {bet.bet: bet.chance for bet in bets if bet.chance is not None}
    if not lucky:
        return "No bet here has a null of exchanged columns and a verdict."
    passed = [bet.bet for bet in bets if bet.chance is not None and bet.verdict == "PASS"]
    p = {bet: chance if bet in passed else 1.0 for bet, chance in lucky.items()}
    words = [
        f"{count_noun(len(lucky), 'bet')} with exchanged columns and a verdict: if there were nothing to find in any "
        f"of them, luck alone would meet strict in {average(sum(lucky.values()))} on average; {len(passed)} PASSed."
    ]
    for rate in fdr.RATES:
        found = ", ".join(map(short, fdr.standing(p, rate))) or "none"
        words.append(f"At a false discovery rate of {percent(rate)} stand: {found}.")
    return " ".join(words)


def odds_page(title: str, entries: Sequence[tuple[str, str]], width: int) -> str:
    """Return what is known of one bet."""
    lines = [*wrap(visible(title), width), ""]
    for name, text in entries:
        first, *rest = wrap(visible(" ".join(text.split())), max(width - _INDENT, 20))
        lines += [f"{name:<{_INDENT}}{first}".rstrip(), *(" " * _INDENT + line for line in rest)]
    return "\n".join(lines) + "\n"
