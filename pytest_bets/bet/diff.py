"""The differences between two declarations of a bet, from the claim's point of view."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal, cast

from pytest_bets.bet.declaration import CRITERIA, Declaration
from pytest_bets.bet.docstring import SECTIONS
from pytest_bets.bet.meaning import axis_meaning, meaning
from pytest_bets.bet.null import moves
from pytest_bets.bet.world import World
from pytest_bets.sentence.ast import Sentence
from pytest_bets.sentence.interval import solution_set
from pytest_bets.values import row

_READ: Final = tuple(name for name in SECTIONS if name not in ("Hypothesis", "Known", "Odds", "Run"))
_Meant = Callable[[str, object], object]
"""From the name of a constant or of a part of the sweep, and its recorded value, to what it means."""
ChangeKind = Literal["tightened", "loosened", "replaced", "added", "removed", "reworded"]


@dataclass(frozen=True)
class Change:
    """One difference; `before` and `after` are its two sides, empty if there is none.

    `subject` is a tier, `control`, `premise`, `hypothesis`, `constants`, `sweep`, `replicate`, `challenges`, `known`,
    `withdrawn`, `null`, `odds`, `world` or `words`. `name` is the constant, the sweep parameter, or the section of the
    docstring. Tightened is harder for the claim, loosened is easier, reworded is the same. A premise is the other way
    round for a claim that fails: tightened, it makes more runs void.
    """

    subject: str
    kind: ChangeKind
    before: str
    after: str
    name: str = ""


def changes(before: Declaration, after: Declaration) -> list[Change]:
    """Return every difference between two declarations that changes their digest, and that of `withdrawn`."""
    hypotheses = before.docstring.section_text("Hypothesis"), after.docstring.section_text("Hypothesis")
    return [
        *(change for tier in CRITERIA for change in _tier(tier, before.sentences(tier), after.sentences(tier))),
        *([Change("hypothesis", "replaced", *hypotheses)] if hypotheses[0] != hypotheses[1] else []),
        *_named("constants", before.constants, after.constants, (_constants(before), _constants(after))),
        *_named("sweep", before.sweep, after.sweep, (_axes(before), _axes(after))),
        *_named("replicate", _present(before.replicate), _present(after.replicate)),
        *_challenges([_text(link) for link in before.challenges], [_text(link) for link in after.challenges]),
        *_named("known", _present(before.known), _present(after.known)),
        *_named("withdrawn", _present(before.withdrawn), _present(after.withdrawn)),
        *(Change("null", cast(ChangeKind, kind), *sides) for kind, *sides in moves(before.nulls, after.nulls)),
        *_named("odds", _present(before.odds), _present(after.odds)),
        *_worlds(before.world, after.world),
    ]


def prose_changes(before: Declaration, after: Declaration) -> list[Change]:
    """Return every difference between what people read and the digest leaves out: the title, and most sections."""
    one, other = before.docstring, after.docstring
    pairs = [("title", _folded(before.title), _folded(after.title))]
    pairs += [
        (name.lower(), one.section_text(name), other.section_text(name))
        for name in _READ
        if before.sentences(name.lower()) == after.sentences(name.lower())  # else the words have to change with them
    ]
    return [
        Change("words", "reworded" if was and now else "added" if now else "removed", was, now, name)
        for name, was, now in pairs
        if was != now
    ]


def _folded(text: str) -> str:
    return " ".join(text.split())


def _tier(tier: str, before: Sequence[Sentence], after: Sequence[Sentence]) -> Iterator[Change]:
    if before == after:
        return
    left, right = list(before), list(after)
    pairs: list[tuple[Sentence, Sentence]] = []
    while left and right:
        old, new = min(product(left, right), key=lambda pair: _unlikeness(*pair))
        left.remove(old)
        right.remove(new)
        pairs.append((old, new))
    for old, new in sorted(pairs, key=lambda pair: before.index(pair[0])):
        if old != new:
            yield Change(tier, _moved(tier, old, new), old.text, new.text)
    yield from (Change(tier, "removed", old.text, "") for old in left)
    yield from (Change(tier, "added", "", new.text) for new in right)
    if Counter(before) == Counter(after):
        yield Change(tier, "reworded", *("; ".join(sentence.text for sentence in side) for side in (before, after)))


def _unlikeness(old: Sentence, new: Sentence) -> tuple[bool, bool, bool, bool]:
    """Rank a pair of sentences: the same text, the same meaning, a moved threshold, another left side."""
    kind = _moved("strict", old, new)
    return old.value != new.value, kind == "replaced", kind != "reworded", old != new


def _moved(tier: str, old: Sentence, new: Sentence) -> ChangeKind:
    narrower = solution_set(new).within(solution_set(old))
    wider = solution_set(old).within(solution_set(new))
    if old.value != new.value or not (narrower or wider):
        return "replaced"
    if narrower and wider:
        return "reworded"
    return "tightened" if narrower == (tier != "catastrophic") else "loosened"


def _named(
    subject: str,
    before: Mapping[str, object],
    after: Mapping[str, object],
    meant: tuple[_Meant, _Meant] = (lambda _, value: value, lambda _, value: value),
) -> Iterator[Change]:
    """Yield the differences between named values; `meant` return what a value of either side means."""
    for name in {**before, **after}:
        if name not in after:
            yield Change(subject, "removed", _text(before[name]), "", name)
        elif name not in before:
            yield Change(subject, "added", "", _text(after[name]), name)
        elif row(before[name]) != row(after[name]):
            texts = _text(before[name]), _text(after[name])
            values = meant[0](name, before[name]), meant[1](name, after[name])
            if row(values[0]) == row(values[1]):
                yield Change(subject, "reworded", *texts, name)
                continue
            yield Change(subject, *((_values(*values) if subject == "sweep" else None) or ("replaced", *texts)), name)


def _constants(bet: Declaration) -> _Meant:
    return lambda _, value: meaning(value, bet.constants, bet.reading.rebound)


def _axes(bet: Declaration) -> _Meant:
    return lambda name, value: axis_meaning(name, value, bet.constants, bet.reading)


def _values(before: object, after: object) -> tuple[ChangeKind, str, str] | None:
    """Return the removed and added values of a sweep parameter, None if the values are the same or not lists."""
    if not (isinstance(before, list) and isinstance(after, list)):
        return None
    removed, added = _removed_and_added(list(map(_text, before)), list(map(_text, after)))
    if not removed and not added:
        return None
    kind: ChangeKind = "replaced" if removed and added else "removed" if removed else "added"
    return kind, _listed(removed), _listed(added)


def _listed(values: Sequence[str]) -> str:
    return f"value{'s' * (len(values) > 1)} {', '.join(values)}" if values else ""


def _challenges(before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    removed, added = _removed_and_added(before, after)
    yield from (Change("challenges", "removed", link, "") for link in removed)
    yield from (Change("challenges", "added", "", link) for link in added)
    if before != after and not removed and not added:
        yield Change("challenges", "reworded", ", ".join(before), ", ".join(after))


def _removed_and_added(before: Sequence[str], after: Sequence[str]) -> tuple[list[str], list[str]]:
    removed, added = Counter(before) - Counter(after), Counter(after) - Counter(before)
    return list(removed.elements()), list(added.elements())


def _worlds(before: World | None, after: World | None) -> Iterator[Change]:
    """Yield how a world changed, if it means something else; the sides are its sources."""
    if (before and before.meaning) != (after and after.meaning):
        kind: ChangeKind = "replaced" if before and after else "added" if after else "removed"
        yield Change("world", kind, *(world.source if world else "" for world in (before, after)))


def _present(value: object) -> dict[str, object]:
    return {} if value is None else {"": value}


def _text(value: object) -> str:
    if isinstance(value, Mapping) and set(value) == {"source"} and isinstance(value["source"], str):
        return value["source"]
    return row(value)
