"""What was known of bets before their run, said after it, for bets whose declarations must not change any more."""

import tomllib
from collections.abc import Collection, Sequence
from typing import Final

from pytest_bets.diagnostics import CommandError, did_you_mean

FILE: Final = "docs/known.toml"
"""Its path from the root of the project: a line a bet, `70 = "a theorem"`."""


def read(text: str, file: str, bets: Sequence[str], own: Collection[str] = ()) -> dict[str, str]:
    """Return what the text of such a file says, by the id of the bet.

    `bets` are the ids of all bets, `own` those of the bets that say it in a section of their own.

    Raises:
        CommandError: where it is not TOML, names no bet, or says it of a bet that says it itself.

    """
    try:
        entries = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CommandError(f"{file}: this is not TOML: {error}") from None
    ids = {key: bet for bet in bets for key in (bet, *_numbers(bet))}
    found = {}
    for key, said in entries.items():
        if key not in ids:
            hint = did_you_mean(key, bets)
            raise CommandError(f"{file}: there is no bet {key!r}; expected a bet's number or id{hint}")
        if not isinstance(said, str) or not said.strip():
            raise CommandError(f'{file}: `{key}` is {said!r}; expected a sentence in quotes, as in {key} = "a theorem"')
        if ids[key] in own:
            raise CommandError(f"{file}: bet {key} has a section `Known:` of its own; remove it here")
        found[ids[key]] = " ".join(said.split())
    return found


def _numbers(bet: str) -> tuple[str, ...]:
    """Return the number in a bet's id, as written and without zeros before it."""
    number = bet.partition("_")[0]
    return (number, str(int(number))) if number.isdecimal() else ()
