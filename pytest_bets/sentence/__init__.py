"""The sentence language: its parser, evaluator and intervals."""
