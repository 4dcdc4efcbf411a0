"""What a coordinator knows, and the SQLite database that it can be killed beside without forgetting any of it.

Payloads, updates and aggregates are in the database alone. Directory, sequence numbers, ledger and audit log are held
in memory as well, and rebuilt from it at start. An operation's rows are written before its reply leaves, in one
transaction. Without a file the database is in memory and ends with the process.
"""

import asyncio
import sqlite3
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bets.lab.artifacts.identity import Identity
from bets.lab.audit.audit_log import AuditLog
from bets.lab.ledger.ledger import Ledger, Transfer

MEMORY: Final = ":memory:"
WINDOW: Final = 1_024  # sequence numbers below a node's highest that are still told apart (RFC 4303, 3.4.3)
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS owner (name TEXT NOT NULL, key BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS nodes (name TEXT PRIMARY KEY, key BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS sequences (node TEXT, number INTEGER, PRIMARY KEY (node, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (entry BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS transfers (
    name TEXT PRIMARY KEY, sender TEXT NOT NULL, recipient TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
    delivered INTEGER, claimed INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS payloads (transfer TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS rounds (name TEXT PRIMARY KEY, opening TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS updates (
    round TEXT, worker TEXT, sha256 TEXT NOT NULL, body BLOB, PRIMARY KEY (round, worker)
);
CREATE TABLE IF NOT EXISTS aggregates (round TEXT PRIMARY KEY, body BLOB NOT NULL);
"""


class Window:
    """The sequence numbers that one node has used: each is good once, in any order, and not when it is too old."""

    def __init__(self) -> None:
        self.highest = -1
        self.seen: set[int] = set()

    def use(self, sequence: int) -> bool:
        """Whether the number is fresh; from now on it is not."""
        if sequence <= self.highest - WINDOW or sequence in self.seen:
            return False
        self.seen.add(sequence)
        self.highest = max(self.highest, sequence)
        if len(self.seen) > 2 * WINDOW:
            self.seen = {number for number in self.seen if number > self.highest - WINDOW}
        return True


@dataclass
class Coordinator:
    """All that a coordinator knows."""

    database: sqlite3.Connection
    log: AuditLog
    ledger: Ledger
    directory: dict[str, bytes] = field(default_factory=dict)  # name to public key
    windows: dict[str, Window] = field(default_factory=dict)
    aggregating: asyncio.Lock = field(default_factory=asyncio.Lock)  # each aggregate takes the memory of its updates

    @classmethod
    def open(cls, path: str, owner: Identity | None, ledger: Ledger, log: AuditLog | None) -> Self:
        """Go on with what is in the database, or begin with a new one. ValueError if it is another owner's."""
        database = _connect(path)
        owner = _owner(database, path, owner)
        entries = [entry for (entry,) in database.execute("SELECT entry FROM entries ORDER BY rowid")]
        state = cls(database, log or AuditLog(owner, entries), ledger)
        weakref.finalize(state, database.close)
        state.directory.update(database.execute("SELECT name, key FROM nodes ORDER BY rowid"))
        for node, number in database.execute("SELECT node, number FROM sequences ORDER BY node, number"):
            state.windows.setdefault(node, Window()).use(number)
        for transfer, *given, delivered, claimed in database.execute("SELECT * FROM transfers ORDER BY rowid"):
            known = Transfer(*given)
            ledger.offer(transfer, known)
            if delivered is not None:
                ledger.deliver(transfer, known.recipient, delivered)
            if claimed:
                ledger.claim(transfer, known.sender, delivered)
        return state

    def write(self, statement: str, *values: object) -> None:
        """Change the database, as a part of the transaction that ends with the operation."""
        self.database.execute(statement, values)

    def read(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        return self.database.execute(statement, values).fetchall()

    def use(self, node: str, sequence: int) -> bool:
        """Whether a sequence number of the node is fresh; from now on it is not."""
        window = self.windows.setdefault(node, Window())
        if not window.use(sequence):
            return False
        self.write("INSERT INTO sequences VALUES (?, ?)", node, sequence)
        self.write("DELETE FROM sequences WHERE node = ? AND number <= ?", node, window.highest - WINDOW)
        return True

    def record(self, entry: bytes) -> None:
        """Add an entry to the audit log."""
        self.log.append(entry)
        self.write("INSERT INTO entries VALUES (?)", entry)


def _connect(path: str) -> sqlite3.Connection:
    if path != MEMORY:
        Path(path).touch(mode=0o600)  # it holds the owner's private key
    # the event loop is the only user, whatever thread it runs in
    database = sqlite3.connect(path, timeout=1, check_same_thread=False)
    try:
        database.execute("PRAGMA locking_mode = EXCLUSIVE")  # what is in memory is one process's: no second one
        # a journal in memory would only copy what is deleted: nothing is rolled back that could be used again
        database.execute(f"PRAGMA journal_mode = {'OFF' if path == MEMORY else 'WAL'}")
        database.execute("PRAGMA synchronous = FULL")
        database.executescript(SCHEMA)
    except sqlite3.Error as error:
        database.close()
        raise OSError(f"{path} can't be used as a coordinator's database, or another one serves it: {error}") from error
    return database


def _owner(database: sqlite3.Connection, path: str, given: Identity | None) -> Identity:
    """The owner of the audit log, whose key is kept with it."""
    for name, key in database.execute("SELECT name, key FROM owner"):
        kept = Identity(name, Ed25519PrivateKey.from_private_bytes(key))
        if given is not None and given.public_key != kept.public_key:
            raise ValueError(f"{path} belongs to {name}, key {kept.public_key.hex()}, not {given.public_key.hex()}")
        return kept
    owner = given or Identity.generate("coordinator")
    database.execute("INSERT INTO owner VALUES (?, ?)", (owner.name, owner.key.private_bytes_raw()))
    database.commit()
    return owner
