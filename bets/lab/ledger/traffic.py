"""What a simulated federation goes through, drawn from generators: transfers, outages, the fates of messages."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from bets.lab.ledger.ledger import MAX_PAYLOAD

HOUR: Final = 3600.0  # seconds
DELAY: Final = 0.1  # mean of a message's exponential delay, in seconds: its tail is long enough to overtake
BLOCK: Final = 4096  # draws at a time


@dataclass(frozen=True)
class Weather:
    """What befalls messages and nodes, all at random and independently."""

    loss: float = 0.0  # probability that a message, request or reply, never arrives
    duplicates: float = 0.0  # probability that a claim goes out twice
    crashes: float = 0.0  # of a node, a day; what it was repeating is forgotten, what had arrived is kept
    outage: float = 600.0  # mean of the exponential time that a node is down, in seconds


@dataclass(frozen=True)
class Outage:
    """A node crashes, and comes back after a time."""

    time: float  # seconds
    node: int
    duration: float  # seconds


@dataclass(frozen=True)
class Traffic:
    """Transfers in the order of their times: a Poisson process between uniform pairs, of log-uniform sizes."""

    times: list[float]  # seconds
    senders: list[int]
    recipients: list[int]
    sizes: list[int]  # bytes


def draw(nodes: int, hours: float, rate: float, generator: np.random.Generator) -> Traffic:
    """Draw the transfers of some hours, of which each node sends a mean of `rate` an hour."""
    count = int(generator.poisson(nodes * hours * rate))
    times = np.sort(generator.uniform(0, hours * HOUR, count))
    senders = generator.integers(nodes, size=count)
    recipients = (senders + generator.integers(1, nodes, size=count)) % nodes
    sizes = np.floor(MAX_PAYLOAD ** generator.random(count)).astype(np.int64)
    return Traffic(times.tolist(), senders.tolist(), recipients.tolist(), sizes.tolist())


def fates(loss: float, generator: np.random.Generator) -> Iterator[float]:
    """The delay of one message after another, in seconds; infinite for one that is lost."""
    while True:
        delays = generator.exponential(DELAY, BLOCK)
        delays[generator.random(BLOCK) < loss] = math.inf
        yield from delays.tolist()


def chances(probability: float, generator: np.random.Generator) -> Iterator[bool]:
    """Whether something of this probability happens, time after time."""
    while True:
        yield from (generator.random(BLOCK) < probability).tolist()


def outages(nodes: int, hours: float, weather: Weather, generator: np.random.Generator) -> list[Outage]:
    """Draw who crashes when, and how long each is down: a Poisson process, in the order of time."""
    count = int(generator.poisson(nodes * weather.crashes * hours / 24))
    times = np.sort(generator.uniform(0, hours * HOUR, count)).tolist()
    who = generator.integers(nodes, size=count).tolist()
    return list(map(Outage, times, who, generator.exponential(weather.outage, count).tolist()))
