"""The operations of torch that a piece of work consists of."""

from __future__ import annotations

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


class Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Keeps each operation with the shape of what it gives."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen: list[tuple[str, tuple[int, ...]]] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        out = func(*args, **(kwargs or {}))
        self.seen.append((str(func), tuple(out.shape) if isinstance(out, Tensor) else ()))
        return out


def waiting(seen: list[tuple[str, tuple[int, ...]]]) -> list[str]:
    """Of the operations seen, those that bring a number to the host, or whose shapes need one."""
    return [name for name, _ in seen if any(word in name for word in ("local_scalar", "nonzero", "item", "bincount"))]
