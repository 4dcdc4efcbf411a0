"""The sentence language: what is read, into which tree, and what is refused in which words."""

import ast
import warnings
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_bets.diagnostics import SentenceError
from pytest_bets.sentence import reducers
from pytest_bets.sentence.ast import (
    Arithmetic,
    Comparison,
    Groups,
    Logic,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Reducer,
    Sentence,
    Text,
    bare_names,
    names,
    parameters,
)
from pytest_bets.sentence.lex import MAX_LENGTH
from pytest_bets.sentence.parse import MAX_DEPTH, REDUCERS, parse, parse_value

A, B = Name("a"), Name("b")
INTERVALS = "low(column), low(column, level), low(column, unit) or low(column, level, unit)"
LEVEL_OR_UNIT = "a literal number between 0 and 1, or the name of a sweep parameter"


def refusal(text: str) -> SentenceError:
    with pytest.raises(SentenceError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("count(a < b)", Reducer("count", Comparison("<", A, B))),
        ("a", A),
        ("-a", Negative(A)),
        ("+a", A),
        ("mean(a) - mean(b) * 2", Arithmetic("-", Reducer("mean", A), Arithmetic("*", Reducer("mean", B), Number(2)))),
        ("(mean(a) - 1) / 2", Arithmetic("/", Arithmetic("-", Reducer("mean", A), Number(1)), Number(2))),
        ("count(a < b < 3)", Reducer("count", Logic("and", (Comparison("<", A, B), Comparison("<", B, Number(3)))))),
        ("count(a or b or 1)", Reducer("count", Logic("or", (A, B, Number(1))))),
        ("count(not a)", Reducer("count", Not(A))),
        ("count(a != 'x')", Reducer("count", Comparison("!=", A, Text("x")))),
        ("quantile(a, 0.9)", Reducer("quantile", A, 0.9)),
        ("quantile(a, 0)", Reducer("quantile", A, 0)),
        ("low(a)", Reducer("low", A)),
        ("high(a + b, 0.9)", Reducer("high", Arithmetic("+", A, B), 0.9)),
        ("low(a, user)", Reducer("low", A, None, "user")),
        ("high(a < b, 0.9, user)", Reducer("high", Comparison("<", A, B), 0.9, "user")),
        ("low(a, 0.95, user)", Reducer("low", A, None, "user")),
        ("groups(user, max(a) < 1)", Groups("user", Comparison("<", Reducer("max", A), Number(1)))),
        (
            "groups(user, min(a) < 1 and not max(a) > 2)",
            Groups(
                "user",
                Logic(
                    "and",
                    (
                        Comparison("<", Reducer("min", A), Number(1)),
                        Not(Comparison(">", Reducer("max", A), Number(2))),
                    ),
                ),
            ),
        ),
    ],
)
def test_a_value_is_read_into_its_tree(text: str, value: Node) -> None:
    """Operators bind as in Python, and a chain of comparisons is the conjunction of its links."""
    assert parse(f"{text} >= 1") == Sentence(f"{text} >= 1", value, ">=", 1)
    assert parse_value(text) == value


@pytest.mark.parametrize("operator", [">=", ">", "<=", "<", "=="])
@pytest.mark.parametrize(("text", "threshold"), [("12", 12), ("-3", -3), ("+2", 2), ("5e0", 5.0)])
def test_the_threshold_stands_on_the_right_as_a_literal(operator: str, text: str, threshold: float) -> None:
    """Each of the five operators takes a signed literal, which stays an integer where it was written as one."""
    sentence = parse(f"mean(a) {operator} {text}")
    assert (sentence.operator, sentence.threshold) == (operator, threshold)
    assert type(sentence.threshold) is type(ast.literal_eval(text))


@pytest.mark.parametrize("name", REDUCERS)
def test_every_reducer_of_the_contract_is_read(name: str) -> None:
    """All thirteen reducers are known, each with the arguments that it takes."""
    contract = "count share sum mean median min max std quantile iqm low high groups"
    assert set(REDUCERS) == set(contract.split())
    argument = {"quantile": "a, 0.5", "groups": "user, max(a) > 0"}.get(name, "a")
    assert names(parse(f"{name}({argument}) > 0").value) >= {"a"}


def test_white_space_is_folded_but_not_in_quotes() -> None:
    """A sentence over several lines is the sentence on one; what is quoted keeps every space."""
    assert parse(" count( a\n\t  == 'x  y' )\n >= 1 ").text == "count( a == 'x  y' ) >= 1"
    assert parse("count(a == 'x  y') >= 1").value == Reducer("count", Comparison("==", A, Text("x  y")))


