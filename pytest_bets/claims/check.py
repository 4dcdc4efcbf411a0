"""Compare what a write-up says about bets with the records."""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence, Set
from typing import Final

from pytest_bets.claims.block import BREAK, Block, Comment
from pytest_bets.claims.claim import Claim
from pytest_bets.claims.context import Context
from pytest_bets.claims.contradiction import Contradiction, is_true, rivals
from pytest_bets.claims.finding import Bet, Checked, Edit, Finding, FindingKind
from pytest_bets.claims.lexicon import ENDING_WORDS, NOISE
from pytest_bets.claims.markdown import blocks as markdown_blocks
from pytest_bets.claims.markdown import line_starts
from pytest_bets.claims.mentions import Finder, Mention
from pytest_bets.claims.number import VALUE, agrees, alike, fair, hundredfold
from pytest_bets.claims.reading import read
from pytest_bets.claims.said import Said
from pytest_bets.claims.values import Marked, around, in_percent, marked
from pytest_bets.claims.weight import fault, is_percentage
from pytest_bets.diagnostics import EvaluationError, SentenceError, nearest
from pytest_bets.record.verdict import figure
from pytest_bets.render.visible import visible
from pytest_bets.sentence.ast import Node
from pytest_bets.sentence.evaluate import value_of
from pytest_bets.sentence.parse import parse_value

_TURNED: Final = re.compile("[\u202d\u202e]")
_LONGEST: Final = 160
"""The maximum number of characters of a page that a finding shows."""


def check(source: str, bets: Sequence[Bet], read_blocks: Callable[[str], list[Block]] = markdown_blocks) -> Checked:
    """Check a page against the records of all bets; `read_blocks` reads its format, Markdown by default."""
    blocks = read_blocks(source)
    page = _Page(source, bets)
    page.check_all(blocks)
    return Checked(tuple(sorted(page.found, key=lambda finding: finding.line)), page.mentions, page.values)


