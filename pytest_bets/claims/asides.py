"""Bets that are named in passing: a verdict after them is of the bet before.

Bet 3, unlike bet 1: FAIL      Bet 3 (challenges bet 1): FAIL      Bet 3 builds on bet 1: FAIL
"""

import re
from collections.abc import Sequence
from typing import Final

from pytest_bets.claims.fold import Token
from pytest_bets.claims.lexicon import EXCEPT
from pytest_bets.claims.mentions import Mention

FARTHEST: Final = 24
"""The maximum number of words between a bet and one that is named in passing."""
_IN_PASSING: Final = re.compile(
    r"(?:\b(?:unlike|like|after|before|than|versus|vs|v|see|cf|compare|beside|despite|except|apart|aside|against|over"
    r"|beyond|(?:contrast|contrary|similar|next|prior|relative|opposed|close) (?:to|with))|\w(?:s|ed|ing))"
    r"(?: (?:\.|the|our|up|on|upon|to|from|with|by|of|in|for|than|as|claims?|results?))*\Z"
)
"""The words before a bet that is named in passing: a preposition, or a verb like `challenges` or `builds on`."""
_OF: Final = re.compile(
    r"\b(?<!verdict )(?<!outcome )(?<!result )(?<!status )(?:of|to|from|with|on|by|in|for)(?: (?:the|our))?\Z"
)
"""A preposition before a bet that is named in passing, after one that the sentence begins with."""
_JOINED: Final = ([","], ["and"], ["or"], [",", "and"])
_RELATIVE: Final = frozenset({"which", "that", "who"})


def asides(tokens: Sequence[Token], mentions: Sequence[Mention], starts: Sequence[int]) -> dict[int, int]:
    """Return, for each mention in passing, the index of the one before that the sentence is about."""
    hosts: dict[int, int] = {}
    for index in range(1, len(mentions)):
        before, mention = mentions[index - 1], mentions[index]
        if before.first < starts[mention.first] or mention.first - before.last > FARTHEST:
            continue
        between = [token.low for token in tokens[before.last + 1 : mention.first]]
        joined = between in _JOINED and index - 1 in hosts
        words = " ".join(between)
        apart = ";" in between or words.endswith("as well as")
        opening = tokens[max(starts[before.first], before.first - 3) : before.first]
        subject = all(token.kind == "sign" for token in opening)
        related = subject and not {"and", "or", "but"} & {*between} and _OF.search(words)
        passing = not apart and (related or _IN_PASSING.search(words) or _opened(tokens, between, mention))
        if joined or passing:
            hosts[index] = hosts.get(index - 1, index - 1)
    return hosts


def exceptions(tokens: Sequence[Token], mentions: Sequence[Mention]) -> list[int]:
    """Return the indexes of mentions that are left out of what is said: `all bets passed, except bet 3 and bet 4`."""
    found: list[int] = []
    for index, mention in enumerate(mentions):
        last = mentions[index - 1].last if index else -1
        between = " ".join(token.low for token in tokens[max(last + 1, mention.first - 12) : mention.first])
        joined = found[-1:] == [index - 1] and re.sub(r"\( .*? \) ?", "", between) in (",", "and", "or", ", and")
        if joined or EXCEPT.search(between):
            found.append(index)
    return found


def _opened(tokens: Sequence[Token], between: Sequence[str], mention: Mention) -> bool:
    """Return whether a bracket before a mention has more in it than the mention: `(bet 1 was the first)`."""
    if "(" not in between or ")" in between[between.index("(") :]:
        return False
    return between[-1] != "(" or not is_closed(tokens, mention)


def is_closed(tokens: Sequence[Token], mention: Mention) -> bool:
    """Return whether a bracket closes right after a mention."""
    return mention.last + 1 < len(tokens) and tokens[mention.last + 1].text == ")"


def is_relative(tokens: Sequence[Token], mention: Mention) -> bool:
    """Return whether a clause on a mention follows, as in `bet 1, which failed`."""
    following = [token.low for token in tokens[mention.last + 1 : mention.last + 3]]
    return bool(set(following[: 2 if following[:1] == [","] else 1]) & _RELATIVE)
