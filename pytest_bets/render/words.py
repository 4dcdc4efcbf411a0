"""The words for verdicts, sentences and standings: the same in the terminal and in the summary."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pytest_bets.bet.known import FILE
from pytest_bets.diagnostics import count_noun
from pytest_bets.record.decided import decided
from pytest_bets.record.judgement import Judgement
from pytest_bets.record.line import Attempt
from pytest_bets.record.standing import ChallengeEnd, Standing, StandingState
from pytest_bets.record.summary_model import Challenged, Counts, SummaryRow
from pytest_bets.record.verdict import Judged, Verdict, figure
from pytest_bets.render.visible import visible

_BOUND: Final = re.compile(r"\s*(?:[<>=]=|[<>])[^<>=]*$")
"""The end of a sentence: its operator and its threshold."""


def verdict_words(verdict: Judgement) -> str:
    """Return a verdict in words."""
    if isinstance(verdict, SummaryRow) and not verdict.recorded and not verdict.is_never_run:
        return "no record"
    if verdict.verdict is None:
        return "void" if verdict.void else "never run"
    if verdict.catastrophic:
        return "FAIL, catastrophic"
    if verdict.noise_floor is False:
        return "FAIL, in the noise"
    return verdict.verdict


def tier_words(tier: str, verdict: Verdict) -> str:
    """Return what the sentences of a tier say, one a line, those against the claim first."""
    judged = sorted((item for item in verdict.criteria if item.tier == tier), key=lambda item: item.good)
    return "\n".join(f"{tier} {state_words(tier, good=item.good)}: {sentence_words(item)}" for item in judged)


def state_words(tier: str, *, good: bool) -> str:
    """Return what a judged sentence of a tier is: met or not met, and for catastrophic clear or tripped."""
    if tier == "catastrophic":
        return "clear" if good else "tripped"
    return "met" if good else "not met"


def sentence_words(judged: Judged) -> str:
    """Return one judged sentence with its measured value and margin."""
    sentence, margin = visible(judged.sentence), figure(judged.margin)
    return f"{sentence} (measured {judged.measured}, threshold {figure(judged.threshold)}, margin {margin})"


def decided_words(verdict: Judgement, criteria: Sequence[Judged], quote: Callable[[str], str] = visible) -> list[str]:
    """Return the sentences that decided a verdict with what was measured, those against the claim first.

    Where every sentence was met, as in a PASS, the tier is not named. A threshold for a value that an earlier sentence
    has is given without the value.
    """
    items = decided(verdict, criteria)
    if all(item.good for item in items):
        return [measured_words(item, quote) for item in items]
    lines, values = [], set()
    for item in items:
        value, bound = halves(item.sentence)
        known = value in values and not item.good
        values.add(value)
        words = quote(bound) if known else measured_words(item, quote)
        lines.append(f"{item.tier} {state_words(item.tier, good=item.good)}: {words}")
    return lines


def measured_words(item: Judged, quote: Callable[[str], str] = visible) -> str:
    """Return a sentence with its measured value."""
    return f"{quote(item.sentence)} (measured {item.measured})"


def halves(sentence: str) -> tuple[str, str]:
    """Return the value of a sentence, and its operator with the threshold."""
    match = _BOUND.search(sentence)
    return (sentence[: match.start()], match[0].strip()) if match else (sentence, sentence)


def short(bet: str) -> str:
    """Return how a bet is called among others: by the number in its id, or by its id where it has none."""
    number = bet.partition("_")[0]
    return number if number.isdecimal() else visible(bet)


def listed(bets: Sequence[str], most: int = 12) -> str:
    """Return bets by their short names, and of many the first ones and how many more there are."""
    names = [short(bet) for bet in bets[:most]]
    return ", ".join(names) + (f" and {len(bets) - most} more" if len(bets) > most else "")


_STATES: Final[Mapping[StandingState, str]] = {"noise": "in the noise"}


def standing_words(standing: Standing, named: Mapping[str, str] | None = None) -> str:
    """Return a standing in words; `named` gives how each bet is called, or linked."""
    survived = "challenged by {} and stands" if standing.state == "stands" else "survived the challenge{s} by {}"
    ends: dict[ChallengeEnd, str] = {
        "retracts": "retracted by {}",
        "survived": survived,
        "open": "challenge{s} by {} open",
        "overturned": "retraction{s} by {} overturned",
        "noise": "challenge{s} by {} ended in the noise",
    }
    words = _by_end(ends, [(item.end, item.by) for item in standing.challenges], named)
    if standing.withdrawn:
        words.insert(0, f"withdrawn: {standing.withdrawn}")
    if not words:
        words = [_STATES.get(standing.state, standing.state)]
    elif standing.state in ("falsified", "noise"):
        words.insert(0, _STATES.get(standing.state, standing.state))
    return "; ".join(words)


def challenged_words(challenged: Sequence[Challenged], named: Mapping[str, str] | None = None) -> list[str]:
    """Return how a bet's own challenges ended, each end in words; `named` gives how each bet is called, or linked."""
    ends: dict[ChallengeEnd, str] = {
        "retracts": "retracts {}",
        "survived": "challenged {}, which stand{one}",
        "open": "challenges {}",
        "overturned": "its retraction{s} of {} {are} overturned",
        "noise": "retracts nothing: its challenge of {} ended in the noise",
    }
    return _by_end(ends, [(item.end, item.bet) for item in challenged], named)


