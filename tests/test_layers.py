"""Which folder may import which, and which modules touch the world: read from the source."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

import pytest_bets

PACKAGE = Path(pytest_bets.__file__).parent
MODULES = {
    ".".join(("pytest_bets", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
ORDER: Final = (
    *("diagnostics", "values", "walk", "project"),
    *("git", "sentence", "bet", "chance", "code", "record", "engines", "render"),
    *("live", "audit", "claims", "compare", "report", "export", "hooks", "cli"),
)
"""Each imports itself and what stands before it: four modules, then sixteen folders."""
ENTRIES: Final = {"pytest_bets", "pytest_bets.plugin", "pytest_bets.__main__"}
WORLD: Final = {
    "walk": "folders",
    "project": "settings files",
    "git.attributes": "git and .gitattributes",
    "git.checkout": "git",
    "git.commit": "git",
    "git.foreign": "git",
    "git.log": "git",
    "git.process": "git",
    "bet.catalogue": "bet files",
    "code.index": "source files",
    "code.lock": "lock files",
    "record.checkpoint": "the folder of results",
    "record.durations": "the folder of results",
    "record.environment": "the machine",
    "record.folder": "the folder of results",
    "record.journal_file": "the journal",
    "record.places": "the folder of results",
    "record.records": "the folder of results",
    "record.store": "the folder of results",
    "record.upgrade": "the folder of results",
    "engines.archive": "the project's files",
    "engines.child": "processes",
    "engines.children": "processes",
    "engines.dask": "a cluster",
    "engines.find": "installed packages",
    "engines.guard": "processes",
    "engines.job": "a cluster",
    "engines.local": "the machine",
    "engines.node": "processes",
    "engines.ray": "a cluster",
    "engines.slurm": "a cluster",
    "engines.slurm_commands": "a cluster",
    "engines.slurm_folder": "the folder of results",
    "engines.slurm_job": "the folder of results",
    "render.rollup": "the folder of results",
    "audit.collect": "git and the folder of results",
    "audit.pages": "git and the folder of results",
    "audit.present": "the folder of results",
    "audit.code_evidence": "git and source files",
    "audit.committed": "git and source files",
    "audit.complete": "git and the checkout",
    "audit.imported": "source files",
    "audit.paths": "source files",
    "audit.places": "git",
    "audit.staleness": "source files",
    "audit.surroundings": "git",
    "claims.files": "write-ups",
    "compare.source": "git and the folder of results",
    "report.folder": "the folder of the site",
    "live.folder": "the folder of results",
    "report.gather": "git, the folder of results and write-ups",
    "export.committed": "git",
    "export.crate": "the folder of results and the project",
    "export.folder": "the folder of exported files",
    "export.load": "the folder of results",
    "export.mlflow": "a server",
    "export.wandb": "a server",
}
"""The modules that touch the world, and what of it. All others outside hooks/ and cli/ compute values from values."""
SEEDED: Final = {"pytest_bets.chance.draws": {"random"}}
"""The module whose generators are seeded by a text, so that every run draws the same numbers."""
XDIST = "pytest_bets.hooks.xdist"
ALLOWED: Final = {
    "sentence": {"scipy"},
    "chance": {"scipy"},
    "claims": {"docutils", "markdown_it"},
    "record": {"filelock"},
    "project": {"iniconfig"},
    "report": {"jinja2"},
    "export": {"mlflow", "pandas", "polars", "pyarrow", "wandb", "yaml"},
    "engines": {"ray", "dask", "distributed"},
    "hooks": {"pytest", "_pytest"},
    "cli": {"rich"},
}
"""What a folder imports from elsewhere, beside the standard library."""


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_bytes())


def imports(module: str) -> Iterator[str]:
    """Yield every module that is imported anywhere in the file: at the top, for types alone, within a function."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} imports relatively"
            assert node.module
            found = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys()
            yield from found
            if len(found) < len(node.names):
                yield node.module
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("__import__", "importlib.import_module"):
            yield ast.unparse(node.args[0])


def place(module: str) -> int:
    """Return where a module stands in the order; an entry stands above all."""
    return len(ORDER) if module in ENTRIES else ORDER.index(module.split(".")[1])


def ours(module: str) -> set[str]:
    return {name for name in imports(module) if name.partition(".")[0] == "pytest_bets"}


def foreign(module: str) -> set[str]:
    return {name.partition(".")[0] for name in imports(module)} - sys.stdlib_module_names - {"pytest_bets"}


def is_pure(module: str) -> bool:
    folder = module.split(".")[1] if module.count(".") else ""
    return module not in ENTRIES and folder not in ("hooks", "cli") and module.removeprefix("pytest_bets.") not in WORLD