def test_every_name_is_found_and_the_bare_ones_apart() -> None:
    """`names` has measured names and sweep parameters, `bare_names` of those outside all reducers."""
    value = parse("groups(user, max(a) > 0 and b > 1) + mean(c) - d * -e + low(c, part) >= 1").value
    assert names(value) == {"user", "a", "b", "c", "d", "e", "part"}
    assert parameters(value) == ["user", "part"]
    assert bare_names(value) == ("b", "d", "e")


@pytest.mark.parametrize(
    ("text", "problem", "expected", "suggestion"),
    [
        ("", "it is empty", "a value, one of >= > <= < ==, and a number", ""),
        ("count(a)", "there is no comparison with a number", "", ""),
        ("0 <= mean(a) <= 1", "there are two comparisons", "", 'two sentences: "mean(a) >= 0" and "mean(a) <= 1"'),
        (
            "0 < mean(a) < mean(b) < 1",
            "there are three comparisons",
            "one comparison in a sentence",
            'three sentences: "mean(a) > 0" and "mean(a) - mean(b) < 0" and "mean(b) < 1"',
        ),
        (
            "mean(a) >= 0.4 and mean(b) < 1",
            "two sentences are joined by `and`",
            "one comparison in a sentence",
            'two sentences: "mean(a) >= 0.4" and "mean(b) < 1"',
        ),
        (
            "mean(a) >= 1 or 1 <= mean(b) or mean(a) > mean(b) or std(a) > 2",
            "4 sentences are joined by `or`",
            "one comparison in a sentence",
            '4 sentences: "mean(a) >= 1" or "mean(b) >= 1" or "mean(a) - mean(b) > 0" or "std(a) > 2"',
        ),
        ("mean(a) >= 1 and (b or c)", "`and` must join single comparisons", "a value, one of >=", ""),
        ("mean(a) and 0 < a < 1", "`and` must join single comparisons", "a value, one of >=", ""),
        ("mean(a) != 1", "`!=` does not compare with a threshold", "", ""),
        ("mean(a) in 1", "`in` does not compare with a threshold", "", ""),
        ("0.5 <= mean(a)", "`mean(a)` on the right is not a literal number", "", "mean(a) >= 0.5"),
        ("mean(a) > mean(b)", "`mean(b)` on the right is not a literal number", "", "mean(a) - mean(b) > 0"),
        (
            "2 * a >= mean(b) + 3",
            "`mean(b) + 3` on the right is not a literal number",
            "",
            "2 * a - (mean(b) + 3) >= 0",
        ),
        ("mean(a) >= nan", "`nan` on the right is not a literal number", "a value, one of >=", ""),
        (
            "mean(a) >= LIMIT",
            "`LIMIT` on the right is not a literal number",
            "the number itself instead of `LIMIT`",
            "",
        ),
        ("3 >= LIMIT", "`LIMIT` on the right is not a literal number", "", "LIMIT <= 3"),
        ("mean(a) >= 2 * LIMIT", "`2 * LIMIT` on the right is not a literal number", "", ""),
        ("mean(a) >= 1,000", "`1,000` is not a literal number", "a number without commas", "mean(a) >= 1000"),
        ("mean(a) < -1,050,000.5", "`-1,050,000.5` is not a literal number", "", "mean(a) < -1050000.5"),
        ("mean(a) >= 1 / 2", "`1 / 2` on the right is not a literal number", "", "mean(a) >= 0.5"),
        ("mean(a) >= 1 / 0", "`1 / 0` on the right is not a literal number", "", ""),
        ("mean(a) >= -(2 * 3 - 1)", "`-(2 * 3 - 1)` on the right is not a literal number", "", "mean(a) >= -5"),
        ("mean(a) >= '1'", "`'1'` on the right is not a literal number", "", ""),
        ("mean(a) >= True", "`True` on the right is not a literal number", "", ""),
        ("mean(a) >= 1j", "`1j` on the right is not a literal number", "", ""),
        ("mean(a) >= 1 + 1", "`1 + 1` on the right is not a literal number", "", "mean(a) >= 2"),
        ("mean(a) >= 1e999", "the number is not finite", "a finite number", ""),
        ("mean(a * 1e999) >= 1", "the number is not finite", "a finite number", ""),
        (f"mean(a) >= {'9' * 400}", "the number is not finite", "a finite number", ""),
        ("mean(a) == 0.5", "`==` with 0.5: equality is for counts and integers", "`>=` or `<=`, or an integer", ""),
        ("3 >= 2", "it reads no measurement, so no result can change it", "a measured name in the value", ""),
        ("count(1) >= 2", "it reads no measurement, so no result can change it", "", ""),
        ("mean >= 2", "`mean` is a reducer", "a reducer with its column", "mean(...)"),
        ("avg(a) >= 2", "`avg` is not a reducer", "one of count, share, sum, mean, median", ""),
        ("medain(a) >= 2", "`medain` is not a reducer", "", "median"),
        ("a.mean() >= 2", "`a.mean` is not a reducer", "", "mean"),
        ("mean(count(a)) >= 2", "`count` is inside another reducer", "reducers side by side", ""),
        ("mean() >= 2", "`mean()` has 0 arguments", "mean(column)", ""),
        ("mean(a, b) >= 2", "`mean(a, b)` has 2 arguments", "mean(column)", ""),
        ("quantile(a) >= 2", "`quantile(a)` has 1 arguments", "quantile(column, number)", ""),
        ("low(a, 0.9, u, 1) >= 2", "`low(a, 0.9, u, 1)` has 4 arguments", INTERVALS, ""),
        ("low(a, level=0.9) >= 2", "`low(a, level=0.9)` has 2 arguments", INTERVALS, ""),
        ("low() >= 2", "`low()` has 0 arguments", INTERVALS, ""),
        ("low(a, 1) >= 2", "`1` is not a level for low", LEVEL_OR_UNIT, ""),
        ("low(a, 95) >= 2", "`95` is not a level for low", LEVEL_OR_UNIT, "low(a, 0.95)"),
        ("low(a, b + 1) >= 2", "`b + 1` is not a level for low", LEVEL_OR_UNIT, ""),
        ("high(a, 97.5, u) >= 2", "`97.5` is not a level for high", "a literal number", "high(a, 0.975, u)"),
        ("high(a, 0, u) >= 2", "`0` is not a level for high", "a literal number between 0 and 1", ""),
        ("high(a, b, u) >= 2", "`b` is not a level for high", "a literal number between 0 and 1", ""),
        ("low(a, u, 0.9) >= 2", "the unit stands before the level", "low(column, level, unit)", "low(a, 0.9, u)"),
        ("low(a, 'u') >= 2", "`'u'` is not a unit", "the name of a sweep parameter", "low(a, u)"),
        ("low(a, 0.9, 'u') >= 2", "`'u'` is not a unit", "the name of a sweep parameter", "low(a, 0.9, u)"),
        ("low(a, 0.9, 'a user') >= 2", "`'a user'` is not a unit", "the name of a sweep parameter", ""),
        ("low(a, 0.9, 1) >= 2", "`1` is not a unit", "the name of a sweep parameter", ""),
        ("quantile(a, 1.5) >= 2", "`1.5` is not a level for quantile", "a literal number between 0 and 1", ""),
        ("quantile(a, b) >= 2", "`b` is not a level for quantile", "a literal number between 0 and 1", ""),
        ("groups(user) >= 2", "`groups(user)` has 1 arguments", "groups(parameter, condition)", ""),
        ("groups('u', max(a) > 1) >= 2", "`'u'` is not a sweep parameter", "groups(parameter, condition)", ""),
        ("groups(u, max(a)) >= 2", "`max(a)` is not part of the language", "", ""),
        (
            "groups(u, groups(v, max(a) > 1) > 1) >= 2",
            "`groups` is inside `groups`",
            "one level of groups",
            "",
        ),
        (
            "(mean(a) < 1) >= 1",
            "`mean(a) < 1` is not part of the language",
            "numbers, names, + - * /, reducers",
            "",
        ),
        ("count(a is b) >= 1", "`a is b` is not part of the language", "comparisons, and, or, not", ""),
        ("count(a == True) >= 1", "`True` is not needed", "the name itself, or `not` before it", ""),
        ("mean(a ** 2) >= 1", "`a ** 2` is not part of the language", "", ""),
        ("mean(a) >= ", "invalid syntax", "", ""),
    ],
)
def test_a_refusal_says_what_was_found_and_what_was_expected(
    text: str, problem: str, expected: str, suggestion: str
) -> None:
    """Every way to miss the language has its own words, and the nearest right form where there is one."""
    error = refusal(text)
    assert error.problem == problem == str(error)
    assert expected in error.expected
    assert error.suggestion == suggestion


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a.b >= 1", "`a.b` is not part of the language"),
        ("a[0] >= 1", "`a[0]` is not part of the language"),
        ("count(a[0]) >= 1", "`a[0]` is not part of the language"),
        ("(lambda: 1) >= 1", "`lambda: 1` is not part of the language"),
        ("(a := 3) >= 1", "`(a := 3)` is not part of the language"),
        ("f'{a}' >= 1", "`f'{a}'` is not part of the language"),
        ("count(f'{a}') >= 1", "`f'{a}'` is not part of the language"),
        ("count(b'a') >= 1", "`b'a'` is not part of the language"),
        ("[x for x in y] >= 1", "`[x for x in y]` is not part of the language"),
        ("count(x for x in y) >= 1", "`(x for x in y)` is not part of the language"),
        ("count(*a) >= 1", "`*a` is not part of the language"),
        ("count(**a) >= 1", "`count(**a)` has 1 arguments"),
        ("(yield) >= 1", "`(yield)` is not part of the language"),
        ("(await a) >= 1", "`await a` is not part of the language"),
        ("(a if b else c) >= 1", "`a if b else c` is not part of the language"),
        ("count(None) >= 1", "`None` is not part of the language"),
        ("__import__('os').system('true') >= 1", "`__import__('os').system` is not a reducer"),
        ("eval('1') >= 1", "`eval` is not a reducer"),
        ("9 ** 9 ** 9 ** 9 >= 1", "`9 ** 9 ** 9 ** 9` is not part of the language"),
        ("mean(a) >= 1 # comment", "`#` (U+0023) is not part of the language"),
        ("count(a == 'x\\'') >= 1", "`\\` (U+005C) is not part of the language"),
        ("mean(\N{CYRILLIC SMALL LETTER A}) >= 1", "`\u0430` (U+0430) is not part of the language"),
        ("mean(\N{FULLWIDTH LATIN SMALL LETTER A}) >= 1", "`\uff41` (U+FF41) is not part of the language"),
        ("mean(a) \N{GREATER-THAN OR EQUAL TO} 1", "`\u2265` (U+2265) is not part of the language"),
        ("mean(a) >= \N{ARABIC-INDIC DIGIT ONE}", "`\u0661` (U+0661) is not part of the language"),
        ("mean(a) >= 1\0", "the character U+0000 is not part of the language"),
        ("count(a == 'x\0') >= 1", "the character U+0000 is not part of the language"),
        ("count(a == '\ud800') >= 1", "the character U+D800 is not part of the language"),
        ("count(a == '\N{RIGHT-TO-LEFT OVERRIDE}') >= 1", "the character U+202E is not part of the language"),
        ("count(a == '''x''') >= 1", "''' does not quote a string here"),
        ("count(a > 1or b < 2) >= 1", "invalid decimal literal"),
        ("mean(a >= 1", "'(' was never closed"),
        ("mean(a) >= 1; mean(b) >= 1", "invalid syntax"),
    ],
)
def test_nothing_but_the_language_is_read(text: str, problem: str) -> None:
    """Calls, attributes, subscripts, code that would run and look-alikes of ASCII are refused by name."""
    assert refusal(text).problem == problem


