"""Two sets of results side by side: commits, folders, records, lines of the journal."""
