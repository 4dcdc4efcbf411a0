"""Results as an RO-Crate: a folder with a description of its files that archives of research data read."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from pytest_bets.export.results import Bet
from pytest_bets.record.line import RunLine
from pytest_bets.render.words import standing_words, verdict_words

METADATA: Final = "ro-crate-metadata.json"
VERSION: Final = "https://w3id.org/ro/crate/1.1"
_TYPES: Final = {
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown",
    ".py": "text/x-python",
}


@dataclass(frozen=True, slots=True)
class Source:
    """What a crate is made of.

    `files` are the sizes of its files by path. `records` and `sources` are the paths of the record and of the file of
    each bet, by id. `license` is a path in the crate, an address, or a text.
    """

    name: str
    description: str
    license: str
    bets: Sequence[Bet]
    files: Mapping[str, int]
    records: Mapping[str, str]
    sources: Mapping[str, str]
    writers: Mapping[str, RunLine]


def metadata(source: Source) -> bytes:
    """Return the metadata of a crate as JSON-LD."""
    entities = [_descriptor(), _root(source), *_files(source), *_runs(source), *_context(source)]
    graph = {"@context": f"{VERSION}/context", "@graph": entities}
    return (json.dumps(graph, indent=1, ensure_ascii=False) + "\n").encode(errors="backslashreplace")


def _descriptor() -> dict[str, Any]:
    return {"@id": METADATA, "@type": "CreativeWork", "about": {"@id": "./"}, "conformsTo": {"@id": VERSION}}


def _root(source: Source) -> dict[str, Any]:
    runs = [_run_id(bet.id) for bet in source.bets if bet.id in source.writers]
    times = [run.time for bet in source.bets for run in bet.runs]
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": source.name,
        "description": source.description,
        "datePublished": max(times),
        "license": {"@id": _id(source.license)} if _is_reference(source) else source.license,
        "hasPart": [{"@id": _id(path)} for path in source.files],
        **({"mentions": [{"@id": run} for run in runs]} if runs else {}),
    }


def _files(source: Source) -> Iterator[dict[str, Any]]:
    about = {path: bet for bet, path in source.records.items()}
    declared = {path: bet for bet, path in source.sources.items()}
    bets = {bet.id: bet for bet in source.bets}
    for path, size in source.files.items():
        bet = bets.get(about.get(path) or declared.get(path) or "")
        kind = next((kind for end, kind in _TYPES.items() if path.endswith(end)), "text/plain")
        entity: dict[str, Any] = {"@id": _id(path), "@type": "File", "name": path, "contentSize": str(size)}
        entity["encodingFormat"] = kind
        if bet and path in declared:
            entity.update({"@type": ["File", "SoftwareSourceCode"], "name": bet.title, "programmingLanguage": "Python"})
            entity["description"] = f"The declaration and the experiment of bet {bet.id}."
        elif bet:
            entity["name"] = f"Record of bet {bet.id}: {bet.title}"
            entity["description"] = f"{verdict_words(bet.row)}; {standing_words(bet.standing)}."
        yield entity


def _runs(source: Source) -> Iterator[dict[str, Any]]:
    """Yield the run that each record is of."""
    for bet in source.bets:
        run = source.writers.get(bet.id)
        if run is None:
            continue
        action: dict[str, Any] = {
            "@id": _run_id(bet.id),
            "@type": "CreateAction",
            "name": f"Run of bet {bet.id}",
            "description": verdict_words(bet.row),
            "endTime": run.time,
            "result": {"@id": _id(source.records[bet.id])},
        }
        if bet.id in source.sources:
            action["instrument"] = {"@id": _id(source.sources[bet.id])}
        yield action


def _context(source: Source) -> Iterator[dict[str, Any]]:
    if "://" in source.license:
        yield {"@id": source.license, "@type": "CreativeWork", "name": source.license, "description": "The license."}


def _is_reference(source: Source) -> bool:
    return source.license in source.files or "://" in source.license


def _run_id(bet: str) -> str:
    return f"#run-{quote(bet, safe='')}"


def _id(path: str) -> str:
    return path if "://" in path else quote(path)
