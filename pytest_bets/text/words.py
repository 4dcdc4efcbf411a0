"""The words in which judgements are told, in the terminal and in the summary alike."""

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_bets.pure.measured import number
from pytest_bets.pure.verdict import Judged, Verdict, figure


def verdict_words(verdict: Mapping[str, Any]) -> str:
    """Return a verdict in words, from a record or a row of the summary."""
    if verdict["verdict"] is None:
        return "void" if verdict["void"] else "never run"
    if verdict["catastrophic"]:
        return "FAIL, catastrophic"
    if verdict["noise_floor"] is False:
        return "FAIL, in the noise"
    return str(verdict["verdict"])


def tier_words(tier: str, verdict: Verdict) -> str:
    """Return what the sentences of a tier say, one a line, those against the claim first."""
    judged = sorted((item for item in verdict.criteria if item.tier == tier), key=lambda item: item.good)
    return "\n".join(f"{tier} {_state(item)}: {sentence_words(item)}" for item in judged)


def _state(judged: Judged) -> str:
    if judged.tier == "catastrophic":
        return "clear" if judged.good else "tripped"
    return "met" if judged.good else "not met"


def sentence_words(judged: Judged) -> str:
    """Return one judged sentence with its measured value and margin."""
    value, margin = figure(judged.value), figure(judged.margin)
    return f"{judged.sentence} (measured {value}, threshold {figure(judged.threshold)}, margin {margin})"


def measured_words(criteria: Sequence[Mapping[str, Any]]) -> str:
    """Return sentences with their measured values, from the rows of a record or the summary."""
    return "; ".join(f"{item['sentence']} (measured {figure(number(item['value']))})" for item in criteria)


def standing_words(standing: Mapping[str, Any], named: Mapping[str, str] | None = None) -> str:
    """Return a standing in words; `named` gives how each bet is called, or linked."""
    names = named or {}
    ends = {
        "retracts": "retracted by {}",
        "survived": "challenged by {} and stands",
        "open": "challenge by {} open",
        "overturned": "retraction by {} overturned",
    }
    words = [ends[item["end"]].format(names.get(item["by"], item["by"])) for item in standing["challenges"]]
    if standing["withdrawn"]:
        words.insert(0, f"withdrawn: {standing['withdrawn']}")
    if not words:
        words = [standing["state"]]
    elif standing["state"] == "falsified":
        words.insert(0, "falsified")
    return "; ".join(words)


def challenged_words(challenged: Sequence[Mapping[str, str]], named: Mapping[str, str] | None = None) -> list[str]:
    """Return what a bet's own challenges came to, each in words; `named` gives how each bet is called, or linked."""
    ends = {
        "retracts": "retracts {}",
        "survived": "challenged {}, which stands",
        "open": "challenges {}",
        "overturned": "its retraction of {} is overturned",
    }
    return [ends[item["end"]].format((named or {}).get(item["bet"], item["bet"])) for item in challenged]


def counts_words(counts: Mapping[str, int]) -> str:
    """Return the counts of a summary in words."""
    told = [f"{counts[verdict]} {verdict}" for verdict in ("PASS", "LENIENT", "FAIL")]
    if counts["catastrophic"]:
        told[2] += f" ({counts['catastrophic']} catastrophic)"
    others = {"void": "void", "never_run": "never run", "retracted": "retracted", "withdrawn": "withdrawn"}
    told += [f"{counts[key]} {word}" for key, word in others.items() if counts[key]]
    recorded = counts["bets"] - counts["never_run"]
    bets = "1 bet" if counts["bets"] == 1 else f"{counts['bets']} bets"
    former = f"; {counts['renamed']} more under a former name" if counts.get("renamed") else ""
    return f"{bets}: {', '.join(told)}; {counts['registered']} of {recorded} registered before their run{former}"


def cells_words(count: int, kind: str = "") -> str:
    """Return so many cells, of a kind, in words."""
    return f"{count}{kind and f' {kind}'} cell{'s' if count != 1 else ''}"
