"""Commits and what they changed, as values."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Commit:
    """A commit; `order` is its topological position, parents first. The working tree has an empty `id`."""

    id: str
    parents: tuple[str, ...]
    date: str
    subject: str
    order: int


@dataclass(frozen=True)
class Touch:
    """One commit's change of one file: its paths and blobs before and after, None if there is none.

    Before means in the first parent; `others` are the blobs and paths in the other parents of a merge.
    """

    commit: str
    was: str | None
    path: str | None
    before: str | None
    after: str | None
    others: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Side:
    """A file of which a merge has other content than one of its parents: the blobs, None if there is no file."""

    merge: str
    parent: str
    path: str
    before: str | None
    after: str | None
