"""What `doctor` checks: each check says what is there, how bad it is, and the cure."""

import os
import platform
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, entry_points, version
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final, Literal

from pytest_bets.bet.misnamed import misnamed
from pytest_bets.diagnostics import HistoryError, RecordError, count_noun
from pytest_bets.engines.find import GROUP
from pytest_bets.git.attributes import is_united
from pytest_bets.git.checkout import common_folder
from pytest_bets.git.process import run
from pytest_bets.project import Project
from pytest_bets.record.filenames import JOURNAL
from pytest_bets.record.places import catalogue_of
from pytest_bets.record.store import Results
from pytest_bets.walk import checkout, relative

Level = Literal["ok", "note", "problem"]
_PACKAGE: Final = "pytest-bets"
_LEAST: Final = {"pytest": (8, 2), "pytest-xdist": (3, 6)}
"""The oldest versions that work."""
_NEIGHBOURS: Final = {
    "pytest-randomly": "shuffles cells and tiers, and the verdicts are the same",
    "pytest-split": "keeps each bet in one shard",
    "pytest-timeout": "a cell that takes too long makes its bet void",
    "pytest-benchmark": "measures nothing under -n",
    "pytest-rerunfailures": "a session with --reruns refuses the bets",
    "pytest-retry": "a session with --retries refuses the bets",
    "flaky": "a session with --force-flaky refuses the bets",
    "pytest-repeat": "a session with --count refuses the bets",
    "pytest-forked": "a session with --forked refuses the bets",
}
"""Plugins that change how tests run, and what that means for bets."""
_EXTRAS: Final = {
    "report": ("jinja2",),
    "claims": ("docutils",),
    "frames": ("pandas", "polars", "pyarrow"),
    "watch": ("rich",),
    "prml": ("yaml",),
    "mlflow": ("mlflow",),
    "wandb": ("wandb",),
    "ray": ("ray",),
    "dask": ("distributed",),
}
"""The extras of the package, and the modules that they install."""
_SHOWN: Final = 3


@dataclass(frozen=True)
class Check:
    """One check of the installation or the project."""

    name: Annotated[str, "A short name for programs; several checks may have the same."]
    level: Annotated[Level, "How bad it is."]
    text: Annotated[str, "What is there."]
    cure: Annotated[str, "What to type or do; empty where there is nothing to cure."] = ""


def checks(project: Project) -> Iterator[Check]:
    """Yield every check of the installation and of a project."""
    yield from _package(project)
    yield from _pytest()
    yield from _plugins()
    yield from _extras()
    yield from _git(project)
    yield from _project(project)
    yield from _results(project)
    yield from _merging(project)


def _package(project: Project) -> Iterator[Check]:
    here = Path(__file__).resolve().parents[1]
    yield Check("python", "ok", f"Python {platform.python_version()} at {sys.executable}")
    try:
        yield Check("package", "ok", f"{_PACKAGE} {version(_PACKAGE)} at {here}")
    except PackageNotFoundError:
        text = f"{_PACKAGE} at {here} is not installed: pytest does not load it, and commands find it by accident"
        yield Check("package", "problem", text, f"{sys.executable} -m pip install {_PACKAGE}")
    own = project.root / "pytest_bets"
    if (own / "plugin.py").is_file() and own.resolve() != here:
        same = _sources(own) == _sources(here)
        copy = "a copy of it runs, in which a change here has no effect" if same else "another version runs"
        cure = f"{sys.executable} -m pip install -e {shlex.quote(str(project.root))}"
        text = f"this checkout has a {own.name} of its own, and {copy}"
        yield Check("checkout", "note" if same else "problem", text, cure)


def _sources(package: Path) -> dict[str, bytes]:
    return {path.relative_to(package).as_posix(): path.read_bytes() for path in package.rglob("*.py")}


