"""A cell that reads what pytest-benchmark did not measure: it is off under -n, and its `stats` are None there."""

from typing import Final

import pytest

FIXTURE: Final = "benchmark"
_SIGN: Final = "NoneType"


def hint(item: pytest.Item, failure: BaseException | None, refused: str, *, worker: bool) -> str:
    """Return why the benchmark of a failed cell is empty, and what to do; empty where that is not what failed.

    `refused` is why the measurements were refused, where they were.
    """
    benchmark = getattr(item, "funcargs", {}).get(FIXTURE)
    if not getattr(benchmark, "disabled", False) or getattr(benchmark, "stats", benchmark) is not None:
        return ""
    if not refused and not (isinstance(failure, AttributeError | TypeError) and _SIGN in str(failure)):
        return ""
    if worker:
        return "pytest-benchmark is off under -n: run without -n, or use time.perf_counter()"
    return "pytest-benchmark is off: leave out --benchmark-disable, or use time.perf_counter()"
