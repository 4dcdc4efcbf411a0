"""The words and signs that say a verdict, lead to one, or take one back."""

import re
from typing import Final


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


SMALL: Final = {
    word: number
    for number, word in enumerate(
        [
            *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
            *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
        ],
        1,
    )
}
ALL: Final = frozenset({"PASS", "LENIENT", "FAIL", "void", "never run"})
NOISY: Final = "FAIL, in the noise"
"""The verdict of a bet that met its criterion, but not its control."""
NOISE: Final = "in the noise"
"""What a FAIL is whose control is not met: a catastrophic one as well."""
FALSIFIED: Final = "falsified"
"""What every other FAIL is."""
_GOOD: Final = frozenset({"PASS", "LENIENT"})
_BAD: Final = frozenset({"FAIL"})
SOFT: Final = {
    **dict.fromkeys(("pass", "passes", "passed", "passing"), frozenset({"PASS"})),
    **dict.fromkeys(
        ("succeed", "succeeds", "succeeded", "success", "successful", "confirmed", "validated", "vindicated", "proven"),
        _GOOD,
    ),
    **dict.fromkeys(("✅", "✔", "✓", "☑", "👍", "white_check_mark", "heavy_check_mark"), _GOOD),
    **dict.fromkeys(("holds", "hold", "stands", "upheld", "true", "right"), _GOOD),
    "lenient": frozenset({"LENIENT"}),
    **dict.fromkeys(("fail", "fails", "failed", "failing", "failure"), _BAD),
    **dict.fromkeys(("falsified", "refuted", "disproved", "disproven"), frozenset({FALSIFIED})),
    **dict.fromkeys(("❌", "✗", "✘", "✖", "👎", "cross_mark", "negative_squared_cross_mark"), _BAD),
}
DONE_TO: Final = words("true right upheld confirmed validated vindicated proven falsified refuted disproved disproven")
"""Words of what was done to a bet, which need `was`: a bet that confirmed another says nothing of itself."""
ENDING_WORDS: Final = frozenset({"holds", "hold", "stands", "true", "right"})
"""Words that say a verdict only at the end of a clause."""
LEADING_WORDS: Final = words(
    "longer s verdict outcome result status is was are were be been being has have had still now a an the as "
    "again also too both all each then later indeed which that who came comes come out ended ends end up "
    "turned turns got gets catastrophic received counts rated judged scored recorded remains stays stayed gave gives "
    "yields yielded it its just did does do overall strict run therefore thus so since today classed graded "
    "marked declared considered deemed called first initially originally"
)
CLOSE_WORDS: Final = words("s verdict is was still now a an")
"""The words that may lead from an id that is a word of prose to its verdict."""
PHRASES: Final = (
    "in the end",
    "after all",
    "at last",
    "at first",
    "in fact",
    "of course",
    "as expected",
    "once more",
    "as a",
    "by now",
)
WAS: Final = words("was is been were are be got")
LEADING_SIGNS: Final = frozenset(":–—-−=→⇒>([\"'“”‘’*_|,✅✔☑🎉<«»)]➜➔➡")
DENIALS: Final = words("almost nearly not never no cannot neither nor hardly nothing none")
MODALS: Final = words("would could might may can should must will if unless whether expected predicted ought shall to")
HYPOTHETICAL: Final = words(
    "would could might may if unless whether needs need needed requires required means meant than instead "
    "without short threshold bar criterion criteria tier tiers expected predicted published like counts when "
    "whenever hoped hope hopes wanted aimed between begins starts fewer"
)
NEEDED: Final = words("close below need needs needed require requires required missed misses short")
EXPLAINS: Final = words("means mean requires needs stands would if is criterion criteria threshold tier tiers bar")
PREPOSITIONS: Final = words("of in for from under during by than with as on to")
HEADS: Final = words("claim verdict result outcome hypothesis status")
FOLLOWING_WORDS: Final = words(
    "on in at by with after again too also and but for because as since under every only even though although "
    "despite without when while once twice our its the all both each any today now here this last yesterday "
    "muster except apart aside"
)
CRITERIA: Final = re.compile(
    r"(?:\w+\W+){0,3}?(?:criteri\w+|tiers?|bars?|tests?|thresholds?|hurdles?)\b", re.IGNORECASE
)
COUNTERFACTUAL: Final = re.compile(r"\b(?:would|could|might) have been(?: an?)?(?: \w+)?\Z")
LENIENTLY: Final = re.compile(r"\s(?:only\s)?(?:leniently\b|\(lenient\)|(?<=only\s)(?:its|the|our)\slenient\b)")
QUANTITIES: Final = frozenset({*SMALL, *["some", "most", "half", "few", "many", "several", "a"]})
PART: Final = re.compile(
    rf"""(?ix) (?:in|on|for|at|by|with)\s (?:(?:only|just|about|almost|nearly)\s)* (?:
      (?:some|most|half|few|many|several|part|a\ssingle|one\b(?!\s(?:out\s)?of\b)) \b
    | (?P<won>\d+|an?|{"|".join(SMALL)}) \b (?:\s?%|\s\w+)? \s?(?:out\s)?
      (?:of\b (?:\sthe)? \s?(?P<all>\d+|{"|".join(SMALL)})? | /\s?(?P<over>\d+))
    | (?:\d+|an?|{"|".join(SMALL)}) \s (?:\w+\s)? (?:cells?|seeds?|parts?|replicates?|folds?) \b
    )"""
)
"""Words after a verdict that make it one of some cells: `in 3 of 15 runs`, `on two seeds`; not `in 4 of 4 runs`."""
PAST: Final = words("was were had been passed failed came got ended turned")
EARLIER: Final = words("first initially originally previously formerly earlier once before until")
EVERYONE: Final = re.compile(
    rf"""(?ix) (?<!not\s) (?<!nearly\s) (?<!almost\s) \b(?:
      (?:all|every|each) (?:\s and\s every)? (?:\s single)? (?:\s one)? (?:\s of)? (?:\s (?:our|the))?
        (?:\s (?P<count>\d+|{"|".join(SMALL)}) (?:\s of)? (?:\s (?:our|the))?)? \s bets? (?:\s of\s ours)?
    | our\s bets (?:\s have)? \s all
    | (?P<none> there\s (?:is|was|are|were)\s no\s bets? (?:\s of\s ours)? \s (?:that|which)
      | (?:no|not\s (?:one|a\s single)) \s bets? (?:\s of\s ours)?
      | (?:none|not\s one) \s of (?:\s our|\s the) \s bets)
    )\b (?!\s(?:that|which|who)\s)"""
)
"""All bets, or none; a `count` must be that of all bets."""
EXCEPT: Final = re.compile(
    r"\b(?:except|excepting|excluding|barring|save for|but for|(?:apart|aside) from|other than|exception of"
    r"|(?:all|every|each|no|none)(?: of)?(?: our| the)?(?: \w+)? bets?(?: of ours)? but)(?: for)?\Z"
)
_MONTHS: Final = "january|february|march|april|may|june|july|august|september|october|november|december"
DATED: Final = re.compile(
    rf"(?i)\b(?:(?:{_MONTHS}) (?:\d{{1,2}},? )?20\d\d|in 20\d\d|commit [0-9a-f]{{7,40}})\b|"
    r"\bv\d+(?:\.\d+)*\b|\b\d+\.\d+\.\d+\b|\b(?:19|20)\d\d-\d\d(?:-\d\d)?\b|\b(?:version|release) \d"
)


def soft(text: str) -> frozenset[str]:
    """Return the verdicts that an ordinary word in lower case, or a sign, allows; nothing for any other."""
    return SOFT.get(text, frozenset())


def denied(allowed: frozenset[str]) -> frozenset[str]:
    """Return the verdicts that remain where these are denied: what is not falsified may be in the noise."""
    return (ALL - {"FAIL"}) | {NOISE} if FALSIFIED in allowed else ALL - allowed


def word(verdict: str) -> str:
    """Return a written verdict in the words of the records: PASSED is PASS, VOID is void."""
    base, comma, tail = verdict.partition(", ")
    base = re.sub(r"\s+(?!RUN|run)", "", base)
    for known in ("PASS", "FAIL"):
        base = known if base.startswith(known) else base
    return (base if base in ("PASS", "FAIL", "LENIENT") else " ".join(base.lower().split())) + comma + tail
