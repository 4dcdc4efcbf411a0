"""A node in a network of its own on this machine, whose cable can be cut: packets are lost, and no side knows.

It is a network namespace, joined to this machine by a pair of virtual cards. To cut the cable, each side is made to
address its packets to a card that is not there. A card that is switched off would tell the programs on its side.
"""

import os
import shutil
import subprocess
from functools import cache
from itertools import count

_NUMBERS = count(os.getpid() % 200)
_NOWHERE = "02:00:00:00:00:01"


@cache
def missing() -> str:
    """Return why there are no such networks here; empty where there are."""
    if os.geteuid() != 0:
        return "only root can make network namespaces"
    absent = [name for name in ("ip", "nsenter") if not shutil.which(name)]
    if absent:
        return f"no {', '.join(absent)}: apt-get install iproute2 util-linux"
    try:
        with Network():
            return ""
    except subprocess.CalledProcessError as error:
        return f"the system makes no network: `{' '.join(error.cmd)}` says {error.stderr.decode().strip()}"


class Network:
    """A network with one node; `here` is the address of this machine in it, `there` that of the node."""

    def __init__(self) -> None:
        number = next(_NUMBERS)
        self.name = f"bets{os.getpid()}n{number}"
        self._card, self._other = f"bets{number}a", f"bets{number}b"
        self.here, self.there = f"10.77.{number % 250}.1", f"10.77.{number % 250}.2"
        self.prefix = ("nsenter", f"--net=/run/netns/{self.name}")  # `ip netns exec` would also hide /sys/fs/cgroup
        """Starts a command on the node."""

    def __enter__(self) -> "Network":
        try:
            _ip("netns", "add", self.name)
            _ip("link", "add", self._card, "type", "veth", "peer", "name", self._other, "netns", self.name)
            _ip("address", "add", f"{self.here}/24", "dev", self._card)
            _ip("link", "set", self._card, "up")
            self._on_node("address", "add", f"{self.there}/24", "dev", self._other)
            self._on_node("link", "set", self._other, "up")
            self._on_node("link", "set", "lo", "up")
            self._on_node("route", "add", "default", "via", self.here)
        except subprocess.CalledProcessError:
            self.__exit__()
            raise
        return self

    def _on_node(self, *arguments: str) -> None:
        _ip("-n", self.name, *arguments)

    def cut(self) -> None:
        """Lose every packet, in both directions."""
        _ip("neighbour", "replace", self.there, "lladdr", _NOWHERE, "dev", self._card, "nud", "permanent")
        self._on_node("neighbour", "replace", self.here, "lladdr", _NOWHERE, "dev", self._other, "nud", "permanent")

    def join(self) -> None:
        """Lose no more packets."""
        _ip("neighbour", "delete", self.there, "dev", self._card)
        self._on_node("neighbour", "delete", self.here, "dev", self._other)

    def __exit__(self, *_: object) -> None:
        for arguments in (("link", "delete", self._card), ("netns", "delete", self.name)):
            subprocess.run(["ip", *arguments], capture_output=True, check=False)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], capture_output=True, check=True)
