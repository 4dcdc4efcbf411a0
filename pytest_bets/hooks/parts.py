"""The parts of the plugin that others ask for."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from pytest_bets.hooks.collection import BetCollection
from pytest_bets.hooks.grouping import Grouping
from pytest_bets.hooks.judging import Judge


@dataclass(frozen=True)
class Parts:
    """What the plugin consists of in this process. `judge` is there where reports arrive; `registered` asks git."""

    collection: BetCollection
    grouping: Grouping
    finished: Mapping[str, str]
    registered: Callable[[], Collection[str]]
    judge: Judge | None
