"""How many threads torch computes with: a sum that is split among more of them may round differently."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def threads(count: int) -> Iterator[None]:
    """So many threads for each operation of torch while it lasts."""
    import torch  # half of the laboratory needs none

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
