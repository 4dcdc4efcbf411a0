"""`python -m pytest_bets` is `pytest-bets`."""

import os
import sys

if __name__ == "__main__":
    # Python puts the working folder first on its path: modules of the project at hand would be run instead of installed
    # ones. Where the project has a folder pytest_bets, only `python -P -m pytest_bets` helps.
    if not sys.flags.safe_path and sys.path[:1] in ([""], [os.getcwd()]):  # noqa: PTH109  # pathlib is not loaded yet
        del sys.path[0]

    from pytest_bets.cli.main import main

    sys.exit(main())
