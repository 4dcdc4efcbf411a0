"""The audit log, and forgeries of it."""
