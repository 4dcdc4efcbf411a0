"""Each kind of function notes itself, for the bet that it runs for, in whatever thread and process."""

from __future__ import annotations

import os
import py_compile
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from types import CodeType

from tests.lab import executed

CODE = """
import asyncio, functools, multiprocessing, runpy, subprocess, sys, threading
from tests.lab.executed import NOTES

def plain():
    'A docstring alone.'

@functools.cache
@functools.cache
def decorated():
    return [listed() for _ in range(2)]

def listed():
    def nested():
        return {lambda: 1 for _ in 'a'}
    return nested()

class Some:
    def method(self, _default=(lambda: 7)()):
        return self._Some__private()

    def __private(self):
        return super().__str__()

    @property
    def read(self):
        return 3

def generator():
    'With a docstring.'
    got = yield 1
    assert got == 'sent'
    yield from (2, 3)

async def waiting():
    await asyncio.sleep(0)
    return [each async for each in items()]

async def items():
    yield 1

power = lambda base: (yield base)
expression = (base * base for base in range(1, 9) if base % 2)
ongoing = generator()

def never():
    lambda: 1

def in_a_thread():
    pass

def in_a_fork():
    pass

def in_a_child():
    pass

if __name__ == '__main__':
    if sys.argv[1:]:
        in_a_child()
        sys.exit()
    NOTES.turn('one')
    assert plain.__doc__ == 'A docstring alone.' and generator.__doc__ == 'With a docstring.'
    for function in (plain, decorated, decorated, Some().method):
        function()
    assert Some().read == 3
    assert next(expression) == next(ongoing) == 1
    NOTES.turn('two')
    assert [*expression] == [9, 25, 49]
    assert [ongoing.send('sent'), *ongoing] == [2, 3]
    assert [*power(2)] == [2]
    assert asyncio.run(waiting()) == [1]
    NOTES.turn('three')
    thread = threading.Thread(target=in_a_thread)
    thread.start()
    thread.join()
    for how in ('fork', 'spawn'):
        NOTES.turn(how)
        process = multiprocessing.get_context(how).Process(target=in_a_fork)
        process.start()
        process.join()
        assert process.exitcode == 0
    NOTES.turn('four')
    subprocess.run([sys.executable, '-m', 'code_of.module', 'child'], check=True)
    NOTES.turn('five')
    runpy.run_path(__file__)['plain']()
"""

FUNCTIONS = {
    "one": {"plain", "decorated", "listed", "nested", "method", "__private", "read", "<genexpr>", "generator"},
    "two": {"<genexpr>", "generator", "<lambda>", "waiting", "items"},
    "three": {"in_a_thread"},
    "fork": {"in_a_fork"},
    "spawn": {"<lambda>", "in_a_fork"},
    "four": {"<lambda>", "in_a_child"},
    "five": {"<lambda>", "plain"},
}
"""What each bet of the code executes; a lambda in a default runs while the module is imported."""


def places(code: CodeType) -> set[tuple[int, str]]:
    """Return the first line and the name of each code object that is in another."""
    inner = [each for each in code.co_consts if isinstance(each, CodeType)]
    return {(each.co_firstlineno, each.co_name) for each in inner}.union(*map(places, inner))


def folder_of(tmp_path: Path) -> Path:
    """Write the code, with byte code beside it that has no marks."""
    folder = tmp_path / "code_of"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "module.py").write_text(CODE)
    for path in folder.glob("*.py"):
        py_compile.compile(str(path), doraise=True)
    return folder


def python(environment: dict[str, str], where: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a process of Python that imports from the folder where it stands."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=where,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""} | environment,
        capture_output=True,
        text=True,
    )


def test_each_kind_of_function_notes_itself_in_any_thread_and_process(tmp_path: Path) -> None:
    """Under the line that its code object begins in; what is only defined is not noted."""
    folder = folder_of(tmp_path)
    before = {path: path.read_bytes() for path in folder.glob("__pycache__/*")}
    done = python(executed.environment(tmp_path, folder), tmp_path, "-m", "code_of.module")
    assert done.returncode == 0, done.stderr
    noted, known = defaultdict(set), places(compile(CODE, "code", "exec"))
    for notes in (tmp_path / "notes").glob("*.txt"):
        lines = notes.read_text().splitlines()
        assert len(lines) == len(set(lines))
        for line in lines:
            bet, path, first, name = line.split("\t")
            assert path == str(folder / "module.py")
            assert (int(first), name) in known
            noted[bet].add(name)
    del noted[""]
    assert noted == FUNCTIONS
    assert {path: path.read_bytes() for path in folder.glob("__pycache__/*")} == before


def test_code_that_would_not_be_noted_is_refused(tmp_path: Path) -> None:
    """A file that is no module but a script, which Python compiles itself, and byte code that someone kept."""
    folder = folder_of(tmp_path)
    environment = executed.environment(tmp_path, folder)
    (byte_code,) = folder.glob("__pycache__/module.*.pyc")
    kept = f"import marshal; exec(marshal.loads(open({str(byte_code)!r}, 'rb').read()[16:]))"
    for arguments in ([str(folder / "module.py")], ["-c", kept]):
        refused = python(environment, tmp_path, *arguments)
        assert refused.returncode == 1
        assert refused.stderr.splitlines()[-1] == f"RuntimeError: {folder / 'module.py'}: its functions are not noted"
    assert python(environment, tmp_path, "-c", "import code_of.module").returncode == 0
