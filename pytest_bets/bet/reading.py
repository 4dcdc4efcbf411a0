"""What the recorded text of constants and sweeps leaves out of their meaning."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Reading:
    """How a bet file means its constants and sweeps; no digest has it.

    `rebound` are the builtins to which the file gives another meaning. `single` are the parameters that are named by a
    tuple of one name, so that `(1,)` in their sweep is the value 1.
    """

    rebound: frozenset[str] = frozenset()
    single: frozenset[str] = frozenset()

    def merged(self, other: "Reading") -> "Reading":
        """Return what is sure of two files with the same digest."""
        return Reading(self.rebound | other.rebound, self.single & other.single)


AS_WRITTEN: Final = Reading()
