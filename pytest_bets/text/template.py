"""The file that a new bet starts from: valid at once, and void until its experiment is written."""

import re
import unicodedata
from typing import Final

_WORDS: Final = 4

_TEMPLATE: Final = '''"""Bet {number}: {title}

Hypothesis: say what is claimed, so that a result can contradict it.
Strict: the gain is at least 0.1 on average.
Lenient: the gain is above 0 on average.
Catastrophic: the gain is below -0.1 on average.
Control: trained on noise, the gain is at most 0.02 on average.
Scope: say what this bet does not show.
Run: pytest {file}
"""

import pytest

STEPS = 100
PILOT = {{"STEPS": 3}}


@pytest.mark.strict("mean(gain) >= 0.1")
@pytest.mark.lenient("mean(gain) > 0")
@pytest.mark.catastrophic("mean(gain) < -0.1")
@pytest.mark.control("mean(placebo) <= 0.02")
@pytest.mark.replicate(5)
def experiment(seed):
    raise NotImplementedError("measure with this seed, and return the names that the sentences read: gain, placebo")
'''


def slug(title: str) -> str:
    """Return the first words of a title as they stand in a file's name; empty where it has no letter."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return "_".join(re.findall(r"[a-z0-9]+", plain)[:_WORDS])


def bet_file(number: int, title: str, file: str) -> str:
    """Return the source of a new bet."""
    safe = " ".join(title.replace("\\", "/").replace('"""', "'''").split())
    return _TEMPLATE.format(number=number, title=safe.rstrip('"'), file=file)