@pytest.mark.parametrize(
    "text",
    [
        'count(a == "\\"" or \uff42 == \'c\') >= 1',
        'count(a == """x"y""" or \uff42 == "c") >= 1',
        "count(a == '''x'y''' or \uff42 == 'c') >= 1",
        'count(a == "\\"") >= 3 # "',
    ],
)
def test_no_quote_hides_what_stands_outside_of_quotes(text: str) -> None:
    """A string whose end Python sees elsewhere than our check of characters smuggles no look-alike and no comment."""
    assert "\\" in refusal(text).problem or "does not quote a string here" in refusal(text).problem


def test_a_quoted_string_may_hold_any_printable_text() -> None:
    """Data is not code: the value of a parameter may be written in any script."""
    assert parse("count(a == 'größe # 3') >= 1").value == Reducer("count", Comparison("==", A, Text("größe # 3")))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000_000,
        " " * 10_000_000,
        "a " * 5_000,
        f"{'(' * 240}a{')' * 240} >= 1",
        f"{'-' * 480}a >= 1",
        f"count({'not ' * 110}a) >= 1",
        f"count({'-' * 400}a) >= 1",
        f"{'lambda: ' * 60}1 >= 1",
        f"a{'.a' * 240} >= 1",
        f"a{'[a' * 90}{']' * 90} >= 1",
        f"{'a if a else ' * 40}a >= 1",
        f"{'f(' * 150}a{')' * 150} >= 1",
        f"{'+'.join('a' * 240)} >= 1",
        f"{'**'.join('9' * 160)} >= 1",
        f"mean(a) >= 0x{'f' * 480}",
        f"mean(a) >= 1e{'9' * 480}",
        "'" * 499,
        '"' * 500,
    ],
    ids=lambda text: text[:8],
)
def test_depth_and_length_end_in_an_ordinary_refusal(text: str) -> None:
    """Ten million brackets, four hundred signs, a tower of powers: each is refused at once, in a few words."""
    error = refusal(text)
    assert len(error.problem) < 120, error.problem


