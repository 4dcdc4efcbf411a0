"""What chance alone would give: known error rates of verdicts."""
