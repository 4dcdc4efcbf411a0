"""Collecting bets: a file with one experiment gives its cells, and one item a tier."""

import json
import os
import shlex
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pytest
from _pytest.pathlib import fnmatch_ex

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.bet.declaration import CRITERIA, SEED, Declaration
from pytest_bets.bet.template import unwritten
from pytest_bets.bet.validate import cell_faults
from pytest_bets.code.index import CodeIndex
from pytest_bets.diagnostics import DeclarationError, Fault
from pytest_bets.hooks.functions import argument_faults, warn_of_tests
from pytest_bets.hooks.marks import mark_faults
from pytest_bets.hooks.options import Settings
from pytest_bets.hooks.refusals import foreign_parameters, refused_option
from pytest_bets.hooks.sweep import Ids, parameters, record_ids
from pytest_bets.hooks.tiers import Tier
from pytest_bets.record.model import RunLine
from pytest_bets.record.store import Results

RECORD: Final = "record"

# marks that speak of how a function is called, which a tier's item is not
_NOT_COPIED: Final = frozenset({*CRITERIA, "parametrize", "usefixtures", "skip", "skipif", "xfail", "xdist_group"})


class BetCollection:
    """Chooses the bet files, and collects them as bets."""

    def __init__(
        self,
        settings: Settings,
        catalogue: Callable[[], Catalogue],
        patterns: Sequence[str],
        finished: Mapping[str, str],
        search: Sequence[Path],
    ) -> None:
        self.settings = settings
        self.search = search
        self._outside: Path | None = None
        self.catalogue = catalogue
        self.patterns = patterns
        self.finished = finished

    def module(self, module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
        """Return the collector of a bet, one that leaves a file alone, or None for whoever's pattern it matches."""
        try:
            declaration = self.catalogue().declaration(module_path)
        except DeclarationError:
            declaration = None
        else:
            if declaration is None:
                theirs = parent.session.isinitpath(module_path) or any(
                    fnmatch_ex(pattern, module_path) for pattern in self.patterns
                )
                return None if theirs else NotABet.from_parent(parent, path=module_path)
        return BetFile.from_parent(parent, path=module_path, declaration=declaration, collection=self)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give a replicated experiment its seeds."""
        bet = metafunc.definition.parent
        if isinstance(bet, BetFile) and bet.declaration and bet.declaration.replicate:
            count = 1 if self.settings.pilot else bet.declaration.replicate
            metafunc.parametrize(SEED, bet.declaration.seeds(count))

    @pytest.hookimpl(wrapper=True, tryfirst=True, specname="pytest_generate_tests")
    def pytest_note_ids(self, metafunc: pytest.Metafunc) -> Generator[None, None, None]:
        """Note the ids of an experiment's parameters, before anything parametrizes it."""
        bet = metafunc.definition.parent
        if isinstance(bet, BetFile):
            record_ids(metafunc, bet.ids)
        yield

    def outside(self, bet: "BetFile") -> str:
        """Return why a bet that lies outside pytest's root cannot be judged; empty for one that lies inside."""
        root = bet.config.rootpath
        if bet.path.is_relative_to(root):
            return ""
        first, self._outside = self._outside, self._outside or bet.path
        if first:
            return f"{bet.path} lies outside pytest's rootdir {root}, as {first} does"
        common = os.path.commonpath([bet.path.parent, root])
        return (
            f"{bet.path} lies outside pytest's rootdir {root}, where results, other bets and their history are looked "
            f"for.\nName a rootdir that holds both: --rootdir={shlex.quote(common)}"
        )

    def code_files(self, path: Path) -> list[Path]:
        """Return the files of the code that a record of the bet in this file would cover."""
        index = CodeIndex(self.settings.root, self.search)
        return [self.settings.root / name for name in index.code(path).files]

    @cached_property
    def results(self) -> Results:
        """The folder that a replay reads."""
        return Results(self.settings.results)

    @cached_property
    def written(self) -> Mapping[str, Sequence[RunLine]]:
        """The journal's lines of every run that wrote a record, by bet."""
        return self.results.written()


class NotABet(pytest.Module):
    """A file with a bet's name in which nothing carries a marker of ours: left alone, not even imported."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Collect nothing."""
        return []


class BetFile(pytest.Module):
    """A bet file. Its declaration is None where it cannot be read.

    What is known of its cells is kept here, by their names and in the order of the sweep, and not on each item: a sweep
    may be long, and what every item holds is paid for at every collection of garbage.
    """

    def __init__(self, *, declaration: Declaration | None, collection: BetCollection, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.declaration = declaration
        self.collection = collection
        self.places: dict[str, int] = {}
        self.params: Sequence[Mapping[str, object]] = ()
        self.ids: Ids = {}
        self.refused = ""
        """Why no cell of this bet is run in this session, where that is so."""
        self.running = ""
        """The name of the cell that was set up last."""
        self.data: dict[str, str] = {}
        """What an item has measured, as the JSON that is to ride on its report, by the item's name."""

    def istestfunction(self, obj: object, name: str) -> bool:
        """Tell whether the function is the bet's experiment, whatever its name."""
        return self.declaration is not None and name == self.declaration.function and callable(obj)

    def istestclass(self, obj: object, name: str) -> bool:  # noqa: ARG002  # pytest's signature
        """Collect no class."""
        return False

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Collect the cells and one item a tier; in a replay, the record in the place of the cells.

        Raises:
            CollectError: with every fault of the declaration.

        """
        outside = self.collection.outside(self)
        if outside:
            raise self.CollectError(outside)
        try:
            declaration = self.collection.catalogue().declaration(self.path)
        except DeclarationError as error:
            raise self.CollectError(str(error)) from None
        assert declaration is not None  # noqa: S101  # makemodule saw a bet
        faults = self.collection.catalogue().faults(declaration, self.path)
        if self.collection.settings.replay:
            self._refuse(faults)
            items: list[pytest.Item] = [Recorded.from_parent(self, name=RECORD, declaration=declaration)]
            for tier in CRITERIA:
                if declaration.sentences(tier):
                    items[0].add_marker(tier)
            common: list[pytest.Mark] = []
        else:
            cells = self._cells(declaration, faults)
            common = [mark for mark in cells[0].own_markers if mark.name not in _NOT_COPIED]
            items = [self._finished(cell) for cell in cells] if self.collection.finished else [*cells]
        for tier in CRITERIA:
            if declaration.sentences(tier):
                items.append(Tier.from_parent(self, name=tier, declaration=declaration, marks=common))
        return items

    def _cells(self, declaration: Declaration, faults: list[Fault]) -> list[pytest.Function]:
        cells = [item for item in super().collect() if isinstance(item, pytest.Function)]
        faults += mark_faults(declaration, self.obj, self.own_markers, self.config.getini("markers"))
        missing = [fault for cell in cells[:1] for fault in argument_faults(declaration, cell)]  # the same in all cells
        faults += missing
        held = [self.iter_markers(), *(cell.own_markers for cell in cells)]
        if any(mark.name == "flaky" for marks in held for mark in marks):
            problem = "the experiment is marked flaky: running until it passes would turn a losing bet green"
            faults.append(self._fault(problem, "one run, or @pytest.mark.replicate(n), which counts them all"))
        self.params = parameters(cells, self.ids)
        if not self.params:
            self._refuse([*faults, self._fault("the sweep has no cell", "at least one parameter set")])
        self.places = {cell.name: index for index, cell in enumerate(cells)}
        self.refused = refused_option(self.config) or foreign_parameters(
            declaration, cells, lambda: self.collection.code_files(self.path)
        )
        if self.refused:
            for cell in cells:
                cell.add_marker(pytest.mark.skip(reason="its bet is not run in this session"))
        elif not self.collection.settings.rehearsal and not missing:  # else the cells are not those of the sweep
            faults += cell_faults(declaration, self.params)
            faults += unwritten(declaration, self.path.read_text(encoding="utf-8"))
        self._refuse(faults)
        warn_of_tests(self, declaration)
        return cells

    def _finished(self, cell: pytest.Function) -> pytest.Item:
        data = self.collection.finished.get(cell.nodeid)
        if data is None:
            return cell
        return Finished.from_parent(self, name=cell.name, data=data, cell=cell)

    def _fault(self, problem: str, expected: str) -> Fault:
        assert self.declaration is not None  # noqa: S101  # only a declared bet is checked further
        text = f"def {self.declaration.function}(...)"
        return Fault(self.declaration.file, self.declaration.line, problem, text, expected)

    def _refuse(self, faults: Sequence[Fault]) -> None:
        if faults:
            raise self.CollectError(str(DeclarationError(faults)))


class Finished(pytest.Item):
    """A cell that an interrupted run had finished, with what it measured then."""

    parent: BetFile

    def __init__(self, *, data: str, cell: pytest.Function, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.own_markers.extend(cell.own_markers)
        self.keywords.update(dict(cell.keywords))
        self.place = cell.location
        self.noted = data

    def runtest(self) -> None:
        """Measure nothing: it ran before."""
        self.parent.data[self.name] = self.noted

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Point at the experiment."""
        return self.path, self.place[1], self.place[2]


class Recorded(pytest.Item):
    """The record of a bet, held against its own measurements and against the journal."""

    parent: BetFile

    def __init__(self, *, declaration: Declaration, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.declaration = declaration

    def runtest(self) -> None:
        """Take the record's measurements for a judgement; fail where the record contradicts them."""
        from pytest_bets.hooks.replay import replayed

        collection = self.parent.collection
        self.parent.data[self.name] = json.dumps(replayed(self.declaration, collection.results, collection.written))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Point at the experiment."""
        return self.path, self.declaration.line - 1, self.name
