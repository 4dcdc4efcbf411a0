"""What differs between two declarations of a bet, told from the claim's view."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from pytest_bets.bet.declaration import CRITERIA, Declaration
from pytest_bets.sentence.ast import Sentence
from pytest_bets.sentence.interval import solution_set
from pytest_bets.values import row

ChangeKind = Literal["tightened", "loosened", "replaced", "added", "removed", "reworded"]


@dataclass(frozen=True)
class Change:
    """One difference; `before` and `after` are what stands on either side, empty where nothing does.

    `subject` is a tier, `control`, `hypothesis`, `constants`, `sweep`, `replicate`, `challenges` or `withdrawn`, `name`
    that of a constant or of a sweep parameter. Tightened is harder for the claim, loosened easier, reworded the same.
    """

    subject: str
    kind: ChangeKind
    before: str
    after: str
    name: str = ""


def changes(before: Declaration, after: Declaration) -> list[Change]:
    """Return every difference between two declarations of which their digests tell, and that of `withdrawn`."""
    said = before.docstring.prose("Hypothesis"), after.docstring.prose("Hypothesis")
    return [
        *(change for tier in CRITERIA for change in _tier(tier, before.sentences(tier), after.sentences(tier))),
        *([Change("hypothesis", "replaced", *said)] if said[0] != said[1] else []),
        *_named("constants", before.constants, after.constants),
        *_named("sweep", before.sweep, after.sweep),
        *_named("replicate", _present(before.replicate), _present(after.replicate)),
        *_challenges([_text(link) for link in before.challenges], [_text(link) for link in after.challenges]),
        *_named("withdrawn", _present(before.withdrawn), _present(after.withdrawn)),
    ]


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
    """Rank what may have become of a sentence: the same text, the same meaning, a moved threshold, another side."""
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


def _named(subject: str, before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[Change]:
    for name in {**before, **after}:
        if name not in after:
            yield Change(subject, "removed", _text(before[name]), "", name)
        elif name not in before:
            yield Change(subject, "added", "", _text(after[name]), name)
        elif row(before[name]) != row(after[name]):
            values = _values(before[name], after[name]) if subject == "sweep" else None
            yield Change(subject, *(values or ("replaced", _text(before[name]), _text(after[name]))), name)


def _values(before: object, after: object) -> tuple[ChangeKind, str, str] | None:
    """Return which values of a sweep parameter went and came, None where it is not values that did."""
    if not (isinstance(before, list) and isinstance(after, list)):
        return None
    went, came = _went_and_came(list(map(_text, before)), list(map(_text, after)))
    if not went and not came:
        return None
    kind: ChangeKind = "replaced" if went and came else "removed" if went else "added"
    told = [f"value{'s' * (len(side) > 1)} {', '.join(side)}" if side else "" for side in (went, came)]
    return kind, told[0], told[1]


def _challenges(before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    went, came = _went_and_came(before, after)
    yield from (Change("challenges", "removed", link, "") for link in went)
    yield from (Change("challenges", "added", "", link) for link in came)
    if before != after and not went and not came:
        yield Change("challenges", "reworded", ", ".join(before), ", ".join(after))


def _went_and_came(before: Sequence[str], after: Sequence[str]) -> tuple[list[str], list[str]]:
    went, came = Counter(before) - Counter(after), Counter(after) - Counter(before)
    return list(went.elements()), list(came.elements())


def _present(value: object) -> dict[str, object]:
    return {} if value is None else {"": value}


def _text(value: object) -> str:
    if isinstance(value, Mapping) and set(value) == {"source"} and isinstance(value["source"], str):
        return value["source"]
    return row(value)
