"""What was known of bets before their run, said after it, for bets whose declarations must not change any more."""

import tomllib
from collections.abc import Sequence
from typing import Final

from pytest_bets.bet.declaration import Declaration
from pytest_bets.diagnostics import CommandError, nearest

FILE: Final = "docs/known.toml"
"""Its path from the root of the project: a line a bet, `70 = "a theorem"`."""


def read(text: str, file: str, bets: Sequence[Declaration]) -> dict[str, str]:
    """Return what the text of such a file says, by the id of the bet.

    Raises:
        CommandError: where it is not TOML, names no bet, or says it of a bet that says it itself.

    """
    try:
        entries = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CommandError(f"{file}: this is not TOML: {error}") from None
    ids = {key: bet for bet in bets for key in (bet.id, str(bet.number), bet.id.partition("_")[0])}
    found = {}
    for key, said in entries.items():
        bet = ids.get(key)
        if bet is None:
            near = nearest(key, [each.id for each in bets])
            hint = f"; did you mean {near}?" if near else ""
            raise CommandError(f"{file}: there is no bet {key!r}; expected a bet's number or id{hint}")
        if not isinstance(said, str) or not said.strip():
            raise CommandError(f'{file}: `{key}` is {said!r}; expected a sentence in quotes, as in {key} = "a theorem"')
        if bet.known:
            raise CommandError(f"{file}: bet {key} has a section `Known:` of its own; remove it here")
        found[bet.id] = " ".join(said.split())
    return found
