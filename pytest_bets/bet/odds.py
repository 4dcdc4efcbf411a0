"""The author's forecast: the section `Odds:` of a docstring."""

import re
from collections.abc import Mapping
from typing import Final

from pytest_bets.bet.docstring import Docstring
from pytest_bets.diagnostics import Faults

SECTION: Final = "Odds"
OUTCOMES: Final = ("PASS", "LENIENT", "FAIL")
_EXAMPLE: Final = "PASS 70 %, LENIENT 20 %, FAIL 10 %"
_ENTRY: Final = re.compile(r"([A-Za-z]+):?\s+(\d+(?:\.\d+)?)\s*%")


def forecast(docstring: Docstring) -> dict[str, float] | None:
    """Return the percentages by outcome; None where there is no forecast, or no valid one."""
    section = docstring.section(SECTION)
    if section is None:
        return None
    found = _entries(section.text)
    return found if isinstance(found, dict) else None


def read(docstring: Docstring, first: int, faults: Faults) -> Mapping[str, float] | None:
    """Return the forecast, and add a fault for one that is wrong; `first` is the first line of the docstring."""
    section = docstring.section(SECTION)
    if section is None:
        return None
    found = _entries(section.text)
    if isinstance(found, str):
        faults.add(first + section.line, f"the section `Odds:`: {found}", f"three percentages, as in {_EXAMPLE}")
        return None
    return found


def _entries(text: str) -> dict[str, float] | str:
    """Return the percentages by outcome, or what is wrong."""
    matches = [_ENTRY.fullmatch(part.strip()) for part in text.rstrip(".").split(",")]
    entries = [(match[1], float(match[2])) for match in matches if match]
    if len(entries) < len(matches) or sorted(name for name, _ in entries) != sorted(OUTCOMES):
        return f"`{text}` does not give PASS, LENIENT and FAIL each once"
    odds = dict(entries)
    certain = next((name for name in OUTCOMES if odds[name] in (0, 100)), None)
    if certain:
        return f"{certain} {odds[certain]:g} %: a forecast of 0 % or 100 % has no score where it is wrong"
    total = sum(odds.values())
    if abs(total - 100) > 1e-9:
        return f"the percentages add up to {total:g}, expected 100"
    return {name: odds[name] for name in OUTCOMES}
