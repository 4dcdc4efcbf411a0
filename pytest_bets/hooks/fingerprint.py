"""The fingerprint of a sweep: the same in all processes that have the same cells, with the same values in them."""

import copyreg
import hashlib
import warnings
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path, PurePath
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, Final

from pytest_bets.values import encoded

_PLAIN: Final = frozenset({bool, int, float, str, type(None)})
_SIMPLE: Final = frozenset({complex, bytes, range, type(...), type(NotImplemented)})
_NAMED: Final = (type, FunctionType, BuiltinFunctionType)
MAX_PARTS: Final = 100_000
"""Parts of a value that are looked at; one of more parts counts by its type alone."""
_DEEPEST: Final = 100


def fingerprint(names: Sequence[str], given: Sequence[Mapping[str, object]], roots: Iterable[Path]) -> str:
    """Return the fingerprint of a sweep: of the names of its cells, in order, and of the values that pytest gives them.

    A name may come from the place of a value alone, so names can agree where values do not. `roots` are the folders
    of the project, which may be others on another machine: paths count from there.
    """
    folders = sorted({f"{root}" for root in roots}, key=len, reverse=True)
    known: dict[int, str] = {}  # the values live as long as the cells
    found = hashlib.sha256()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that will not be picklable one day
        for name, params in zip(names, given, strict=True):
            texts = [repr(name)]
            for parameter, value in params.items():
                if type(value) in _PLAIN:
                    text = repr(value)
                elif id(value) in known:
                    text = known[id(value)]
                else:
                    text = known[id(value)] = _described(value, folders)
                texts.append(f"{parameter}={text}")
            found.update(encoded("\n".join([*texts, ""])))
    return found.hexdigest()[:16]


def _described(value: object, folders: Sequence[str]) -> str:
    try:
        return _Description(folders).of(value)
    except RecursionError:
        return _named(type(value))


class _Description:
    """Says what a value is made of, as pickle sees it, but the same in every process.

    Neither the bytes of a pickle nor a repr are: they have the order of sets, addresses, and which parts are the same
    object. What cannot be taken apart counts by its type.
    """

    def __init__(self, folders: Sequence[str]) -> None:
        self.folders = folders
        self.left = MAX_PARTS
        self.around: list[int] = []
        """The objects that the present one is a part of."""

    def of(self, value: object) -> str:
        """Return the description of a value or of a part of it.

        Raises:
            RecursionError: if there are too many parts, or too many within each other.

        """
        kind = type(value)
        self.left -= 1
        if self.left < 0 or len(self.around) > _DEEPEST:
            raise RecursionError
        if kind is str:
            return repr(self._inside(str(value)))
        if kind in _PLAIN or kind in _SIMPLE:
            return repr(value)
        if id(value) in self.around:
            return "..."
        self.around.append(id(value))
        parts = self._parts(value, kind)
        self.around.pop()
        return f"{_named(kind)}({', '.join(parts)})"

    def _parts(self, value: Any, kind: type) -> list[str]:
        if isinstance(value, _NAMED):
            return [_named(value), *self._code(value)]
        if kind in (list, tuple):
            return [self.of(part) for part in value]
        if kind in (set, frozenset):
            return sorted(self.of(part) for part in value)
        if kind is dict:
            return sorted(f"{self.of(key)}: {self.of(part)}" for key, part in value.items())
        if issubclass(kind, PurePath):
            return [self._inside(str(value))]
        if kind is CodeType:
            return [self.of(value.co_code), self.of(value.co_consts), self.of(value.co_names)]
        if issubclass(kind, ModuleType):
            return [str(value.__name__)]
        try:
            array = _array(value)
        except Exception:  # a stranger's object may raise anything
            array = None
        return [array] if array is not None else self._reduced(value)

    def _code(self, value: Any) -> list[str]:
        """Describe a function that its name does not tell from others, as a lambda."""
        if not isinstance(value, FunctionType) or "<" not in value.__qualname__:
            return []
        closure = [
            getattr(cell, "cell_contents", None) if _is_filled(cell) else None for cell in value.__closure__ or ()
        ]
        return [self.of(part) for part in (value.__code__, value.__defaults__, value.__kwdefaults__, closure)]

    def _reduced(self, value: Any) -> list[str]:
        reduce = copyreg.dispatch_table.get(type(value))
        try:
            if hasattr(value, "tolist"):
                parts: Sequence[object] = [value.tolist()]
            else:
                found = reduce(value) if reduce else value.__reduce_ex__(4)
                parts = [found] if isinstance(found, str) else [*found[:3], *map(self._listed, found[3:5])]
        except Exception:  # it cannot be pickled, or its methods raise anything
            return []
        return [self.of(part) for part in parts]

    def _listed(self, items: Iterable[object] | None) -> list[object]:
        return list(islice(items or (), self.left + 1))

    def _inside(self, text: str) -> str:
        for folder in self.folders:
            text = text.replace(folder, "")
        return text


def _array(value: Any) -> str | None:
    """Describe an array by its bytes; None for any other value, and where the bytes are addresses of objects."""
    if not hasattr(value, "tolist"):
        return None
    view = memoryview(value)
    return None if "O" in view.format else f"{view.format} {view.shape} {hashlib.sha256(view.tobytes()).hexdigest()}"


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _named(value: Any) -> str:
    return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"
