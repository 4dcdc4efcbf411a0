"""Specialists together: their distributions mixed or multiplied, their weights or adapters mixed, and who knew what.

Letters in the shapes: M members, V vocabulary, `...` whatever they predict, as [T] or [B, T]. A prior or weights are M
numbers that are not negative; they are divided by their sum, and nothing given is the uniform one.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

State = Mapping[str, Tensor]  # of a model or of an adapter


@dataclass(frozen=True)
class Decomposition:
    """The log-probability in nats that a mixture gives to what was observed, and what of it is whose."""

    sent: Tensor  # [M, ...] float32: log of prior times probability, all that a member has to send
    parts: Tensor  # [M, ...] float32: what each member contributes, made from what was sent; adds up to the joint
    joint: Tensor  # [...] float64, made without them

    def residual(self) -> Tensor:
        """By how many nats the parts miss the joint, [...] float64."""
        return (self.parts.sum(0).double() - self.joint).abs()


@torch.no_grad()
def log_probabilities(models: Sequence[nn.Module], tokens: Tensor) -> Tensor:
    """What each model says of the token behind each of the tokens [T] or [B, T]: [M, T, V] or [M, B, T, V].

    Models of one device; what they say is where the tokens are.
    """
    if not models:
        raise ValueError("no model was given: expected at least one")
    rows = tokens.view(-1, tokens.shape[-1]).to(next(models[0].parameters()).device)  # [B, T]
    return torch.stack([model(rows).log_softmax(-1).view(*tokens.shape, -1) for model in models]).to(tokens.device)


def observed(log_p: Tensor, targets: Tensor) -> Tensor:
    """Of log-probabilities [M, ..., V] those of the tokens that came [...]: [M, ...]."""
    if targets.shape != log_p.shape[1:-1]:
        raise ValueError(f"targets of shape {list(targets.shape)}: expected {list(log_p.shape[1:-1])}")
    return log_p.gather(-1, targets.expand(log_p.shape[:-1])[..., None]).squeeze(-1)


def mixture(log_p: Tensor, prior: Sequence[float] | None = None) -> Tensor:
    """The log of the mean of the members' probabilities: [M, ...] to [...]."""
    return (log_p + _log_prior(log_p, prior)).logsumexp(0)


def product(log_p: Tensor, weights: Sequence[float] | None = None) -> Tensor:
    """The normalised product of experts (Hinton 2002), each to the power of its weight: [M, ..., V] to [..., V].

    It is the same for logits. ValueError where no token is left that every member with a weight allows.
    """
    powers = _log_prior(log_p, weights).exp()
    # a member without a weight has no say, not even by a probability of 0, of which 0 times the log is no number
    pooled = torch.where(powers > 0, powers * log_p, 0).sum(0)
    if not bool(pooled.isfinite().any(-1).all()):
        raise ValueError("the members have no token in common: expected one to which each gives a probability above 0")
    return pooled.log_softmax(-1)


def ensemble(logits: Tensor) -> Tensor:
    """The mean of the members' logits, [M, ..., V] to [..., V]; its softmax is the product of experts."""
    _some(logits)
    return logits.mean(0)


def responsibilities(evidence: Tensor, prior: Sequence[float] | None = None) -> Tensor:
    """The posterior of each member, float64, given its log-probability of what came: [M, ...] to [M, ...], sums to 1.

    Evidence of shape [M, T] is weighed token by token; for whole documents give `evidence.sum(-1)`, [M]. ValueError
    where every member rules out what came.
    """
    joint = evidence.double() + _log_prior(evidence.double(), prior)
    if not bool((joint.amax(0) > -math.inf).all()):  # NaN is refused too
        raise ValueError("what came has probability 0 (or none) with every member: no posterior is defined")
    return joint.softmax(0)


