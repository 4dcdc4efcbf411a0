"""The names of the files in a folder of results."""

from typing import Final

JOURNAL: Final = "journal.jsonl"
SUMMARY_JSON: Final = "SUMMARY.json"
SUMMARY_TEXT: Final = "SUMMARY.md"
BADGE: Final = "badge.json"
NO_RECORDS: Final = frozenset({BADGE, SUMMARY_JSON})
"""JSON files in the folder that are no records."""