def _pytest() -> Iterator[Check]:
    yield _versioned("pytest", "problem", "runs the bets")
    if os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        text = "PYTEST_DISABLE_PLUGIN_AUTOLOAD is set, so pytest loads no plugin by itself"
        yield Check("autoload", "problem", text, "pytest -p pytest_bets.plugin, or unset the variable")
    added = os.environ.get("PYTEST_ADDOPTS", "")
    if re.search(r"-p\s*=?\s*no:(pytest_)?bets\b", added):
        yield Check("addopts", "problem", f"PYTEST_ADDOPTS switches the plugin off: {added}", "unset PYTEST_ADDOPTS")


def _plugins() -> Iterator[Check]:
    yield _versioned("pytest-xdist", "note", "`pytest bets/ -n 2` runs cells in parallel with it")
    for name, meaning in _NEIGHBOURS.items():
        found = _version(name)
        if found:
            yield Check(name, "ok", f"{name} {found}: {meaning}")


def _versioned(name: str, missing: Level, meaning: str) -> Check:
    found = _version(name)
    install = f"{sys.executable} -m pip install -U {name}"
    if found is None:
        return Check(name, missing, f"{name} is not installed; {meaning}", install)
    least = _LEAST[name]
    if tuple(map(int, re.findall(r"\d+", found)[:2])) < least:
        return Check(name, "problem", f"{name} {found} is older than {'.'.join(map(str, least))}", install)
    return Check(name, "ok", f"{name} {found}")


def _version(name: str) -> str | None:
    try:
        return distribution(name).version
    except PackageNotFoundError:
        return None


def _extras() -> Iterator[Check]:
    missing = {extra: [name for name in names if not _is_there(name)] for extra, names in _EXTRAS.items()}
    there = [extra for extra, names in missing.items() if not names]
    absent = [extra for extra, names in missing.items() if names]
    text = f"extras installed: {', '.join(there) or 'none'}"
    text += f"; not installed: {', '.join(absent)} (pip install '{_PACKAGE}[{absent[0]}]')" if absent else ""
    yield Check("extras", "ok", text)
    engines = ["local", *(name for name in ("ray", "dask") if name in there)]
    engines += ["slurm"] if shutil.which("sbatch") else []
    engines += [entry.name for entry in entry_points(group=GROUP)]
    yield Check("engines", "ok", f"engines for --bets-on: {', '.join(engines)}")


def _is_there(module: str) -> bool:
    """Return whether a module is installed; wandb leaves a folder of that name in the working folder."""
    found = find_spec(module)
    return found is not None and found.origin is not None


def _git(project: Project) -> Iterator[Check]:
    if shutil.which("git") is None:
        yield Check("git", "problem", "git is not installed, and bets are registered in git", "install git")
        return
    root = project.root.resolve()
    top = checkout(root)
    if top is None:
        text = f"{root} is not in a git repository, and bets are registered in git"
        yield Check("git", "problem", text, f"git init {shlex.quote(str(root))}")
        return
    try:
        release = os.fsdecode(run(top, "version")).strip().removeprefix("git version ")
        yield Check("git", "ok", f"git {release}, checkout at {top}")
        commits = int(run(top, "rev-list", "--all", "--count"))
    except HistoryError as error:
        yield Check("git", "problem", f"git cannot read {top}: {error}", "repair the checkout, or clone it again")
        return
    folder = common_folder(top)
    if (folder / "shallow").exists():
        text = "this clone is shallow: without its whole history the audit can determine nothing"
        yield Check("history", "problem", text, "git fetch --unshallow (in CI: fetch-depth: 0)")
    elif re.search(
        r"^\s*promisor\s*=\s*true", (folder / "config").read_text(encoding="utf-8", errors="replace"), re.MULTILINE
    ):
        text = "this clone is partial: old versions of files are missing, and the audit fetches nothing"
        yield Check("history", "problem", text, "git fetch --refetch --no-filter")
    elif commits:
        yield Check("history", "ok", f"the whole history is here: {count_noun(commits, 'commit')}")
    else:
        yield Check("history", "note", "there is no commit yet: commit each bet before you run it, which registers it")


