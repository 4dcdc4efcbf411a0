"""The bet files under a root, parsed as text and never imported."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from pytest_bets.bet.declaration import Declaration, bet_id, bet_order, is_bet_name, number_of
from pytest_bets.bet.intent import meant
from pytest_bets.bet.parse import read
from pytest_bets.bet.validate import Link, link_faults
from pytest_bets.diagnostics import DeclarationError, Fault
from pytest_bets.walk import walk_folders

_NAMED: Final = 3
"""The number of files with the same bet number that an error lists."""


class Catalogue:
    """The bet files of a project; each is parsed once, when needed.

    `searched` are the folders under which all bets lie, by default `root`. `homes` are the folders that the setting
    `bets_paths` names: every bet lies under them, and every file there with the name of a bet is meant as one.

    A session does not begin with the `whole` catalogue. It knows the folders of the bets that it collects, the homes,
    and `bets` under the root: a root may be a home folder with a million others.
    """

    def __init__(
        self, root: Path, searched: Sequence[Path] = (), homes: Sequence[Path] = (), *, whole: bool = True
    ) -> None:
        self.root = root
        self.homes = tuple(homes)
        self._searched = self.homes or tuple(searched) or (root,)
        self._read: dict[Path, Declaration | DeclarationError | None] = {}
        self._by_number: dict[int, list[Path]] = {}
        self._by_name: dict[str, list[Path]] = {}
        self._by_folded: dict[str, list[Path]] = {}
        self._meant: dict[Path, bool] = {}
        self._home: dict[Path, bool] = {}
        self._folders: set[Path] = set()
        self._repeated: set[Link] = set()
        self._begun = self._completed = False
        if whole:
            self.complete()

    def complete(self) -> "Catalogue":
        """Find every bet file under the searched folders; return this catalogue."""
        if not self._completed:
            self._begun = self._completed = True
            self._add_below((*self._searched, *self._linked()))
        return self

    def _linked(self) -> Iterator[Path]:
        """Yield `bets` where it is a link that leads out of the root: a walk follows none, and pytest does."""
        bets = self.root / "bets"
        if not self.homes and bets.is_symlink() and bets.is_dir():
            yield from () if bets.resolve().is_relative_to(self.root.resolve()) else (bets,)

    def add(self, folders: Iterable[Path]) -> None:
        """Find the bet files in these folders, not below them."""
        for folder in folders:
            if folder not in self._folders:
                with suppress(OSError, ValueError):  # it is gone, cannot be read, or is the name of no folder
                    self._add(folder, [path.name for path in folder.iterdir()])

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._add_below(self.homes or (self.root / "bets",))

    def _add_below(self, tops: Iterable[Path]) -> None:
        for top in tops:
            for folder, files in walk_folders(top):
                self._add(folder, files)

    def _add(self, folder: Path, files: Iterable[str]) -> None:
        if folder not in self._folders:
            self._folders.add(folder)
            for name in sorted(files):
                if is_bet_name(name):
                    self._index(folder / name)

    def _index(self, path: Path) -> None:
        number = number_of(path.name)
        same = self._by_name.setdefault(bet_id(path.name), [])
        if path not in same:
            same.append(path)
            self._by_folded.setdefault(bet_id(path.name).casefold(), []).append(path)
            if number is not None:
                self._by_number.setdefault(number, []).append(path)

    @property
    def paths(self) -> list[Path]:
        """Every known file whose name has the form of a bet file, even if it is not a bet."""
        self._begin()
        return sorted(self._known())

    def within(self, folder: Path) -> list[Path]:
        """Return the known files in a folder whose name has the form of a bet file."""
        return [path for path in self._known() if path.parent == folder]

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
            self.add([path.parent])
            self._index(path)
            self._read[path] = self._parse(path)
        found = self._read[path]
        if isinstance(found, DeclarationError):
            raise found
        return found

    def _parse(self, path: Path) -> Declaration | DeclarationError | None:
        found = self._parse_file(path, self.name(path))
        is_bet = isinstance(found, Declaration) or self._is_meant(path) or self._is_home(path.parent)
        return found if is_bet else None

    def _parse_file(self, path: Path, name: str) -> Declaration | DeclarationError | None:
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

    def _is_meant(self, path: Path) -> bool:
        if path not in self._meant:
            try:
                text = path.read_bytes().decode(errors="replace")
            except OSError:
                text = ""
            self._meant[path] = meant(text, numbered=number_of(path.name) is not None)
        return self._meant[path]

    def _is_home(self, folder: Path) -> bool:
        """Return whether every file here with the name of a bet is meant as one: where there are bets."""
        if folder not in self._home:
            below = any(folder.is_relative_to(home) for home in self.homes)
            self._home[folder] = below or any(map(self._is_meant, self.within(folder)))
        return self._home[folder]

    def _known(self) -> Iterator[Path]:
        return (path for paths in self._by_name.values() for path in paths)

    def is_bet(self, path: Path) -> bool:
        """Return whether a file is a bet, or is meant as one and faulty."""
        try:
            return self.declaration(path) is not None
        except DeclarationError:
            return True

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
        self._begin()
        # records are files: where case does not count in names, two bets would write one
        folded = self._by_folded[declaration.id.casefold()]
        twins = folded if declaration.number is None else self._by_number[declaration.number]
        others = [self.name(other) for other in sorted(twins) if other != path and self.is_bet(other)]
        found = []
        if others:
            self._repeated.add(_own(declaration))
            found.append(self._used_twice(declaration, path, others))
        return found + link_faults(declaration, self._known_as, self._links, self._by_name)

    def is_repeated(self, declaration: Declaration) -> bool:
        """Return whether the number or id of this bet was reported as used twice: one error is enough."""
        return _own(declaration) in self._repeated

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
        """Return the highest number of a bet plus one."""
        taken = (number for number in sorted(self._by_number, reverse=True) if self.find(number))
        return next(taken, 0) + 1

    def find(self, link: Link) -> Path | None:
        """Return the file of the bet with that number or id, wherever it is."""
        self._begin()
        return self._find(link) or self.complete()._find(link)

    def _find(self, link: Link) -> Path | None:
        by_number = self._by_number.get(link, []) if isinstance(link, int) else []
        return next(filter(self.is_bet, [*by_number, *self._by_name.get(str(link), [])]), None)

    def _known_as(self, link: Link) -> Link | None:
        path = self.find(link)
        if path is None:
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


def _own(declaration: Declaration) -> Link:
    return declaration.id if declaration.number is None else declaration.number