class _Page:
    def __init__(self, source: str, bets: Sequence[Bet]) -> None:
        self.source = source
        self.lines = line_starts(source)
        self.numbers = {bet.number: bet for bet in bets if bet.number is not None}
        self.ids = {bet.id: bet for bet in bets}
        words = [name for name in self.ids if not name.isdecimal()]
        self.finder = Finder({number: bet.id for number, bet in self.numbers.items()}, words)
        self.found: list[Finding] = []
        self.mentions = self.values = 0

    def check_all(self, blocks: Sequence[Block]) -> None:
        context = Context()
        for block in blocks:
            said = read(block, context, self.finder)
            self.check(block, said)
            context.add(block, said)

    def check(self, block: Block, said: Said) -> None:
        cited: dict[str, tuple[Bet, int, str]] = {}
        for mention in said.mentions:
            if mention.others or not mention.certain:
                continue
            place, planned = said.place(block, mention.first), said.is_planned(mention)
            for name in mention.bets:
                self.mentions += 1
                stands = f'"Bet {name}"'
                if self._find(name) is None and planned:
                    continue
                bet = self._known(name, stands, place)
                if bet:
                    cited.setdefault(bet.id, (bet, place, stands))
        self._claims(block, said)
        turned = _TURNED.search(block.text) if said.mentions or block.comments else None
        if turned:
            record = "it shows the letters after it in another order: expected text without it"
            self._add(block.places[turned.start()], "unbound", None, f"U+{ord(turned[0]):04X}", record)
        for value in marked(block):
            self.values += 1
            if isinstance(value, Comment):
                self._add(value.start, "marker", None, f"<!-- {value.text} -->", "no marker is open before it")
                continue
            bet = self._known(value.bet, f"<!-- {value.opening.text} -->", value.opening.start)
            if bet:
                self._value(block, value, bet, said)
                cited.setdefault(bet.id, (bet, value.opening.start, f"a value of bet {value.bet}"))
        for bet, place, stands in cited.values():
            names = {bet.id, str(bet.number)}
            if bet.gone and block.kind != "hidden text" and not said.says(names, bet.gone):
                record = f"{bet.standing}, and this {block.kind} does not say so"
                self._add(place, "standing", bet.id, stands, record)
            elif bet.by:
                self._retracters(block, said, bet, stands, frozenset().union(*(one.by for one, _, _ in cited.values())))

    def _retracters(self, block: Block, said: Said, bet: Bet, stands: str, by: Set[str]) -> None:
        """Report bets that are said to retract a claim, and retracted none of those that the block names."""
        for mention in said.retracters({bet.id, str(bet.number)}):
            for name in mention.bets[:20]:
                other = self._find(name)
                if other and other.readable and not {name, other.id} & by:
                    place = said.place(block, mention.first)
                    self._add(place, "standing", bet.id, f"{stands} retracted by {name}", f"it is {bet.standing}")

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

    def _claims(self, block: Block, said: Said) -> None:
        """Compare what the block says about verdicts."""
        right: set[str] = set()
        agreed: dict[str, int] = {}
        stated, later = [], []
        for claim in said.claims:
            if claim.mention.others or (claim.gone and claim.dated):
                continue
            bets = [bet for name in claim.mention.bets if (bet := self._find(name)) and bet.readable]
            if claim.gone:
                self._gone(block, said, claim, [bet for bet in bets if not bet.gone])
                continue
            stands = claim.negated and said.tokens[claim.first].low in ENDING_WORDS  # `bet 5 no longer holds`
            wrong = [bet for bet in bets if not is_true(claim, bet) and not (stands and bet.gone)]
            if not wrong and not claim.past and not claim.dated:
                agreed |= {bet.id: claim.first for bet in bets}
                right |= {bet.id for bet in bets if claim.bound}
                stated += [(claim, bets)] if claim.bound else []
            elif wrong and not claim.dated and not (claim.maybe and not claim.capital):
                if claim.several and len(wrong) < len(bets):
                    continue
                later.append(Contradiction(claim, bets, wrong))
        contradictions = []
        for one in later:
            claim, ids = one.claim, {bet.id for bet in one.wrong}
            later_right = {bet for bet, at in agreed.items() if at > claim.first}
            if ids <= (agreed.keys() if claim.past else later_right if claim.was else right if claim.maybe else set()):
                continue
            if claim.mention.everyone:
                others = ", ".join(f"{_called(bet, claim.mention)} is {bet.verdict}" for bet in one.wrong[:9])
                others += f" and {len(one.wrong) - 9} more" if len(one.wrong) > 9 else ""
                self._add(said.place(block, claim.first), "verdict", None, said.quote(block, claim), f"bet {others}")
            else:
                contradictions.append(one)
        for one, rival in zip(contradictions, rivals(said, contradictions, stated, self._find), strict=True):
            self._contradict(block, said, one, rival)

    def _gone(self, block: Block, said: Said, claim: Claim, stand: Sequence[Bet]) -> None:
        """Report bets that `stand`, and are said to be retracted or withdrawn."""
        for bet in stand[:20]:
            record = "no retraction or withdrawal of it is on record"
            self._add(said.place(block, claim.first), "standing", bet.id, said.quote(block, claim), record)

    def _contradict(self, block: Block, said: Said, contradiction: Contradiction, rival: str) -> None:
        claim, due = contradiction.claim, contradiction.due
        start, end = said.span(claim.first)
        written = block.text[start:end]
        edit = self._edit(block, start, end, due) if contradiction.replaceable and not rival else None
        stands = said.quote(block, claim)
        for bet in contradiction.wrong[:20]:
            called = _called(bet, claim.mention)
            named = f" of bet {called}" if len(claim.mention.bets) > 1 else ""
            record = {"never run": "it was never run", "void": f"its run is void: {bet.reason}"}.get(
                bet.verdict, f"the record{named} says {_recorded(bet)}"
            )
            kind: FindingKind = "verdict" if claim.bound else "unbound"
            form = f'expected a form such as "Bet {called}: {bet.verdict}"'
            if not claim.bound:
                record += f"; {written} is not next to its bet: {form}"
            elif rival and contradiction.replaceable:
                record += f"; bet {rival}, which is named here too, has the verdict {written}: {form}"
            self._add(block.places[start], kind, bet.id, stands, record, edit)

    def _value(self, block: Block, marker: Marked, bet: Bet, said: Said) -> None:
        place, stands = marker.opening.start, f"<!-- {marker.opening.text} -->"
        if marker.sentence is None:
            self._add(place, "marker", bet.id, stands, f"expected <!-- bet {marker.bet}: VALUE -->, as in mean(gain)")
        elif marker.closing is None:
            record = f"it is not closed: expected <!-- /bet --> after it, in the same {block.kind}"
            self._add(place, "marker", bet.id, stands, record)
        else:
            try:
                tree = parse_value(marker.sentence)
                value = value_of(tree, bet.cells) if bet.cells else None
                problem = fault(tree, bet.cells) if bet.cells else ""
            except SentenceError as error:
                parts = [f"the sentence cannot be read: {error.problem}", f"expected {error.expected}"]
                parts += [f"did you mean {error.suggestion}?"] if error.suggestion else []
                self._add(place, "marker", bet.id, stands, "; ".join(parts))
            except EvaluationError as error:
                self._add(place, "marker", bet.id, stands, f"the record has no such value: {error}")
            else:
                problem = problem and f"{problem}: expected a sentence of measurements, as in mean(gain)"
                problem = problem or around(block, marker.opening, marker.closing) or self._misplaced(marker, bet, said)
                if problem:
                    self._add(place, "marker", bet.id, stands, problem)
                else:
                    self._number(block, marker, marker.closing, bet, tree, value)

    def _misplaced(self, marker: Marked, bet: Bet, said: Said) -> str:
        """Return what is wrong if the text names another bet where a value stands."""
        named = said.beside(marker.opening.at, {bet.id, str(bet.number)})
        if named is None:
            return ""
        return f"the text says bet {named} here, and the value is of bet {marker.bet}: expected one bet"

    def _number(
        self, block: Block, marker: Marked, closing: Comment, bet: Bet, tree: Node, value: float | None
    ) -> None:
        first, last = marker.opening.at, closing.at
        inside = block.text[first:last]
        stands = f"{inside.strip() or 'nothing'} as {marker.sentence} of bet {marker.bet}"
        place = marker.opening.start
        if value is None:
            record = "it was never run" if bet.verdict == "never run" else f"its run is void: {bet.reason}"
            self._add(place, "value", bet.id, stands, record)
            return
        number = VALUE.search(inside)
        rest = VALUE.sub("", inside, count=1).strip(" \t\r\n\u00a0*_")
        percent = rest == "%" or in_percent(block, marker.opening, closing)
        value = hundredfold(value) if percent and not is_percentage(tree) else value
        unit = " %" if percent else ""
        record = f"the record has {figure(value)}{unit}"
        if not inside.strip():
            filled = Edit(marker.opening.end, marker.opening.end, figure(value))
            self._add(place, "value", bet.id, stands, record, filled)
        elif number is None or rest not in ("", "%"):
            self._add(place, "value", bet.id, stands, f"{record}: expected one number, or a percentage")
        elif not agrees(number[0], value) or not fair(number[0], value, percent=percent):
            text = alike(number[0], value)
            rounded = agrees(number[0], value)
            text = text if fair(text, value, percent=percent) else figure(value)
            edit = self._edit(block, first + number.start(), first + number.end(), text)
            record = f"the record has {edit.text}{unit}" if edit else record
            record += ", and the rounded number says something else: show more digits" if rounded else ""
            self._add(place, "value", bet.id, stands, record, edit)

    def _edit(self, block: Block, start: int, end: int, text: str) -> Edit | None:
        """Return the edit of a part of a block's text; None if its source is written differently."""
        if block.fixed:
            return None
        places = block.places[start:end]
        here = Edit(places[0], places[-1] + 1, text)
        return here if self.source[here.start : here.end] == block.text[start:end] else None

    def _add(
        self, place: int, kind: FindingKind, bet: str | None, stands: str, record: str, edit: Edit | None = None
    ) -> None:
        line = bisect_right(self.lines, place)
        stands = visible(" ".join(stands.replace(BREAK, " | ").split()))
        shown = stands if len(stands) <= _LONGEST else f"{stands[:_LONGEST]}..."
        self.found.append(Finding(line, kind, bet, shown, visible(record), edit))


def _recorded(bet: Bet) -> str:
    """Return the verdict of record, with what a catastrophic one does not say."""
    return f"{bet.verdict}, {NOISE}" if bet.noise and NOISE not in bet.verdict else bet.verdict


def _called(bet: Bet, mention: Mention) -> str:
    """Return the name of a bet as the text has it."""
    return str(bet.number) if str(bet.number) in mention.bets else bet.id
