"""Mixtures, products, soups and responsibilities against naive definitions, and the laws that they obey."""

from __future__ import annotations

import math
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bets.lab import seeding
from bets.lab.ensemble.combine import (
    average,
    decompose,
    ensemble,
    log_probabilities,
    mixture,
    observed,
    product,
    responsibilities,
    soup,
)
from bets.lab.model import SIZES, Config, FractalMoE

TINY = SIZES["tiny"]
MEMBERS, TOKENS, VOCABULARY = st.integers(1, 4), st.integers(1, 5), st.integers(2, 9)
WEIGHTS = st.lists(st.floats(0, 10), min_size=4, max_size=4).filter(lambda w: w[0] > 0.01)


@st.composite
def logits(draw: st.DrawFn) -> Tensor:
    """Logits [M, T, V] of any spread from even to hopeless."""
    shape = (draw(MEMBERS), draw(TOKENS), draw(VOCABULARY))
    generator = seeding.torch_generator(draw(st.integers(0, 999)), "logits")
    return torch.randn(shape, generator=generator) * draw(st.sampled_from([0.0, 1.0, 10.0, 1e3, 1e6]))


def models(count: int, config: Config = TINY) -> list[FractalMoE]:
    return [FractalMoE(config, seeding.torch_generator(i, "member")).requires_grad_(False) for i in range(count)]


def text(count: int, batch: int = 1) -> Tensor:
    return torch.randint(0, 256, (batch, count), generator=seeding.torch_generator(3, "tokens"))


def normal(weights: list[float], count: int) -> list[float]:
    return [weight / sum(weights[:count]) for weight in weights[:count]]


def logsum(values: list[float]) -> float:
    """The log of a sum of exponentials, where float64 holds the largest of them."""
    top = max(values)
    return top if math.isinf(top) else top + math.log(sum(math.exp(value - top) for value in values))


def bits(x: Tensor) -> Tensor:
    return x.contiguous().view(torch.uint8)


def test_log_probabilities_are_each_model_s_own() -> None:
    """One row a model, for a text or for a batch of them, and each row a distribution."""
    members = models(3)
    found = log_probabilities(members, text(7, 2))
    assert found.shape == (3, 2, 7, 256)
    for row, model in zip(found, members, strict=True):
        torch.testing.assert_close(row, model(text(7, 2)).softmax(-1).log())
    torch.testing.assert_close(found.exp().sum(-1), torch.ones(3, 2, 7))
    assert torch.equal(log_probabilities(members, text(7)[0]), log_probabilities(members, text(7))[:, 0])
    with pytest.raises(ValueError, match="no model was given"):
        log_probabilities([], text(7))


def test_what_was_observed_is_picked_by_hand() -> None:
    """The log-probability of the token that came, for every member and place."""
    log_p = torch.randn(2, 3, 5, generator=seeding.torch_generator(1, "x"))
    targets = [4, 0, 2]
    expected = [[float(log_p[m, t, v]) for t, v in enumerate(targets)] for m in range(2)]
    assert observed(log_p, torch.tensor(targets)).tolist() == expected
    with pytest.raises(ValueError, match=re.escape("targets of shape [2]: expected [3]")):
        observed(log_p, torch.tensor([1, 2]))


@given(x=logits(), weights=WEIGHTS)
@settings(max_examples=60, deadline=None)
def test_a_mixture_is_the_log_of_the_weighted_mean_of_probabilities(x: Tensor, weights: list[float]) -> None:
    """By its definition, value by value, however extreme the logits; its probabilities sum to 1."""
    log_p, prior = x.log_softmax(-1), normal(weights, len(x))
    mixed = mixture(log_p, weights[: len(x)])
    for t in range(x.shape[1]):
        for v in range(x.shape[2]):
            terms = [math.log(w) + float(log_p[m, t, v]) for m, w in enumerate(prior) if w > 0]
            assert float(mixed[t, v]) == pytest.approx(logsum(terms), rel=1e-5, abs=1e-5)
    torch.testing.assert_close(mixed.exp().sum(-1), torch.ones(len(mixed)))


