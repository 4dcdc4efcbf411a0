"""What changed in a declaration, held against its digest, against evaluation, and against every value on a grid."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_bets.audit.change import shown
from pytest_bets.bet.declaration import CRITERIA, Criterion, Declaration
from pytest_bets.bet.diff import Change, ChangeKind, changes
from pytest_bets.bet.docstring import Docstring, Section
from pytest_bets.sentence.evaluate import Row, satisfied, value
from pytest_bets.sentence.parse import parse
from tests.helpers.example import changed, of

COUNTS = (
    "count(a < b)",
    "count( a<b )",
    "count(a > b) - 2 * count(not a)",
    "sum(a < b or a > 1)",
    "groups(user, max(a) > 0)",
)
REALS = ("mean(a) * 2", "mean(a)*2", "sum(a)", "share(a < b)", "min(a) - max(b)", "count(a < b) / 2")
THRESHOLDS = ("-1", "0", "-0.0", "0.5", "1", "1.0", "1.5", "2", "2.00")
OPERATORS = (">=", ">", "<=", "<", "==")
BASE = of()


def written(left: str, operator: str, threshold: str) -> str:
    return f"{left} {operator} {threshold if operator != '==' else threshold.replace('.5', '')}"


SENTENCES = st.builds(written, st.sampled_from(COUNTS + REALS), st.sampled_from(OPERATORS), st.sampled_from(THRESHOLDS))
LITERALS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 2)
    | st.floats()
    | st.sampled_from(["", "inf", "1", "\ud800", "\\ud800"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "source"]), inner, max_size=2),
    max_leaves=4,
)
NAMED = st.dictionaries(st.sampled_from(["A", "B", "a, b"]), LITERALS | st.lists(st.integers(0, 3)), max_size=2)


def declared(
    tiers: Mapping[str, list[str]],
    hypothesis: str = "",
    constants: Mapping[str, object] | None = None,
    sweep: Mapping[str, object] | None = None,
    replicate: int | None = None,
    challenges: list[int | str] | None = None,
    withdrawn: str | None = None,
) -> Declaration:
    """Return a declaration of these parts and no others."""
    return replace(
        BASE,
        criteria=tuple(Criterion(tier, parse(text), 1) for tier in CRITERIA for text in tiers.get(tier, [])),
        docstring=Docstring("", "", (Section("Hypothesis", hypothesis, 1),)),
        constants=constants or {},
        sweep=sweep or {},
        replicate=replicate,
        challenges=tuple(challenges or ()),
        withdrawn=withdrawn,
    )


PARTS: dict[str, st.SearchStrategy[object]] = {
    "tiers": st.dictionaries(st.sampled_from(CRITERIA), st.lists(SENTENCES, max_size=3)),
    "hypothesis": st.sampled_from(["x", "X", "y", ""]),
    "constants": NAMED,
    "sweep": NAMED,
    "replicate": st.none() | st.integers(1, 3),
    "challenges": st.lists(st.sampled_from([37, "37", 12]), max_size=3),
    "withdrawn": st.sampled_from([None, "untuned", "too small"]),
}


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Declaration, Declaration]:
    """Draw two declarations that differ in few parts, or in none."""
    before = {name: draw(part) for name, part in PARTS.items()}
    moved = draw(st.sets(st.sampled_from(sorted(PARTS)), max_size=2))
    after = {name: draw(PARTS[name]) if name in moved else part for name, part in before.items()}
    return declared(**before), declared(**after)  # type: ignore[arg-type]  # each part is drawn for its name


@given(pair=pairs())
def test_there_are_changes_exactly_where_the_digest_or_the_withdrawal_differs(
    pair: tuple[Declaration, Declaration],
) -> None:
    """Every difference that changes the digest is reported, and no other."""
    before, after = pair
    subjects = {change.subject for change in changes(before, after)}
    assert bool(subjects - {"withdrawn"}) == (before.digest != after.digest)
    assert ("withdrawn" in subjects) == (before.withdrawn != after.withdrawn)


@given(pair=pairs())
def test_undoing_a_change_is_shown_as_its_opposite(pair: tuple[Declaration, Declaration]) -> None:
    """As many tightened one way as loosened the other, and every text on its other side."""
    opposite = {"tightened": "loosened", "loosened": "tightened", "added": "removed", "removed": "added"}
    one_way, back = changes(*pair), changes(*reversed(pair))
    kinds = sorted((change.subject, opposite.get(change.kind, change.kind)) for change in one_way)
    assert sorted((change.subject, str(change.kind)) for change in back) == kinds


def one(tier: str, old: str, new: str) -> Change | None:
    """Return what became of a tier's only sentence."""
    found = changes(declared({tier: [old]}), declared({tier: [new]}))
    assert len(found) <= 1
    return found[0] if found else None


