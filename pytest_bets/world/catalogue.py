"""The bet files under a root, read as text and never imported."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_bets.pure.checks import Link, link_faults
from pytest_bets.pure.declaration import Declaration, is_bet_name, number_of
from pytest_bets.pure.fault import DeclarationError, Fault
from pytest_bets.pure.reader import read
from pytest_bets.world.folders import walk


class Catalogue:
    """Every bet file under `root`; each is read once, when it is first asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._read: dict[Path, Declaration | DeclarationError | None] = {}
        self._by_number: dict[int, list[Path]] = {}
        self._by_name: dict[str, list[Path]] = {}
        for path in sorted(_bet_files(root)):
            self._index(path)

    def _index(self, path: Path) -> None:
        number = number_of(path.name)
        if number is not None:
            self._by_number.setdefault(number, []).append(path)
        self._by_name.setdefault(path.stem.removeprefix("bet_"), []).append(path)

    @property
    def paths(self) -> list[Path]:
        """Every file with the name of a bet, whether or not it is one."""
        return [path for paths in self._by_name.values() for path in paths]

    def name(self, path: Path) -> str:
        """Return the path as it is shown and recorded: relative to the root where it lies under it."""
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return path.as_posix()

    def declaration(self, path: Path) -> Declaration | None:
        """Return the declaration in a file, None when it is not a bet.

        Raises:
            DeclarationError: with every fault of the file.

        """
        if path not in self._read:
            if path not in self._by_name.get(path.stem.removeprefix("bet_"), []):
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
        """Return every declaration, and the errors of the files whose declaration cannot be read."""
        good, bad = [], []
        for path in self.paths:
            try:
                declaration = self.declaration(path)
            except DeclarationError as error:
                bad.append(error)
            else:
                if declaration:
                    good.append(declaration)
        return sorted(good, key=lambda bet: (bet.number is None, bet.number or 0, bet.id)), bad

    def faults(self, declaration: Declaration, path: Path) -> list[Fault]:
        """Return what is wrong between this bet and the others: a number used twice, links that lead nowhere."""
        twins = self._by_name[declaration.id] if declaration.number is None else self._by_number[declaration.number]
        found = []
        for other in twins:
            if other != path and (declaration.number is not None or self._is_bet(other)):
                used = (
                    f"the number {declaration.number}" if declaration.number is not None else f"the id {declaration.id}"
                )
                problem = f"{used} is used twice: {self.name(other)} has it, too"
                expected = f"a free number, such as {self.next_number()}"
                found.append(Fault(declaration.file, 1, problem, path.name, expected))
        return found + link_faults(declaration, self._known_as, self._links, self._by_name)

    def next_number(self) -> int:
        """Return the number after the highest."""
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
        return path.stem.removeprefix("bet_") if number is None else number

    def _links(self, link: Link) -> Sequence[Link]:
        path = self.find(link)
        try:
            declaration = self.declaration(path) if path else None
        except DeclarationError:  # it has its own collection error
            return ()
        found = [self._known_as(link) for link in (declaration.challenges if declaration else ())]
        return [link for link in found if link is not None]

    def _is_bet(self, path: Path) -> bool:
        try:
            return self.declaration(path) is not None
        except DeclarationError:
            return True


def _bet_files(root: Path) -> Iterator[Path]:
    for here, files in walk(root):
        yield from (here / name for name in files if name.startswith("bet_") and is_bet_name(name))