def test_depth_and_length_are_named_with_their_limits() -> None:
    """The refusal says how much there was, and how much there may be."""
    signs = refusal(f"count({'-' * (MAX_DEPTH + 1)}a) >= 1")
    assert (signs.problem, signs.expected) == ("it is nested too deeply", "at most 32 levels")
    assert parse(f"count({'-' * (MAX_DEPTH - 1)}a) >= 1").operator == ">="
    long = refusal(f"mean({'a' * MAX_LENGTH}) >= 1")
    assert (long.problem, long.expected) == ("it has 511 characters", "at most 500 characters")


@pytest.mark.parametrize("action", ["ignore", "always", "error"])
def test_no_filter_of_warnings_changes_what_is_read(action: Literal["ignore", "always", "error"]) -> None:
    """What Python reads with a warning is refused in every session, and the warning does not get out."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter(action)
        assert refusal(f"count(a > 1or b < 2) >= {len(action)}").problem == "invalid decimal literal"
    assert caught == []


def test_a_column_points_at_the_fault() -> None:
    """The place of the fault is the character where it begins."""
    text = "mean(a) + medain(b) >= 1"
    assert refusal(text).column == text.index("medain")
    text = "mean(a) + \u0430 >= 1"
    assert refusal(text).column == text.index("\u0430")


def read(text: str) -> Sentence | SentenceError:
    try:
        return parse(text)
    except SentenceError as error:
        return error


def check_reading(text: str) -> None:
    answer = read(text)
    if isinstance(answer, Sentence):
        assert parse(answer.text) == answer
        assert names(answer.value)
    else:
        assert answer.problem.encode()
        assert answer.expected
        assert answer.column is None or 0 <= answer.column <= len(text.encode(errors="replace"))


@given(st.text())
@example("count(a == '\ud800') >= 1")
@example("\x1c")
def test_any_text_is_a_sentence_or_refused(text: str) -> None:
    """Whatever stands in the marker, the answer is a sentence, or a refusal that can be printed."""
    check_reading(text)
    check_reading(f"count({text}) >= 1")


TOKENS = [
    *("count", "mean", "low", "quantile", "groups", "a", "b", "lambda", "if", "else", "not", "and", "or", "in", "is"),
    *("await", "yield", "for", "None", "True", "import", "1", "0.5", "-2", "1e400", "0x1F", "1_0", "1j", "'x'", '"y"'),
    *("f'{a}'", "f'{a!r:>{b}}'", "b'z'", "'''", '"', "'", "\\", "#", "\0", "\t", "\n", "(", ")", "[", "]", "{", "}"),
    *(",", ":", ";", ".", ":=", "=", "->", "@", "~", "**", "//", "%", "+", "-", "*", "/", ">=", ">", "<=", "<", "=="),
    *("!=", "\u0430", "\uff41", "\u2028", "é"),
]


@settings(max_examples=400)
@given(st.lists(st.sampled_from(TOKENS), max_size=25), st.sampled_from(["", " "]))
def test_any_heap_of_tokens_is_a_sentence_or_refused(tokens: list[str], glue: str) -> None:
    """What looks like Python is read as the language or refused, and no warning of Python's gets out."""
    check_reading(glue.join(tokens))
    check_reading(f"count({glue.join(tokens)}) >= 1")


columns = st.recursive(
    st.sampled_from(["a", "b", "1", "0.25", "'x'"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(inner, st.sampled_from(["<", "==", "!=", "and", "or"]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        ),
        inner.map(lambda text: f"(not {text})"),
        inner.map(lambda text: f"(-{text})"),
    ),
    max_leaves=8,
)


@given(st.sampled_from(sorted(reducers.PLAIN)), columns, st.integers(-9, 9))
def test_every_expression_of_the_grammar_is_read(reducer: str, column: str, threshold: int) -> None:
    """A sentence made by the grammar is refused for one reason alone: that it reads no measurement."""
    text = f"{reducer}({column}) >= {threshold}"
    if "a" in column.replace("and", "") or "b" in column:
        sentence = parse(text)
        assert (sentence.text, sentence.threshold) == (text, threshold)
    else:
        assert refusal(text).problem.startswith("it reads no measurement")
