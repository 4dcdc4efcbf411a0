"""The table of n-grams: by its definition, a distribution, and better than shorter ones on text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bets.lab import corpus, training
from bets.lab.instruments import ngrams


def naive(train: bytes, context: bytes, byte: int) -> float:
    """Witten and Bell's interpolation for one byte."""
    lower = naive(train, context[1:], byte) if context else 1 / 256
    length = len(context)
    followers = [train[i + length] for i in range(len(train) - length) if train[i : i + length] == context]
    if not followers:
        return lower
    kinds = len(set(followers))
    return (followers.count(byte) + kinds * lower) / (len(followers) + kinds)


small = st.lists(st.sampled_from(b"abc\xff\x00"), max_size=40).map(bytes)


@settings(deadline=None, max_examples=60)
@given(train=small, text=small, order=st.integers(1, 6))
def test_each_byte_has_the_probability_of_the_definition(train: bytes, text: bytes, order: int) -> None:
    expected = [naive(train, text[max(0, i - order + 1) : i], text[i]) for i in range(len(text))]
    assert ngrams.probabilities(train, text, order).tolist() == pytest.approx(expected, rel=1e-12)


def test_the_probabilities_of_all_bytes_sum_to_one() -> None:
    train = b"the cat sat on the mat, the cat ate the rat" * 3
    for context in (b"the ", b"zzzz", b" cat", b"\xff\xffth"):
        total = math.fsum(ngrams.probabilities(train, context + bytes([byte]), 5)[-1] for byte in range(256))
        assert total == pytest.approx(1)


def test_a_longer_context_helps_on_real_text_and_an_order_of_one_is_near_the_unigram_model() -> None:
    texts = corpus.load("novelist")
    losses = [ngrams.loss(texts.train, texts.held_out, order) for order in range(1, 6)]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] == pytest.approx(training.unigram(texts.train, texts.held_out), abs=0.02)
    assert training.bits_per_byte(losses[-1]) < 2.6


@pytest.mark.parametrize("order", [0, 8])
def test_an_order_that_there_is_not_is_refused(order: int) -> None:
    with pytest.raises(ValueError, match=f"found order {order}, expected 1 to 7"):
        ngrams.probabilities(b"a", b"b", order)
