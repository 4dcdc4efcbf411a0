"""Criteria as PRML manifests, held against the published specification and its reference implementation."""

import hashlib
from typing import Any

import pytest

from pytest_bets.export.prml import Committed, dump, manifests
from tests.helpers.example import EXAMPLE, changed, of

pytest.importorskip("yaml", reason="needs pip install 'pytest-bets[prml]'")
COMMITTED = Committed(EXAMPLE.encode(), "c" * 40, "2026-03-01T13:00:05+01:00")
APPENDIX_A: dict[str, Any] = {
    "version": "prml/0.1",
    "claim_id": "01900000-0000-7000-8000-000000000000",
    "created_at": "2026-05-01T12:00:00Z",
    "metric": "accuracy",
    "comparator": ">=",
    "threshold": 0.85,
    "dataset": {"id": "imagenet-val-2012", "hash": hashlib.sha256(b"").hexdigest()},
    "seed": 42,
    "producer": {"id": "falsify.dev"},
}
"""The manifest of appendix A of the specification, version 0.1."""


def made(**parts: str) -> dict[str, dict[str, Any]]:
    bet = changed(*next(iter(parts.items()))) if parts else of()
    return dict(manifests(bet, COMMITTED, "example.org"))


def test_the_hash_is_that_of_the_specification() -> None:
    """The one that appendix A publishes, in whatever order the keys come."""
    expected = "47f9956b3b9c495b3bf03b67398f54d0aa2133a2faf9b0522a9efa90bb109466"
    for manifest in (APPENDIX_A, dict(reversed(APPENDIX_A.items()))):
        assert hashlib.sha256(dump(manifest)).hexdigest() == expected


def test_there_is_a_manifest_for_each_sentence_that_the_claim_needs() -> None:
    """Not for a catastrophic one, which is no claim."""
    found = made()
    assert list(found) == [f"46_norm_replication-{tier}-1" for tier in ("strict", "lenient", "control")]
    control = found["46_norm_replication-control-1"]
    assert (control["metric"], control["comparator"], control["threshold"]) == ("count(placebo < full)", "<=", 9.0)


def test_a_manifest_says_what_the_bet_declares() -> None:
    """The dataset is the committed file; the seed is the first of the bet."""
    manifest = made()["46_norm_replication-strict-1"]
    assert dump(manifest).decode() == (
        f"claim_id: {manifest['claim_id']}\n"
        "comparator: '>='\n"
        "created_at: '2026-03-01T12:00:05Z'\n"
        "dataset:\n"
        f"  hash: {hashlib.sha256(EXAMPLE.encode()).hexdigest()}\n"
        "  id: bets/bet_46_norm_replication.py\n"
        "metric: count(norm < full)\n"
        "metric_args:\n"
        "  bet: 46_norm_replication\n"
        f"  commit: {'c' * 40}\n"
        f"  declaration: {of().digest}\n"
        "  tier: strict\n"
        "notes: tuning only the 2,304 RMSNorm gains of a frozen 30M base gives lower held-out perplexity on a user's "
        "text than tuning all weights on the same budget, whatever the seed and the kind of text.\n"
        "producer:\n"
        "  id: example.org\n"
        f"seed: {of().seeds(1)[0]}\n"
        "threshold: 12.0\n"
        "version: prml/0.1\n"
    )


def test_an_identifier_is_of_the_claim_and_its_time() -> None:
    """A UUID of version 7: the same for the same declaration, another one after any change."""
    ids = [manifest["claim_id"] for manifest in (*made().values(), *changed_ids())]
    assert len(set(ids)) == len(ids) == 6
    assert ids[0] == made()["46_norm_replication-strict-1"]["claim_id"]
    assert all((text[14], text[19] in "89ab") == ("7", True) for text in ids)
    assert {int(text.replace("-", "")[:12], 16) for text in ids} == {1772366405000}


def changed_ids() -> list[dict[str, Any]]:
    bet = changed("STEPS = 100", "STEPS = 101")
    return [manifest for _, manifest in manifests(bet, COMMITTED, "example.org")]


def test_text_that_the_format_forbids_is_made_portable() -> None:
    """Hidden characters, and letters that are composed otherwise; a long metric goes to the arguments."""
    bet = changed("tuning only", "tu\u0308ning\u0085 only\u2028")
    manifest = next(manifests(bet, COMMITTED, "Cu\u0308neyt\x1b"))[1]
    assert manifest["notes"].startswith("t\u00fcning")
    assert not {"\u0085", "\u2028", "\x1b", "\ufeff"} & {*manifest["notes"], *manifest["producer"]["id"]}
    assert manifest["producer"]["id"] == "C\u00fcneyt "
    long = " and ".join(["norm < full"] * 30)
    bet = changed('"count(norm < full) >= 12"', f'"count({long}) >= 12"')
    manifest = next(manifests(bet, COMMITTED, "example.org"))[1]
    assert manifest["metric"] == "strict 1 of bet 46_norm_replication"
    assert manifest["metric_args"]["sentence"] == f"count({long})"


def test_the_reference_implementation_agrees() -> None:
    """It finds every manifest valid, and gives the same bytes and the same hash."""
    reference = pytest.importorskip("falsify_prml", reason="needs pip install falsify")
    nasty = changed("tuning only", "yes: #no - 'a' \"b\" & *c {d} [e] 1e3 ~ \u0085 größe 🎲 | > % @ `")
    for manifest in (APPENDIX_A, *made().values(), *(item for _, item in manifests(nasty, COMMITTED, "on"))):
        assert reference.validate_manifest(manifest) == []
        assert reference.canonicalize(manifest).encode() == dump(manifest)
        assert reference.manifest_hash(manifest) == hashlib.sha256(dump(manifest)).hexdigest()
