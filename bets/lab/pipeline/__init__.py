"""A model in stages, served by threads or processes, and its cache on the way to another node."""
