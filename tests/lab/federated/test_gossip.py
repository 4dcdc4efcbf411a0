"""The directory without a server, against a slow reference that reads like the paper."""

import copy
import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bets.lab.federated import gossip

CAPACITY = 12


@dataclass
class Reference:
    """Each node's directory as a dict, id -> (heartbeat, tombstone, version): tuples compare as stamps do."""

    directories: list[dict[int, tuple[int, int, int]]]
    alive: set[int]
    sides: list[int]
    versions: list[int]
    lease: int
    clock: int


def reference_of(network: gossip.Network) -> Reference:
    directories = [
        {i: (s >> 33, s >> 32 & 1, s & 0xFFFFFFFF) for i, s in enumerate(row) if s}
        for row in network.directories.tolist()
    ]
    alive = set(np.flatnonzero(network.alive).tolist())
    sides, versions = network.sides.tolist(), network.versions.tolist()
    return Reference(directories, alive, sides, versions, network.lease, network.clock)


def letter(directory: dict[int, tuple[int, int, int]]) -> bytes:
    ids = sorted(directory)
    stamps = [h << 33 | t << 32 | v for h, t, v in (directory[i] for i in ids)]
    return struct.pack(f"<{len(ids)}I{len(ids)}Q", *ids, *stamps)


def read(directory: dict[int, tuple[int, int, int]], message: bytes) -> None:
    count = len(message) // 12
    fields = struct.unpack(f"<{count}I{count}Q", message)
    for i, s in zip(fields[:count], fields[count:], strict=True):
        directory[i] = max(directory.get(i, (0, 0, 0)), (s >> 33, s >> 32 & 1, s & 0xFFFFFFFF))


def view(net: Reference, node: int) -> dict[int, int]:
    entries = net.directories[node].items()
    return {i: v for i, (h, buried, v) in entries if h > net.clock - net.lease and not buried}


def reference_round(
    net: Reference, draws: NDArray[np.float64], loss: float, leaving: Iterable[int], partitioned: bool, ring: bool
) -> int:
    """Every live node renews its own entry and calls one peer; what is said was known when the round began."""
    net.clock += 1
    live = sorted(net.alive)
    for node in live:
        net.directories[node][node] = (net.clock, 0, net.versions[node])
    for node in leaving:
        net.directories[node][node] = (net.clock, 1, net.versions[node])
    lonely = {node for node in live if len(view(net, node)) <= 1}
    for node in sorted(lonely):
        near = [other for other in live if other != node and net.sides[other] == net.sides[node]]
        hosts = [other for other in near if other not in lonely] or near
        if hosts:
            host = hosts[int(draws[node, 3] * len(hosts))]
            net.directories[node].setdefault(host, (0, 0, 1))
    said = {node: letter(net.directories[node]) for node in live}
    calls = {}
    for place, node in enumerate(live):
        known = [i for i, (_, buried, _) in sorted(net.directories[node].items()) if i != node and not buried]
        if ring:
            calls[node] = live[(place + 1) % len(live)]
        elif known:
            calls[node] = known[int(draws[node, 0] * len(known))]
    sent = 0
    for caller, peer in calls.items():
        if caller == peer:
            continue
        sent += len(said[caller])
        separated = partitioned and net.sides[caller] != net.sides[peer]
        if peer in net.alive and not separated and draws[caller, 1] >= loss:
            read(net.directories[peer], said[caller])
            sent += len(said[peer])
            if draws[caller, 2] >= loss:
                read(net.directories[caller], said[peer])
    net.alive -= set(leaving)
    return sent


def pair_of_networks(nodes: int, rounds: int, seed: int) -> tuple[gossip.Network, Reference, list[gossip.Disturbance]]:
    generator = np.random.default_rng(seed)
    history = gossip.storm(nodes, rounds, 0.08, generator)
    network = gossip.found(nodes, nodes + sum(e.join.size for e in history), 6, generator)
    return network, reference_of(network), history


def small(nodes: int, lease: int = 8, capacity: int = CAPACITY) -> gossip.Network:
    return gossip.found(nodes, capacity, lease, np.random.default_rng(3))


def advance(network: gossip.Network, rounds: int, seed: int = 0, loss: float = 0.0, partitioned: bool = False) -> None:
    generator = np.random.default_rng(seed)
    for _ in range(rounds):
        gossip.exchange(network, generator.random((network.alive.size, 4)), loss, partitioned=partitioned)


