"""Criteria as PRML manifests: what a claim needs, fixed by a hash before the run (https://spec.falsify.dev/v0.1)."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from unicodedata import category, normalize

from pytest_bets.bet.declaration import Declaration
from pytest_bets.diagnostics import ExtraError
from pytest_bets.report.words import seconds, utc

VERSION: Final = "prml/0.1"
TIERS: Final = ("strict", "lenient", "control", "premise")
"""Those whose sentences a claim needs. A catastrophic sentence is the opposite of a claim, and PRML has no negation."""
LONGEST_METRIC: Final = 256
LONGEST_NOTES: Final = 4096
_HIDDEN: Final = ("Cc", "Zl", "Zp")
"""Kinds of characters that the format forbids, as it does the byte order mark."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A bet's file as it is committed: its bytes, the last commit that changed it, and the date of that commit."""

    data: bytes
    commit: str
    date: str


def manifests(bet: Declaration, committed: Committed, producer: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a name and a manifest for each sentence that the claim needs.

    The dataset is the bet's file: it has the sweep, the constants and the experiment, and its hash can be checked with
    `git show COMMIT:FILE | sha256sum`.
    """
    for tier in TIERS:
        for number, sentence in enumerate(bet.sentences(tier), start=1):
            metric = _portable(sentence.text.rpartition(sentence.operator)[0].strip())
            arguments = {"bet": bet.id, "commit": committed.commit, "declaration": bet.digest, "tier": tier}
            if len(metric) > LONGEST_METRIC:
                arguments["sentence"], metric = metric, f"{tier} {number} of bet {bet.id}"
            yield (
                f"{bet.id}-{tier}-{number}",
                {
                    "version": VERSION,
                    "claim_id": _uuid7(committed.date, f"{bet.id} {bet.digest} {tier} {number}"),
                    "created_at": utc(seconds(committed.date) or 0.0),
                    "metric": metric,
                    "metric_args": {name: _portable(value) for name, value in arguments.items()},
                    "comparator": sentence.operator,
                    "threshold": float(sentence.threshold),
                    "dataset": {"id": _portable(bet.file), "hash": hashlib.sha256(committed.data).hexdigest()},
                    "seed": bet.seeds(1)[0] if bet.replicate else None,
                    "producer": {"id": _portable(producer)},
                    "notes": _portable(bet.docstring.section_text("Hypothesis"))[:LONGEST_NOTES],
                },
            )


def dump(manifest: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes of a manifest, of which the hash is taken: what PyYAML writes with these settings.

    Raises:
        ExtraError: if PyYAML is not installed.

    """
    try:
        import yaml
    except ImportError as error:
        raise ExtraError("PyYAML", "prml") from error
    text: str = yaml.safe_dump(
        dict(manifest), default_flow_style=False, sort_keys=True, width=float("inf"), allow_unicode=True
    )
    return f"{text.rstrip()}\n".encode()


def _portable(text: str) -> str:
    """Return a text in the one Unicode form that PRML allows, without hidden characters."""
    kept = "".join(" " if category(char) in _HIDDEN or char == "\ufeff" else char for char in normalize("NFC", text))
    return kept.encode(errors="replace").decode()


def _uuid7(date: str, seed: str) -> str:
    """Return the UUID of version 7 of a moment, with bits from a text, so that the same claim has the same one."""
    milliseconds = int((seconds(date) or 0.0) * 1000)
    bits = int(hashlib.sha256(seed.encode(errors="surrogatepass")).hexdigest(), 16)
    value = milliseconds << 80 | 7 << 76 | (bits >> 62 & 0xFFF) << 64 | 2 << 62 | bits & (1 << 62) - 1
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
