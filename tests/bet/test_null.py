"""A null that cannot be read is a collection error: where, what, and how to correct it."""

import pytest

from pytest_bets.audit.change import shown
from pytest_bets.bet.diff import changes
from pytest_bets.bet.null import Absence, Swap
from pytest_bets.diagnostics import DeclarationError
from tests.helpers.example import EXAMPLE, of
from tests.helpers.fixtures import Refused, WriteBet

FORMS = 'null(swap="norm, full", unit="part"), or null(none="what must never happen", tries="sum(tampered)")'
NULL = "Null: it does not matter which is called which."


def declared(*arguments: str) -> str:
    """Return the example's source with nulls."""
    marks = "".join(f"@pytest.mark.null({text})\n" for text in arguments)
    return EXAMPLE.replace("Run:", f"{NULL}\nRun:").replace("@pytest.mark.strict", f"{marks}@pytest.mark.strict")


def faults(text: str) -> str:
    with pytest.raises(DeclarationError) as error:
        of(text)
    return str(error.value)


def test_nulls_are_read_in_source_order() -> None:
    """Several are allowed, of both kinds."""
    bet = of(
        declared('swap="norm, full", unit="part"', 'none="a fault", tries="sum(tried)"')
        .replace('strict("count(', 'strict("sum(faults) == 0", "count(')
        .replace("at least 12 of", "no fault (0) and at least 12 of")
    )
    assert bet.nulls == (Swap(("norm", "full"), ("part",), 0), Absence("a fault", "sum(tried)", 0))
    assert "tried" in bet.names, "a cell that does not measure it is refused at once"


@pytest.mark.parametrize(
    ("arguments", "problem", "expected"),
    [
        ("", "`null` takes columns to swap, or what happens in no try; found nothing", FORMS),
        ('"norm, full"', "`null` takes columns to swap, or what happens in no try; found nothing", FORMS),
        ('swap="norm, full", tries="sum(x)"', "found swap, tries", FORMS),
        ('none="x"', "found none", FORMS),
        ("swap=SLICES", "`swap` of `null` is not a literal string", "a string in quotes, as in " + FORMS),
        (
            'swapp="norm, full"',
            "`null` has no argument `swapp`",
            "one of swap, unit, none, tries\n  did you mean: swap",
        ),
        ('swap="norm"', "`swap` has one name, `norm`, and exchanging needs two", "two or more of full, norm, placebo"),
        ('swap="norm, norm"', "`swap` has `norm` twice", "each name once"),
        (
            'swap="norm, fulll"',
            "`swap` has `fulll`, which no sentence of this bet reads",
            "two or more of full, norm, placebo\n  did you mean: full",
        ),
        (
            'swap="norm, part"',
            "`swap` has `part`, which is a parameter of the sweep and not measured",
            "two or more of full, norm, placebo",
        ),
        ('swap="norm, full", unit="part, part"', "`unit` has `part` twice", "each name once"),
        ('swap="norm, full", unit="part, cell"', "`unit` has `cell` beside other names", 'unit="cell", or parameters'),
        ('swap="a, b, c, d, e, f"', "`swap` has 6 names", "at most 5"),
        ('none="x", tries="mean(x)"', "`tries` of `null` is not a count: mean(x)", "sums or counts over the cells"),
        ('none="x", tries="sum(x) >= 3"', "`tries` of `null`: it is compared with a threshold", "did you mean: sum(x)"),
        ('none="x", tries="smu(x)"', "`tries` of `null`: `smu` is not a reducer", "did you mean: sum"),
        ('none="x", tries="3"', "`tries` of `null`: it reads no measurement", "a measured name in the value"),
    ],
)
def test_a_wrong_null_is_named_with_what_is_expected(arguments: str, problem: str, expected: str) -> None:
    """At the line of its marker."""
    text = faults(declared(arguments))
    assert "bet_46_norm_replication.py:26: " in text
    assert problem in text
    assert expected in text


def test_a_null_that_changes_no_strict_sentence_is_refused() -> None:
    """Strict would be met by luck always or never."""
    text = faults(
        declared('swap="placebo, base"').replace('("count(placebo', '("count(base < 1) <= 9", "count(placebo')
    )
    assert "no strict sentence reads `placebo` or `base`: exchanging them changes nothing that is claimed" in text
    assert "expected: at least one of full, norm" in text


def absent(*strict: str) -> str:
    """Return the example's source with the null of an absence, and with these strict sentences."""
    marker = ", ".join(f'"{sentence}"' for sentence in strict)
    source = declared('none="x", tries="sum(x)"').replace('strict("count(norm < full) >= 12")', f"strict({marker})")
    return source.replace("at least 12 of 15", ", ".join(sentence.rpartition(" ")[2] for sentence in strict))


@pytest.mark.parametrize(
    "strict",
    [
        ("sum(f) <= 12",),
        ("sum(f) == 0", "sum(g) <= 1"),
        ("count(f > 0) < 2",),
        ("share(f > 0) <= 0.5",),
        ("mean(f) < 0.5",),
        ("mean(accuracy) >= 0.9",),
        ("-sum(f) >= -3",),
        ("sum(f) / 10 <= 0.3",),
        ("sum(f) / 10 <= 1",),
        ("median(f) == 0",),
        ("count(ok) == 10",),
        ("max(f) >= 0",),
    ],
)
def test_a_strict_sentence_that_allows_a_fault_claims_no_absence(strict: tuple[str, ...]) -> None:
    """One fault in so many tries has another limit, and a sentence that reads no faults forbids none."""
    text = f"`none` says that this never happens, and strict allows it: {strict[-1]}"
    assert text in faults(absent(*strict))


