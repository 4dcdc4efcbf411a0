"""`python -m pytest_bets` is `pytest-bets`."""

import sys

from pytest_bets.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
