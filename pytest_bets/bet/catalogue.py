"""The bet files under a root, parsed as text and never imported."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pytest_bets.bet.declaration import Declaration, bet_id, bet_order, is_bet_name, number_of
from pytest_bets.bet.parse import read
from pytest_bets.bet.validate import Link, link_faults
from pytest_bets.diagnostics import DeclarationError, Fault
from pytest_bets.walk import walk_folders

_NAMED: Final = 3
"""The number of files with the same bet number that an error lists."""


class Catalogue:
    """Every bet file in the searched folders, by default in all of `root`; each is parsed once, when needed."""

    def __init__(self, root: Path, searched: Sequence[Path] = ()) -> None:
        self.root = root
        self._read: dict[Path, Declaration | DeclarationError | None] = {}
        self._by_number: dict[int, list[Path]] = {}
        self._by_name: dict[str, list[Path]] = {}
        self._by_folded: dict[str, list[Path]] = {}
        for path in sorted({path for folder in searched or [root] for path in _bet_files(folder)}):
            self._index(path)

    def _index(self, path: Path) -> None:
        number = number_of(path.name)
        if number is not None:
            self._by_number.setdefault(number, []).append(path)
        self._by_name.setdefault(bet_id(path.name), []).append(path)
        self._by_folded.setdefault(bet_id(path.name).casefold(), []).append(path)

    @property
    def paths(self) -> list[Path]:
        """Every file whose name has the form of a bet file, even if it is not a bet."""
        return [path for paths in self._by_name.values() for path in paths]

    def name(self, path: Path) -> str:
        """Return the path for messages and records: relative to the root if it is under it."""
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return path.as_posix()

    def declaration(self, path: Path) -> Declaration | None:
        """Return the declaration in a file, None if it is not a bet.

        Raises:
            DeclarationError: with every fault of the file.

        """
        if path not in self._read:
            if path not in self._by_name.get(bet_id(path.name), []):
                self._index(path)
            self._read[path] = self._parse(path)
        found = self._read[path]
        if isinstance(found, DeclarationError):
            raise found
        return found

    def _parse(self, path: Path) -> Declaration | DeclarationError | None:
        name = self.name(path)
        try:
            data = path.read_bytes()
            try:
                return read(data.decode(), name)
            except UnicodeDecodeError:
                if number_of(name) is None and read(data.decode("latin-1"), name) is None:
                    return None
                raise
        except DeclarationError as error:
            return error
        except (OSError, UnicodeDecodeError) as error:
            return DeclarationError([Fault(name, 1, f"the file cannot be read: {error}")])

    def declarations(self) -> tuple[list[Declaration], list[DeclarationError]]:
        """Return every declaration, and the errors of the files that cannot be parsed."""
        good, bad = [], []
        for path in self.paths:
            try:
                declaration = self.declaration(path)
            except DeclarationError as error:
                bad.append(error)
            else:
                if declaration:
                    good.append(declaration)
        return sorted(good, key=lambda bet: bet_order(bet.id, bet.number)), bad

    def faults(self, declaration: Declaration, path: Path) -> list[Fault]:
        """Return the faults between this bet and the others: duplicate numbers, dead links."""
        # records are files: where case does not count in names, two bets would write one
        folded = self._by_folded[declaration.id.casefold()]
        twins = folded if declaration.number is None else self._by_number[declaration.number]
        others = [
            self.name(other)
            for other in twins
            if other != path and (declaration.number is not None or self._is_bet(other))
        ]
        found = [self._used_twice(declaration, path, others)] if others else []
        return found + link_faults(declaration, self._known_as, self._links, self._by_name)

    def _used_twice(self, declaration: Declaration, path: Path, others: Sequence[str]) -> Fault:
        """Return one fault for all other files: with a wrong root there may be hundreds."""
        used = f"the number {declaration.number}" if declaration.number is not None else f"the id {declaration.id}"
        if len(others) == 1 and declaration.number is None and bet_id(others[0]) != declaration.id:
            problem = f"{used} differs from that of {others[0]} in case alone: some systems give both one record"
        elif len(others) == 1:
            problem = f"{used} is used twice: also by {others[0]}"
        else:
            more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
            problem = f"{used} is used by {len(others) + 1} files: also by {', '.join(others[:_NAMED])}{more}"
        return Fault(declaration.file, 1, problem, path.name, f"a free number, such as {self.next_number()}")

    def next_number(self) -> int:
        """Return the highest number plus one."""
        return max(self._by_number, default=0) + 1

    def find(self, link: Link) -> Path | None:
        """Return the file of the bet with that number or id."""
        by_number = self._by_number.get(link, []) if isinstance(link, int) else []
        return next(iter(by_number or self._by_name.get(str(link), [])), None)

    def _known_as(self, link: Link) -> Link | None:
        path = self.find(link)
        if path is None or not self._is_bet(path):
            return None
        number = number_of(path.name)
        return bet_id(path.name) if number is None else number

    def _links(self, link: Link) -> Sequence[Link]:
        path = self.find(link)
        try:
            declaration = self.declaration(path) if path else None
        except DeclarationError:  # that file reports its own error
            return ()
        found = [self._known_as(link) for link in (declaration.challenges if declaration else ())]
        return [link for link in found if link is not None]

    def _is_bet(self, path: Path) -> bool:
        try:
            return self.declaration(path) is not None
        except DeclarationError:
            return True


def _bet_files(root: Path) -> Iterator[Path]:
    for here, files in walk_folders(root):
        yield from (here / name for name in files if name.startswith("bet_") and is_bet_name(name))
