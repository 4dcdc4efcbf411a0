"""The lines under the closing table: counts, what was written, what to know, what to do next."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import PurePath
from typing import Final

from pytest_bets.bet.misnamed import numbered
from pytest_bets.diagnostics import ProjectError, count_noun
from pytest_bets.hooks.judging import FinishedBet
from pytest_bets.hooks.resume import checkpoint
from pytest_bets.hooks.session import Session
from pytest_bets.hooks.unseen import is_conftest
from pytest_bets.project import locate
from pytest_bets.record.filenames import JOURNAL
from pytest_bets.record.judgement import in_the_noise, premise_unmet
from pytest_bets.record.known_error import TIER_OF
from pytest_bets.record.record import FIRST_RECORD_SCHEMA
from pytest_bets.record.summary import lacks_control
from pytest_bets.render.luck import cell_notes
from pytest_bets.render.registration import declaring
from pytest_bets.render.words import cells_words, kinds_words, listed, short
from pytest_bets.walk import checkout, is_ignored, relative

_SHOWN: Final = 3
"""Bets of which such a note is given in full."""
_NAMED: Final = 5
"""Bets that the message of a commit names."""


class Notes:
    """Notes on all bets of a session together."""

    def __init__(self, session: Session, finished: Sequence[FinishedBet]) -> None:
        self.session = session
        self.settings = session.settings
        self.finished = finished
        self.folder = relative(self.settings.results, self.settings.here)

    def lines(self) -> Iterator[str]:
        """Yield a note at a time; one that begins with a space is a command."""
        if self.settings.rehearsal:
            yield from self._rehearsed()
            return
        yield self._counts()
        yield from self._written()
        yield from self.session.exporting.lines()
        yield from self._results()
        yield from self._kept_cells()
        yield from self._afresh()
        yield from self._attempts()
        yield from self._unstable()
        yield from self._premises()
        yield from self._uncontrolled()
        yield from self._dependent()
        yield from self._alike()
        yield from self._replicated()
        yield from self._unseen()
        yield from self._names()
        yield from self._registration()
        yield from self._commit()
        yield from self._next()

    def _rehearsed(self) -> Iterator[str]:
        kept = self.settings.kept
        where = f"kept in {self.folder}, marked as a rehearsal" if kept else "nothing was written"
        yield f"{count_noun(len(self.finished), 'bet')} rehearsed; {where}."
        yield from self._replicates()
        yield from self._names()
        yield from self._dependent()
        if kept:
            yield f"Read next: {self._show(self.finished[0])} --cells"

    def _replicates(self) -> Iterator[str]:
        """Say that a count over one replicate is low because it is one."""
        bets = [item.declaration.id for item in self.finished if (item.declaration.replicate or 1) > 1]
        if self.settings.pilot and bets:
            yield f"One replicate of each bet ran ({listed(bets)}): counts of cells are lower than in a run."

    def _counts(self) -> str:
        verdicts = [item.result for item in self.finished]
        found = [verdict.verdict for verdict in verdicts]
        words = ", ".join(f"{found.count(verdict)} {verdict}" for verdict in ("PASS", "LENIENT", "FAIL"))
        catastrophic = sum(verdict.catastrophic for verdict in verdicts)
        words += kinds_words(catastrophic, sum(map(in_the_noise, verdicts)))
        words += f", {found.count(None)} not judged" if None in found else ""
        return f"{count_noun(len(found), 'bet')}: {words}."

    def _written(self) -> Iterator[str]:
        if self.session.summary is not None:
            kept = [(item.stored.written, item.missing) for item in self.finished if item.stored is not None]
            written = sum(wrote for wrote, _ in kept)
            stand = sum(not wrote and not missing for wrote, missing in kept)
            left = sum(missing is not None for _, missing in kept)
            records = count_noun(written, "record")
            incomplete = f", {left} incomplete (journal only)" if left else ""
            yield (f"In {self.folder}: {records} written, {stand} unchanged{incomplete}; see {self.folder}/SUMMARY.md.")
        elif self.settings.replay:
            yield f"Replayed from {self.folder}: no experiment ran, nothing was written."

    def _results(self) -> Iterator[str]:
        """Say what was wrong with the end of the journal, and which records `pytest-bets upgrade` would rewrite."""
        for notice in self.session.context.results.notices():
            yield f"{notice}."
        old = [bet for bet, record in self.session.baseline.records.items() if record.schema == FIRST_RECORD_SCHEMA]
        if old:
            ran = {item.declaration.id for item in self.finished if item.stored and item.stored.written}
            replaced = f", and this session replaced {len(ran & {*old})}" if ran & {*old} else ""
            what = "a run of their bets counts as one of other code until `pytest-bets upgrade` rewrites them"
            yield f"Not upgraded: {count_noun(len(old), 'record')} of schema 1 ({listed(old)}): {what}{replaced}."

    def _kept_cells(self) -> Iterator[str]:
        """Name the finished cells on disk that an interrupt, a selection or a crash left to resume."""
        if not self.session.checkpoints.enabled:
            return
        counts = []
        for item in self.finished:
            if item.verdict is None and item.cells:
                bet, code = item.declaration, self.session.baseline.code[item.declaration.id]
                counts.append(len(checkpoint(self.session.context.results, bet, code).finished()))
        counts = [count for count in counts if count]
        if counts:
            what = f"Kept: {cells_words(sum(counts), 'finished')} of {count_noun(len(counts), 'bet')}"
            yield f"{what}; the same command with --bets-resume runs only what is left."

    def _afresh(self) -> Iterator[str]:
        """Name the bets whose finished cells were not reused; the header cannot know it, as nothing is collected."""
        bets = [item.declaration.id for item in self.finished if item.afresh]
        if bets:
            what = "the values of the sweep have changed since it was interrupted, and no cell was reused"
            yield f"Ran afresh: {count_noun(len(bets), 'bet')} ({listed(bets)}): {what}."

    def _attempts(self) -> Iterator[str]:
        """Say that nodes were lost: repetition must be seen."""
        bets = [item for item in self.finished if item.run.attempts]
        if bets:
            count = sum(len(item.run.attempts) for item in bets)
            names = listed([item.declaration.id for item in bets])
            what = "was cut off" if count == 1 else "were cut off"
            attempts, of = count_noun(count, "attempt"), count_noun(len(bets), "bet")
            yield f"Attempts: {attempts} of {of} ({names}) {what}; `pytest-bets show` says how."

    def _unstable(self) -> Iterator[str]:
        summary = self.session.summary
        ran = {item.declaration.id for item in self.finished}
        bets = [row.id for row in summary.bets if row.id in ran and row.is_unstable] if summary else []
        if bets:
            what = "runs of the same declaration and code gave different verdicts"
            yield f"Unstable: {count_noun(len(bets), 'bet')} ({listed(bets)}): {what}."

    def _premises(self) -> Iterator[str]:
        bets = [item.declaration.id for item in self.finished if premise_unmet(item.result)]
        if bets:
            what = "the experiment cannot speak for or against the claim, so there is no verdict"
            yield f"Premise not met: {count_noun(len(bets), 'bet')} ({listed(bets)}): {what}."

    def _uncontrolled(self) -> Iterator[str]:
        bets = [item.declaration.id for item in self.finished if lacks_control(item.result)]
        if bets:
            what = "a PASS without a negative control is not compared with noise"
            yield f"No control: {count_noun(len(bets), 'bet')} ({listed(bets)}): {what}."

    def _dependent(self) -> Iterator[str]:
        bets = [item for item in self.finished if item.dependence]
        for item in bets[:_SHOWN]:
            yield f"Cells as units: bet {short(item.declaration.id)}: {item.dependence}."
        if bets[_SHOWN:]:
            rest = listed([item.declaration.id for item in bets[_SHOWN:]])
            yield f"Cells as units: the same in {count_noun(len(bets) - _SHOWN, 'bet')}: {rest}."

    def _alike(self) -> Iterator[str]:
        """Say where cells are worth less than their number, for the verdicts that a chance stands beside."""
        good = [item for item in self.finished if item.verdict in TIER_OF]
        yield from cell_notes([(item.declaration.id, item.luck, item.cells) for item in good if item.luck])

    def _replicated(self) -> Iterator[str]:
        """Name the replications, by number: each is a line of the journal, and the records stand."""
        numbers = self.session.context.replications
        ran = [item.declaration.id for item in self.finished if item.stored and item.declaration.id in numbers]
        if ran:
            listing = ", ".join(f"{short(bet)} (number {numbers[bet]})" for bet in ran)
            yield f"Replicated with fresh seeds: {listing}. `pytest-bets show` says what replications are evidence of."

    def _unseen(self) -> Iterator[str]:
        found = self.session.unseen.found
        files = sorted({name for names in found.values() for name in names})
        if files:
            what = "loaded, and not in the code that the records cover"
            do = "Run its tests in another session." if all(map(is_conftest, files)) else "Import it by name."
            yield f"Unseen code: {listed(files)} of {count_noun(len(found), 'bet')}: {what}. {do}"

    def _registration(self) -> Iterator[str]:
        if self.settings.registration == "off":
            return
        registry, states = self.session.context.registry, self.session.baseline.registration
        ran = [(states[item.declaration.id].state, item.run) for item in self.finished if item.stored]
        bets = [(registry.typed(run.path), run.declaration) for state, run in ran if state == "unregistered"]
        if bets:
            yield "Run without being registered; commit a bet before its run:"
            yield f"  {declaring(bets)}"
        unknown = [run.path for state, run in ran if state == "unknown"]
        if unknown:
            yield f"Registration not checked: {registry.undetermined(unknown[0])}."

    def _names(self) -> Iterator[str]:
        """Say that a name such as bet_1x.py gives no number, while no record has that id yet."""
        for item in self.finished:
            bet = item.declaration
            right = "" if bet.number is not None or bet.id in self.session.baseline.records else numbered(bet.id)
            if right not in ("", bet.id):
                name = PurePath(bet.file).name
                yield (
                    f"No number: the id of {name} is {bet.id}, and its record keeps that name. "
                    f"If that is not what you mean, rename it now: bet_{right}.py."
                )

    def _commit(self) -> Iterator[str]:
        """Say what a session left to commit: a run that repeats a record adds a line to the journal, too."""
        tree, results = self.session.context.registry.tree, self.settings.results.resolve()
        runs = [item.declaration for item in self.finished if item.stored]
        if self.session.summary is None or tree is None or not runs or checkout(results) != tree.top:
            return
        if is_ignored(results, tree.top):
            return
        lines = "1 new line, for this run" if len(runs) == 1 else f"{len(runs)} new lines, one for each run"
        yield f"Every run counts, so commit the results. {self.folder}/{JOURNAL} has {lines}:"
        names = ", ".join(bet.id if bet.number is None else str(bet.number) for bet in runs)
        bets = f"bet{'s' * (len(runs) > 1)} {names}" if len(runs) <= _NAMED else count_noun(len(runs), "bet")
        yield f'  git add {shlex.quote(self.folder)} && git commit -m "Record {bets}"'

    def _next(self) -> Iterator[str]:
        judged = [item for item in self.finished if item.verdict is not None]
        if judged:
            worst = min(judged, key=lambda item: item.result.rank or 0)
            yield f"Read next: {self._show(worst)} (all sentences and runs; --cells: all values)."

    def _show(self, item: FinishedBet) -> str:
        return f"pytest-bets show {shlex.quote(short(item.declaration.id))}{self._where}"

    @cached_property
    def _where(self) -> str:
        """The options by which a command finds these results from the working folder; nothing where it needs none.

        The root of `pytest a/bets` may be `a`, and a setting may have another value on the command line.
        """
        here, root, options = self.settings.here, self.settings.root, ""
        with suppress(ProjectError):  # the settings of a folder that this session does not use
            found = locate(here)
            if found.root != root:
                options = f" --rootdir {shlex.quote(relative(root, here))}"
                found = locate(here, rootdir=str(root))
            if found.results != self.settings.results.resolve():
                options += f" --results {shlex.quote(self.folder)}"
        return options
