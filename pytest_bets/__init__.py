"""Falsifiable bets as pytest test cases."""


def __getattr__(name: str) -> str:
    """Look the version up only when it is asked for: the plugin is imported in every session of pytest."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version("pytest-bets")
