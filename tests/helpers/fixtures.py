"""The types of the fixtures in tests/conftest.py, for annotations."""

from collections.abc import Callable
from pathlib import Path

WriteBet = Callable[..., Path]
Refused = Callable[..., str]
Run = Callable[..., str]