def happen(**ids: list[int]) -> gossip.Disturbance:
    kinds = ("crash", "leave", "join", "hosts", "publish")
    return gossip.Disturbance(*(np.array(ids.get(kind, []), np.int64) for kind in kinds))


@pytest.mark.parametrize("ring", [False, True])
@pytest.mark.parametrize("loss", [0.0, 0.3])
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_the_fast_round_equals_the_reference_to_the_bit(seed: int, loss: float, ring: bool) -> None:
    """Directories, membership, judgement and bytes sent agree after every round of a storm and of the calm after it."""
    network, slow, history = pair_of_networks(14, 12, seed)
    draws = np.random.default_rng(seed)
    for step, event in enumerate([*history, *[happen()] * 10]):
        gossip.disturb(network, event)
        slow.alive = slow.alive - set(event.crash.tolist()) | set(event.join.tolist())
        for node in event.publish.tolist():
            slow.versions[node] += 1
        for node, host in zip(event.join.tolist(), event.hosts.tolist(), strict=True):
            slow.sides[node] = slow.sides[host]
        partitioned, leaving = step < len(history), event.leave.tolist()
        uniform = draws.random((network.alive.size, gossip.DRAWS))
        sent = gossip.exchange(network, uniform, loss, leaving=leaving, partitioned=partitioned, ring=ring)
        assert sent == reference_round(slow, uniform, loss, leaving, partitioned, ring)
        assert reference_of(network) == slow
        truth = {node: slow.versions[node] for node in slow.alive}
        assert gossip.right(network).tolist() == [view(slow, node) == truth for node in sorted(slow.alive)]


stamps = st.integers(0, 2**64 - 1)
directories = st.lists(stamps, min_size=CAPACITY, max_size=CAPACITY).map(lambda row: np.array(row, np.uint64))


@given(directories, directories, directories)
def test_merging_is_a_join_whatever_the_order_and_the_repeats(
    one: gossip.Stamps, two: gossip.Stamps, three: gossip.Stamps
) -> None:
    """Lost, repeated and reordered messages cannot make directories differ that have heard the same."""
    forth, back = one.copy(), three.copy()
    for heard in (two, three, two):
        gossip.merge(forth, heard)
    for heard in (one, two):
        gossip.merge(back, heard)
    assert (forth == back).all()
    assert (forth == np.maximum(np.maximum(one, two), three)).all()


@given(directories)
def test_a_message_holds_the_whole_directory_in_twelve_bytes_an_entry(directory: gossip.Stamps) -> None:
    """Decoding a message gives the sender's directory, and unknown entries take no bytes."""
    message = gossip.encode(directory)
    assert (gossip.decode(message, directory.size) == directory).all()
    assert len(message) == 12 * np.count_nonzero(directory)


def test_a_later_stamp_of_one_owner_is_always_the_larger() -> None:
    """A heartbeat outranks a version, and a tombstone outranks the entry that it buries."""
    history = [gossip.stamp(1, 9), gossip.stamp(2, 1), gossip.stamp(2, 2), gossip.stamp(2, 2, True), gossip.stamp(3, 1)]
    assert history == sorted(set(history))


def test_a_crashed_node_is_believed_until_its_lease_runs_out_and_not_a_round_longer() -> None:
    """All who were reached by the last heartbeat drop it in the same round."""
    network = small(6)
    advance(network, 20)
    gossip.disturb(network, happen(crash=[2]))
    last = int(network.directories[:6, 2].max() >> np.uint64(33))
    while network.clock < last + network.lease - 1:
        advance(network, 1, seed=network.clock)
    assert gossip.believed(network)[:6, 2].any()
    advance(network, 1, seed=network.clock)
    assert not gossip.believed(network)[:6, 2].any()
    assert gossip.right(network).all()


def test_a_leaver_is_forgotten_sooner_than_a_node_that_crashed() -> None:
    """A tombstone travels at the speed of gossip; silence costs a lease."""
    rounds = {}
    for kind in ("leave", "crash"):
        network = small(6, lease=30)
        advance(network, 20)
        gossip.disturb(network, happen(**{kind: [2]}))
        generator = np.random.default_rng(1)
        gossip.exchange(network, generator.random((CAPACITY, 4)), 0.0, leaving=[2] if kind == "leave" else [])
        rounds[kind] = gossip.settle(network, generator, 0.0, cap=99, hold=3).rounds
    assert rounds["leave"] < 10 < 20 < rounds["crash"]


