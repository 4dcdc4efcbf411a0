"""Records as text, for terminals and for Markdown."""
