"""Run the fuzz targets: `python -m tests.fuzz --seconds 60`.

Atheris runs them where it is installed: it sees which lines an input reaches. Elsewhere Hypothesis runs them on changed
inputs of the corpus. The seconds are spread over the targets. A crash prints the input and the file where it was saved;
`python -m tests.fuzz --input FILE --target NAME` runs it again. The exit status is 1 if a target crashed.
"""

import argparse
import importlib.util
import re
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

SAVED: Final = Path("build/fuzz")
SLOW: Final = 5
"""The seconds that one input may take."""
_DONE: Final = re.compile(rb"Done (\d+) runs")
Target = Callable[[bytes], None]


def saved(name: str, data: bytes) -> Path:
    """Write an input that crashed a target to a file."""
    SAVED.mkdir(parents=True, exist_ok=True)
    path = SAVED / f"{name}-crash"
    path.write_bytes(data)
    return path


def timed(target: Target) -> Target:
    """Return the target, which fails where one input takes too long."""

    def run(data: bytes) -> None:
        began = perf_counter()
        target(data)
        took = perf_counter() - began
        assert took < SLOW, f"this input took {took:.1f} s"

    return run


def hypothesized(name: str, target: Target, corpus: Sequence[bytes], seconds: float) -> int:
    """Run a target on changed inputs of the corpus, and return the number of executions.

    Raises:
        AssertionError: with the smallest input that crashed it, saved in a file.

    """
    from hypothesis import HealthCheck, Phase, given, settings

    from tests.fuzz.inputs import changed

    counted, began = 0, perf_counter()
    crashed = b""

    def once(data: bytes) -> None:
        nonlocal counted, crashed
        counted += 1
        try:
            target(data)
        except BaseException:
            crashed = data
            raise

    many = settings(
        max_examples=50,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    for data in corpus:
        once(data)
    while True:
        try:
            many(given(changed(corpus))(once))()
        except BaseException as error:
            path = saved(name, crashed)
            raise AssertionError(f"{name}: crashed by {crashed[:500]!r}, saved in {path}") from error
        if perf_counter() - began >= seconds:
            return counted


def fuzzed(name: str, corpus: Sequence[bytes], seconds: float) -> tuple[int, bool]:
    """Run a target with Atheris in a process of its own; return the executions and whether it crashed."""
    with tempfile.TemporaryDirectory() as folder:
        for index, data in enumerate(corpus):
            Path(folder, str(index)).write_bytes(data)
        SAVED.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [
                *(sys.executable, "-m", "tests.fuzz.guided", name, folder, f"-artifact_prefix={SAVED}/{name}-"),
                *(f"-max_total_time={max(1, int(seconds))}", f"-timeout={SLOW}", "-rss_limit_mb=2048", "-verbosity=1"),
            ],
            capture_output=True,
            check=False,
        )
    found = _DONE.search(done.stderr)
    if done.returncode:
        print((done.stdout + done.stderr[-4000:]).decode(errors="replace"))
    return int(found[1]) if found else 0, bool(done.returncode)


def main() -> int:
    """Run the targets and print the executions of each."""
    from tests.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60, help="for all targets together (default 60)")
    parser.add_argument("--target", choices=TARGETS, action="append", help="one of the targets (default: all)")
    parser.add_argument("--input", type=Path, help="run one saved input instead")
    parser.add_argument("--engine", choices=("atheris", "hypothesis"), help="default: atheris if it is installed")
    given = parser.parse_args()
    engine = given.engine or ("atheris" if importlib.util.find_spec("atheris") else "hypothesis")
    names = given.target or list(TARGETS)
    crashed = False
    for name in names:
        target, corpus = TARGETS[name]
        if given.input:
            timed(target)(given.input.read_bytes())
            continue
        seconds = given.seconds / len(names)
        count, failed = 0, True
        if engine == "atheris":
            count, failed = fuzzed(name, corpus, seconds)
        else:
            try:
                count, failed = hypothesized(name, timed(target), corpus, seconds), False
            except AssertionError:
                traceback.print_exc()
        crashed |= failed
        print(f"{name:10} {count:>9,} executions by {engine}{', CRASHED' if failed else ''}", flush=True)
    return int(crashed)


if __name__ == "__main__":
    sys.exit(main())
