"""A comparison as text, as Markdown, and as JSON."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from pytest_bets.compare.difference import OTHER_FORM, BetPart, ColumnPart, Comparison, Judgement, SentencePart
from pytest_bets.diagnostics import count_noun
from pytest_bets.record.encode import encode
from pytest_bets.record.verdict import figure
from pytest_bets.render import markdown
from pytest_bets.render.rehearsal import page
from pytest_bets.render.table import wrap
from pytest_bets.render.visible import visible
from pytest_bets.render.words import short, state_words, verdict_words
from pytest_bets.values import spelled


def as_json(found: Comparison) -> str:
    """Return the comparison as one JSON object."""
    return json.dumps(spelled(encode(found)), indent=2, allow_nan=False) + "\n"  # ASCII: what is printed spells others


def as_text(found: Comparison, width: int) -> str:
    """Return the comparison for a terminal; no line is longer than `width`, but for a word that is."""
    blocks = [[line for head in _heads(found) for line in wrap(head, width)]]
    blocks += [page(_title(bet), list(_entries(bet)), width) for bet in found.bets if _differs(bet)]
    blocks.append([line for end in _ends(found) for line in wrap(end, width)])
    return "\n\n".join(map("\n".join, blocks)) + "\n"


def as_markdown(found: Comparison) -> str:
    """Return the comparison as Markdown: a list of what differs, bet by bet."""
    blocks = [" ".join(markdown.plain(line) for line in _heads(found))]
    for bet in found.bets:
        if _differs(bet):
            items = [f"- {title}: {markdown.code(line)}" for title, text in _entries(bet) for line in text.split("\n")]
            blocks.append("\n".join([f"**{markdown.plain(_title(bet))}**", "", *items]))
    blocks += [markdown.plain(line) for line in _ends(found)]
    return "\n\n".join(blocks) + "\n"


def _differs(bet: BetPart) -> bool:
    """Return whether a bet has a difference worth a block of its own."""
    return not bet.same and bet != replace(bet, after=bet.before, code=OTHER_FORM, **_NOTHING)


_NOTHING: Final[dict[str, Any]] = {
    **dict.fromkeys(("sentences", "declaration", "environment", "cells", "others"), ()),
    "unpaired": 0,
}


def _heads(found: Comparison) -> Iterator[str]:
    yield f"Before: {visible(found.before)}."
    yield f"After: {visible(found.after)}."


def _title(bet: BetPart) -> str:
    before, after = verdict_words(bet.before), verdict_words(bet.after)
    return f"{visible(bet.id)}: {before if before == after else f'{before} -> {after}'}"


def _entries(bet: BetPart) -> Iterator[tuple[str, str]]:
    """Yield what differs: a title and one or more lines."""
    for ending, word in ((bet.before, "before"), (bet.after, "after")):
        if ending.void and bet.before != bet.after:
            yield f"void {word}", visible(ending.void)
    for item in bet.sentences:
        yield item.tier, f"{visible(item.sentence)}\n{_judged(item)}"
    if bet.declaration:
        yield "declaration", f"other {', '.join(bet.declaration)}"
    if bet.code:
        yield "code", visible(bet.code)
    if bet.environment:
        yield "environment", "\n".join(map(visible, bet.environment))
    for column in bet.cells:
        yield "cells", f"{visible(column.name)}: {_column(column)}"
    if bet.others:
        yield "cells", f"other values of {visible(', '.join(bet.others))}"
    if bet.unpaired:
        yield "cells", f"{count_noun(bet.unpaired, 'cell')} with parameters that only one side has"


def _judged(item: SentencePart) -> str:
    if item.before is None or item.after is None:
        side, there = ("after", item.after) if item.before is None else ("before", item.before)
        return f"only {side}: {figure(there.value)} (margin {figure(there.margin)})" if there else ""
    states = [_state(item.tier, judged) for judged in (item.before, item.after)]
    state = states[1] if states[0] == states[1] else " -> ".join(states)
    values = f"{figure(item.before.value)} -> {figure(item.after.value)}"
    return f"{values} (margin {figure(item.before.margin)} -> {figure(item.after.margin)}), {state}"


def _state(tier: str, judged: Judgement) -> str:
    return state_words(tier, good=judged.met is (tier != "catastrophic"))


def _column(column: ColumnPart) -> str:
    same = f", {column.same} the same to the bit" if column.same else ""
    change = f"{figure(column.difference)} on average over {count_noun(column.cells, 'cell')}{same}"
    found = column.interval
    if found is None:
        return change
    units = count_noun(found.units, "cell") if found.unit == "cell" else f"{found.units} values of {found.unit}"
    return f"{change}; 95 % interval {figure(found.low)} to {figure(found.high)} over {units}"


def _ends(found: Comparison) -> Iterator[str]:
    """Yield the closing sentences: how many bets differ, and which are not shown."""
    same = [bet.id for bet in found.bets if bet.same]
    forms = [bet.id for bet in found.bets if not bet.same and not _differs(bet)]
    shared = _shared([bet.id for bet in found.bets] + [*found.only_before, *found.only_after])
    verdicts = sum(verdict_words(bet.before) != verdict_words(bet.after) for bet in found.bets)
    yield f"{count_noun(len(found.bets), 'bet')} on both sides: {verdicts} with another verdict, {len(same)} the same."
    if same:
        yield _names("The same", same, shared)
    if forms:
        why = f"{OTHER_FORM}: see pytest-bets upgrade"
        yield _names(f"The same, but the code cannot be compared ({why})", forms, shared)
    if found.only_before:
        yield _names("Only before", found.only_before, shared)
    if found.only_after:
        yield _names("Only after", found.only_after, shared)
    if any(column.interval is None and column.cells > 1 for bet in found.bets for column in bet.cells):
        yield "No interval where a sweep has several parameters, unless --unit names one with independent values."


def _shared(bets: Sequence[str]) -> frozenset[str]:
    """Return the short names that several bets have, as the former and the present id of a renamed one."""
    return frozenset(name for name, count in Counter(map(short, bets)).items() if count > 1)


def _names(text: str, bets: Sequence[str], shared: Collection[str]) -> str:
    return f"{text}: {', '.join(visible(bet) if short(bet) in shared else short(bet) for bet in bets)}."
