"""The entry of a child process that runs cells for an engine: it is guarded before pytest is imported."""

from pytest_bets.engines.guard import guard


def main(events: int, life: int) -> None:
    """Serve cells; `events` and `life` are the descriptors of pipes to the process that asked for this one."""
    guard(life, events)
    from pytest_bets.hooks.serving import serve  # here, so that the guard stays small

    serve(events)
