"""Compare what a write-up says about bets with the records."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pytest_bets.claims.markdown import BREAK, Block, Comment, blocks, line_starts
from pytest_bets.claims.mentions import Marked, Mention, Span, marked, mentions, word
from pytest_bets.claims.number import VALUE, agrees, alike, hundredfold
from pytest_bets.diagnostics import EvaluationError, SentenceError, nearest
from pytest_bets.record.verdict import figure
from pytest_bets.sentence.evaluate import value_of
from pytest_bets.sentence.parse import parse_value

FindingKind = Literal["verdict", "standing", "value", "marker", "unknown", "unreadable"]

_SAYING: Final = {"retracted": r"retract|overturn", "withdrawn": r"withdraw|withdrew"}
_DENIED: Final = r"(?<!not )(?<!never )(?<!n't )(?<!n’t )(?<!not been )(?<!never been )(?<!n't been )(?<!n’t been )"


@dataclass(frozen=True)
class Bet:
    """A bet as the records have it: its verdict and standing in words, and its cells.

    `gone` has `retracted` or `withdrawn` if the claim is. `cells` is empty if the bet was never run or is void.
    `reason` is why it is void, or why its file cannot be read.
    """

    id: str
    number: int | None
    verdict: str
    standing: str
    gone: frozenset[str]
    cells: Sequence[Mapping[str, object]]
    reason: str = ""
    readable: bool = True


@dataclass(frozen=True)
class Edit:
    """A replacement of the source from `start` to `end`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Finding:
    """A contradiction between a page and the records: the text on that line, and what the record says.

    `edit` fixes it, if a replacement is enough.
    """

    line: int
    kind: FindingKind
    bet: str | None
    stands: str
    record: str
    edit: Edit | None = None


@dataclass(frozen=True)
class Checked:
    """A page's findings in line order, and its numbers of mentions and marked values."""

    findings: tuple[Finding, ...]
    mentions: int
    values: int


def check(source: str, bets: Sequence[Bet]) -> Checked:
    """Check a page of Markdown against the records of all bets."""
    page = _Page(source, bets)
    for block in blocks(source):
        page.check(block)
    return Checked(tuple(sorted(page.found, key=lambda finding: finding.line)), page.mentions, page.values)


def apply_edits(source: str, findings: Sequence[Finding]) -> str:
    """Return the page with the edits of its findings applied, and no other change."""
    edits = {finding.edit for finding in findings if finding.edit}
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        source = source[: edit.start] + edit.text + source[edit.end :]
    return source