def test_an_old_entry_cannot_raise_the_buried() -> None:
    """A node that has seen the tombstone ignores a directory written before it."""
    network = small(4)
    advance(network, 5)
    before = network.directories[1].copy()
    gossip.exchange(network, np.random.default_rng(1).random((CAPACITY, 4)), 0.0, leaving=[0])
    informed = int(np.flatnonzero((network.directories[:4, 0] & np.uint64(gossip.TOMBSTONE)) != 0)[-1])
    gossip.merge(network.directories[informed], before)
    assert not gossip.believed(network)[informed, 0]


def test_a_newcomer_with_one_contact_gets_to_know_everybody() -> None:
    """A node that joins with a single address is in every directory, and has them all, a few rounds later."""
    network = small(8)
    advance(network, 10)
    gossip.disturb(network, happen(join=[8], hosts=[3]))
    assert np.count_nonzero(network.directories[8]) == 0
    assert not gossip.right(network).any()
    advance(network, 8)
    assert gossip.right(network).all()


def test_a_partition_longer_than_the_lease_divides_the_directory_and_heals() -> None:
    """Each half forgets the other but keeps its addresses, and finds it again once messages pass."""
    network = small(10)
    advance(network, 20, partitioned=True)
    same_side = network.sides[:10, None] == network.sides[None, :10]
    assert (gossip.believed(network)[:10, :10] == same_side).all()
    assert not gossip.right(network).any()
    advance(network, 8, seed=1)
    assert gossip.right(network).all()


def test_a_new_manifest_counts_as_known_only_in_its_present_version() -> None:
    """A directory with the right members and one stale version is not right."""
    network = small(6)
    advance(network, 10)
    assert gossip.right(network).all()
    gossip.disturb(network, happen(publish=[4]))
    assert not gossip.right(network).any()
    advance(network, 8)
    assert gossip.right(network).all()


def test_rounds_to_settle_are_the_first_of_a_stretch_that_holds() -> None:
    """The count agrees with a replay that looks at every round, and the hold is not part of it."""
    network = gossip.weather(24, np.random.default_rng(5), loss=0.3, churn=0.02, rounds=15, lease=14)
    replay, generator = copy.deepcopy(network), np.random.default_rng(6)
    settled = gossip.settle(network, np.random.default_rng(6), 0.3, cap=90, hold=6)
    states, sent = [bool(gossip.right(replay).all())], 0
    for _ in range(int(settled.rounds) + 6):
        sent += gossip.exchange(replay, generator.random((replay.alive.size, gossip.DRAWS)), 0.3)
        states.append(bool(gossip.right(replay).all()))
    assert settled.converged
    assert settled.sent == sent
    assert all(states[int(settled.rounds) :])
    assert not any(all(states[start : start + 7]) for start in range(int(settled.rounds)))


@pytest.mark.parametrize("cap", [0, 1, 7])
def test_a_run_without_any_message_has_not_converged(cap: int) -> None:
    """Directories that were right at first stop being so when the leases run out; that is infinite rounds and False."""
    network = small(6)
    settled = gossip.settle(network, np.random.default_rng(1), 1.0, cap=cap, hold=9)
    assert (settled.rounds, settled.converged) == (math.inf, False)


def test_a_stretch_may_begin_in_the_last_round_under_the_cap_and_not_later() -> None:
    """The cap is on where the stretch begins: the hold comes on top, and one round less is one too few."""
    network = gossip.weather(24, np.random.default_rng(5), loss=0.3, churn=0.02, rounds=15, lease=14)
    runs = {}
    for cap in (90, *range(1, 40)):
        generator = np.random.default_rng(6)
        runs[cap] = gossip.settle(copy.deepcopy(network), generator, 0.3, cap=cap, hold=6)
    first = int(runs[90].rounds)
    assert 1 < first < 39
    assert all(run == (runs[90] if cap >= first else run) for cap, run in runs.items())
    assert [run.converged for cap, run in sorted(runs.items()) if cap < first] == [False] * (first - 1)


def test_a_run_that_can_no_longer_converge_is_watched_no_further() -> None:
    """What never was right is given up in the round of the cap, and the bytes are those of the rounds until then."""
    network = small(6)
    gossip.disturb(network, happen(publish=[4]))
    replay, generator = copy.deepcopy(network), np.random.default_rng(1)
    sent = sum(gossip.exchange(replay, generator.random((CAPACITY, gossip.DRAWS)), 1.0) for _ in range(5))
    assert gossip.settle(network, np.random.default_rng(1), 1.0, cap=5, hold=9) == gossip.Settled(math.inf, False, sent)


