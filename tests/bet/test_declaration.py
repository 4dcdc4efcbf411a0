"""A declaration: the documented example as it stands, its seeds, and what is recorded of it."""

import hashlib
import json
from dataclasses import replace
from textwrap import dedent, indent

import pytest

from pytest_bets.bet.declaration import matching
from tests.helpers.example import EXAMPLE, SENTENCES, changed, of

TRAINING = """
def perplexities(size, steps, seed, part):
    assert size == "30m" and steps == 100
    return 5.1 + len(part), 7.9 + len(part)
"""


# its sessions are real ones: in this process, `bets` may be the package of that name beside these tests
def write_example(pytester: pytest.Pytester) -> None:
    files = {f"bets/lab/{name}.py": "" for name in ("__init__", "adapters", "corpus", "specialists")}
    challenged = EXAMPLE.replace("Bet 46", "Bet 37").replace("@pytest.mark.challenges(37)\n", "")
    files |= {
        "conftest.py": "",
        "bets/__init__.py": "",
        "bets/lab/training.py": TRAINING,
        "bets/bet_46_norm_replication.py": EXAMPLE,
        "bets/bet_37_norm_only.py": challenged,
    }
    for name, text in files.items():
        path = pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def documented_seeds(sweep: dict[str, object]) -> list[int]:
    seeds = []
    for index in range(5):
        base = {"id": "46_norm_replication", "index": index, "sentences": SENTENCES, "sweep": sweep}
        text = json.dumps(base, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        seeds.append(int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big"))
    return seeds


def test_the_documented_example_runs_as_it_is_written(pytester: pytest.Pytester) -> None:
    """Fifteen cells and four tiers pass, and the record holds what the file declares."""
    write_example(pytester)
    result = pytester.runpytest_subprocess("-p", "no:randomly", "bets/bet_46_norm_replication.py")
    result.assert_outcomes(passed=19)
    result.stdout.fnmatch_lines(["46_norm_replication * PASS * count(norm < full) >= 12 (measured 15)*"])
    record = json.loads((pytester.path / "results" / "46_norm_replication.json").read_text())
    assert record["bet"] == {
        "id": "46_norm_replication",
        "number": 46,
        "name": "norm_replication",
        "title": "the norm-only win over full fine-tuning is not the luck of one seed.",
        "file": "bets/bet_46_norm_replication.py",
    }
    declared = record["declaration"]
    assert {tier: declared[tier] for tier in SENTENCES} == SENTENCES
    assert declared["hypothesis"].endswith("on a user's text than tuning all weights on the same budget, "
                                           "whatever the seed and the kind of text.")  # fmt: skip
    assert declared["constants"] == {
        "USER": "programmer",
        "SLICES": ["functions", "docs", "comments"],
        "SIZE": "30m",
        "STEPS": 100,
        "LEARNING_RATE": 5e-5,
    }
    assert declared["sweep"] == {"part": ["functions", "docs", "comments"], "replicate": 5}
    assert declared["challenges"] == [37]
    assert declared["withdrawn"] is None
    assert declared["docstring"].startswith("Bet 46: the norm-only win")
    assert [cell["measured"]["loss"] for cell in record["cells"]] == [[3.1, 2.9]] * 15


def test_anyone_can_recompute_the_seeds_by_the_documented_formula(pytester: pytest.Pytester) -> None:
    """Four bytes of a SHA-256 of canonical JSON: hashlib and json are enough."""
    write_example(pytester)
    pytester.runpytest_subprocess("-p", "no:randomly", "bets/bet_46_norm_replication.py").assert_outcomes(passed=19)
    record = json.loads((pytester.path / "results" / "46_norm_replication.json").read_text())
    expected = documented_seeds({"part": ["functions", "docs", "comments"]})
    assert len(set(expected)) == 5
    parts = ("functions", "docs", "comments")
    ran = {(cell["params"]["part"], cell["params"]["seed"]) for cell in record["cells"]}
    assert ran == {(part, seed) for part in parts for seed in expected}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("count(norm < full) >= 12", "count(norm < full - 0.1) >= 12"),
        ("count(placebo < full) <= 9", "count(placebo < full) < 9"),
        ('("part", SLICES)', '("part", ("functions", "docs"))'),
    ],
)
def test_seeds_change_with_sentences_and_sweep(old: str, new: str) -> None:
    """A changed criterion gives other seeds."""
    assert not set(changed(old, new).seeds(5)) & set(of().seeds(5))


