"""The declaration of a bet, as one frozen value."""

import ast
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from posixpath import basename, splitext
from typing import Final

from pytest_bets.bet.docstring import Docstring
from pytest_bets.bet.null import MARKER as NULL
from pytest_bets.bet.null import Absence, Null
from pytest_bets.bet.reading import AS_WRITTEN, Reading
from pytest_bets.bet.world import World
from pytest_bets.sentence.ast import Sentence, names
from pytest_bets.sentence.parse import parse_value
from pytest_bets.values import canonical, digest

TIERS: Final = ("strict", "lenient", "catastrophic")
CONTROL: Final = "control"
PREMISE: Final = "premise"
CRITERIA: Final = (*TIERS, CONTROL, PREMISE)
MARKERS: Final = (*CRITERIA, "challenges", "withdrawn", "replicate", NULL)
SEED: Final = "seed"
_INDEX: Final = ',"index":'
TAKEN_IDS: Final = ("badge", "journal", "summary")
"""The files in the folder of results that are no records; a bet of such an id would write or hide one of them."""
DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))}
)
"""The names that Windows keeps for devices, with any ending: a record of that name cannot be checked out there."""

_FILE_NAME: Final = re.compile(r"bet_(?:(\d+)(?:_\w+)?|\w+)\.py")


@dataclass(frozen=True)
class Criterion:
    """One sentence of one tier, and its line."""

    tier: str
    sentence: Sentence
    line: int

    def __str__(self) -> str:
        return f'{self.tier}("{self.sentence.text}")'


@dataclass(frozen=True)
class Declaration:
    """A bet's declaration; `line` is the line of the experiment, `file` the path given to the parser.

    `resources` are those of every such marker in the file; they are no part of what is declared. Nor is `experiment`,
    its syntax tree: the code of a record shows its changes. `reading` is what the texts of constants and sweeps leave
    out.
    """

    file: str
    function: str
    line: int
    docstring: Docstring
    criteria: tuple[Criterion, ...]
    constants: Mapping[str, object]
    pilot: Mapping[str, object]
    sweep: Mapping[str, object]
    replicate: int | None
    challenges: tuple[int | str, ...]
    withdrawn: str | None
    nulls: tuple[Null, ...] = ()
    odds: Mapping[str, float] | None = None
    world: World | None = None
    resources: tuple[Mapping[str, object], ...] = ()
    reading: Reading = field(default=AS_WRITTEN, compare=False)
    experiment: ast.AST = field(default_factory=ast.Pass, compare=False, repr=False)

    @cached_property
    def id(self) -> str:
        """The file name without `bet_` and `.py`."""
        return bet_id(self.file)

    @cached_property
    def number(self) -> int | None:
        """The number in the file name."""
        return number_of(self.file)

    @property
    def name(self) -> str:
        """The id without its number."""
        return self.id if self.number is None else self.id.partition("_")[2]

    @property
    def title(self) -> str:
        """The title line of the docstring, without `Bet 46:`."""
        return re.sub(r"^Bet\s+\S+:\s*", "", self.docstring.title)

    def sentences(self, tier: str) -> tuple[Sentence, ...]:
        """Return the sentences of one tier, in source order."""
        return tuple(criterion.sentence for criterion in self.criteria if criterion.tier == tier)

    def texts(self) -> dict[str, list[str]]:
        """Return the text of every sentence by tier; premise only where there is one, so that older digests stay."""
        texts = {tier: [sentence.text for sentence in self.sentences(tier)] for tier in CRITERIA}
        return {tier: sentences for tier, sentences in texts.items() if sentences or tier != PREMISE}

    @property
    def known(self) -> str | None:
        """What the author says was known of the outcome before the run; None without such a section."""
        return self.docstring.section_text("Known") or None

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name that a sentence or a null reads."""
        values = [criterion.sentence.value for criterion in self.criteria]
        values += [parse_value(null.tries) for null in self.nulls if isinstance(null, Absence)]
        return frozenset[str]().union(*map(names, values))

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of what must not change.

        Hypothesis, sentences, constants, sweep, replications, challenges; known, nulls, odds, world if there are any.
        """
        optional = {**({"known": self.known} if self.known else {}), **self.error_rates}
        return declaration_digest(
            self.docstring.section_text("Hypothesis"),
            self.texts(),
            self.constants,
            self.sweep,
            self.replicate,
            self.challenges,
            optional,
        )

    @cached_property
    def error_rates(self) -> dict[str, object]:
        """What is declared of chance, without what is not declared: a digest of a bet without it stays as it is."""
        world = self.world.meaning if self.world else None
        parts = {"null": [null.plain for null in self.nulls], "odds": self.odds, "world": world}
        return {name: part for name, part in parts.items() if part}

    def seeds(self, count: int) -> list[int]:
        """Return `count` 32-bit seeds, derived so that they cannot be chosen.

        Seed i is the first 4 bytes, big-endian, of the SHA-256 of the canonical JSON of
        `{"id": id, "index": i, "sentences": {tier: [...]}, "sweep": {...}}`.
        """
        return seeds(self.id, self.texts(), self.sweep, count)

    @property
    def seeded(self) -> str:
        """The text that the seeds are derived from, without the number of its index."""
        return _seeded(self.id, self.texts(), self.sweep)

    def replication_seeds(self, number: int, count: int) -> list[int]:
        """Return `count` seeds of a replication, which cannot be chosen and which no other run has.

        Seed i is derived as by `seeds`, from `{"declaration": digest, "index": i, "replication": number}`.
        """
        base = {"declaration": self.digest, "replication": number}
        return [int(digest({**base, "index": index})[:8], 16) for index in range(count)]