def decompose(logits: Tensor, targets: Tensor, prior: Sequence[float] | None = None) -> Decomposition:
    """Account for the mixture's log-probability of the targets [...], given logits or log-probabilities [M, ..., V].

    A part is r (log prior p - log r), with r the member's responsibility: its share of the expected log-likelihood
    and of the entropy, which add up to the evidence (Neal and Hinton 1998). Parts are computed in float32 from what
    was sent, the joint in float64 from the whole distributions.
    """
    log_p = observed(logits.float().log_softmax(-1), targets)
    sent = log_p + _log_prior(log_p, prior)  # [M, ...]
    whole = mixture(logits.double().log_softmax(-1), prior)  # [..., V]
    return Decomposition(sent, parts(sent), observed(whole[None], targets)[0])


def parts(sent: Tensor) -> Tensor:
    """What each member contributes, made from what was sent, [M, ...] both."""
    r = sent.softmax(0)
    return torch.where(r > 0, r * (sent - r.log()), 0)


def soup(states: Sequence[State], weights: Sequence[float]) -> dict[str, Tensor]:
    """The linear mix of states of one shape, summed in float64; weight 1 on one and 0 on all others gives it bitwise.

    Weights may be negative and need not sum to 1. ValueError where names, shapes or types of tensors differ.
    """
    if not states or len(states) != len(weights):
        raise ValueError(f"{len(states)} states and {len(weights)} weights: expected as many, and at least one")
    if not all(map(math.isfinite, weights)):
        raise ValueError(f"weights {list(weights)}: expected finite numbers")
    for index, state in enumerate(states[1:], 1):
        _same_shape(states[0], state, index)
    # zero weights are left out, since 0 times what overflowed is no number, and -0 + 0 is not -0
    used = [(state, weight) for state, weight in zip(states, weights, strict=True) if weight] or [(states[0], 0.0)]
    (first, scale), *rest = used
    mixed = {}
    for name, tensor in first.items():
        total = tensor.detach().double() * scale
        for state, weight in rest:
            total += state[name].detach().to(total) * weight
        mixed[name] = total.to(tensor.dtype)
    return mixed


def average(deltas: Sequence[State]) -> dict[str, Tensor]:
    """The mean of adapters of one shape."""
    return soup(deltas, [1 / len(deltas)] * len(deltas) if deltas else [])


def _log_prior(like: Tensor, prior: Sequence[float] | None) -> Tensor:
    """Logs of the M normalised weights, shaped [M, 1, ...] to be added to `like` [M, ...]."""
    members = len(_some(like))
    weights = torch.ones(members, dtype=torch.float64) if prior is None else torch.tensor(prior, dtype=torch.float64)
    if weights.shape != (members,) or not bool((weights >= 0).all()) or not 0 < float(weights.sum()) < math.inf:
        raise ValueError(f"weights {weights.tolist()}: expected {members} that are finite, not negative and not all 0")
    logs = (weights / weights.sum()).log().to(like)
    return logs.view(-1, *[1] * (like.ndim - 1))


def _some(members: Tensor) -> Tensor:
    if members.ndim < 1 or not len(members):
        raise ValueError(f"members of shape {list(members.shape)}: expected [M, ...] with at least one member")
    return members


def _same_shape(first: State, other: State, index: int) -> None:
    """ValueError that names the first tensor in which state `index` differs from state 0."""
    if odd := sorted(first.keys() ^ other.keys()):
        lacks, has, names = (index, 0, other) if odd[0] in first else (0, index, first)
        near = difflib.get_close_matches(odd[0], names, 1)
        hint = f"; the nearest there is {near[0]!r}" if near else ""
        raise ValueError(f"state {lacks} has no {odd[0]!r}, which state {has} has{hint}")
    for name, tensor in first.items():
        kinds = [f"{str(x.dtype).removeprefix('torch.')} {list(x.shape)}" for x in (tensor, other[name])]
        if kinds[0] != kinds[1]:
            raise ValueError(
                f"{name!r} is {kinds[0]} in state 0 and {kinds[1]} in state {index}: expected models of one shape"
            )
