"""The note on bets that are not registered, with the commands that register them."""

import shlex
from collections.abc import Sequence

from pytest_bets.bet.declaration import Declaration


def declaring(bets: Sequence[tuple[str, Declaration]]) -> str:
    """Return the commands that register bets, each with its path from where the commands will be typed."""
    paths = " ".join(shlex.quote(path) for path, _ in bets)
    names = ", ".join(bet.id if bet.number is None else str(bet.number) for _, bet in bets)
    return f'git add {paths} && git commit -m "Declare {"bet" if len(bets) == 1 else "bets"} {names}"'


def refusal(path: str, bet: Declaration, state: str, undetermined: str) -> str:
    """Return why a bet did not run where registration is required, and what to do; `undetermined` says why."""
    if state == "unregistered":
        return (
            f"{bet.file}: no commit holds this declaration, so its cells were not run (bets_registration = require).\n"
            f"Register the bet, then run it:\n  {declaring([(path, bet)])}"
        )
    return (
        f"{bet.file}: cannot determine whether this bet is registered, so its cells were not run "
        f"(bets_registration = require): {undetermined}.\n"
        "Run it in a full clone, or with bets_registration = off."
    )
