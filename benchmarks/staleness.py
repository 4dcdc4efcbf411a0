"""How many records of the catalogue become stale, edit by edit: by bytes of files, and by meaning of definitions.

Nothing is written: each edit is made in memory, and the code of every bet is read again.

    python benchmarks/staleness.py
"""

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_bets.code.digest import Code
from pytest_bets.code.index import CodeIndex, Disk
from pytest_bets.code.program import Outlines
from pytest_bets.code.staleness import difference, moved_words, named

ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = "bets/lab/artifacts/weights.py"
FILES = "bets/lab/artifacts/files.py"
MOVED = "bets/lab/artifacts/identifiers.py"
IDENTIFIER = re.compile(r"def identifier\(.*?(?=\n\n\ndef )", re.DOTALL)

Edited = Mapping[str, str]


class Overlay(Disk):
    """The files on disk, some of them with other text."""

    def __init__(self, root: Path, texts: Edited) -> None:
        super().__init__(root)
        self.texts = texts
        on_disk = self.is_file
        self.is_file = lambda name: name in texts or on_disk(name)

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""
        return self.texts[name].encode() if name in self.texts else super().read(name)


def source(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def edited(name: str, old: str, new: str) -> Edited:
    text = source(name)
    if old not in text:
        sys.exit(f"{name}: {old!r} is not there any more: this benchmark has to be brought up to date")
    return {name: text.replace(old, new)}


def moved() -> Edited:
    """Move a function to a new module, and import it where it was."""
    text = source(WEIGHTS)
    found = IDENTIFIER.search(text)
    if found is None:
        sys.exit(f"{WEIGHTS}: there is no function `identifier` any more: this benchmark has to be brought up to date")
    left = text.replace(f"{found[0]}\n\n\n", "").replace("import hashlib\n", "")
    imported = "from bets.lab.artifacts.identifiers import identifier\n"
    left = left.replace("from torch import Tensor\n", f"from torch import Tensor\n\n{imported}")
    head = '"""What a model is known by."""\n\nfrom __future__ import annotations\n\nimport hashlib\n'
    imports = "from collections.abc import Mapping\n\nimport torch\nfrom torch import Tensor\n"
    return {WEIGHTS: left, MOVED: f"{head}{imports}\n\n{found[0]}\n"}


EDITS: Sequence[tuple[str, Edited]] = (
    ("a comment in weights.py", edited(WEIGHTS, "def pack(", "# A safetensors file.\ndef pack(")),
    ("a word in a docstring of files.py", edited(FILES, "and never a part", "and never half of one")),
    ("a word in the docstring of conftest.py", edited("conftest.py", "test bench", "workbench")),
    ("an annotation in weights.py", edited(WEIGHTS, "def fit(where: object,", "def fit(where: str,")),
    ("a local variable of weights.identifier", {WEIGHTS: re.sub(r"\bdigest\b", "hasher", source(WEIGHTS))}),
    ("a function moved from weights.py", moved()),
    ("specialists.main, which no bet uses", edited("bets/lab/specialists.py", "preset=9", "preset=6")),
    ("weights.fit, which loads adapters", edited(WEIGHTS, "if strange or missing:", "if strange and missing:")),
    ("files.write, which saves what was made", edited(FILES, "os.fsync(file.fileno())", "file.flush()")),
    ("a constant of weights.py", edited(WEIGHTS, '_ABOUT = "about"', '_ABOUT = "told"')),
    ("a constant of corpus.py", edited("bets/lab/corpus.py", "BLOCKS: Final = ", "BLOCKS: Final = 1 + ")),
    ("training.adamw", edited("bets/lab/training.py", "fused=", "foreach=False, fused=")),
)


def codes(texts: Edited, outlines: Outlines) -> dict[str, Code]:
    index = CodeIndex(ROOT, [ROOT], Overlay(ROOT, texts), outlines)
    return {bet.name: index.code(bet) for bet in sorted((ROOT / "bets").glob("bet_*.py"))}


def main() -> None:
    """Print a line for each edit."""
    outlines = Outlines()
    before = codes({}, outlines)
    print(f"{'stale records, of ' + str(len(before)):<44} by bytes  by meaning")
    for title, texts in EDITS:
        after = codes(texts, outlines)
        files = sum(
            any(after[bet].files.get(name) != sha for name, sha in code.files.items()) for bet, code in before.items()
        )
        stale = [bet for bet, code in before.items() if after[bet].digest != code.digest]
        print(f"{title:<44} {files:>8}  {len(stale):>10}")
        found = [difference(code.definitions, after[bet].definitions) for bet, code in before.items()]
        for text in sorted({named(each.changed) for each in found if each.changed}):
            print(f"    changed: {text}")
        for text in sorted({moved_words(each.moved) for each in found if each.moved}):
            print(f"    moved: {text}, in {sum(bool(each.moved) for each in found)} records")


if __name__ == "__main__":
    main()
