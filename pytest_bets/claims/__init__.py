"""Write-ups checked against the records."""
