"""Luck before the run: what is wrong with a null, and what a reader should know, or a project refuses to run for."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType

from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.validate import unsatisfiable
from pytest_bets.bet.world import WORLD
from pytest_bets.diagnostics import Fault
from pytest_bets.hooks.functions import BetWarning
from pytest_bets.hooks.settings import Settings

Params = Sequence[Mapping[str, object]]


def null_faults(declaration: Declaration, params: Params) -> list[Fault]:
    """Return the faults of the nulls of a bet for its cells."""
    if not declaration.nulls:
        return []
    from pytest_bets.chance.rules import faults  # here: few bets have a null

    return faults(declaration, params)


def lucky(declaration: Declaration, params: Params, module: ModuleType, settings: Settings) -> str:
    """Warn of what chance alone could do; return why the bet does not run, empty if it runs."""
    if settings.luck == "off":
        return ""
    if not (declaration.nulls or declaration.world):
        _warn(declaration, unsatisfiable(declaration))
        return ""
    from pytest_bets.chance import rules

    found = rules.warnings(declaration, params, settings.luck_limit, getattr(module, WORLD, None))
    required = settings.luck == "require"
    hint = f" (`pytest-bets odds {declaration.id}`)"
    _warn(declaration, (f"{text}{hint}" for text in (*(() if required else found.lucky), *found.others)))
    return f"{'; '.join(found.lucky)}, and bets_luck requires it" if required and found.lucky else ""


def _warn(declaration: Declaration, texts: Iterable[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always", BetWarning)  # bets_luck alone decides whether this stops a session
        for text in texts:
            message = BetWarning(f"{declaration.id}: {text}")
            warnings.warn_explicit(message, None, declaration.file, declaration.line)
