"""The house is in order: tests mirror modules, every test says what it proves, and the map names every module."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.helpers import architecture

TESTS: Final = Path(__file__).parent
MODULES: Final = {
    path.relative_to(architecture.PACKAGE).with_suffix("").as_posix()
    for path in architecture.PACKAGE.rglob("*.py")
    if path.name != "__init__.py"
}
FOLDERS: Final = [folder.name for folder in architecture.folders()]
FILES: Final = sorted(path for path in TESTS.rglob("test_*.py") if "lab" not in path.relative_to(TESTS).parts)
ELSEWHERE: Final = {
    "audit/test_audit.py": (
        *(
            "cli/audit",
            "audit/change",
            "audit/code_notes",
            "audit/collect",
            "audit/document",
            "audit/evidence",
            "audit/finding",
            "audit/journal",
        ),
        *("audit/lineage", "audit/render", "audit/retraction", "audit/staleness"),
        *("git/log", "git/revision"),
    ),
    "bet/test_bindings.py": ("hooks/constants",),
    "bet/test_meaning.py": ("bet/folding", "bet/fstrings", "bet/reading"),
    "bet/test_docstring_faults.py": ("bet/thresholds",),
    "bet/test_markers.py": ("bet/axes", "bet/constants", "bet/literals", "bet/criteria", "bet/source", "hooks/marks"),
    "bet/test_parse_limits.py": ("bet/limits",),
    "bet/test_template.py": ("git/attributes",),
    "claims/test_check.py": ("claims/finding", "claims/block", "claims/markdown", "claims/number"),
    "claims/test_check_honest.py": ("claims/reading", "claims/said", "claims/context", "claims/standing"),
    "claims/test_check_misleading.py": (
        "claims/claim",
        *("claims/clauses", "claims/fold", "claims/lexicon", "claims/mentions", "claims/tables"),
        *("claims/following", "claims/values", "claims/verdicts"),
    ),
    "chance/test_draws.py": ("chance/enumeration",),
    "chance/test_luck.py": ("chance/relabeling", "chance/result"),
    "chance/test_power.py": ("chance/absence",),
    "chance/test_words.py": ("chance/unit",),
    "cli/test_main.py": (
        *("__main__", "cli/bets", "cli/command", "cli/compare", "cli/history", "cli/new", "cli/rollup", "cli/show"),
        *("cli/upgrade", "render/rollup"),
    ),
    "cli/test_doctor.py": ("cli/checks",),
    "cli/test_main_claims.py": ("cli/claims", "claims/document", "claims/files", "claims/render"),
    "cli/test_odds.py": ("chance/outlook", "cli/chances"),
    "code/test_digest.py": (
        *("code/closure", "code/expressions", "code/names", "code/outline", "code/staleness", "code/texts"),
        "code/writer",
    ),
    "code/test_index.py": ("code/program",),
    "compare/test_source.py": ("compare/render", "compare/side"),
    "cli/test_export.py": ("export/committed", "export/folder"),
    "export/test_results.py": ("export/frames", "export/notebook"),
    "export/test_ro_crate.py": ("export/crate",),
    "git/test_foreign.py": ("git/process",),
    "engines/test_local.py": (
        *("engines/child", "engines/children", "engines/find", "engines/guard", "engines/plan", "engines/site"),
        *("hooks/arrivals", "hooks/child", "hooks/engine", "hooks/planning", "hooks/serving"),
        "hooks/coverage",
    ),
    "engines/test_loop.py": ("engines/event",),
    "live/test_progress.py": ("live/sample",),
    "live/test_state.py": ("live/lines",),
    "cli/test_watch.py": ("cli/dashboard", "live/page", "live/view"),
    "hooks/test_live.py": ("hooks/progress", "hooks/sampler"),
    "engines/test_dask.py": ("engines/waiting",),
    "hooks/test_bet_file.py": ("hooks/misnamed_file",),
    "hooks/test_announcing.py": ("export/event", "hooks/specs"),
    "engines/test_slurm_files.py": (
        "engines/job",
        "engines/slurm_commands",
        "engines/slurm_folder",
        "engines/slurm_job",
    ),
    "hooks/test_registration.py": ("hooks/baseline", "render/registration"),
    "hooks/test_resume.py": ("hooks/checkpoints", "record/checkpoint"),
    "hooks/test_replay.py": ("record/verify",),
    "hooks/test_terminal.py": ("hooks/notes", "hooks/reports"),
    "hooks/test_overrides.py": ("render/rehearsal",),
    "record/test_codec.py": ("record/build", "record/strict_json", "record/judgement", "record/line", "record/record"),
    "record/test_journal_file.py": ("record/journal_index",),
    "record/test_decode.py": (
        "record/cell_values",
        "record/encode",
        "record/hints",
        "record/field",
    ),
    "record/test_repetition.py": ("render/runs",),
    "record/test_replication.py": ("render/evidence",),
    "test_project_root.py": ("hooks/settings",),
    "record/test_schema.py": ("cli/schemas",),
    "record/test_summary.py": ("record/summary_model",),
    "record/test_store.py": ("record/due", "record/filenames", "record/folder", "record/records", "walk"),
    "record/test_upgrade.py": ("audit/upgrade", "code/lock", "record/journal", "render/upgrade"),
    "render/test_cells.py": ("record/columns",),
    "render/test_summary.py": ("render/markdown",),
    "sentence/test_parse.py": ("sentence/ast", "sentence/lex"),
    "report/test_site.py": ("report/gather", "report/source"),
    "session/test_cheats_results.py": (
        *("audit/chain", "audit/lines", "audit/merge", "audit/order", "audit/outside", "audit/overview", "audit/pages"),
        *("audit/present", "audit/revisions", "audit/statements", "audit/surroundings"),
    ),
    "session/test_cheats_declarations.py": (
        *(
            "audit/code_evidence",
            "audit/committed",
            "audit/meanings",
            "audit/measured",
            "audit/redeclared",
            "audit/reruns",
        ),
    ),
    "hooks/test_unseen.py": ("hooks/loaded",),
    "session/test_honest.py": ("audit/complete", "audit/imported", "audit/paths", "audit/places"),
    "session/test_distribution.py": (
        "hooks/judging",
        *("hooks/collector", "hooks/context", "hooks/register", "hooks/remote", "hooks/run", "hooks/session"),
        *("hooks/worker", "hooks/xdist"),
    ),
    "session/test_softened.py": ("hooks/reporter",),
    "session/test_neighbours.py": ("hooks/activation", "hooks/pytest_private", "plugin"),
}
"""The modules without a test file of their name, by the file that proves them."""
STIFF: Final = re.compile(
    r"(?<![^\W_])(told|mend(s|ed)?|whence|whoever|whom|nobody|anew|amiss)(?![^\W_])", re.IGNORECASE
)
"""Words that a reader for whom English is the second language meets rarely; there are plain ones."""


def mirrored(path: Path) -> str | None:
    """Return the module that a test file is named after: test_parse.py and test_parse_links.py are both of `parse`."""
    name = path.relative_to(TESTS).with_suffix("").as_posix().replace("test_", "", 1)
    return max((module for module in MODULES if name == module or name.startswith(f"{module}_")), key=len, default=None)


def functions_of(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the test functions of a file, not those in its strings."""
    tree = ast.parse(path.read_bytes())
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [function for function in functions if function.name.startswith("test_")]