@pytest.mark.parametrize("tier", CRITERIA)
@pytest.mark.parametrize("left", ["count(a < b)", "groups(user, max(a) > 0)", "count(a) * 2 - sum(a < b)", "mean(a)"])
def test_a_moved_threshold_is_classed_by_the_values_that_meet_it(left: str, tier: str) -> None:
    """Over every value on a grid, integers where the left side counts, as set inclusion says and nothing else."""
    step = 4 if left == "mean(a)" else 1
    grid = [index / step for index in range(-4 * step, 5 * step)]
    texts = {written(left, operator, threshold) for operator in OPERATORS for threshold in THRESHOLDS}
    meeting = {text: {item for item in grid if satisfied(parse(text), item)} for text in texts}
    sides: tuple[ChangeKind, ChangeKind] = ("tightened", "loosened")
    harder, easier = reversed(sides) if tier == "catastrophic" else sides
    for old, new in itertools.permutations(sorted(texts), 2):
        held, holds = meeting[old], meeting[new]
        expected = "reworded" if held == holds else harder if holds < held else easier if holds > held else "replaced"
        assert one(tier, old, new) == Change(tier, expected, old, new)


ROWS = st.lists(
    st.tuples(*[st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, math.inf, math.nan])] * 2, st.sampled_from("xy")),
    min_size=1,
    max_size=3,
).map(lambda cells: [{"a": a, "b": b, "user": user} for a, b, user in cells])


@example("strict", "sum(a) >= 9007199254740992", "sum(a) >= 9007199254740993", [{"a": 2.0**53, "b": 0, "user": "x"}])
@example("control", "count(a < b) >= 12", "count(a < b) > 11", [{"a": 0, "b": 1, "user": "x"}])
@given(tier=st.sampled_from(CRITERIA), old=SENTENCES, new=SENTENCES, rows=ROWS)
def test_no_measurements_contradict_what_a_change_is_called(tier: str, old: str, new: str, rows: list[Row]) -> None:
    """What meets a tightened sentence met it before; a reworded one is true, and undefined, where it was."""
    change = one(tier, old, new)
    was, now = (satisfied(parse(text), value(parse(text), rows)) for text in (old, new))
    if tier == "catastrophic":  # which speaks against the claim, and all the more where it is undefined
        was, now = (None if met is None else not met for met in (was, now))
    if change is None or change.kind == "reworded":
        assert now is was
    elif change.kind == "tightened":
        assert was or not now
    elif change.kind == "loosened":
        assert now or not was


