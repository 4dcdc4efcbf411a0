"""A directory of nodes with no server: anti-entropy in synchronous rounds, leases, churn, loss, a partition.

Every node keeps a directory, node id -> stamp, of which only the named node writes new stamps. In a round each live
node calls one peer and sends its whole directory; the peer answers with its own as it stood when the round began, and
both keep the newer stamp of each entry (push-pull anti-entropy: Demers et al., 'Epidemic algorithms for replicated
database maintenance', PODC 1987; in the random phone call model of Karp et al., 'Randomized rumor spreading', FOCS
2000). Each of the two messages is lost on its own. A stamp carries the round in which its owner last renewed it, as
the time stamps of Newscast do (Jelasity et al., 2003): an entry is believed for `lease` rounds and then no more.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Stamps = NDArray[np.uint64]  # heartbeat: 31 bits | tombstone: 1 bit | manifest version: 32 bits; 0 is 'never heard of'
Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]

TOMBSTONE: Final = 1 << 32
VERSION: Final = TOMBSTONE - 1
ADDRESS_ONLY: Final = 1  # what an introduction says of a peer: that it is there, with no heartbeat
DRAWS: Final = 4  # uniform numbers a node uses in a round: peer, loss of the push, loss of the answer, introduction
ENTRY_BYTES: Final = 12  # an id of 4 bytes and a stamp of 8


def stamp(heartbeat: int, version: int, tombstone: bool = False) -> int:
    """Pack an entry so that the newer of two stamps of one owner is the larger number."""
    return heartbeat << 33 | tombstone << 32 | version


def encode(directory: Stamps) -> bytes:
    """Serialise the known entries of a directory [ids]: all ids (little-endian uint32), then all stamps (uint64)."""
    known = (directory != 0).nonzero()[0]
    message: bytes = known.astype("<u4").tobytes() + directory[known].astype("<u8", copy=False).tobytes()
    return message


def decode(message: bytes, capacity: int) -> Stamps:
    """Return the directory that was serialised, with 0 for what its sender had never heard of. [capacity]."""
    entries = len(message) // ENTRY_BYTES
    directory = np.zeros(capacity, np.uint64)
    ids = np.frombuffer(message, "<u4", entries).astype(np.int64)  # numpy indexes by these three times as fast
    directory[ids] = np.frombuffer(message, "<u8", entries, offset=4 * entries)
    return directory


def merge(directory: Stamps, heard: Stamps) -> None:
    """Keep, in place, the newer stamp of every entry of two directories [ids]; any order gives the same result."""
    np.maximum(directory, heard, out=directory)


@dataclass(frozen=True)
class Disturbance:
    """What happens to the membership in one round: node ids [any number] of each kind."""

    crash: Ids  # fall silent before they can say so
    leave: Ids  # write a tombstone, make one last call, fall silent
    join: Ids
    hosts: Ids  # beside each joiner, the node on whose side of the partition it appears
    publish: Ids  # put out a new version of their manifest


@dataclass
class Network:
    """All nodes, those gone and those to come included: directories [capacity, capacity], the rest [capacity]."""

    directories: Stamps
    alive: Mask
    sides: NDArray[np.int64]  # 0 or 1: on which side of a partition a node is
    versions: NDArray[np.uint64]  # of each node's manifest, as its owner has it
    lease: int  # rounds
    clock: int  # rounds; starts at the lease, so that a heartbeat of 0 was never believed


@dataclass(frozen=True)
class Settled:
    """How a network came to rest: rounds is infinite if it did not within the cap."""

    rounds: float  # until the first of the rounds throughout which every directory was right
    converged: bool
    sent: int  # bytes, over the rounds watched, lost messages included


def found(nodes: int, capacity: int, lease: int, generator: np.random.Generator) -> Network:
    """A network of `nodes` members that know each other, half of them on each side, with room for later ids."""
    directories = np.zeros((capacity, capacity), np.uint64)
    directories[:nodes, :nodes] = stamp(lease, 1)
    sides = np.zeros(capacity, np.int64)
    sides[:nodes] = generator.permutation(nodes) % 2
    alive = np.arange(capacity) < nodes
    return Network(directories, alive, sides, np.ones(capacity, np.uint64), lease, lease)


def storm(nodes: int, rounds: int, churn: float, generator: np.random.Generator) -> list[Disturbance]:
    """Draw the membership's history: each round, nodes leave, join and publish at a mean of `churn * nodes` each.

    Of those that leave, each crashes with probability one half. At least 2 members stay.
    """
    members = np.arange(nodes)
    next_id = nodes
    history = []
    for _ in range(rounds):
        leaving, joining, publishing = generator.binomial(nodes, churn, size=3).tolist()
        gone = generator.permutation(members)[: max(0, min(leaving, members.size - 2))]
        crashes = generator.random(gone.size) < 0.5
        members = np.setdiff1d(members, gone)
        publish = generator.permutation(members)[:publishing]
        hosts = members[generator.integers(members.size, size=joining)]
        join = np.arange(next_id, next_id + joining)
        history.append(Disturbance(gone[crashes], gone[~crashes], join, hosts, publish))
        members = np.concatenate([members, join])
        next_id += joining
    return history


def disturb(network: Network, event: Disturbance) -> None:
    """Let the event befall the network at the beginning of a round; its leavers still take part in that round."""
    network.alive[event.crash] = False
    network.versions[event.publish] += np.uint64(1)
    network.sides[event.join] = network.sides[event.hosts]
    network.alive[event.join] = True


def believed(network: Network) -> Mask:
    """Which entries each node takes for live members: heard of within the lease, not buried. [capacity, capacity]."""
    oldest = stamp(network.clock - network.lease + 1, 0)
    unburied = network.directories & np.uint64(TOMBSTONE) == 0
    view: Mask = (network.directories >= np.uint64(oldest)) & unburied
    return view


def right(network: Network) -> Mask:
    """Which live nodes hold exactly the live members, each with its present manifest version. [live nodes]."""
    live = np.flatnonzero(network.alive)
    view = believed(network)[live]
    versions = network.directories[np.ix_(live, live)] & np.uint64(VERSION)
    exact: Mask = (view == network.alive).all(axis=1) & (versions == network.versions[live]).all(axis=1)
    return exact


def exchange(
    network: Network,
    draws: NDArray[np.float64],  # [capacity, DRAWS], uniform in [0, 1)
    loss: float,
    *,
    leaving: Iterable[int] = (),
    partitioned: bool = False,
    ring: bool = False,
) -> int:
    """One round, in place: renew, call, answer, merge; then the clock ticks and leavers are gone. Returns bytes sent.

    A node calls a peer drawn uniformly from all that it has heard of and not seen buried, those whose lease has run
    out included: without that a partition longer than the lease would never heal. A node that knows no live peer but
    itself is introduced to a live node of its side, as a newcomer is; it learns that one address and nothing else.
    With `ring`, each node calls the next live id instead, on a ring that an oracle repairs at once.
    """
    network.clock += 1
    live = np.flatnonzero(network.alive)
    directories = network.directories
    directories[live, live] = np.uint64(network.clock << 33) | network.versions[live]
    for node in leaving:
        directories[node, node] |= np.uint64(TOMBSTONE)
    _introduce(network, live, draws[:, 3])
    letters = {node: encode(directories[node]) for node in live.tolist()}
    # Every receiver reads the same bytes, so each letter is decoded once.
    heard = {node: decode(letter, len(directories)) for node, letter in letters.items()}
    peers = np.roll(live, -1).tolist() if ring else _peers(directories, live, draws[:, 0])
    sent = 0
    for caller, peer in zip(live.tolist(), peers, strict=True):
        if peer is None or peer == caller:
            continue
        sent += len(letters[caller])
        cut = partitioned and network.sides[caller] != network.sides[peer]
        if cut or not network.alive[peer] or draws[caller, 1] < loss:
            continue
        merge(directories[peer], heard[caller])
        sent += len(letters[peer])
        if draws[caller, 2] >= loss:
            merge(directories[caller], heard[peer])
    network.alive[list(leaving)] = False
    return sent


def weather(
    nodes: int, generator: np.random.Generator, *, loss: float, churn: float, rounds: int, lease: int
) -> Network:
    """A network as the last of `rounds` of churn, loss and partition leaves it; the next round finds it healed."""
    history = storm(nodes, rounds, churn, generator)
    network = found(nodes, nodes + sum(event.join.size for event in history), lease, generator)
    for event in history:
        disturb(network, event)
        draws = generator.random((network.alive.size, DRAWS))
        exchange(network, draws, loss, leaving=event.leave.tolist(), partitioned=True)
    return network


def settle(
    network: Network, generator: np.random.Generator, loss: float, *, cap: int, hold: int, ring: bool = False
) -> Settled:
    """Run undisturbed rounds, in place, until every live directory has stayed right for `hold` rounds on end.

    Rounds are counted to the first of the stretch (0: right from the start); one that does not begin within `cap`
    rounds does not count, and the run has not converged.
    """
    sent, begun = 0, 0 if right(network).all() else math.inf
    for elapsed in range(1, cap + hold + 1):
        sent += exchange(network, generator.random((network.alive.size, DRAWS)), loss, ring=ring)
        begun = min(begun, elapsed) if right(network).all() else math.inf
        if elapsed - begun >= hold:
            return Settled(begun, True, sent)
        if begun > cap <= elapsed:
            break
    return Settled(math.inf, False, sent)


def _peers(directories: Stamps, live: Ids, draws: NDArray[np.float64]) -> list[int | None]:
    dialable = (directories & np.uint64(TOMBSTONE) == 0) & (directories != 0)
    np.fill_diagonal(dialable, False)
    others = [dialable[node].nonzero()[0] for node in live.tolist()]
    return [int(o[int(u * o.size)]) if o.size else None for o, u in zip(others, draws[live].tolist(), strict=True)]


def _introduce(network: Network, live: Ids, draws: NDArray[np.float64]) -> None:
    lonely = believed(network)[live].sum(axis=1) <= 1
    for node in live[lonely].tolist():
        side = (network.sides[live] == network.sides[node]) & (live != node)
        hosts = live[side & ~lonely] if (side & ~lonely).any() else live[side]  # two newcomers would found an island
        if hosts.size:
            host = hosts[int(draws[node] * hosts.size)]
            network.directories[node, host] = max(network.directories[node, host], np.uint64(ADDRESS_ONLY))
