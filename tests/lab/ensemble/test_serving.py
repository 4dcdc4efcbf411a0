"""A federation: its mixture, its payments to the last micro-unit, and what is left of who has left."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bets.lab import seeding
from bets.lab.ensemble.serving import Federation, apportion, traces
from bets.lab.model import SIZES, Config, FractalMoE

NAMES = ("programmer", "scientist", "novelist")


@pytest.fixture(scope="module")
def models() -> dict[str, FractalMoE]:
    return {name: specialist(name) for name in NAMES}


def specialist(name: str, config: Config = SIZES["tiny"]) -> FractalMoE:
    return FractalMoE(config, seeding.torch_generator(1, name)).requires_grad_(False)


def text(count: int = 30) -> Tensor:
    return torch.randint(0, 256, (1, count), generator=seeding.torch_generator(3, "tokens"))


def joined(models: dict[str, FractalMoE], names: list[str]) -> Federation:
    federation = Federation()
    for name in names:
        federation.join(name, models[name])
    return federation


def same(a: Tensor, b: Tensor) -> bool:
    return torch.equal(a.view(torch.int32), b.view(torch.int32))


def test_it_serves_the_mean_of_the_probabilities_of_all_present(models: dict[str, FractalMoE]) -> None:
    """The mixture by its definition, for a text and for a batch."""
    federation = joined(models, list(NAMES))
    mean = sum((models[name](text()).softmax(-1) for name in NAMES), torch.zeros(1)) / 3
    torch.testing.assert_close(federation.log_probabilities(text()), mean.log())
    torch.testing.assert_close(federation.log_probabilities(text()[0]), mean[0].log())


@given(order=st.permutations(NAMES), leaver=st.sampled_from(NAMES))
@settings(max_examples=18, deadline=None)
def test_who_left_has_left_nothing_whatever_the_order_of_joins(
    models: dict[str, FractalMoE], order: list[str], leaver: str
) -> None:
    """Outputs, names, payments and state are bitwise those of a federation that never had it; before, they differ."""
    federation = joined(models, order)
    never = joined(models, [name for name in NAMES if name != leaver])
    assert not same(federation.log_probabilities(text()), never.log_probabilities(text()))
    weights = {label for label in models[leaver].state_dict() if "norm" not in label}  # all gains are 1 at first
    assert set(traces(federation, leaver, models[leaver])) == {leaver} | weights
    federation.leave(leaver)
    assert same(federation.log_probabilities(text()), never.log_probabilities(text()))
    assert federation.served() == never.served() == sorted(set(NAMES) - {leaver})
    assert federation.pay(b"import os", 1_000_000) == never.pay(b"import os", 1_000_000)
    assert federation.state_bytes() == never.state_bytes()
    assert traces(federation, leaver, models[leaver]) == []


def test_the_search_for_traces_sees_what_is_kept_in_any_field(models: dict[str, FractalMoE]) -> None:
    """A name in a journal, or one tensor of all, is found and named."""
    federation = joined(models, list(NAMES))
    federation.leave("novelist")
    fields = vars(federation)
    fields["journal"] = ["novelist left"]
    assert traces(federation, "novelist", models["novelist"]) == ["novelist"]
    fields["journal"] = models["novelist"].state_dict()["blocks.2.experts.down"]
    assert traces(federation, "novelist", models["novelist"]) == ["blocks.2.experts.down"]


def test_weights_that_a_member_has_too_are_no_trace_of_another(models: dict[str, FractalMoE]) -> None:
    """Specialists of one base share most tensors: only tensors that no member owns show the one that left."""
    federation, twin = joined(models, ["scientist"]), specialist("scientist")
    with torch.no_grad():
        twin.state_dict()["norm.weight"].mul_(1.5)
    federation.join("twin", twin)
    federation.leave("twin")
    assert traces(federation, "twin", twin) == []
    vars(federation)["kept"] = twin.state_dict()["norm.weight"]
    assert traces(federation, "twin", twin) == ["norm.weight"]


def test_payment_follows_responsibility() -> None:
    """Each byte's share goes by Bayes' rule; the expected one of 'aaab' by hand."""
    federation = Federation()
    a, b = (torch.full((256,), 0.0) for _ in range(2))
    a[ord("a")] = b[ord("b")] = 3.0
    for name, logits in (("a", a), ("b", b)):
        federation.join(name, constant(logits))
    high, low = math.exp(3) / (math.exp(3) + 255), 1 / (math.exp(3) + 255)
    right = high / (high + low)
    expected = (3 * right + (1 - right)) / 4  # of bytes 2 to 5, three are a
    assert federation.shares(b"xaaab")["a"] == pytest.approx(expected, abs=1e-6)
    paid = federation.pay(b"xaaab", 1_000_000)
    assert paid["a"] == pytest.approx(1_000_000 * expected, abs=2)
    assert sum(paid.values()) == 1_000_000


def constant(logits: Tensor) -> FractalMoE:
    """A specialist that gives the same logits [V] behind every byte."""
    model = specialist("constant")
    state = model.state_dict()
    for name, weights in state.items():
        if name.endswith(("attention.out.weight", "experts.down")):
            weights.zero_()
    state["embed.weight"].fill_(1.0)
    state["head.weight"].copy_(logits[:, None] / model.config.hidden)
    return model


def test_a_document_longer_than_the_context_is_paid_for_in_full(models: dict[str, FractalMoE]) -> None:
    """Pieces of a context each: every byte but the first is weighed once, the last short piece too."""
    federation = joined(models, list(NAMES))
    document = bytes(text(600)[0].tolist())
    evidence = federation.evidence(document)
    assert evidence.shape == (3, 599)
    tokens = torch.tensor([list(document)])
    for m, name in enumerate(sorted(NAMES)):
        for start in (0, 256, 512):
            x, y = tokens[:, start : min(start + 256, 599)], tokens[0, start + 1 : start + 257]
            expected = models[name](x)[0].log_softmax(-1)[torch.arange(len(y)), y]
            torch.testing.assert_close(evidence[m, start : start + 256], expected)


@given(
    shares=st.dictionaries(st.text(max_size=3), st.floats(0, 1e6), min_size=1, max_size=6).filter(
        lambda shares: any(shares.values())
    ),
    amount=st.integers(0, 10**18),
)
@settings(max_examples=200, deadline=None)
def test_payments_add_up_and_each_is_its_quota_rounded(shares: dict[str, float], amount: int) -> None:
    """To the micro-unit: none is off by one or more, a larger share never gets less, and nothing gets nothing."""
    paid = apportion(shares, amount)
    assert paid.keys() == shares.keys()
    assert sum(paid.values()) == amount
    whole = sum(map(Fraction, shares.values()))
    for name, share in shares.items():
        assert abs(paid[name] - amount * Fraction(share) / whole) < 1
        assert all(paid[name] >= paid[other] for other in shares if share > shares[other])
    assert apportion(dict(reversed(shares.items())), amount) == paid


def test_equal_remainders_go_by_name() -> None:
    """Seven among three: the first two names get the odd ones where there are any."""
    assert apportion({"b": 1.0, "a": 1.0, "c": 1.0}, 7) == {"a": 3, "b": 2, "c": 2}
    assert apportion({"b": 1.0, "a": 1.0, "c": 1.0}, 8) == {"a": 3, "b": 3, "c": 2}


@pytest.mark.parametrize("shares", [{}, {"a": 0.0}, {"a": -1.0, "b": 2.0}, {"a": math.nan}, {"a": math.inf}])
def test_shares_that_divide_nothing_are_refused(shares: dict[str, float]) -> None:
    """The message shows them."""
    with pytest.raises(ValueError, match=re.escape(f"shares {shares}: expected finite ones")):
        apportion(shares, 10)


def test_bad_requests_are_refused_by_name(models: dict[str, FractalMoE]) -> None:
    """A taken or empty name, a stranger, a debt, a document that nothing predicts, and an empty federation."""
    federation = joined(models, ["novelist", "scientist"])
    with pytest.raises(ValueError, match=re.escape("'novelist' is taken: present are ['novelist', 'scientist']")):
        federation.join("novelist", models["novelist"])
    with pytest.raises(ValueError, match="'' is empty"):
        federation.join("", models["novelist"])
    with pytest.raises(KeyError, match=r"no member 'novellist'.*the nearest is 'novelist'"):
        federation.leave("novellist")
    with pytest.raises(ValueError, match="an amount of -1 micro-units"):
        federation.pay(b"text", -1)
    with pytest.raises(ValueError, match="a document of 1 bytes: expected 2 or more"):
        federation.pay(b"x", 10)
    with pytest.raises(ValueError, match="no model was given"):
        Federation().pay(b"text", 10)
