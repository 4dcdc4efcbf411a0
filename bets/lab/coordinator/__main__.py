"""`python -m bets.lab.coordinator` serves a coordinator over HTTP."""

from bets.lab.coordinator.coordinator import main

if __name__ == "__main__":
    main()