@given(x=logits(), data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_mixture_lies_between_its_members_in_whatever_order(x: Tensor, data: st.DataObject) -> None:
    """Never below the least of them nor above the greatest, and no member is first."""
    log_p = x.log_softmax(-1)
    mixed, room = mixture(log_p), 1e-5 * (1 + log_p.abs().amax(0))
    assert bool((mixed >= log_p.amin(0) - room).all())
    assert bool((mixed <= log_p.amax(0) + room).all())
    order = data.draw(st.permutations(range(len(x))))
    torch.testing.assert_close(mixture(log_p[order]), mixed)
    torch.testing.assert_close(product(log_p[order]), product(log_p), rtol=1e-5, atol=1e-2)


@given(x=logits(), count=MEMBERS)
@settings(max_examples=30, deadline=None)
def test_equals_combined_are_each_of_them(x: Tensor, count: int) -> None:
    """A mixture, a product and an ensemble of one model with itself change nothing; of one alone least of all."""
    log_p = x[:1].log_softmax(-1)
    equals = log_p.expand(count, -1, -1)
    for combined in (mixture(equals), product(equals), mixture(log_p), product(log_p)):
        torch.testing.assert_close(combined, log_p[0], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(ensemble(x[:1].expand(count, -1, -1)), x[0])


@given(x=logits(), weights=WEIGHTS)
@settings(max_examples=60, deadline=None)
def test_a_product_is_the_weighted_mean_of_logs_renormalised(x: Tensor, weights: list[float]) -> None:
    """By its definition in float64, and the same from logits as from log-probabilities."""
    prior, double = normal(weights, len(x)), x.double().log_softmax(-1)
    pooled = product(double, weights[: len(x)])
    for t in range(x.shape[1]):
        row = [sum(w * float(double[m, t, v]) for m, w in enumerate(prior)) for v in range(x.shape[2])]
        expected = [value - logsum(row) for value in row]
        assert pooled[t].tolist() == pytest.approx(expected, rel=1e-6, abs=1e-6)
    torch.testing.assert_close(product(x.double(), weights[: len(x)]), pooled, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(product(double), ensemble(x.double()).log_softmax(-1), rtol=1e-6, atol=1e-6)


def test_a_member_without_weight_has_no_say_not_even_a_veto() -> None:
    """A weight of 0 is absence, also of a member that rules a token out; with a weight it does rule it out."""
    log_p = torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]]).log()
    torch.testing.assert_close(product(log_p, [1, 0]), log_p[0])
    torch.testing.assert_close(mixture(log_p, [1, 0]), log_p[0])
    torch.testing.assert_close(product(log_p).exp(), torch.tensor([0.0, 1.0, 0.0]))
    torch.testing.assert_close(mixture(log_p).exp(), torch.tensor([0.25, 0.5, 0.25]))
    with pytest.raises(ValueError, match="no token in common"):
        product(torch.tensor([[1.0, 0.0], [0.0, 1.0]]).log())


@given(x=logits(), weights=WEIGHTS, data=st.data())
@settings(max_examples=60, deadline=None)
def test_responsibilities_are_bayes_rule(x: Tensor, weights: list[float], data: st.DataObject) -> None:
    """Prior times likelihood over their sum, of each token and of the document; they sum to 1 and follow the order."""
    targets = torch.tensor(
        data.draw(st.lists(st.integers(0, x.shape[2] - 1), min_size=x.shape[1], max_size=x.shape[1]))
    )
    evidence, prior = observed(x.log_softmax(-1), targets), normal(weights, len(x))
    for given_evidence in (evidence, evidence.sum(-1, keepdim=True)):
        posterior = responsibilities(given_evidence, weights[: len(x)])
        torch.testing.assert_close(posterior.sum(0), torch.ones(posterior.shape[1], dtype=torch.float64))
        for t in range(posterior.shape[1]):
            joint = [math.log(w) + float(given_evidence[m, t]) if w else -math.inf for m, w in enumerate(prior)]
            expected = [math.exp(value - logsum(joint)) for value in joint]
            assert posterior[:, t].tolist() == pytest.approx(expected, abs=1e-9)
    document = responsibilities(evidence.sum(-1), weights[: len(x)])
    torch.testing.assert_close(document, responsibilities(evidence.sum(-1)[:, None], weights[: len(x)])[:, 0])
    order = data.draw(st.permutations(range(len(x))))
    torch.testing.assert_close(responsibilities(evidence[order]), responsibilities(evidence)[order])


