"""Options that do not go with bets."""

from collections.abc import Collection

import pytest

from pytest_bets.hooks.options import Settings
from pytest_bets.pure.declaration import Declaration
from pytest_bets.pure.fault import nearest
from pytest_bets.pure.terms import overriding


def refuse(config: pytest.Config, settings: Settings, declarations: Collection[Declaration]) -> None:
    """Refuse to rerun failures, and to override a constant that no bet of the session has, or by another type.

    Raises:
        pytest.UsageError: naming the option, and what to do instead.

    """
    asked = _reruns(config)
    if asked:
        raise pytest.UsageError(
            f"{asked} does not go with bets: running until it passes would turn a losing bet green. "
            "Count repetitions with @pytest.mark.replicate(n)."
        )
    known = sorted({name for declaration in declarations for name in declaration.constants})
    for name, text in settings.overrides.items():
        if name not in known:
            near = nearest(name, known)
            raise pytest.UsageError(
                f"--bets-set {name}: no selected bet has that constant; "
                f"the constants are {', '.join(known) or 'none'}" + (f"; did you mean {near}?" if near else "")
            )
        for declaration in declarations:
            if name in declaration.constants:
                try:
                    overriding(name, text, declaration.constants, declaration.file)
                except ValueError as error:
                    raise pytest.UsageError(f"--bets-set {name}={text}: {error}") from None


def _reruns(config: pytest.Config) -> str | None:
    """Return the option or setting of pytest-rerunfailures that would run failures again."""
    if config.getoption("force_reruns", None):
        return "--force-reruns"
    given = config.getoption("reruns", None)
    if given is not None:
        return "--reruns" if given else None
    try:
        setting = str(config.getini("reruns") or "0")
    except ValueError:  # the plugin is not there
        return None
    return None if setting.strip() == "0" else f"the setting reruns = {setting}, which --reruns 0 overrides,"