def test_every_module_stands_in_a_folder_of_the_order() -> None:
    """No module, and no folder of the order, is missing."""
    names = {module.split(".")[1] for module in MODULES.keys() - ENTRIES}
    assert names == set(ORDER)
    assert {f"pytest_bets.{name}" for name in WORLD} <= MODULES.keys()


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_its_own_folder_and_earlier_ones(module: str) -> None:
    """Type-only and local imports climb no stairs either."""
    climbing = {name for name in ours(module) if place(name) > place(module)}
    assert climbing - {"pytest_bets"} == set()
    assert ours(module) <= MODULES.keys()


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Every module can be read after those that it imports, and no earlier one needs it."""
    waiting = {module: ours(module) - {module, "pytest_bets"} for module in MODULES}
    while free := [module for module, needed in waiting.items() if not needed & waiting.keys()]:
        for module in free:
            del waiting[module]
    assert waiting == {}


@pytest.mark.parametrize("module", [module for module in MODULES if is_pure(module)])
def test_a_pure_module_knows_values_alone(module: str) -> None:
    """The standard library without files and processes, and no module that touches the world."""
    assert not {name for name in ours(module) if not is_pure(name) and name != "pytest_bets"}
    effects = {"os", "io", "subprocess", "socket", "shutil", "tempfile", "time", "datetime", "random", "threading"}
    assert {name.partition(".")[0] for name in imports(module)} & effects == SEEDED.get(module, set())
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.ImportFrom) and node.module == "pathlib":
            assert {alias.name for alias in node.names} == {"PurePath"}
        assert not (isinstance(node, ast.Import) and "pathlib" in {alias.name for alias in node.names})
        assert not (isinstance(node, ast.Name) and node.id in ("open", "eval", "exec", "print", "input"))


@pytest.mark.parametrize("folder", ORDER)
def test_a_folder_imports_what_it_is_there_for(folder: str) -> None:
    """Only the hooks know pytest, only the store locks files, and nothing imports numpy or torch."""
    members = [module for module in MODULES if module.split(".")[1:2] == [folder]]
    assert set().union(*(foreign(module) for module in members)) <= ALLOWED.get(folder, set())


def test_what_is_slow_to_import_is_imported_where_it_is_used() -> None:
    """No module imports scipy, filelock, markdown-it or docutils at its top."""
    for module in MODULES:
        at_the_top = [node for node in tree(module).body if isinstance(node, ast.Import | ast.ImportFrom)]
        names = {name for node in at_the_top for name in ast.unparse(node).replace(".", " ").split()}
        assert not names & {"scipy", "filelock", "markdown_it", "docutils"}, module


def test_one_file_alone_knows_that_xdist_exists() -> None:
    """No other names it, but those that ask it which process this is or make workers, and a mark that users write."""
    knowing = {
        module
        for module, path in MODULES.items()
        if any(
            word in path.read_text(encoding="utf-8").replace("xdist_group", "")
            for word in ("xdist", "workerinput", "workeroutput", "workerid")
        )
    }
    users = {
        "pytest_bets.plugin",
        *(
            f"pytest_bets.hooks.{name}"
            for name in ("activation", "arrivals", "planning", "register", "serving", "worker")
        ),
    }
    named = {"pytest_bets.cli.checks"}  # `doctor` says which version of it is installed
    assert knowing == {XDIST} | users | named
    assert {module for module in MODULES if XDIST in ours(module)} == users
    assert "xdist" not in foreign(XDIST)


def test_one_file_alone_uses_what_is_private_in_pytest() -> None:
    """A new pytest can break that file, and no other."""
    private = {"_fixtureinfo", "_fixturemanager", "_request", "_setupstate", "_ensure_unconfigure"}
    using = {
        module
        for module in MODULES
        if "_pytest" in foreign(module)
        or (
            module.startswith("pytest_bets.hooks.")
            and any(isinstance(node, ast.Attribute) and node.attr in private for node in ast.walk(tree(module)))
        )
    }
    assert using == {"pytest_bets.hooks.pytest_private"}


def test_an_empty_session_imports_nothing_that_is_slow(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing to collect, the plugin brings neither numpy, scipy, filelock and torch nor its own parts."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest(
        """
        import sys

        def pytest_unconfigure(config):
            slow = {"numpy", "scipy", "filelock", "torch"} & sys.modules.keys()
            ours = [name for name in sys.modules if name.startswith("pytest_bets.hooks.")]
            print("slow:", sorted(slow), "ours:", *sorted(name.rpartition(".")[2] for name in ours))
        """
    )
    result = pytester.runpytest_subprocess("-p", "pytest_bets.plugin", "-s")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines("*slow: [[]] ours: activation options specs")
