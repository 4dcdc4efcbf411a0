"""The parts of the plugin that others ask for."""

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_bets.hooks.collection import BetCollection
from pytest_bets.hooks.judging import Judge


@dataclass(frozen=True)
class Parts:
    """The collection, what earlier runs had finished, and the judge where reports arrive in this process."""

    collection: BetCollection
    finished: Mapping[str, str]
    judge: Judge | None
