"""What a summary says about bets: the same statements from SUMMARY.json and from SUMMARY.md, of any version."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

Statements = Mapping[tuple[str, str], str]
"""By bet and subject; the bet is empty for statements about all bets."""

COUNTS: Final = "counts"
LINE: Final = "line"
SECTION: Final = "section"
VERDICT: Final = "verdict"
REPEATED: Final = "repetition"
ERROR: Final = "known error"
TEXTS: Final = ("title", "scope")
"""What an author says about a bet; it may change at any time."""
_LISTS: Final = ("falsified", "retracted", "unstable")
_RATES: Final = ("compared", "expected", "passes", "stands", "unknown", "calibration")
_LINK: Final = re.compile(r"\[((?:\\.|[^\]\\])*)\]\([^)]*\)")
_COUNT: Final = re.compile(r"(\d+) (PASS|LENIENT|FAIL|catastrophic|void|never run|retracted|withdrawn|bets?)\b")
_REGISTERED: Final = re.compile(r"(\d+) of (\d+) registered")
_STANDING: Final = re.compile(r"\b(stands|retracted|withdrawn|falsified|open)\b")
_DECIDED: Final = re.compile(r"`([^`]+)`|\bmeasured ([^\s,;)]+)|\b(not met|met|tripped|clear)\b")
_VERDICT: Final = re.compile(r"(?:PASS|LENIENT|FAIL(?:, catastrophic|, in the noise)?|void|never run)\b")
_MORE: Final = re.compile(r"(\d+) (at risk|in the noise)\b")
"""Counts that a version may leave out."""
_RUNS: Final = re.compile(r"\d+ (?:of \d+ agree|more|judged)|^0$")
_REPEATED: Final = re.compile(r"\b(?:reproduced \d+ of \d+|replicated \d+)")
_ERRORS: Final = "Known error rates"
_NUMBER: Final = re.compile(r"\d[\d,.]*")
_UNKNOWN: Final = "not known"
_STANDS: Final = re.compile(r"false discovery rate of ([\d.]+ %): (.*)")
_EXPECTED: Final = re.compile(r"in ([\d.,e-]+) of them on average; (\d+) PASSed")
_ERROR: Final = re.compile(rf"{_LINK.pattern} ([^;]*\d[^;]*)")
_SCOPE: Final = "Scope"
"""The section of what authors wrote."""
_SAID: Final = re.compile(r"\b(?:PASS|LENIENT|FAIL)\b|<!--")
_SECTIONS: Final = {"Falsified": "falsified", "Retracted or withdrawn": "retracted", "Unstable": "unstable"}


def statements(name: str, data: bytes) -> Statements:
    """Return what a file of this name says; one that cannot be read says nothing of any bet."""
    found: dict[tuple[str, str], str] = {}
    if name == "badge.json":
        return dict(_of_badge(data))
    for key, text in _of_json(data) if name.endswith(".json") else _of_page(data.decode(errors="replace")):
        said = found.setdefault(key, text)
        if text not in said.split(" | "):  # a bet may have two rows
            found[key] = f"{said} | {text}"
    return found


def _of_badge(data: bytes) -> Iterator[tuple[tuple[str, str], str]]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return
    if isinstance(found, dict):
        yield ("", "badge"), str(found.get("message"))


def _of_json(data: bytes) -> Iterator[tuple[tuple[str, str], str]]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return
    whole = found if isinstance(found, dict) else {}
    for row in _items(whole.get("bets")):
        bet = str(row.get("id"))
        yield (bet, VERDICT), _verdict(row)
        for subject in TEXTS:
            if subject in row:
                yield (bet, subject), " ".join(str(row[subject]).split())
        for subject in ("strict", "decided"):
            if subject in row:
                judged = [[item.get(key) for key in ("sentence", "value", "met")] for item in _items(row[subject])]
                yield (bet, subject), _text(judged)
        yield (bet, "registration"), _text(row.get("registration"))
        runs = row.get("runs")
        counted = [runs.get(key) for key in ("total", "same", "agreed")] if isinstance(runs, dict) else runs
        yield (bet, "runs"), _text(counted)
        if isinstance(runs, dict) and "reproduced" in runs:
            yield (bet, REPEATED), _text([runs.get(key) for key in ("reproduced", "replicated")])
        if isinstance(error := row.get("known_error"), dict):
            yield (bet, ERROR), _text([error.get(key) for key in ("kind", "rate")])
        standing = row.get("standing")
        yield (bet, "standing"), _text(standing.get("state") if isinstance(standing, dict) else standing)
    counts = whole.get(COUNTS)
    for key, value in (counts if isinstance(counts, dict) else {}).items():
        yield ("", f"{COUNTS}: {key}"), _text(value)
    for key in _LISTS:
        yield ("", key), _text(whole.get(key))
    rates = whole.get("error_rates")
    if isinstance(rates, dict):
        for key in _RATES:
            yield ("", f"error rates: {key}"), _text(rates.get(key))
        unknown = rates.get("unknown")
        for bet in unknown if isinstance(unknown, list) else []:
            yield (str(bet), ERROR), _UNKNOWN


def _items(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _verdict(row: Mapping[str, Any]) -> str:
    if row.get("recorded") is False or "verdict" not in row:
        return "never run"
    if row["verdict"] is None:
        return "void"
    if row.get("catastrophic"):
        return f"{row['verdict']}, catastrophic"
    return f"{row['verdict']}, in the noise" if row.get("noise_floor") is False else str(row["verdict"])


def _of_page(text: str) -> Iterator[tuple[tuple[str, str], str]]:
    columns: list[str] = []
    section, listed = "", {name: set[str]() for name in _LISTS}
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if line.startswith("## "):
            section, columns = _SECTIONS.get(line[3:].strip(), line[3:].strip()), []
            yield ("", f"{SECTION} {line[3:].strip()}"), "there"
        elif cells and not columns:
            columns = [cell.casefold() for cell in cells]
        elif cells and "bet" in columns:
            if set("".join(cells)) - set("-: "):
                yield from _row(dict(zip(columns, cells, strict=False)))
        elif line.startswith("**") and _COUNT.search(line):
            yield from _counts(line)
        elif line.startswith("- ") and section in listed:
            listed[section].add(" ".join([_bet(line[2:]), *_VERDICT.findall(line.partition(": ")[0])]))
        elif line.startswith("- ") and section == _ERRORS:
            yield from _error_rates(line.removesuffix("."))
        elif line.startswith("- ") and section == _SCOPE:
            yield (_bet(line[2:]), "scope"), line.partition("): ")[2]
        elif _SAID.search(line):
            yield ("", f"{LINE} {line}"), "there"
    for name, bets in listed.items():
        yield ("", name), _text(sorted(bets))


def _error_rates(line: str) -> Iterator[tuple[tuple[str, str], str]]:
    for rate, bets in _STANDS.findall(line):
        yield ("", f"error rates: {rate}"), _LINK.sub(r"\1", bets)
    for found in _EXPECTED.findall(line):
        yield ("", "error rates: expected"), " ".join(found)
    for bet in _LINK.findall(line) if line.startswith("- No known error: ") else ():
        yield (bet.replace("\\", ""), ERROR), _UNKNOWN
    for bet, error in _ERROR.findall(line):
        yield (bet.replace("\\", ""), ERROR), " ".join(_NUMBER.findall(error))  # the words may change


def _row(cells: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], str]]:
    bet = _bet(cells.get("bet", ""))
    plain = {name: _LINK.sub(r"\1", cell) for name, cell in cells.items()}
    unlinked = {name: _LINK.sub("", cell) for name, cell in cells.items()}
    verdict = plain.get(VERDICT, "")
    said = found[0] if (found := _VERDICT.match(verdict)) else verdict
    yield (bet, VERDICT), "never run" if said == "no record" else said
    if "claim" in cells:
        yield (bet, "title"), cells["claim"]
    if "registered" in cells:
        yield (bet, "registration"), plain["registered"].partition(";")[0]
    if "runs" in cells:
        yield (bet, "runs"), " ".join(_RUNS.findall(plain["runs"]))
        if repeated := _REPEATED.findall(plain["runs"]):
            yield (bet, REPEATED), ", ".join(repeated)
    if "standing" in cells:
        yield (bet, "standing"), " ".join(_STANDING.findall(unlinked["standing"].partition("withdrawn:")[0]))
    if "what decided" in cells:
        decided = ["".join(parts) for parts in _DECIDED.findall(unlinked["what decided"])]
        yield (bet, "what decided"), ", ".join(decided)


def _bet(text: str) -> str:
    """Return the id that begins a row: linked, or followed by what became of its file."""
    linked = _LINK.match(text)
    return (linked[1] if linked else re.split(r" \(|, ", text)[0]).replace("\\", "")


def _counts(line: str) -> Iterator[tuple[tuple[str, str], str]]:
    found = {word: count for count, word in _COUNT.findall(line)}
    found |= {"registered": " of ".join(_REGISTERED.findall(line)[0])} if _REGISTERED.search(line) else {}
    for word in (
        "PASS",
        "LENIENT",
        "FAIL",
        "catastrophic",
        "void",
        "never run",
        "retracted",
        "withdrawn",
        "registered",
    ):
        yield ("", f"{COUNTS}: {word}"), found.get(word, "0")
    for count, word in _MORE.findall(line):
        yield ("", f"{COUNTS}: {word}"), count