def test_every_module_has_a_test_file_of_its_name_or_is_listed() -> None:
    """The list has no module that has a test file, and none twice."""
    listed = [module for modules in ELSEWHERE.values() for module in modules]
    assert sorted(listed) == sorted(MODULES - {mirrored(path) for path in FILES})


@pytest.mark.parametrize("file", ELSEWHERE)
def test_a_file_that_proves_other_modules_exists(file: str) -> None:
    """A renamed test file is renamed in the list, too."""
    assert (TESTS / file).is_file()


@pytest.mark.parametrize("file", [str(path.relative_to(TESTS)) for path in FILES if path.parent.name in FOLDERS])
def test_a_test_file_in_the_folder_of_a_noun_is_named_after_a_module(file: str) -> None:
    """Tests that span modules are in tests/session."""
    assert mirrored(TESTS / file) is not None


def test_test_files_are_in_known_folders() -> None:
    """The folders of the package, and `session`; the few other tests are in tests/ itself."""
    assert {path.parent.name for path in FILES if path.parent != TESTS} <= {*FOLDERS, "session"}


@pytest.mark.parametrize("file", [str(path.relative_to(TESTS)) for path in FILES])
def test_every_test_says_what_it_proves(file: str) -> None:
    """In a docstring; the file has one, too."""
    assert ast.get_docstring(ast.parse((TESTS / file).read_bytes()))
    assert [function.name for function in functions_of(TESTS / file) if not ast.get_docstring(function)] == []


def sentences_of(path: Path) -> Iterator[str]:
    """Yield the docstrings of a file and the names of its functions, which are sentences in tests."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield ast.get_docstring(node) or ""
        if isinstance(node, ast.FunctionDef):
            yield node.name


def test_no_sentence_has_a_stiff_word() -> None:
    """Neither in the docs, nor in a docstring, nor in the name of a test."""
    root = TESTS.parent
    pages = [*(root / name for name in ("README.md", "CONTRIBUTING.md")), *(root / "docs").rglob("*.md")]
    found = [(path, path.read_text(encoding="utf-8")) for path in pages]
    modules = [*TESTS.rglob("*.py"), *architecture.PACKAGE.rglob("*.py")]
    found += [(path, sentence) for path in modules for sentence in sentences_of(path)]
    assert [(str(path), stiff[0]) for path, sentence in found if (stiff := STIFF.search(sentence))] == []


def test_the_map_is_that_of_the_package() -> None:
    """If not, write it again: python -m tests.helpers.architecture."""
    text = architecture.DOCUMENT.read_text(encoding="utf-8")
    written = text.partition(architecture.START)[2].partition(architecture.END)[0]
    assert written.strip() == architecture.generated().strip()


def test_every_module_has_a_phrase() -> None:
    """Its docstring begins with one, which the map shows."""
    assert all(architecture.phrase(path) for path in architecture.PACKAGE.rglob("*.py"))
