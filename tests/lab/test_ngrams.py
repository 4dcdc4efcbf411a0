"""Tables of bytes against the definition, written with dictionaries."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bets.lab import ngrams, training

texts = st.lists(st.sampled_from(b"abc "), min_size=2, max_size=40).map(bytes)


def naive(train: bytes, text: bytes, order: int) -> float:
    """Witten and Bell's recursion, byte by byte."""
    tables: dict[bytes, Counter[int]] = defaultdict(Counter)
    for length in range(order):
        for at in range(length, len(train)):
            tables[train[at - length : at]][train[at]] += 1

    def p(byte: int, context: bytes) -> float:
        shorter = p(byte, context[1:]) if context else 1 / 256
        table = tables[context]
        total, kinds = sum(table.values()), len(table)
        return (table[byte] + kinds * shorter) / (total + kinds) if total else shorter

    nats = [-math.log(p(text[at], text[max(0, at - order + 1) : at])) for at in range(1, len(text))]
    return sum(nats) / len(nats)


@given(texts, texts, st.integers(1, 5))
def test_it_is_the_recursion_of_witten_and_bell(train: bytes, text: bytes, order: int) -> None:
    assert ngrams.loss(train, text, order) == pytest.approx(naive(train, text, order))


def test_longer_tables_predict_text_better_and_the_shortest_is_about_the_frequencies() -> None:
    text = b"She counted the windows of Harbour Street twice, and both times there were eleven. " * 20
    losses = [ngrams.loss(text[:1200], text[1200:], order) for order in (1, 2, 3, 5)]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] == pytest.approx(training.unigram(text[:1200], text[1200:]), abs=0.2)


def test_a_distribution_sums_to_one_after_any_context() -> None:
    train = b"abracadabra"
    for context in (b"abr", b"zzz", b"aab"):
        chances = [math.exp(-3 * ngrams.loss(train, context + bytes([b]), 3)) for b in range(256)]
        known = [math.exp(-2 * ngrams.loss(train, context, 3))] * 256
        assert sum(all_ / known_ for all_, known_ in zip(chances, known, strict=True)) == pytest.approx(1)


@pytest.mark.parametrize(("text", "order"), [(b"ab", 0), (b"ab", 8), (b"a", 2)])
def test_what_cannot_be_is_refused(text: bytes, order: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        ngrams.loss(b"abc", text, order)
