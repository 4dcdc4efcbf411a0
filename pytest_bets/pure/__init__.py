"""Values in, values out: no pytest, no files."""
