"""Inputs for fuzzing without coverage: the corpus with parts of it deleted, doubled, moved and replaced."""

from collections.abc import Sequence
from typing import Final

from hypothesis import strategies as st

_HOSTILE: Final = (
    *(b"", b"\0", b"\n", b"\r\n", b"\xff\xfe", b"\xed\xa0\x80", "\u202e".encode(), b'"', b"'", b"{", b"[", b"(", b")"),
    *(b"NaN", b"1e999", b"-", b"9" * 4301, b"0x" + b"f" * 4000, b"[" * 300, b"(" * 300, b"-" * 300, b"{" * 300),
    *(
        b"null",
        b"true",
        b"<!--",
        b"-->",
        b"```",
        b"|",
        b"@",
        b"#",
        b"\\",
        b"lambda:",
        b"*",
        b"**",
        b"yield",
        b"f'{a!r:>{b}}'",
    ),
)


def changed(corpus: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Return inputs that are some changes away from one of the corpus."""
    pieces = st.sampled_from(_HOSTILE) | st.binary(max_size=8)

    def change(original: bytes) -> st.SearchStrategy[bytes]:
        place = st.integers(0, len(original))
        edits = st.lists(st.tuples(place, place, pieces, st.integers(1, 3)), max_size=6)
        return edits.map(lambda found: _edited(original, found))

    return st.sampled_from(list(corpus)).flatmap(change)


def _edited(data: bytes, edits: Sequence[tuple[int, int, bytes, int]]) -> bytes:
    for start, end, piece, times in edits:
        low, high = sorted((start, end))
        data = data[:low] + (piece or data[low:high]) * times + data[min(high, low + 40) :]
    return data
