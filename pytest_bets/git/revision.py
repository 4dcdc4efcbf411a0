"""A commit, as a value."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Commit:
    """A commit; `order` is its topological position, parents first. The working tree has an empty `id`."""

    id: str
    parents: tuple[str, ...]
    date: str
    subject: str
    order: int