def test_seeds_do_not_change_with_what_may_be_tuned_while_looking() -> None:
    """Tuning a constant, the prose or the count of replicates gives no other seeds."""
    seeds = of().seeds(5)
    assert changed("STEPS = 100", "STEPS = 101").seeds(5) == seeds
    assert changed("whatever the seed", "for any seed").seeds(5) == seeds
    assert changed("replicate(5)", "replicate(3)").seeds(3) == seeds[:3]
    assert of(file="bets/bet_46_other.py").seeds(5) != seeds


def test_constants_are_recorded_by_value_or_by_source() -> None:
    """Literals as JSON, anything else as its text, and PILOT not at all."""
    source = dedent(
        """\
        PLAIN = (1, [2.5, None], {"a": True})
        FIRST, SECOND = 1, "two"
        LEFT = RIGHT = 3
        AGAIN = 1
        AGAIN = 2
        SUM = PLAIN[0] + 1
        KEYS = {1: "one"}
        TYPED: float = 0.5
        BARE: int
        lower = 4
        if PLAIN:
            MAYBE = 1
        else:
            MAYBE = 2
        try:
            from bets.lab.corpus import TEXTS, SMALL as TINY, words
        except ImportError:
            TEXTS = ()
        UNPACKED, *REST = range(3)
        def helper():
            INNER = 1
        class Holder:
            MEMBER = 1
        """
    )
    declaration = changed("STEPS = 100\n", f"STEPS = 100\n{source}")
    assert {name: value for name, value in declaration.constants.items() if name not in of().constants} == {
        "PLAIN": [1, [2.5, None], {"a": True}],
        "FIRST": 1,
        "SECOND": "two",
        "LEFT": 3,
        "RIGHT": 3,
        "AGAIN": {"source": "1; 2"},
        "SUM": {"source": "PLAIN[0] + 1"},
        "KEYS": {"source": "{1: 'one'}"},
        "TYPED": 0.5,
        "MAYBE": {"source": "MAYBE = 1; MAYBE = 2"},
        "TEXTS": {"source": "from bets.lab.corpus import TEXTS; TEXTS = ()"},
        "TINY": {"source": "from bets.lab.corpus import SMALL as TINY"},
        "UNPACKED": {"source": "range(3)"},
    }


def test_a_constant_from_a_literal_constant_in_the_sweep_is_recorded_by_value() -> None:
    """`parametrize` over a constant shows its values, and `replicate` may be one."""
    text = EXAMPLE.replace("replicate(5)", "replicate(REPEATS)").replace("STEPS = 100", "STEPS = 100\nREPEATS = 5")
    assert of(text).replicate == 5
    assert of(text).sweep == {"part": ["functions", "docs", "comments"]}


@pytest.mark.parametrize(
    ("file", "bet", "number", "name"),
    [
        ("bets/bet_46_norm_replication.py", "46_norm_replication", 46, "norm_replication"),
        ("bet_007_bond.py", "007_bond", 7, "bond"),
        ("bet_gain.py", "gain", None, "gain"),
        ("bet_12.py", "12", 12, ""),
        ("bet_3d_shapes.py", "3d_shapes", None, "3d_shapes"),
    ],
)
def test_the_id_is_the_stem_without_its_prefix_with_digits_as_written(
    file: str, bet: str, number: int | None, name: str
) -> None:
    """The number is what the digits before the slug say."""
    declaration = replace(of(), file=file)
    assert (declaration.id, declaration.number, declaration.name) == (bet, number, name)


def test_sections_may_be_indented_below_their_header() -> None:
    """The text of a section is folded, wherever its lines begin."""
    words = "norm-only wins in at least 12 of 15 cells."
    text = EXAMPLE.replace(
        f"Strict: {words}", "Strict:\n" + indent("norm-only wins in\nat least 12\n\nof 15 cells.", "    ")
    )
    assert of(text).docstring.section_text("Strict") == words


def test_an_id_names_no_other_bet() -> None:
    """A number is that of an id, however many zeros it has; a name is an id without its number, not a part of one."""
    ids = ["01_ridge", "02_1", "07_ridge", "start", "warm_start", "0003_x"]
    assert matching("1", ids) == matching("01", ids) == ["01_ridge"]
    assert matching("3", ids) == ["0003_x"]
    assert matching("start", ids) == ["start"]
    assert matching("ridge", ids) == ["01_ridge", "07_ridge"]
    assert matching("warm", ids) == matching("", ids) == matching("9", ids) == []
