"""Which sentences decided a verdict."""

from collections.abc import Mapping, Sequence
from typing import Any


def decided(verdict: Mapping[str, Any], criteria: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the judged sentences that decided a verdict, those against the claim first.

    `verdict` and `criteria` are as a record holds them. A catastrophe was decided by what tripped, a FAIL in the noise
    by the controls that are not met. All others show every strict sentence; a FAIL also the lenient ones that are not
    met, without which it would be LENIENT.
    """
    against = [item for item in criteria if not is_good(item)]
    strict = [item for item in criteria if item["tier"] == "strict"]
    if verdict["verdict"] is None:
        return []
    if verdict["catastrophic"]:
        return [item for item in against if item["tier"] == "catastrophic"]
    if verdict["noise_floor"] is False:
        return [item for item in against if item["tier"] == "control"]
    missed = [item for tier in ("strict", "lenient") for item in against if item["tier"] == tier]
    if verdict["verdict"] != "FAIL":
        missed = [item for item in missed if item["tier"] == "strict"]
    return missed + [item for item in strict if is_good(item)]


def is_good(item: Mapping[str, Any]) -> bool:
    """Tell whether a judged sentence speaks for the claim: met, or for catastrophic clear; never where undefined."""
    return item["met"] is (item["tier"] != "catastrophic")
