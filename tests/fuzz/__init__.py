"""Fuzz targets: `python -m tests.fuzz` runs each of them for some seconds."""
