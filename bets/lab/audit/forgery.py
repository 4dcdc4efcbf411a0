"""Forging an audit log: an owner who holds the signing key recomputes the tree and tries every proof."""

import itertools
import random
from collections.abc import Callable, Sequence
from typing import Final

from bets.lab.artifacts.identity import Identity
from bets.lab.audit.audit_log import AuditLog, tree_hash, verify_consistency, verify_inclusion

GUESSES: Final = 32  # proofs of each sort that a forger tries


class ForgedLog(AuditLog):
    """A rewritten log in the hands of the key's holder, which serves the best proofs that it can find.

    `past` is the log as its victim knows it. For every request the forger runs the victim's own verification over the
    proofs of the past tree and of the forged one, over mixtures of both, and over random hashes.
    """

    def __init__(self, owner: Identity, entries: Sequence[bytes], past: AuditLog, rng: random.Random) -> None:
        super().__init__(owner, entries)
        self.past = past
        self.rng = rng

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The best that there is to show that entry `index` of the past is in the forged tree."""
        leaf, root = self.past.leaves[index], tree_hash(self._first(size))
        old = self.past.inclusion(index, min(size, len(self.past.leaves)))
        return self._best(lambda p: verify_inclusion(leaf, index, size, p, root), old, super().inclusion(index, size))

    def consistency(self, first: int, second: int) -> list[bytes]:
        """The best that there is to show that the forged tree extends the past one."""
        before, after = tree_hash(self.past.leaves[:first]), tree_hash(self._first(second))
        old = self.past.consistency(first, min(second, len(self.past.leaves)))
        new = super().consistency(first, second)
        return self._best(lambda p: verify_consistency(first, before, second, after, p), old, new)

    def _best(self, accepts: Callable[[list[bytes]], bool], old: list[bytes], new: list[bytes]) -> list[bytes]:
        pool = [*old, *new, *self.leaves[:1]]
        mixtures = map(list, itertools.islice(itertools.product(*zip(old, new, strict=False)), GUESSES))
        lengths = (self.rng.choice((len(old), len(new))) for _ in range(GUESSES))
        guesses = ([self.rng.choice([*pool, self.rng.randbytes(32)]) for _ in range(length)] for length in lengths)
        return next(filter(accepts, itertools.chain([new, old], mixtures, guesses)), new)


def noise(rng: random.Random, count: int) -> list[bytes]:
    """Entries of 8 to 40 random bytes."""
    return [rng.randbytes(rng.randint(8, 40)) for _ in range(count)]


def forge(entries: Sequence[bytes], attack: str, rng: random.Random, shared: int = 0) -> list[bytes]:
    """Distinct entries, rewritten: in one place, or for a fork, from one place on that is not below `shared`.

    The forgery goes on with up to 16 new entries, and is never smaller than what it replaces but for half of the
    truncations. ValueError for an unknown attack, or for fewer than two entries.
    """
    forged = list(entries)
    index, other = rng.sample(range(len(forged)), 2)  # refuses fewer than two
    match attack:
        case "edit":
            forged[index] += b"\x00"
        case "delete":
            del forged[index]
        case "insert":
            forged[index:index] = noise(rng, 1)
        case "reorder":
            forged[index], forged[other] = forged[other], forged[index]
        case "truncate":
            del forged[index:]
            if rng.random() < 0.5:
                return forged
        case "fork":
            del forged[rng.randrange(shared, len(forged)) :]
        case _:
            raise ValueError(f"no attack {attack!r}: edit, delete, insert, reorder, truncate or fork")
    return forged + noise(rng, max(0, len(entries) - len(forged)) + rng.randint(0, 16))
