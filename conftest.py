"""Gives the tests pytest's own test bench."""

pytest_plugins = ["pytester"]
