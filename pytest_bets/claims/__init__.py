"""Check write-ups against the records."""
