"""A federation of specialists served as one mixture: who is in it, who is paid for what, and what leaving leaves.

Payments are whole micro-units, so that what is paid adds up to the last one.
"""

from __future__ import annotations

import difflib
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

import torch
from torch import Tensor

from bets.lab.ensemble.combine import log_probabilities, mixture, observed, responsibilities
from bets.lab.model import FractalMoE

PIECE: Final = 64  # bytes at the start of a tensor by which it is recognised: 16 weights of float32


@dataclass
class Federation:
    """The specialists that are present, in the order of their names, so that when one joined changes nothing."""

    members: dict[str, FractalMoE] = field(default_factory=dict)

    def join(self, name: str, model: FractalMoE) -> None:
        """Serve the model under a name; ValueError where the name is empty or taken."""
        if not name or name in self.members:
            raise ValueError(f"the name {name!r} is {'taken' if name else 'empty'}: present are {self.served()}")
        self.members = dict(sorted([*self.members.items(), (name, model)], key=lambda member: member[0]))

    def leave(self, name: str) -> None:
        """Drop a member and all that is held of it; KeyError where there is none of that name."""
        if name not in self.members:
            near = difflib.get_close_matches(name, self.members, 1)
            hint = f"; the nearest is {near[0]!r}" if near else ""
            raise KeyError(f"there is no member {name!r}: present are {self.served()}{hint}")
        del self.members[name]

    def served(self) -> list[str]:
        """The names of its specialists, sorted."""
        return list(self.members)

    def log_probabilities(self, tokens: Tensor) -> Tensor:
        """The mixture of all present with a uniform prior, behind tokens [T] or [B, T]: [T, V] or [B, T, V]."""
        return mixture(log_probabilities(list(self.members.values()), tokens))

    def evidence(self, document: bytes) -> Tensor:
        """The log-probability, nats, that each member gives to each byte of a document but the first: [M, N - 1].

        What is longer than the shortest context among the members is read in pieces, each from its own beginning.
        """
        if len(document) < 2:
            raise ValueError(f"a document of {len(document)} bytes: expected 2 or more, as nothing predicts the first")
        models = list(self.members.values())
        text = torch.tensor(list(document))
        length = min((model.config.context for model in models), default=1)
        pieces = zip(text[:-1].split(length), text[1:].split(length), strict=True)  # type: ignore[no-untyped-call]
        return torch.cat([observed(log_probabilities(models, x), y) for x, y in pieces], dim=1)

    def shares(self, document: bytes) -> dict[str, float]:
        """What each member deserves of a document: its mean responsibility for its bytes, prior uniform; sums to 1."""
        means = responsibilities(self.evidence(document)).mean(-1)  # [M]
        return dict(zip(self.members, means.tolist(), strict=True))

    def pay(self, document: bytes, amount: int) -> dict[str, int]:
        """Divide an amount, micro-units, by the shares of a document."""
        return apportion(self.shares(document), amount)

    def state_bytes(self) -> bytes:
        """All that is held here, in whatever field, with names and weights raw: what a search for traces reads."""
        everything = io.BytesIO()
        torch.save(vars(self), everything)
        return everything.getvalue()


def traces(federation: Federation, name: str, model: FractalMoE) -> list[str]:
    """What is held of a member: its name, and those tensors whose first bytes are found and are no other member's."""
    held = federation.state_bytes()
    others = [member.state_dict() for other, member in federation.members.items() if other != name]
    owned = {_piece(tensor) for state in others for tensor in state.values()}
    tensors = {label: _piece(tensor) for label, tensor in model.state_dict().items()}
    left = [label for label, piece in tensors.items() if piece not in owned and piece in held]
    return [name] * (name.encode() in held) + left


def apportion(shares: Mapping[str, float], amount: int) -> dict[str, int]:
    """Divide an amount, micro-units, in proportion to the shares, by largest remainders: it adds up exactly.

    Each gets its quota rounded down or up; equal remainders go by name. ValueError where that is impossible.
    """
    if amount < 0:
        raise ValueError(f"an amount of {amount} micro-units: expected 0 or more")
    if not all(0 <= share < math.inf for share in shares.values()) or not any(shares.values()):
        raise ValueError(f"shares {dict(shares)}: expected finite ones, not negative and not all 0")
    whole = sum(map(Fraction, shares.values()))
    quotas = {name: amount * Fraction(share) / whole for name, share in shares.items()}
    paid = {name: math.floor(quota) for name, quota in quotas.items()}
    by_remainder = sorted(quotas, key=lambda name: (paid[name] - quotas[name], name))
    for name in by_remainder[: amount - sum(paid.values())]:
        paid[name] += 1
    return paid


def _piece(tensor: Tensor) -> bytes:
    return bytes(tensor.detach().cpu().flatten()[: PIECE // tensor.element_size()].view(torch.uint8).numpy().tobytes())