def _by_end(
    ends: Mapping[ChallengeEnd, str], found: Sequence[tuple[ChallengeEnd, str]], named: Mapping[str, str] | None
) -> list[str]:
    words = []
    for end, form in ends.items():
        bets = [(named or {}).get(bet, short(bet)) for ended, bet in found if ended == end]
        if bets:
            several = len(bets) > 1
            grammar = {"s": "s" if several else "", "one": "" if several else "s", "are": "are" if several else "is"}
            words.append(form.format(", ".join(bets), **grammar))
    return words


def counts_words(counts: Counts) -> str:
    """Return the counts of a summary in words."""
    failed = f"{counts.FAIL} FAIL{kinds_words(counts.catastrophic, counts.in_the_noise)}"
    others = {
        f"void ({counts.premise} by a premise)" if counts.premise else "void": counts.void,
        "without a record": counts.unrecorded,
        "never run": counts.never_run,
        "retracted": counts.retracted,
        "withdrawn": counts.withdrawn,
    }
    found = [f"{counts.PASS} PASS", f"{counts.LENIENT} LENIENT", failed]
    found += [f"{count} {word}" for word, count in others.items() if count]
    recorded = counts.bets - counts.never_run - counts.unrecorded
    bets = count_noun(counts.bets, "bet")
    bets += f", {counts.bets - counts.known} at risk" if counts.known else ""
    former = f"; {counts.renamed} more under a former name" if counts.renamed else ""
    return f"{bets}: {', '.join(found)}; {counts.registered} of {recorded} registered before their run{former}"


def known_words(known: Mapping[str, str], counts: Counts) -> str:
    """Return what a file says after the run, of how many bets, and how many are at risk by it."""
    at_risk = counts.bets - counts.known - len(known)
    bets = count_noun(len(known), "bet")
    return f"{FILE} says about {bets}, after the run, what was known before it: {at_risk} at risk by that"


def kinds_words(catastrophic: int, noise: int) -> str:
    """Return how many FAILs are catastrophic and how many in the noise, in brackets; empty where none is either."""
    kinds = [f"{count} {word}" for count, word in ((catastrophic, "catastrophic"), (noise, "in the noise")) if count]
    return f" ({', '.join(kinds)})" if kinds else ""


def attempt_words(attempt: Attempt) -> str:
    """Return what became of an attempt that did not end with all of its reports."""
    where = f" on {attempt.host}" if attempt.host else ""
    then = "its measurements had arrived and stand" if attempt.measured else "it was not measured"
    return f"{attempt.cell}{where}: {attempt.end}; {then}"


def cells_words(count: int, kind: str = "") -> str:
    """Return so many cells, of a kind, in words."""
    return count_noun(count, f"{kind} cell" if kind else "cell")
