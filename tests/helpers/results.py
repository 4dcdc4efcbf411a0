"""Reads a folder of results strictly, in code of its own, and proves that it is whole."""

import hashlib
import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def strict(data: bytes) -> Any:
    """Return what strict JSON holds; NaN tokens and doubled keys are refused."""

    def refuse(token: str) -> None:
        raise AssertionError(f"{token} is no JSON")

    def once(pairs: list[tuple[str, Any]]) -> Json:
        assert len({key for key, _ in pairs}) == len(pairs), "a key stands twice"
        return dict(pairs)

    return json.loads(data.decode(), parse_constant=refuse, object_pairs_hook=once)


def records(folder: Path) -> dict[str, Json]:
    """Return every record by its bet's id."""
    paths = [path for path in folder.glob("*.json") if path.name not in ("SUMMARY.json", "badge.json")]
    found = {path.stem: strict(path.read_bytes()) for path in paths}
    assert all(record["bet"]["id"] == name for name, record in found.items())
    return found


def journal(folder: Path) -> list[Json]:
    """Return every line of the journal; the last is ended, as all are."""
    path = folder / "journal.jsonl"
    data = path.read_bytes() if path.exists() else b"\n"
    assert data.endswith(b"\n"), "the last line was cut off"
    return [strict(line) for line in data.splitlines() if line]


def prove_whole(folder: Path) -> list[Json]:
    """Prove that every chain holds and that the journal knows every record; return the journal's lines."""
    last: dict[str, str] = {}
    written: dict[str, set[str]] = {}
    lines = journal(folder)
    if lines:
        for raw, line in zip((folder / "journal.jsonl").read_bytes().splitlines(), lines, strict=True):
            assert line["previous"] == last.get(line["bet"]), f"the chain of {line['bet']} is broken"
            last[line["bet"]] = hashlib.sha256(raw).hexdigest()
            written.setdefault(line["bet"], set()).add(line["record"])
    for name in records(folder):
        digest = hashlib.sha256((folder / f"{name}.json").read_bytes()).hexdigest()
        assert digest in written[name], f"the journal does not know the record of {name}"
    for name in ("SUMMARY.json", "SUMMARY.md"):
        path = folder / name
        assert not path.exists() or path.read_text(encoding="utf-8").endswith("\n"), f"{name} was cut off"
    return lines


def known(folder: Path) -> dict[str, bytes]:
    """Return the bytes of the records and of both summaries, which no run may make otherwise than another."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".json", ".md")}