@pytest.mark.parametrize(
    ("tier", "old", "new", "line"),
    [
        ("strict", "count(a < b) >= 12", "count(a < b) >= 9", "loosened: count(a < b) >= 12 -> >= 9"),
        ("lenient", "share(a < b) >= 0.5", "share(a < b) > 0.50", "tightened: share(a < b) >= 0.5 -> > 0.5"),
        ("strict", "count(a < b) >= 12", "count(a<b) > 11", "reworded: count(a < b) >= 12 -> count(a<b) > 11"),
        ("strict", "mean(a) >= 0.80", "mean(a) >= 0.8", "reworded: mean(a) >= 0.80 -> mean(a) >= 0.8"),
        ("strict", "mean(a) >= 12", "mean(a) > 11", "loosened: mean(a) >= 12 -> > 11"),
        ("strict", "mean(a) >= 3", "mean(a) <= 3", "replaced: mean(a) >= 3 -> mean(a) <= 3"),
        ("strict", "mean(a) >= 3", "mean(b) >= 3", "replaced: mean(a) >= 3 -> mean(b) >= 3"),
        ("catastrophic", "count(a < b) < 5", "count(a < b) < 3", "loosened: count(a < b) < 5 -> < 3"),
        ("catastrophic", "count(a < b) < 5", "count(a < b) <= 5", "tightened: count(a < b) < 5 -> <= 5"),
        ("control", "count(a < b) <= 9", "count(a < b) <= 10", "loosened: count(a < b) <= 9 -> <= 10"),
        ("premise", "mean(a) < 1", "mean(a) < 2", "loosened: mean(a) < 1 -> < 2"),
        ("premise", "mean(a) < 1", "mean(a) < 0.5", "tightened: mean(a) < 1 -> < 0.5"),
    ],
)
def test_a_changed_sentence_is_shown_in_one_line(tier: str, old: str, new: str, line: str) -> None:
    """What moved, which way, and both sides; of a moved threshold the left side stands once."""
    change = one(tier, old, new)
    assert change
    assert shown(change) == f"{tier} {line}"


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ('@pytest.mark.control("count(placebo < full) <= 9")\n', "", ["control removed: count(placebo < full) <= 9"]),
        ('full) >= 12"', 'full) >= 12", "mean(norm) < 12"', ["strict added: mean(norm) < 12"]),
        ('"count(norm < full) >= 12"', '"mean(norm) < 12", "count(norm < full) > 12"',
         ["strict tightened: count(norm < full) >= 12 -> > 12", "strict added: mean(norm) < 12"]),
        ("STEPS = 100", "STEPS = 101", ["constant STEPS replaced: 100 -> 101"]),
        ("STEPS = 100", "STEPS = 100.0", ["constant STEPS replaced: 100 -> 100.0"]),
        ("STEPS = 100", "STEPS = 10 * 10", ["constant STEPS reworded: 100 -> 10 * 10"]),
        ("STEPS = 100", "STEPS = 100\nif USER:\n    STEPS = 3", ["constant STEPS replaced: 100 -> 100; STEPS = 3"]),
        ("STEPS = 100", "STEPS = 100\n\ndef pytest_generate_tests(metafunc):\n    pass",
         ["sweep pytest_generate_tests added: def pytest_generate_tests(metafunc):\\n    pass"]),
        ("Scope:", "Known: ran twice.\nScope:", ["known added: \"ran twice.\""]),
        ("Scope:", "Premise: below 20.\nScope:", []),
        ("LEARNING_RATE = 5e-5\n", "", ["constant LEARNING_RATE removed: 5e-05"]),
        ("STEPS = 100", 'STEPS = 100\nNAME = "x"', ['constant NAME added: "x"']),
        ('("part", SLICES)', '("part", ["functions", "docs"])', ['sweep part removed: value "comments"']),
        ('("part", SLICES)', '("part", ["functions", "docs", "comments", "a", "b"])',
         ['sweep part added: values "a", "b"']),
        ('("part", SLICES)', '("part", ["functions", "docs", "a"])',
         ['sweep part replaced: value "comments" -> value "a"']),
        ('("part", SLICES)', '("part", ["docs", "functions", "comments"])',
         ['sweep part replaced: ["functions", "docs", "comments"] -> ["docs", "functions", "comments"]']),
        ('("part", SLICES)', '("part", SLICES[:2])',
         ['sweep part replaced: ["functions", "docs", "comments"] -> SLICES[:2]']),
        ('("part", SLICES)', '("slice", SLICES)',
         ['sweep part removed: ["functions", "docs", "comments"]',
          'sweep slice added: ["functions", "docs", "comments"]']),
        ("replicate(5)", "replicate(6)", ["replicate replaced: 5 -> 6"]),
        ("@pytest.mark.replicate(5)\n", "", ["replicate removed: 5"]),
        ("challenges(37)", "challenges(12, 37)", ["challenges added: 12"]),
        ("@pytest.mark.challenges(37)\n", "", ["challenges removed: 37"]),
        ("challenges(37)", 'challenges(37)\n@pytest.mark.withdrawn("untuned")', ['withdrawn added: "untuned"']),
    ],
)  # fmt: skip
def test_every_change_in_a_file_is_shown_in_a_line(old: str, new: str, lines: list[str]) -> None:
    """By name, with the old value and the new one."""
    assert [shown(change) for change in changes(of(), changed(old, new))] == lines


def test_other_words_of_the_hypothesis_are_another_hypothesis() -> None:
    """Both stand whole, in one line."""
    (change,) = changes(of(), changed("whatever the seed and the kind of text", "for one seed"))
    assert (change.subject, change.kind) == ("hypothesis", "replaced")
    assert "for one seed" in change.after
    assert shown(change) == f"hypothesis replaced: {change.before} -> {change.after}"


def test_another_order_is_shown_as_such() -> None:
    """Of sentences and of challenges: it moves the digest and nothing that is claimed."""
    a, b = "mean(a) > 1", "mean(b) > 1"
    assert changes(declared({"strict": [a, b]}), declared({"strict": [b, a]})) == [
        Change("strict", "reworded", f"{a}; {b}", f"{b}; {a}")
    ]
    assert changes(declared({}, challenges=[37, 12]), declared({}, challenges=[12, 37])) == [
        Change("challenges", "reworded", "37, 12", "12, 37")
    ]


def test_sentences_are_matched_by_what_they_measure_before_they_are_called_replaced() -> None:
    """Whatever their order; only what has no counterpart is paired with what is left."""
    before = ["mean(a) > 1", "mean(b) > 1", "mean(b) < 9", "std(a) < 1"]
    after = ["std(b) < 1", "mean(b) < 8", "mean(a) > 1", "mean(b) > 2"]
    assert changes(declared({"strict": before}), declared({"strict": after})) == [
        Change("strict", "tightened", "mean(b) > 1", "mean(b) > 2"),
        Change("strict", "tightened", "mean(b) < 9", "mean(b) < 8"),
        Change("strict", "replaced", "std(a) < 1", "std(b) < 1"),
    ]
    once, twice = ["count(a < b) >= 3"], ["count(a < b) >= 5", "count(a < b) > 2"]
    assert changes(declared({"strict": once}), declared({"strict": twice})) == [
        Change("strict", "reworded", once[0], twice[1]),
        Change("strict", "added", "", twice[0]),
    ]