def declaration_digest(
    hypothesis: str,
    texts: Mapping[str, Sequence[str]],
    constants: Mapping[str, object],
    sweep: Mapping[str, object],
    replicate: int | None,
    challenges: Sequence[int | str],
    optional: Mapping[str, object],
) -> str:
    """Return the digest of what a bet declares: `texts` are the sentences by tier, few bets have `optional` parts."""
    return digest(
        {
            "hypothesis": hypothesis,
            **{tier: list(sentences) for tier, sentences in texts.items()},
            "constants": dict(constants),
            "sweep": dict(sweep),
            "replicate": replicate,
            "challenges": list(challenges),
            **optional,
        }
    )


def seeds(bet: str, texts: Mapping[str, Sequence[str]], sweep: Mapping[str, object], count: int) -> list[int]:
    """Return the first seeds of a bet, as `Declaration.seeds` describes them."""
    head, _, tail = _seeded(bet, texts, sweep).partition(_INDEX)
    start = hashlib.sha256(f"{head}{_INDEX}".encode())
    found = []
    for index in range(count):
        seed = start.copy()
        seed.update(f"{index}{tail}".encode())
        found.append(int.from_bytes(seed.digest()[:4], "big"))
    return found


def _seeded(bet: str, texts: Mapping[str, Sequence[str]], sweep: Mapping[str, object]) -> str:
    sentences = {tier: list(own) for tier, own in texts.items()}
    base = {"id": bet, "index": 0, "sentences": sentences, "sweep": dict(sweep)}
    head, _, tail = canonical(base).partition(f"{_INDEX}0")
    return f"{head}{_INDEX}{tail}"


def is_bet_name(file: str) -> bool:
    """Return whether a file name has the form of a bet file."""
    return _FILE_NAME.fullmatch(basename(file)) is not None


def bet_id(file: str) -> str:
    """Return the id in a bet file name."""
    return splitext(basename(file))[0].removeprefix("bet_")


def bet_order(bet: str, number: int | None) -> tuple[bool, int, str]:
    """Return the sort key of bets: by number, then those without one by id."""
    return number is None, number or 0, bet


def number_of(file: str) -> int | None:
    """Return the number in a bet file name, or None."""
    match = _FILE_NAME.fullmatch(basename(file))
    return int(match[1]) if match and match[1] else None


def number_in(bet: str) -> int | None:
    """Return the number in a bet's id, or None."""
    return number_of(f"bet_{bet}.py")


def matching(asked: str, ids: Iterable[str]) -> list[str]:
    """Return the bets that an id, a number, or an id without its number names; an id names no other bet."""
    known = list(ids)
    if asked in known:
        return [asked]
    number = int(asked) if asked.isdecimal() else None  # 05 is how an id says it
    if number is not None:
        return [bet for bet in known if number_in(bet) == number]
    return [bet for bet in known if number_in(bet) is not None and bet.partition("_")[2] == asked]
