"""Constants that a bet imports, followed to their values: a constant may move, and its import with it."""

import ast
from collections.abc import Callable, Iterator, Sequence

from pytest_bets.audit.evidence import BetRevision
from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.meaning import source_of
from pytest_bets.code.index import CodeIndex
from pytest_bets.code.names import Imported
from pytest_bets.code.program import Definition, Elsewhere, Place, Program, Target
from pytest_bets.code.template import MODULE, Readers, Ref
from pytest_bets.git.revision import Commit

Relocated = tuple[str, str, str]
"""A commit, and the two texts of an import of the same value, before and after it."""


def relocated(
    revisions: Sequence[BetRevision], index_of: Callable[[str], CodeIndex | None], root: str
) -> Iterator[Relocated]:
    """Yield the imports of constants that a commit changed without a change of the value.

    `index_of` returns the code of a commit, of the working tree for an empty name; `root` is the project's folder.
    """
    for revision in revisions:
        before, after = revision.before, revision.after
        if not isinstance(before, Declaration) or not isinstance(after, Declaration):
            continue
        for name in before.constants.keys() & after.constants.keys():
            texts = source_of(before.constants[name]), source_of(after.constants[name])
            if texts[0] == texts[1] or not (texts[0] and texts[1]):
                continue
            values = (
                _value(index_of(_parent(revision.commit)), _under(revision.was or revision.path, root), texts[0]),
                _value(index_of(revision.commit.id), _under(revision.path, root), texts[1]),
            )
            if values[0] is not None and values[0] == values[1]:
                yield revision.commit.id, texts[0], texts[1]


def _parent(commit: Commit) -> str:
    return commit.parents[0] if commit.parents else ""


def _under(path: str, root: str) -> str:
    return path if root == "." else path.removeprefix(f"{root}/")


def _value(index: CodeIndex | None, bet: str, text: str) -> str | None:
    """Return what stands for the imported value: the hashes of all that defines it, or its name in a package."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    statement = tree.body[0] if len(tree.body) == 1 else None
    if index is None or not isinstance(statement, ast.ImportFrom) or not index.files.is_file(bet):
        return None
    program = index.program(bet)
    module = "." * statement.level + (statement.module or "")
    match program.imported(bet, Imported(module, statement.names[0].name)):
        case Definition(path, unit, name) if unit != MODULE:
            hashes = _reached(program, path, unit)
            return " ".join([name, *hashes]) if hashes else None
        case Elsewhere(dotted):
            return dotted
        case _:
            return None


def _reached(program: Program, path: str, unit: str) -> list[str] | None:
    """Return the hashes of a definition and of those that it uses, None where that cannot be followed."""
    waiting, hashes = [(path, unit)], []
    seen = {*waiting}
    while waiting:
        file, name = waiting.pop()
        hashes.append(program.hash(file, name, Readers()))
        for target in _used(program, file, name):
            if isinstance(target, Place) or (isinstance(target, Definition) and target.unit == MODULE):
                return None
            if isinstance(target, Definition) and (target.path, target.unit) not in seen:
                seen.add((target.path, target.unit))
                waiting.append((target.path, target.unit))
    changed = {
        (target.path, target.unit)
        for file in {file for file, _ in seen}
        if MODULE in program.outline(file).units
        for target in _used(program, file, MODULE)
        if isinstance(target, Definition)
    }
    return None if changed & seen else hashes  # a statement such as `SIZES.append(9)`


def _used(program: Program, path: str, unit: str) -> list[Target]:
    parts = program.outline(path).units[unit].parts(Readers())
    return [program.resolve(path, part).target for part in parts if isinstance(part, Ref) and not part.binds]