class _Page:
    def __init__(self, source: str, bets: Sequence[Bet]) -> None:
        self.source = source
        self.lines = line_starts(source)
        self.numbers = {bet.number: bet for bet in bets if bet.number is not None}
        self.ids = {bet.id: bet for bet in bets}
        self.words = frozenset(name for name in self.ids if not name.isdecimal())
        self.found: list[Finding] = []
        self.mentions = self.values = 0

    def check(self, block: Block) -> None:
        cited: dict[str, tuple[Bet, int, str]] = {}
        found = mentions(block, self.words)
        same_verdict: dict[Span | None, list[Mention]] = {}
        for mention in found:
            same_verdict.setdefault(mention.verdict, []).append(mention)
        for mention in found:
            bet = self._known(mention.bet, f'"Bet {mention.bet}"', block.places[mention.at])
            if bet:
                self._verdict(block, mention, bet, same_verdict[mention.verdict])
                cited.setdefault(bet.id, (bet, block.places[mention.at], f'"Bet {mention.bet}"'))
        values = list(marked(block))
        for value in values:
            if isinstance(value, Comment):
                stands = f"<!-- {value.text} -->"
                self._add(value.start, "marker", None, stands, "no marker is open before it")
                continue
            bet = self._known(value.bet, f"<!-- {value.opening.text} -->", value.opening.start)
            if bet:
                self._value(block, value, bet)
                cited.setdefault(bet.id, (bet, value.opening.start, f"a value of bet {value.bet}"))
        self.mentions += len(found)
        self.values += len(values)
        for bet, place, stands in cited.values():
            if bet.gone and not _says_so(block.text, bet.gone):
                record = f"{bet.standing}, and this {block.kind} does not say so"
                self._add(place, "standing", bet.id, stands, record)

    def _known(self, named: str, stands: str, place: int) -> Bet | None:
        bet = self._find(named)
        if bet is None:
            self._add(place, "unknown", None, stands, f"there is no bet {named}{self._nearest(named)}")
        elif not bet.readable:
            self._add(place, "unreadable", bet.id, stands, f"the bet's file cannot be read: {bet.reason}")
        return bet if bet and bet.readable else None

    def _find(self, named: str) -> Bet | None:
        return self.numbers.get(int(named)) if named.isdecimal() else self.ids.get(named)

    def _nearest(self, named: str) -> str:
        near = nearest(named, self.ids)
        if named.isdecimal() and self.numbers:
            near = self.numbers[min(self.numbers, key=lambda number: (abs(number - int(named)), number))].id
        return f"; the nearest is {near}" if near else ""

    def _verdict(self, block: Block, mention: Mention, bet: Bet, same_verdict: Sequence[Mention]) -> None:
        if not mention.verdict:
            return
        start, end = mention.verdict
        written = block.text[start:end]
        claimed = word(written)
        due = bet.verdict if "," in claimed else bet.verdict.partition(",")[0]
        if claimed == due:
            return
        record = {"never run": "it was never run", "void": f"its run is void: {bet.reason}"}.get(
            bet.verdict, f"the record{f' of bet {mention.bet}' if len(same_verdict) > 1 else ''} says {bet.verdict}"
        )
        alone = all((self._find(other.bet) or bet).verdict == bet.verdict for other in same_verdict)
        edit = self._edit(block, start, end, due) if alone else None
        whole = block.text[mention.at : end]
        stands = f'"Bet {mention.bet}: {written}"' if BREAK in whole else f'"{whole}"'
        self._add(block.places[start], "verdict", bet.id, stands, record, edit)

    def _value(self, block: Block, marker: Marked, bet: Bet) -> None:
        place, stands = marker.opening.start, f"<!-- {marker.opening.text} -->"
        if marker.sentence is None:
            self._add(place, "marker", bet.id, stands, f"expected <!-- bet {marker.bet}: VALUE -->, as in mean(gain)")
        elif marker.closing is None:
            record = f"it is not closed: expected <!-- /bet --> after it, in the same {block.kind}"
            self._add(place, "marker", bet.id, stands, record)
        else:
            try:
                value = value_of(parse_value(marker.sentence), bet.cells) if bet.cells else None
            except SentenceError as error:
                parts = [f"the sentence cannot be read: {error.problem}", f"expected {error.expected}"]
                parts += [f"did you mean {error.suggestion}?"] if error.suggestion else []
                self._add(place, "marker", bet.id, stands, "; ".join(parts))
            except EvaluationError as error:
                self._add(place, "marker", bet.id, stands, f"the record has no such value: {error}")
            else:
                self._number(block, marker, marker.closing, bet, value)

    def _number(self, block: Block, marker: Marked, closing: Comment, bet: Bet, value: float | None) -> None:
        first, last = marker.opening.at, closing.at
        inside = block.text[first:last]
        stands = f"{inside.strip() or 'nothing'} as {marker.sentence} of bet {marker.bet}"
        place = marker.opening.start
        if value is None:
            record = "it was never run" if bet.verdict == "never run" else f"its run is void: {bet.reason}"
            self._add(place, "value", bet.id, stands, record)
            return
        number = VALUE.search(inside)
        rest = VALUE.sub("", inside, count=1).strip()
        percent = rest == "%" or re.match(r"\s?%", block.text[last:])
        value = hundredfold(value) if percent else value
        unit = " %" if percent else ""
        record = f"the record has {figure(value)}{unit}"
        if not inside.strip():
            filled = Edit(marker.opening.end, marker.opening.end, figure(value))
            self._add(place, "value", bet.id, stands, record, filled)
        elif number is None or rest not in ("", "%"):
            self._add(place, "value", bet.id, stands, f"{record}: expected one number, or a percentage")
        elif not agrees(number[0], value):
            edit = self._edit(block, first + number.start(), first + number.end(), alike(number[0], value))
            record = f"the record has {edit.text}{unit}" if edit else record
            self._add(place, "value", bet.id, stands, record, edit)

    def _edit(self, block: Block, start: int, end: int, text: str) -> Edit | None:
        """Return the edit of a part of a block's text; None if its source is written differently."""
        places = block.places[start:end]
        here = Edit(places[0], places[-1] + 1, text)
        return here if self.source[here.start : here.end] == block.text[start:end] else None

    def _add(
        self, place: int, kind: FindingKind, bet: str | None, stands: str, record: str, edit: Edit | None = None
    ) -> None:
        line = bisect_right(self.lines, place)
        self.found.append(Finding(line, kind, bet, " ".join(stands.split()), record, edit))


def _says_so(text: str, gone: frozenset[str]) -> bool:
    folded = " ".join(text.casefold().split())
    return any(re.search(rf"{_DENIED}\b(?:{_SAYING[state]})", folded) for state in gone)