def test_a_network_that_is_right_settles_at_once() -> None:
    """Nothing disturbed it: 0 rounds, however long it is watched."""
    assert gossip.settle(small(8), np.random.default_rng(1), 0.0, cap=5, hold=5).rounds == 0


def test_a_ring_of_calls_is_outrun_by_the_leases() -> None:
    """The control's mechanism: news that moves one node a round cannot keep 128 nodes in one directory."""
    network = gossip.weather(128, np.random.default_rng(2), loss=0.0, churn=0.02, rounds=21, lease=18)
    ring = gossip.settle(copy.deepcopy(network), np.random.default_rng(3), 0.0, cap=21, hold=7, ring=True)
    assert not ring.converged
    assert gossip.settle(network, np.random.default_rng(3), 0.0, cap=35, hold=7).converged


def test_a_storm_keeps_its_books() -> None:
    """No node leaves twice or before joining, hosts and publishers are members, ids are never used again."""
    members, used = set(range(40)), 40
    for event in gossip.storm(40, 60, 0.05, np.random.default_rng(9)):
        gone = event.crash.tolist() + event.leave.tolist()
        assert len(set(gone)) == len(gone)
        assert members.issuperset(gone)
        members -= set(gone)
        assert members.issuperset(event.hosts.tolist() + event.publish.tolist())
        assert event.join.tolist() == list(range(used, used + event.join.size))
        members |= set(event.join.tolist())
        used += event.join.size
    assert used > 80
    assert members


def test_a_storm_is_as_strong_as_declared() -> None:
    """Leavers, joiners and publishers a round, and the share of crashes, each within five standard errors."""
    nodes, rounds, churn = 100, 400, 0.03
    events = gossip.storm(nodes, rounds, churn, np.random.default_rng(9))
    mean, error = nodes * rounds * churn, 5 * math.sqrt(nodes * rounds * churn * (1 - churn))
    crashed, left = (sum(getattr(event, kind).size for event in events) for kind in ("crash", "leave"))
    assert abs(crashed + left - mean) < error
    assert abs(crashed - (crashed + left) / 2) < 2.5 * math.sqrt(crashed + left)
    assert abs(sum(event.join.size for event in events) - mean) < error
    assert abs(sum(event.publish.size for event in events) - mean) < error
    assert any(event.publish.size != event.join.size for event in events)


def test_even_the_strongest_storm_leaves_two_members() -> None:
    """Everybody would leave in every round: all but two do."""
    members = 3
    for event in gossip.storm(3, 6, 1.0, np.random.default_rng(9)):
        assert event.crash.size + event.leave.size == members - 2
        members = 2 + event.join.size
    assert members == 5


def test_the_sides_of_a_partition_are_equal_halves_drawn_at_random() -> None:
    """Otherwise a ring of neighbours would always change sides at each step."""
    sides = [gossip.found(20, 24, 5, np.random.default_rng(seed)).sides for seed in (1, 2)]
    assert [half.sum() for half in sides] == [10, 10]
    assert not any(half[20:].any() for half in sides)
    assert len({half.tobytes() for half in [*sides, np.arange(24) % 2]}) == 3


def test_after_the_weather_the_members_are_those_of_its_history_and_neither_half_knows_the_other() -> None:
    """Leavers are gone as those that crashed are, joiners are there, and the partition has outlasted the lease."""
    network = gossip.weather(24, np.random.default_rng(5), loss=0.1, churn=0.02, rounds=20, lease=8)
    members = set(range(24))
    for event in gossip.storm(24, 20, 0.02, np.random.default_rng(5)):
        members = members - set(event.crash.tolist()) - set(event.leave.tolist()) | set(event.join.tolist())
    live = np.flatnonzero(network.alive)
    assert set(live.tolist()) == members
    view = gossip.believed(network)[np.ix_(live, live)]
    other_side = network.sides[live][:, None] != network.sides[live][None]
    assert other_side.any()
    assert not (view & other_side).any()


def test_two_runs_of_one_seed_are_equal_to_the_bit() -> None:
    """Weather and settling draw from their generators alone."""

    def run() -> tuple[bytes, gossip.Settled]:
        generator = np.random.default_rng(21)
        network = gossip.weather(32, generator, loss=0.1, churn=0.02, rounds=16, lease=13)
        settled = gossip.settle(network, generator, 0.1, cap=60, hold=5)
        return network.directories.tobytes(), settled

    assert run() == run()
