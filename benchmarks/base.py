"""How well the bases compress, beside compressors that read the same texts: bits a byte of held-out text.

xz and PPMd cold see the held-out text alone, and adapt to all of what they have read of it. Primed, they have read the
training text first: what it costs is the size of both together less that of the training text. The table of 5-grams has
counted the training text. A model sees 256 bytes: in windows one behind the other, as bets judge, and in windows that
overlap by half, so that each byte is predicted from 128 bytes or more. It does not adapt to the held-out text.

A model that is not in the cache is left out, unless --train says to train it: `python -m bets.lab.bases` does so with a
checkpoint, minutes for `short`, hours for `long`.
"""

from __future__ import annotations

import argparse
import lzma
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pyppmd
import torch
from figures import Figure, figure, report

from bets.lab import bases, corpus, pinning, specialists, training
from bets.lab.corpus import Corpus
from bets.lab.instruments import ngrams, sliding
from bets.lab.model import FractalMoE
from bets.lab.specialists import Recipe

ORDER: Final = 16  # bytes of context that PPMd uses at most
MEMORY: Final = 256 << 20  # bytes that PPMd may use: enough that it never starts again on these texts
DICTIONARY: Final = 64 << 20  # bytes that xz looks back


def xz(*texts: bytes) -> list[int]:
    """Bytes of each text in xz -9e, with a dictionary that holds all of it."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": DICTIONARY}]
    return [len(lzma.compress(text, lzma.FORMAT_RAW, filters=filters)) for text in texts]


def ppmd(*texts: bytes) -> list[int]:
    """Bytes of each text in PPMd: of variant I, or of H where pyppmd does not unpack all that it has packed as I."""
    variants = (pyppmd.Ppmd8Encoder, pyppmd.Ppmd8Decoder), (pyppmd.Ppmd7Encoder, pyppmd.Ppmd7Decoder)
    for encoder, decoder in variants:
        packings = [encoder(ORDER, MEMORY) for _ in texts]
        packed = [packing.encode(text) + packing.flush() for packing, text in zip(packings, texts, strict=True)]
        with suppress(ValueError):
            if all(decoder(ORDER, MEMORY).decode(p, len(t)) == t for p, t in zip(packed, texts, strict=True)):
                return [len(each) for each in packed]
    raise SystemExit("found no variant of PPMd that gives back what it was given")


def compressed(text: Corpus, recipe: Recipe) -> Iterator[tuple[str, float]]:
    """Bits a byte of held-out text by what needs no model; primed with what the models are trained on."""
    texts = reversed(recipe.texts)  # the author's own last, where it helps most
    read = b"".join(corpus.load(each).train for each in texts)
    for name, sizes in (("xz", xz), ("PPMd", ppmd)):
        cold, both, before = sizes(text.held_out, read + text.held_out, read)
        yield f"{name} cold", 8 * cold / len(text.held_out)
        yield f"{name} primed", 8 * (both - before) / len(text.held_out)
    yield "5-grams", training.bits_per_byte(ngrams.loss(recipe.text(), text.held_out))


def modelled(name: str, size: str, train: bool) -> Iterator[tuple[str, FractalMoE]]:
    """The specialist, and the base of each training, where it is in the cache or may be trained."""
    key = f"{name}-{size}-{specialists._key(name, size, specialists.RECIPES[name].text())}"
    made: dict[str, tuple[str, Callable[[], FractalMoE]]] = {"specialist": (key, lambda: specialists.load(name, size))}
    text = bases.TEXTS[name].text()
    for kind, plans in bases.PLANS.items():
        key = f"{name}-{size}-{kind}-{bases._key(name, size, plans[size], text)}"
        made[f"base, {kind}"] = key, lambda kind=kind: bases.load(name, size, kind)  # type: ignore[misc]
    for what, (folder, load) in made.items():
        if train or (specialists.cache() / folder / f"{name}-{specialists.TAG}.json").exists():
            yield what, load()


def measured(name: str, size: str, train: bool) -> Iterator[Figure]:
    """All figures of one text; the bars are PPMd's."""
    text, bars = corpus.load(name), {}
    for what, bits in compressed(text, bases.TEXTS[name]):
        bars[what] = bits
        yield figure(f"{name}: {what}", "bits", [bits])
    for what, model in modelled(name, size, train):
        for way, loss in (("", training.loss), (", overlapping", sliding.loss)):
            bits = training.bits_per_byte(loss(model, text.held_out))
            bar = {"base, short": bars["PPMd cold"], "base, long": bars["PPMd primed"]}.get(what)
            yield figure(f"{name}: {what}{way}", "bits", [bits], bar if size == "30m" else None)


def main() -> int:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(corpus.NAMES)} (default: all)")
    parser.add_argument("--size", default="30m", choices=sorted(specialists.THREADS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--train", action="store_true", help="train the models that are not in the cache")
    parser.add_argument("--json", type=Path, default=Path("build/base.json"), help="where the figures go")
    given = parser.parse_args()
    with pinning.threads(given.threads):
        figures = [each for name in given.names or corpus.NAMES for each in measured(name, given.size, given.train)]
    about = {"python": platform.python_version(), "torch": torch.__version__, "size": given.size, "ppmd order": ORDER}
    return report(figures, about, given.json)


if __name__ == "__main__":
    sys.exit(main())