def _project(project: Project) -> Iterator[Check]:
    yield Check("rootdir", "ok", f"rootdir: {project.root}")
    catalogue = catalogue_of(project)
    good, bad = catalogue.declarations()
    names = catalogue.name
    for error in bad[:_SHOWN]:
        fault = error.faults[0]
        cure = f"pytest-bets show {Path(fault.file).stem.removeprefix('bet_')}, which lists every fault"
        yield Check("bets", "problem", f"{fault.file}:{fault.line}: {fault.problem}", cure)
    if len(bad) > _SHOWN:
        text = f"{count_noun(len(bad) - _SHOWN, 'more bet file')} cannot be read"
        yield Check("bets", "problem", text, "pytest --collect-only")
    folders = sorted({path.parent for path in catalogue.paths if catalogue.is_bet(path)})
    for folder in sorted({*folders, project.root / "bets"}):
        for path in sorted(path for path in folder.glob("*.py") if path.is_file()):  # no link that leads nowhere
            other = (
                None
                if path.name.startswith("bet_")
                else misnamed(names(path), path.read_text(encoding="utf-8", errors="replace"))
            )
            if other:
                cure = f"git mv {shlex.quote(names(path))} {shlex.quote(names(path.with_name(other.suggestion)))}"
                yield Check("bets", "problem", f"{other.file}: {other.problem}", cure)
    if not folders:
        where = ", ".join(map(str, project.homes or project.searched))
        yield Check("bets", "note", f"there is no bet under {where}", 'pytest-bets new "the claim in one line"')
    elif good:
        where = ", ".join(sorted({relative(folder, project.root) for folder in folders}))
        yield Check("bets", "ok", f"{count_noun(len(good), 'bet')} in {where}")


def _results(project: Project) -> Iterator[Check]:
    folder = project.results
    there = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    files = [there, *([path] if (path := folder / JOURNAL).exists() else [])]
    refused = next((path for path in files if not os.access(path, os.W_OK)), None)
    if not there.is_dir() or refused:
        text = f"results cannot be written: {refused or there} {'is read-only' if refused else 'is no folder'}"
        yield Check("results", "problem", text, f"make it writable, as by chmod u+w {shlex.quote(str(there))}")
        return
    if not folder.exists():
        yield Check("results", "ok", f"results: {folder}, which the first run creates")
        return
    try:
        results = Results(folder)
        results.refresh()
        count = len(results.headers())
    except (RecordError, OSError) as error:
        cure = "restore the file with git; where journals conflict, keep the lines of both"
        yield Check("results", "problem", str(error), cure)
        return
    yield Check("results", "ok", f"results: {folder}, {count_noun(count, 'record')}")
    for notice in results.notices():
        yield Check("results", "note", notice)


def _merging(project: Project) -> Iterator[Check]:
    top = checkout(project.root.resolve())
    if top is None or shutil.which("git") is None or not project.results.is_relative_to(top):
        return
    journal = project.results / JOURNAL
    name = journal.relative_to(top).as_posix()
    try:
        run(top, "check-ignore", "-q", name)
    except HistoryError:  # git ignores nothing there
        pass
    else:
        text = f"git ignores {name}: every outcome is kept only if it is committed"
        yield Check("ignored", "problem", text, "remove the line that `git check-ignore -v` names from .gitignore")
    if is_united(top, journal):
        yield Check("merge", "ok", f".gitattributes: a merge keeps the runs of both branches in {name}")
    elif journal.exists():
        text = f"a merge of two branches that both ran bets would conflict in {name}"
        yield Check(
            "merge", "problem", text, f"echo '{name} merge=union' >> {shlex.quote(str(top / '.gitattributes'))}"
        )
    else:
        text = f"there is no rule yet by which a merge keeps the runs of both branches in {name}"
        yield Check("merge", "note", text, "`pytest-bets new` adds it to .gitattributes")
