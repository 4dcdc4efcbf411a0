"""`python -m pytest_bets` is `pytest-bets`."""

import sys
from collections.abc import Iterator
from pathlib import Path


def main() -> int:
    """Run a command without the working folder on Python's path: its files are the project's, and may shadow ours."""
    if not sys.flags.safe_path and sys.path:
        here = sys.path.pop(0)  # `python -m` puts it there
        if Path(__file__).resolve().parents[1] == Path(here).resolve() and not any(_installed()):
            sys.stderr.write(
                f"python -m pytest_bets would run {Path(__file__).parent}, which belongs to the working folder. "
                "Run `pytest-bets`, or `python -P -m pytest_bets`, which run the installed package.\n"
            )
            return 2
    from pytest_bets.cli.main import main as command

    return command()


def _installed() -> Iterator[bool]:
    """Yield whether a finder, without the working folder, gives this package: as for an editable installation."""
    for finder in sys.meta_path:
        spec = finder.find_spec("pytest_bets", None) if hasattr(finder, "find_spec") else None
        if spec is not None and spec.origin:
            yield Path(spec.origin).resolve().parent == Path(__file__).resolve().parent


if __name__ == "__main__":
    sys.exit(main())
