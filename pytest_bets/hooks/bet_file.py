"""A bet file as pytest collects it: the cells of its experiment, and one item a tier."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_bets.bet.declaration import CRITERIA, Declaration
from pytest_bets.bet.template import unwritten
from pytest_bets.bet.validate import cell_faults, parameter_faults, sentence_faults
from pytest_bets.code.index import CodeIndex
from pytest_bets.diagnostics import DeclarationError, Fault
from pytest_bets.hooks.constants import constant_faults
from pytest_bets.hooks.context import Context
from pytest_bets.hooks.fingerprint import fingerprint
from pytest_bets.hooks.functions import argument_faults, warn_of_sections, warn_of_tests
from pytest_bets.hooks.luck import lucky, null_faults
from pytest_bets.hooks.marks import mark_faults
from pytest_bets.hooks.refusals import outside_parameters, refused_option
from pytest_bets.hooks.sets import set_faults
from pytest_bets.hooks.sweep import Ids, given, parameters
from pytest_bets.hooks.tiers import Tier
from pytest_bets.record.cell import sweep_of
from pytest_bets.render.visible import visible_lines

RECORD: Final = "record"

# marks about how a function is called: a tier's item calls none
_NOT_COPIED: Final = frozenset(
    {*CRITERIA, "parametrize", "usefixtures", "skip", "skipif", "timeout", "xfail", "xdist_group"}
)


class BetFile(pytest.Module):
    """A bet file. Its declaration is None where it cannot be read.

    The data of its cells is kept here, by name and in the order of the sweep, and not on each item: a sweep may be
    long, and every garbage collection visits what items hold.
    """

    def __init__(self, *, declaration: Declaration | None, context: Context, outside: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.declaration = declaration
        self.context = context
        self.outside = outside
        self.places: dict[str, int] = {}
        self.params: Sequence[Mapping[str, object]] = ()
        self.ids: Ids = {}
        self.unordered: set[str] = set()
        """The parameters whose values were given as a set."""
        self.sweep = ""
        """The fingerprint of the sweep; empty where nothing runs."""
        self.refused = ""
        """Why no cell of this bet runs in this session; empty where they run."""
        self.running = ""
        """The name of the cell that was set up last."""
        self.begun: set[str] = set()
        """The names of the cells that were set up in this process."""
        self.data: dict[str, str] = {}
        """The encoded measurements of a cell that ran and was not reported yet, by the item's name."""

    def istestfunction(self, obj: object, name: str) -> bool:
        """Return whether the function is the bet's experiment, under any name."""
        return self.declaration is not None and name == self.declaration.function and callable(obj)

    def istestclass(self, obj: object, name: str) -> bool:  # noqa: ARG002  # pytest's signature
        """Collect no class."""
        return False

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Collect the cells and one item a tier; in a replay, the record instead of the cells.

        Raises:
            CollectError: lists every fault of the declaration.

        """
        if self.outside:
            raise self.CollectError(visible_lines(self.outside))
        try:
            declaration = self.context.catalogue.declaration(self.path)
        except DeclarationError as error:
            raise self.CollectError(visible_lines(str(error))) from None
        assert declaration is not None  # noqa: S101  # the activation saw a bet
        if self.context.catalogue.is_repeated(declaration):
            return []
        faults = self.context.catalogue.faults(declaration, self.path)
        if self.context.settings.replay:
            self._refuse(faults)
            items: list[pytest.Item] = [ReplayItem.from_parent(self, name=RECORD, declaration=declaration)]
            for tier in CRITERIA:
                if declaration.sentences(tier):
                    items[0].add_marker(tier)
            common: list[pytest.Mark] = []
        else:
            cells = self._cells(declaration, faults)
            common = [mark for mark in cells[0].own_markers if mark.name not in _NOT_COPIED]
            items = [self._finished(cell) for cell in cells] if self.context.finished else [*cells]
        for tier in CRITERIA:
            if declaration.sentences(tier):
                items.append(Tier.from_parent(self, name=tier, declaration=declaration, marks=common))
        return items

    def _cells(self, declaration: Declaration, faults: list[Fault]) -> list[pytest.Function]:
        cells = [item for item in super().collect() if isinstance(item, pytest.Function)]
        faults += mark_faults(declaration, self.obj, self.own_markers, self.config.getini("markers"))
        if not self.context.settings.rehearsal:
            faults += constant_faults(declaration, self.obj)
        faults += sentence_faults(declaration)
        faults += self.context.copies.faults(declaration, self.path)
        missing = [fault for cell in cells[:1] for fault in argument_faults(declaration, cell)]  # the same in all cells
        faults += missing
        faults += self._repeated(declaration, cells)
        faults += [fault for cell in cells[:1] for fault in set_faults(declaration, self.path, self.unordered, cell)]
        self.params = parameters(cells, self.ids)
        if not self.params:
            self._refuse([*faults, self._fault("the sweep has no cell", "at least one parameter set")])
        unfit = list(parameter_faults(declaration, self.params))
        faults += unfit
        if not self.config.option.collectonly:
            self.sweep = self._fingerprint(cells)
        self.places = {cell.name: index for index, cell in enumerate(cells)}
        self.refused = refused_option(self.config) or outside_parameters(declaration, cells, self._code_files)
        listed = self.config.option.collectonly  # git is slow, and nothing runs
        if self.context.settings.required and not listed and declaration.id not in self.context.registered:
            _skip(cells, "not known to be registered, which bets_registration requires")
        if self.refused:
            _skip(cells, "its bet is not run in this session")
        elif not (self.context.settings.rehearsal or missing or unfit):  # else the cells differ from the declared sweep
            faults += cell_faults(declaration, self.params)
            faults += null_faults(declaration, self.params)
            faults += unwritten(declaration, self.path.read_text(encoding="utf-8"))
        self._refuse(faults)
        if not (self.refused or listed or self.context.settings.rehearsal):
            self.refused = lucky(declaration, self.params, self.obj, self.context.settings)
            if self.refused:
                _skip(cells, "its bet is not run in this session")
        warn_of_tests(self, declaration)
        warn_of_sections(self, declaration)
        return cells

    def _fingerprint(self, cells: Sequence[pytest.Function]) -> str:
        """Return the fingerprint of the sweep: now, as an experiment may change the values that it gets."""
        root, top = self.context.settings.root, self.config.rootpath
        roots = {root, top, root.resolve(), top.resolve()}
        return fingerprint([cell.name for cell in cells], [given(cell) for cell in cells], roots)

    def refuse(self, why: str, cells: Sequence[pytest.Item]) -> None:
        """Leave out the cells in this session; the process that judges says why."""
        self.refused = self.refused or why
        _skip(cells, "its bet is not run in this session")

    def _repeated(self, declaration: Declaration, cells: Sequence[pytest.Function]) -> Iterator[Fault]:
        """Yield a fault for each way to run an experiment several times: a cell is one run."""
        marks = chain(self.iter_markers(), *(cell.own_markers for cell in cells))
        if any(mark.name == "flaky" for mark in marks):
            problem = "the experiment is marked flaky: running until it passes would turn a losing bet green"
            yield self._fault(problem, "one run, or @pytest.mark.replicate(n), which counts them all")
        if hasattr(getattr(self.obj, declaration.function, None), "hypothesis"):
            problem = "Hypothesis' @given runs the experiment many times, and a cell is one run"
            yield self._fault(problem, "@given on a function inside the experiment, which the experiment calls")

    def _finished(self, cell: pytest.Function) -> pytest.Item:
        data = self.context.finished.get(cell.nodeid)
        # the sweep may come from files, and the declaration, the code and the names of the cells are those of before
        if data is None or sweep_of(data) != self.sweep:
            return cell
        # With the id of its cell: in pytest's ids, parameters are not a name in brackets, and --lf compares ids.
        return CachedCell.from_parent(self, name=cell.name, nodeid=cell.nodeid, data=data, cell=cell)

    def _code_files(self) -> list[Path]:
        """Return the files of the code that a record of this bet would cover."""
        root = self.context.settings.root
        return [root / name for name in CodeIndex(root, self.context.search).code(self.path).files]

    def _fault(self, problem: str, expected: str) -> Fault:
        assert self.declaration is not None  # noqa: S101  # only a declared bet is checked further
        text = f"def {self.declaration.function}(...)"
        return Fault(self.declaration.file, self.declaration.line, problem, text, expected)

    def _refuse(self, faults: Sequence[Fault]) -> None:
        if faults:
            raise self.CollectError(visible_lines(str(DeclarationError(faults))))


def _skip(cells: Sequence[pytest.Item], reason: str) -> None:
    """Skip all cells before any of their fixtures; one error, where the bet is judged, says why."""
    for cell in cells:
        cell.add_marker(pytest.mark.skip(reason=reason))


class CachedCell(pytest.Item):
    """A cell that an interrupted run had finished, with its measurements."""

    parent: BetFile

    def __init__(self, *, data: str, cell: pytest.Function, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.own_markers.extend(cell.own_markers)
        self.keywords.update(dict(cell.keywords))
        self.place = cell.location
        self.cached = data

    def runtest(self) -> None:
        """Report the measurements of the earlier run."""
        self.parent.data[self.name] = self.cached

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Point at the experiment."""
        return self.path, self.place[1], self.place[2]


class ReplayItem(pytest.Item):
    """The record of a bet, compared with its own measurements and with the journal."""

    parent: BetFile

    def __init__(self, *, declaration: Declaration, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.declaration = declaration

    def runtest(self) -> None:
        """Report the recorded measurements, to be judged again; fail where the record contradicts them."""
        from pytest_bets.hooks.replay import encode_record

        context = self.parent.context
        self.parent.data[self.name] = encode_record(self.declaration, context.results)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Point at the experiment."""
        return self.path, self.declaration.line - 1, self.name