@pytest.mark.parametrize(
    "strict",
    [
        ("sum(f) == 0",),
        ("count(f > 0) <= 0", "mean(accuracy) >= 0.9"),
        ("sum(f) < 1", "count(ok) == 10"),
        ("-sum(f) >= 0",),
        ("max(residual) < 1e-5",),
        ("min(ok) >= 1",),
        ("share(ok) == 1",),
        ("mean(f) == 0",),
        ("sum(tried - caught) == 0",),
        ("sum(tried) - sum(caught) == 0",),
        ("sum(caught) / sum(tried) >= 1",),
        ("sum(f) + sum(g) == 0",),
        ("groups(part, sum(f) > 0) == 0",),
    ],
)
def test_a_strict_sentence_that_forbids_faults_claims_an_absence(strict: tuple[str, ...]) -> None:
    """In whatever way it says that there are none."""
    assert of(absent(*strict)).nulls == (Absence("x", "sum(x)", 0),)


def test_a_null_stands_once() -> None:
    """Twice the same is a slip."""
    assert "this null stands twice" in faults(declared('swap="norm, full"', 'swap="norm,full"'))


def test_a_null_needs_a_section_for_people() -> None:
    """As a control does."""
    text = faults(declared('swap="norm, full", unit="part"').replace(NULL, "Nul: x"))
    assert "there is a null but the docstring has no section `Null:`" in text
    assert "did you mean: Null:" in text


SEVERAL = {"parametrize": '"part, size", [(1, 1), (1, 2), (2, 1), (2, 2)]'}
MIXED = {
    "body": 'return {"gain": part, "loss": 0.5}',
    "arguments": "part, size",
    "sections": {"Null": "they are the same."},
}


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        (
            "",
            "bet_1_first.py:19: `unit` is missing: the sweep has more than one parameter\n"
            '    null(swap="gain, loss")\n'
            '  expected: cells that cannot differ by luck alone change together: unit="part" makes 2; '
            'unit="size" makes 2; unit="cell" makes 4',
        ),
        (
            ', unit="prt"',
            "bet_1_first.py:19: `unit` has `prt`, which is not a parameter of the sweep\n"
            '    null(swap="gain, loss", unit="prt")\n'
            '  expected: part, size, or unit="cell"\n'
            "  did you mean: part",
        ),
    ],
)
def test_the_unit_of_a_sweep_of_two_parameters_is_declared(
    bet: WriteBet, refused: Refused, unit: str, text: str
) -> None:
    """The author takes a position; the error says how many units each choice makes."""
    sentences = {"lenient": '"count(gain > loss) >= 2"', "catastrophic": '"count(gain > loss) < 1"'}
    markers = {"null": f'swap="gain, loss"{unit}', "strict": '"count(gain > loss) >= 3"', **sentences, **SEVERAL}
    bet(markers=markers, **MIXED)
    assert text in refused()


def test_a_null_on_another_function_is_not_overlooked(bet: WriteBet, refused: Refused) -> None:
    """As for all markers: git would not show it."""
    bet(above='null = pytest.mark.null\n\n\n@null(swap="a, b")\ndef helper():\n    pass')
    assert "`helper` carries the marker null that does not stand on it in the source" in refused()


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ([], ['swap="norm, full", unit="part"'], ['null added: null(swap="norm, full", unit="part")']),
        (['swap="norm, full", unit="part"'], [], ['null removed: null(swap="norm, full", unit="part")']),
        (
            ['swap="norm, full", unit="part"'],
            ['swap="norm, full", unit="part, seed"'],
            ['null loosened: null(swap="norm, full", unit="part") -> null(swap="norm, full", unit="part, seed")'],
        ),
        (
            ['swap="norm, full", unit="part"'],
            ['swap="norm, full", unit="cell"'],
            ['null loosened: null(swap="norm, full", unit="part") -> null(swap="norm, full", unit="cell")'],
        ),
        (
            ['swap="norm, full", unit="cell"'],
            ['swap="full, norm", unit="part"'],
            ['null tightened: null(swap="norm, full", unit="cell") -> null(swap="full, norm", unit="part")'],
        ),
        (
            ['swap="norm, full", unit="part"'],
            ['swap="norm, full", unit="seed"'],
            ['null replaced: null(swap="norm, full", unit="part") -> null(swap="norm, full", unit="seed")'],
        ),
        (
            ['swap="norm, full", unit="part"'],
            ['swap="norm, placebo", unit="part"'],
            ['null replaced: null(swap="norm, full", unit="part") -> null(swap="norm, placebo", unit="part")'],
        ),
        (
            ['swap="norm, full"', 'swap="norm, placebo"'],
            ['swap="norm, placebo"', 'swap="norm, full"'],
            [
                'null reworded: null(swap="norm, full"); null(swap="norm, placebo") -> '
                'null(swap="norm, placebo"); null(swap="norm, full")'
            ],
        ),
    ],
)
def test_a_changed_null_is_a_change_of_the_declaration(before: list[str], after: list[str], lines: list[str]) -> None:
    """A finer unit makes luck look smaller: it is loosened. The digest moves with each, and without a null it stays."""
    old, new = of(declared(*before)), of(declared(*after))
    assert [shown(change) for change in changes(old, new)] == lines
    assert old.digest != new.digest
    assert of(declared()).digest == of().digest
    assert old.seeds(3) == new.seeds(3) == of().seeds(3)
