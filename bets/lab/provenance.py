"""What a cell was made from, by content: two records that name the same texts and models measured the same things."""

from __future__ import annotations

from collections.abc import Iterable

from bets.lab import corpus, specialists


def of(size: str, models: Iterable[str], texts: Iterable[str], part: str | None = None) -> dict[str, str]:
    """For a record: each specialist with its model id, and each text with its sha256, as "name id, name id"."""
    ids = (f"{name} {specialists.identifier(name, size)}" for name in models)
    hashes = (f"{text.name} {text.sha256}" for text in (corpus.load(name, part) for name in texts))
    return {"models": ", ".join(ids), "texts": ", ".join(hashes)}
