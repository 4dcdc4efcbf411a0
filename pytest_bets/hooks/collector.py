"""The collector: which files are bets, which of their items run here, and the turn of a tier."""

import os
import shlex
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from pytest_bets.bet.declaration import SEED, number_of
from pytest_bets.diagnostics import DeclarationError
from pytest_bets.hooks.bet_file import BetFile
from pytest_bets.hooks.context import Context
from pytest_bets.hooks.grouping import Grouping, once
from pytest_bets.hooks.sweep import record_ids
from pytest_bets.hooks.tiers import JudgedTiers, Tier, UnreportedTiers


class Collector:
    """Collects bet files, keeps each bet whole and runs the items of tiers. In every process."""

    def __init__(self, context: Context, tiers: JudgedTiers | UnreportedTiers) -> None:
        self.context = context
        self.tiers = tiers
        self.grouping = Grouping(context)
        self._outside: Path | None = None
        self._rewritten: set[Path] = set()

    def module(self, module_path: Path, parent: pytest.Collector) -> BetFile:
        """Return the collector of a bet."""
        try:
            declaration = self.context.catalogue.declaration(module_path)
        except DeclarationError:
            declaration = None  # its collection reports the error
        self._rewrite(module_path)
        outside = self._why_outside(module_path)
        return BetFile.from_parent(
            parent, path=module_path, declaration=declaration, context=self.context, outside=outside
        )

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give a replicated experiment its seeds."""
        bet = metafunc.definition.parent
        if isinstance(bet, BetFile) and bet.declaration and bet.declaration.replicate:
            count = 1 if self.context.settings.pilot else bet.declaration.replicate
            number = self.context.replications.get(bet.declaration.id)
            seeds = bet.declaration.replication_seeds(number, count) if number else bet.declaration.seeds(count)
            metafunc.parametrize(SEED, seeds)

    @pytest.hookimpl(wrapper=True, tryfirst=True, specname="pytest_generate_tests")
    def pytest_note_ids(self, metafunc: pytest.Metafunc) -> Generator[None, None, None]:
        """Note the ids of an experiment's parameters, and which come from a set, before any plugin parametrizes it."""
        bet = metafunc.definition.parent
        if isinstance(bet, BetFile):
            record_ids(metafunc, bet.ids, bet.unordered)
        yield

    @pytest.hookimpl(wrapper=True, tryfirst=True)  # outermost: it sees what all others have selected and shuffled
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None, None, None]:
        """Put back what other plugins left out of a bet, and its tiers after its cells; none of them runs twice."""
        items[:] = once(items)
        before = [item for item in items if type(item.parent) is BetFile]
        yield
        items[:] = self.grouping.regrouped(items, before)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a tier."""
        if type(item) is not Tier:  # isinstance would ask an abstract class, for every cell
            return None
        self.tiers.run(item, nextitem)
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Run the tiers that had their turn before their cells: a plugin with a loop of its own can do that."""
        result = yield
        for item in self.tiers.early:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return result

    def _rewrite(self, bet: Path) -> None:
        """Let pytest rewrite the assertions of a bet, by every name that it may be imported under.

        It rewrites the files that `python_files` names. That setting belongs to the user, so nothing is added to it. A
        bet may import another one, so those with a number are meant, too.
        """
        if bet in self._rewritten:
            return
        numbered = [path for path in self.context.catalogue.within(bet.parent) if number_of(path.name) is not None]
        self._rewritten.update((bet, *numbered))
        packages = ["", *(".".join((*bet.parent.parts[place:], "")) for place in range(1, len(bet.parent.parts)))]
        names = (f"{package}{stem}" for package in packages for stem in {path.stem for path in (bet, *numbered)})
        pytest.register_assert_rewrite(*(name for name in names if name not in sys.modules))

    def _why_outside(self, path: Path) -> str:
        """Return why a bet outside pytest's root cannot be judged; empty for one inside."""
        root = self.context.config.rootpath
        if path.is_relative_to(root):
            return ""
        first, self._outside = self._outside, self._outside or path
        if first and first != path:
            return f"{path} lies outside pytest's rootdir {root}, as {first} does"
        try:
            common = os.path.commonpath([path.parent, root])
        except ValueError:
            return f"{path} lies on another drive than pytest's rootdir {root}, where results and other bets are"
        return (
            f"{path} lies outside pytest's rootdir {root}, where results, other bets and their history are looked "
            f"for.\nName a rootdir that holds both: --rootdir={shlex.quote(common)}"
        )
