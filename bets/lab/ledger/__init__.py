"""The ledger of transfers, and simulations of it at 1,000 nodes."""
