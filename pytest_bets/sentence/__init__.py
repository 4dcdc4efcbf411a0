"""The sentence language: read, evaluated, bounded."""
