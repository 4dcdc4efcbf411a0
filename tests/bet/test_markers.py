"""Markers that do not declare a bet are a collection error: where, what, and how to correct it."""

import pytest

from tests.helpers.fixtures import Refused, WriteBet


@pytest.mark.parametrize(
    ("tier", "example"),
    [
        ("strict", '@pytest.mark.strict("mean(gain) >= 0.1")'),
        ("lenient", '@pytest.mark.lenient("mean(gain) > 0.1")'),
        ("catastrophic", '@pytest.mark.catastrophic("mean(gain) < 0.1")'),
    ],
)
def test_a_tier_that_is_missing_is_named_with_an_example(
    bet: WriteBet, refused: Refused, tier: str, example: str
) -> None:
    """All three tiers are required."""
    bet(markers={tier: None})
    assert refused().endswith(
        f"bet_1_first.py:17: the tier `{tier}` is missing\n"
        "    def experiment(part):\n"
        f"  expected: a line such as {example}"
    )


def test_a_misspelt_tier_is_shown_on_its_line_with_the_right_name(bet: WriteBet, refused: Refused) -> None:
    """The tier is missing because its marker has another name."""
    bet(markers={"lenient": None, "leniant": '"count(gain > 0) >= 2"'})
    assert (
        "bet_1_first.py:17: the tier `lenient` is missing\n"
        '    @pytest.mark.leniant("count(gain > 0) >= 2")\n'
        '  expected: a line such as @pytest.mark.lenient("mean(gain) > 0.1")\n'
        "  did you mean: @pytest.mark.lenient"
    ) in refused()


@pytest.mark.parametrize(
    ("misspelt", "right"),
    [("contol", "control"), ("challenge", "challenges"), ("withdraw", "withdrawn"), ("replicates", "replicate")],
)
def test_a_misspelt_marker_that_is_not_required_is_not_overlooked(
    bet: WriteBet, refused: Refused, misspelt: str, right: str
) -> None:
    """A control that is never judged would be a noise floor that no result has cleared."""
    bet(markers={misspelt: '"count(gain < 0) <= 1"'})
    assert (
        f"bet_1_first.py:19: `{misspelt}` is no marker that pytest knows\n"
        f"    @pytest.mark.{misspelt}(...)\n"
        "  expected: a marker of bets, or one that the setting `markers` lists\n"
        f"  did you mean: {right}"
    ) in refused()