def test_a_thousand_bytes_of_slightly_better_guesses_settle_whose_document_it_is() -> None:
    """A document's evidence adds up where a token's hardly counts: 0.02 nats a byte become odds of e to the 20th."""
    evidence = torch.full((2, 1000), -2.0)
    evidence[1] += 0.02
    assert responsibilities(evidence)[1].tolist() == pytest.approx([1 / (1 + math.exp(-0.02))] * 1000, abs=1e-6)
    assert float(responsibilities(evidence.sum(-1))[0]) == pytest.approx(math.exp(-20), rel=1e-2)


@pytest.mark.parametrize("evidence", [[-math.inf, -math.inf], [math.nan, -1.0]])
def test_no_posterior_is_made_up_where_none_is_defined(evidence: list[float]) -> None:
    """What every member rules out, and what is no number, is refused."""
    with pytest.raises(ValueError, match="no posterior is defined"):
        responsibilities(torch.tensor(evidence))


@given(x=logits(), weights=WEIGHTS, seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_the_parts_of_a_decomposition_add_up_to_the_joint(x: Tensor, weights: list[float], seed: int) -> None:
    """In float32 against float64: the residual is rounding, relative to the size of the joint log-probability."""
    targets = torch.randint(0, x.shape[2], (x.shape[1],), generator=seeding.torch_generator(seed, "targets"))
    found = decompose(x, targets, weights[: len(x)])
    assert (found.sent.dtype, found.parts.dtype, found.joint.dtype) == (torch.float32, torch.float32, torch.float64)
    assert bool((found.residual() <= 1e-5 * (1 + found.joint.abs())).all())
    double, prior = observed(x.double().log_softmax(-1), targets), normal(weights, len(x))
    for t, joint in enumerate(found.joint.tolist()):
        terms = [math.log(w) + float(double[m, t]) for m, w in enumerate(prior) if w > 0]
        assert joint == pytest.approx(logsum(terms), rel=1e-9, abs=1e-9)
        sent = [float(value) for value in found.sent[:, t]]
        assert joint == pytest.approx(logsum(sent), rel=1e-5, abs=1e-5)


def test_a_part_is_the_member_s_share_of_likelihood_and_entropy() -> None:
    """By hand: of 1/2 and 1/4, even prior, the joint is 3/8; the shares are 2/3 and 1/3 of it."""
    log_p = torch.tensor([[[0.5, 0.5]], [[0.25, 0.75]]]).log()
    found = decompose(log_p, torch.tensor([0]))
    assert float(found.joint) == pytest.approx(math.log(3 / 8))
    shares = [r * (math.log(p / 2) - math.log(r)) for r, p in ((2 / 3, 1 / 2), (1 / 3, 1 / 4))]
    assert found.parts[:, 0].tolist() == pytest.approx(shares)
    assert found.sent[:, 0].exp().tolist() == pytest.approx([1 / 4, 1 / 8])


def test_the_residual_of_models_is_real_and_sees_a_part_that_was_tampered_with() -> None:
    """Two computations that differ: not 0 throughout, below 1e-5, and far above it where a member lies by 0.1 nats."""
    x = torch.stack([model(text(201)[:, :-1])[0] * 30 for model in models(3)])  # [3, 200, V]
    found = decompose(x, text(201)[0, 1:])
    assert 0 < float(found.residual().max()) < 1e-5
    found.parts[1] += 0.1
    assert float(found.residual().min()) > 1e-2


def test_a_soup_is_the_weighted_sum_of_each_number() -> None:
    """By its definition, also for weights that are negative or do not sum to 1; the parents stay as they were."""
    states = [model.state_dict() for model in models(3)]
    before = [{name: tensor.clone() for name, tensor in state.items()} for state in states]
    mixed = soup(states, [0.2, 1.3, -0.4])
    for name, tensor in mixed.items():
        a, b, c = (state[name].double() for state in states)
        torch.testing.assert_close(tensor, (0.2 * a + 1.3 * b - 0.4 * c).float(), rtol=1e-6, atol=1e-9)
    assert all(torch.equal(state[name], old[name]) for state, old in zip(states, before, strict=True) for name in old)
    reversed_soup = soup(states[::-1], [-0.4, 1.3, 0.2])
    for name in mixed:
        torch.testing.assert_close(reversed_soup[name], mixed[name], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_soup_of_weight_1_is_bitwise_its_parent_and_loads(index: int) -> None:
    """Also where the others have overflowed, and down to the sign of zero; the soup shares no memory with a parent."""
    members = models(3)
    states = [model.state_dict() for model in members]
    states[index]["norm.weight"][0] = -0.0
    for other in {0, 1, 2} - {index}:
        states[other]["norm.weight"][:] = math.inf
    mixed = soup(states, [float(i == index) for i in range(3)])
    assert all(torch.equal(bits(tensor), bits(states[index][name])) for name, tensor in mixed.items())
    assert not {x.data_ptr() for x in mixed.values()} & {x.data_ptr() for x in states[index].values()}
    child = models(1)[0]
    child.load_state_dict(mixed)
    assert torch.equal(child(text(5)), members[index](text(5)))


def test_a_soup_of_halves_is_kept_in_its_own_precision() -> None:
    """The sum is made in float64 and rounded once."""
    a, b = ({"x": torch.tensor([value], dtype=torch.bfloat16)} for value in (1.0, 1.0078125))
    assert soup([a, b], [0.5, 0.5])["x"].dtype == torch.bfloat16
    assert float(soup([a, b, b], [1, 1, -1])["x"]) == 1.0


def test_the_mean_of_adapters_is_the_mean_of_each_number() -> None:
    """And the mean of equals is bitwise each of them."""
    generator = seeding.torch_generator(5, "deltas")
    deltas = [{"a": torch.randn(3, generator=generator), "b": torch.randn(2, 2, generator=generator)} for _ in range(3)]
    mean = average(deltas)
    for name in ("a", "b"):
        torch.testing.assert_close(mean[name], (deltas[0][name] + deltas[1][name] + deltas[2][name]) / 3)
    same = average([deltas[0]] * 3)
    assert all(torch.equal(bits(same[name]), bits(deltas[0][name])) for name in same)


def test_states_that_are_not_of_one_shape_are_refused() -> None:
    """The message names the tensor, what it is on either side, and the nearest name where one is missing."""
    wide, narrow = (
        models(1, Config(hidden=32, heads=2, expert_width=width, blocks=1))[0].state_dict() for width in (48, 24)
    )
    with pytest.raises(
        ValueError,
        match=re.escape("'blocks.0.experts.gate_up' is float32 [8, 96, 32] in state 0 and float32 [8, 48, 32]"),
    ):
        soup([wide, narrow], [0.5, 0.5])
    renamed = {name.replace("norm1", "norm_1"): tensor for name, tensor in wide.items()}
    with pytest.raises(
        ValueError,
        match=re.escape(
            "state 1 has no 'blocks.0.norm1.weight', which state 0 has; the nearest there is 'blocks.0.norm_1.weight'"
        ),
    ):
        soup([wide, renamed], [0.5, 0.5])
    with pytest.raises(ValueError, match=r"is float32 \[256, 32\] in state 0 and bfloat16"):
        soup([wide, {name: tensor.bfloat16() for name, tensor in wide.items()}], [0.5, 0.5])


@pytest.mark.parametrize("weights", [[1.0], [0.5, 0.25, 0.25], [math.nan, 1.0]])
def test_weights_of_a_soup_that_do_not_fit_are_refused(weights: list[float]) -> None:
    """As many as states, and finite."""
    state = {"x": torch.ones(1)}
    with pytest.raises(ValueError, match=r"2 states and|expected finite numbers"):
        soup([state, state], weights)


@pytest.mark.parametrize("prior", [[1.0], [0.0, 0.0], [-1.0, 2.0], [math.nan, 1.0], [math.inf, 1.0]])
def test_a_prior_that_is_none_is_refused(prior: list[float]) -> None:
    """The message shows it, and says how many there should be."""
    for combine in (mixture, product, responsibilities):
        with pytest.raises(ValueError, match="expected 2 that are finite, not negative and not all 0"):
            combine(torch.zeros(2, 3), prior)


def test_nothing_is_not_combined() -> None:
    """No member, no state, no adapter."""
    for combine in (mixture, product, responsibilities, ensemble):
        with pytest.raises(ValueError, match=re.escape("members of shape [0, 3]: expected [M, ...]")):
            combine(torch.zeros(0, 3))
    with pytest.raises(ValueError, match="0 states and 0 weights"):
        average([])
