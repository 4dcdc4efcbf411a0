"""The declaration of a bet, as one frozen value."""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from posixpath import basename, splitext
from typing import Final

from pytest_bets.bet.docstring import Docstring
from pytest_bets.sentence.ast import Sentence, names
from pytest_bets.values import digest

TIERS: Final = ("strict", "lenient", "catastrophic")
CONTROL: Final = "control"
CRITERIA: Final = (*TIERS, CONTROL)
MARKERS: Final = (*CRITERIA, "challenges", "withdrawn", "replicate")
SEED: Final = "seed"

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

    `experiment` is its syntax tree, which is not declared: the code of a record tells of its changes.
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
        """Return the text of every sentence by tier."""
        return {tier: [sentence.text for sentence in self.sentences(tier)] for tier in CRITERIA}

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name that a sentence reads."""
        return frozenset[str]().union(*(names(criterion.sentence.value) for criterion in self.criteria))

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of what must not change: hypothesis, sentences, constants, sweep, replicate, challenges."""
        hypothesis = self.docstring.prose("Hypothesis")
        return declaration_digest(hypothesis, self.texts(), self.constants, self.sweep, self.replicate, self.challenges)

    def seeds(self, count: int) -> list[int]:
        """Return `count` 32-bit seeds, derived so that they cannot be chosen.

        Seed i is the first 4 bytes, big-endian, of the SHA-256 of the canonical JSON of
        `{"id": id, "index": i, "sentences": {tier: [...]}, "sweep": {...}}`.
        """
        return seeds(self.id, self.texts(), self.sweep, count)


def declaration_digest(
    hypothesis: str,
    texts: Mapping[str, Sequence[str]],
    constants: Mapping[str, object],
    sweep: Mapping[str, object],
    replicate: int | None,
    challenges: Sequence[int | str],
) -> str:
    """Return the digest of what a bet declares; `texts` are the sentences by tier."""
    return digest(
        {
            "hypothesis": hypothesis,
            **{tier: list(sentences) for tier, sentences in texts.items()},
            "constants": dict(constants),
            "sweep": dict(sweep),
            "replicate": replicate,
            "challenges": list(challenges),
        }
    )


def seeds(bet: str, texts: Mapping[str, Sequence[str]], sweep: Mapping[str, object], count: int) -> list[int]:
    """Return the first seeds of a bet, as `Declaration.seeds` describes them."""
    sentences = {tier: list(own) for tier, own in texts.items()}
    base = {"id": bet, "sentences": sentences, "sweep": dict(sweep)}
    return [int(digest({**base, "index": index})[:8], 16) for index in range(count)]


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