def test_a_marker_of_the_projects_own_is_not_taken_for_a_misspelling(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """What the setting `markers` lists is meant as it stands."""
    pytester.makeini("[pytest]\nmarkers =\n    controls(x): ours\n    challenge: ours, too\n")
    bet(markers={"controls": "3", "challenge": ""})
    pytester.runpytest_inprocess("--strict-markers").assert_outcomes(passed=7)


@pytest.mark.parametrize(
    "source", ["SENTENCE", 'f"count(gain > 0) >= {3}"', '"count(gain > 0) " + ">= 3"', "*[SENTENCE]"]
)
def test_a_sentence_that_is_no_literal_is_refused(bet: WriteBet, refused: Refused, source: str) -> None:
    """A name, an f-string and a sum can only be read by running them."""
    bet(above='SENTENCE = "count(gain > 0) >= 3"', markers={"strict": source})
    shown = source.replace('"', "'")
    assert (
        f"bet_1_first.py:14: the strict sentence `{shown}` is not a literal string\n"
        f"    @pytest.mark.strict({source})\n"
        "  expected: the sentence itself, in quotes: history must be readable without running it"
    ) in refused()


@pytest.mark.parametrize("source", ["", 'sentence="count(gain > 0) >= 3"'])
def test_a_marker_without_a_sentence_is_refused(bet: WriteBet, refused: Refused, source: str) -> None:
    """Empty parentheses declare nothing, and a keyword is no sentence."""
    bet(markers={"strict": source})
    assert (
        "bet_1_first.py:14: `strict` has no sentence\n"
        f"    @pytest.mark.strict({source})\n"
        '  expected: a sentence, as in @pytest.mark.strict("mean(gain) >= 0.1")'
    ) in refused()


def test_a_marker_without_parentheses_is_refused(bet: WriteBet, refused: Refused) -> None:
    """The bare marker declares nothing."""
    path = bet(markers={"lenient": ""})
    path.write_text(path.read_text().replace("lenient()", "lenient"))
    assert (
        "bet_1_first.py:15: `lenient` has no sentence\n"
        "    @pytest.mark.lenient\n"
        '  expected: a sentence, as in @pytest.mark.lenient("mean(gain) > 0.1")'
    ) in refused()


def test_two_functions_with_criteria_are_two_bets(bet: WriteBet, refused: Refused) -> None:
    """One file, one bet, one hypothesis."""
    path = bet()
    with path.open("a") as file:
        file.write('\n\n@pytest.mark.strict("mean(loss) < 3")\ndef second():\n    return {"loss": 1}\n')
    assert (
        "bet_1_first.py:23: `second` has criteria, and so has `experiment` on line 18\n"
        "    def second():\n"
        "  expected: one function with the criteria strict, lenient and catastrophic; "
        "a second hypothesis is a second bet"
    ) in refused()


@pytest.mark.parametrize("file", ["bet_1_first.py", "bet_first.py"])
def test_criteria_on_a_method_are_refused(bet: WriteBet, refused: Refused, file: str) -> None:
    """The experiment is a function."""
    path = bet(file, arguments="self, part")
    head, decorators = path.read_text().split("\n@pytest", 1)
    body = "\n".join(f"    {line}" for line in f"@pytest{decorators}".splitlines())
    path.write_text(f"{head}\nclass TestGain:\n{body}\n")
    assert (
        f"{file}:19: the criteria are on a method of class TestGain\n"
        "    def experiment(self, part):\n"
        "  expected: one function with the criteria strict, lenient and catastrophic"
    ) in refused()


@pytest.mark.parametrize("setting", [False, True])
def test_the_error_of_a_numbered_file_without_markers_says_what_is_missing(
    bet: WriteBet, pytester: pytest.Pytester, refused: Refused, setting: bool
) -> None:
    """The number says that it is meant as a bet, beside one and in a folder that is set as one for bets."""
    if setting:
        pytester.makeini("[pytest]\nbets_paths = .")
    else:
        bet("bet_4_other.py")
    pytester.path.joinpath("bet_3_draft.py").write_text(
        '"""A draft."""\n\n\ndef experiment():\n    return {"gain": 1}\n'
    )
    text = refused()
    assert (
        "bet_3_draft.py:1: no function of this bet has a criterion\n"
        '    """A draft."""\n'
        "  expected: one function with the criteria strict, lenient and catastrophic"
    ) in text
    assert "bet_3_draft.py:1: the docstring has no section `Hypothesis:`" in text


def test_a_numbered_file_whose_only_marker_is_misspelt_gets_the_right_one(bet: WriteBet, refused: Refused) -> None:
    """The nearest marker is suggested at its line."""
    bet(markers={"strict": None, "lenient": None, "catastrophic": None, "stric": '"count(gain > 0) >= 3"'})
    assert (
        "bet_1_first.py:15: no function of this bet has a criterion\n"
        '    @pytest.mark.stric("count(gain > 0) >= 3")\n'
        "  expected: one function with the criteria strict, lenient and catastrophic\n"
        "  did you mean: strict"
    ) in refused()


ALIASED = "won = pytest.mark.strict('count(gain > 0) >= 3')"


@pytest.mark.parametrize("file", ["bet_1_first.py", "bet_first.py"])
@pytest.mark.parametrize(
    ("above", "decorator"),
    [
        (ALIASED, "@won"),
        ('pytestmark = pytest.mark.strict("count(gain > 0) >= 3")', "@pytest.mark.usefixtures()"),
        ("from pytest import mark as m\n", '@m.strict("count(gain > 0) >= 3")'),
    ],
)
def test_criteria_that_are_attached_at_run_time_alone_are_no_declaration(
    bet: WriteBet, refused: Refused, file: str, above: str, decorator: str
) -> None:
    """An alias and `pytestmark` hide the sentence from who reads the file; neither makes a file that is skipped."""
    path = bet(file, above=above, markers=dict.fromkeys(("strict", "lenient", "catastrophic")))
    path.write_text(path.read_text().replace("@pytest.mark.param", f"{decorator}\n@pytest.mark.param"))
    text = refused()
    assert f"{file}:" in text
    assert "no function of this bet has a criterion" in text
    assert "one function with the criteria strict, lenient and catastrophic" in text


def test_a_criterion_that_an_alias_adds_to_a_bet_is_refused(bet: WriteBet, refused: Refused) -> None:
    """What the source does not say is not judged, and not passed over either."""
    path = bet(above="harder = pytest.mark.strict('count(gain > 9) >= 3')")
    path.write_text(path.read_text().replace("@pytest.mark.strict", "@harder\n@pytest.mark.strict"))
    assert (
        "bet_1_first.py:19: `experiment` carries a strict sentence that does not stand on it in the source\n"
        "    def experiment(...)\n"
        "  expected: @pytest.mark.strict(...) above the experiment, literally"
    ) in refused()


def test_an_alias_does_not_hide_behind_a_marker_with_two_sentences(bet: WriteBet, refused: Refused) -> None:
    """Sentences are compared, not their number."""
    path = bet(
        above="harder = pytest.mark.strict('count(gain > 9) >= 3')",
        markers={"strict": '"count(gain > 0) >= 3", "mean(gain) >= 3"'},
    )
    path.write_text(path.read_text().replace("@pytest.mark.strict", "@harder\n@pytest.mark.strict"))
    assert "`experiment` carries a strict sentence that does not stand on it in the source" in refused()


@pytest.mark.parametrize("mark", ["challenges(1)", "withdrawn('mistaken')", "control('mean(gain) < 3')"])
def test_no_marker_of_ours_is_attached_by_an_alias(bet: WriteBet, refused: Refused, mark: str) -> None:
    """A challenge or a withdrawal that the source does not show would be dropped without a word."""
    path = bet(above=f"hidden = pytest.mark.{mark}")
    path.write_text(path.read_text().replace("@pytest.mark.strict", "@hidden\n@pytest.mark.strict"))
    name = mark.partition("(")[0]
    what = "a control sentence" if name == "control" else f"the marker {name}"
    assert (
        f"bet_1_first.py:19: `experiment` carries {what} that does not stand on it in the source\n"
        "    def experiment(...)\n"
        f"  expected: @pytest.mark.{name}(...) above the experiment, literally"
    ) in refused()


def test_criteria_in_pytestmark_beside_those_of_the_experiment_are_refused(bet: WriteBet, refused: Refused) -> None:
    """`pytestmark` marks the module, and a module claims nothing."""
    bet(above='pytestmark = [pytest.mark.strict("count(gain > 9) >= 3")]')
    assert (
        "bet_1_first.py:18: `pytestmark` carries a strict sentence that does not stand on it in the source" in refused()
    )


@pytest.mark.parametrize("name", ["strict", "control", "record"])
def test_an_experiment_cannot_have_the_name_of_a_tiers_item(bet: WriteBet, refused: Refused, name: str) -> None:
    """Two items of one file cannot share an id."""
    bet(function=f"def {name}")
    assert (
        f"bet_1_first.py:18: `{name}` is the name of a tier's item\n"
        f"    def {name}(part):\n"
        "  expected: another name\n"
        "  did you mean: experiment"
    ) in refused()


@pytest.mark.parametrize("source", ["", '""', '"a", "b"', "REASON", 'f"{1}"', "3"])
def test_a_withdrawal_takes_one_literal_reason(bet: WriteBet, refused: Refused, source: str) -> None:
    """The history shows the reason without running the file."""
    bet(above='REASON = "the baseline was untuned"', markers={"withdrawn": source})
    assert (
        "bet_1_first.py:18: `withdrawn` takes one reason\n"
        f"    @pytest.mark.withdrawn({source})\n"
        '  expected: a literal string, as in withdrawn("the baseline was untuned")'
    ) in refused()


def test_an_experiment_that_may_run_until_it_passes_is_refused(bet: WriteBet, refused: Refused) -> None:
    """`flaky` would turn a losing bet green."""
    bet(markers={"flaky": "reruns=3"})
    text = refused()
    assert "the experiment is marked flaky: running until it passes would turn a losing bet green" in text
    assert "expected: one run, or @pytest.mark.replicate(n), which counts them all" in text
