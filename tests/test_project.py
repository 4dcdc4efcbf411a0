"""Where the commands find a project's root and its results: where pytest finds them."""

from pathlib import Path

import pytest

from pytest_bets.diagnostics import ProjectError
from pytest_bets.project import locate

LAYOUTS: dict[str, dict[str, str]] = {
    "pyproject.toml": {"pyproject.toml": '[tool.pytest.ini_options]\nbets_results = "kept"\n'},
    "pyproject.toml, nothing set": {"pyproject.toml": "[tool.pytest.ini_options]\n"},
    "pytest.ini": {"pytest.ini": "[pytest]\nbets_results = kept\n"},
    "pytest.ini, empty": {"pytest.ini": ""},
    ".pytest.ini": {".pytest.ini": "[pytest]\nbets_results = kept/deep\n"},
    "tox.ini": {"tox.ini": "[tox]\n[pytest]\nbets_results = kept\n"},
    "setup.cfg": {"setup.cfg": "[metadata]\n[tool:pytest]\nbets_results = kept\n"},
    "pytest.ini before pyproject.toml": {
        "pytest.ini": "[pytest]\nbets_results = mine\n",
        "pyproject.toml": '[tool.pytest.ini_options]\nbets_results = "theirs"\n',
    },
    "pyproject.toml before tox.ini": {
        "pyproject.toml": '[tool.pytest.ini_options]\nbets_results = "mine"\n',
        "tox.ini": "[pytest]\nbets_results = theirs\n",
    },
    "pyproject.toml of other tools": {"pyproject.toml": "[tool.ruff]\n"},
    "setup.py": {"setup.py": ""},
    "the nearest settings": {
        "pyproject.toml": '[tool.pytest.ini_options]\nbets_results = "far"\n',
        "inner/pyproject.toml": '[tool.pytest.ini_options]\nbets_results = "near"\n',
    },
    "settings beyond a pyproject.toml of other tools": {
        "pytest.ini": "[pytest]\nbets_results = far\n",
        "inner/pyproject.toml": "[tool.ruff]\n",
    },
    "settings beyond a tox.ini of other tools": {
        "pytest.ini": "[pytest]\n",
        "inner/tox.ini": "[tox]\n",
    },
}
NEW_LAYOUTS: dict[str, dict[str, str]] = {
    "native pyproject.toml": {"pyproject.toml": '[tool.pytest]\nbets_results = "kept"\n'},
    "pytest.toml": {"pytest.toml": '[pytest]\nbets_results = "kept"\n'},
    "pytest.toml, empty": {"pytest.toml": "", "pytest.ini": "[pytest]\nbets_results = theirs\n"},
    ".pytest.toml": {".pytest.toml": '[pytest]\nbets_results = "kept"\n'},
}


def _laid_out(pytester: pytest.Pytester, files: dict[str, str]) -> Path:
    inner = pytester.path / "inner" / "deep"
    inner.mkdir(parents=True)
    for name, text in files.items():
        (pytester.path / name).write_text(text)
    return inner


def _as_pytest_finds_it(pytester: pytest.Pytester, inner: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    monkeypatch.chdir(inner)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    config = pytester.parseconfig("-p", "pytest_bets.plugin", str(inner))
    return config.rootpath, (config.rootpath / config.getini("bets_results")).resolve()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_root_and_results_are_where_pytest_finds_them(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    """The commands beside pytest speak of the same records as the session that wrote them."""
    inner = _laid_out(pytester, LAYOUTS[layout])
    found = locate(inner)
    assert (found.root, found.results) == _as_pytest_finds_it(pytester, inner, monkeypatch)


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="settings of this form came with pytest 9")
@pytest.mark.parametrize("layout", NEW_LAYOUTS)
def test_the_settings_of_pytest_9_are_found_as_it_finds_them(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    """Native TOML settings, and pytest's own TOML files."""
    inner = _laid_out(pytester, NEW_LAYOUTS[layout])
    found = locate(inner)
    assert (found.root, found.results) == _as_pytest_finds_it(pytester, inner, monkeypatch)


def test_a_checkout_without_settings_is_a_project(tmp_path: Path) -> None:
    """Its top folder is the root, whichever folder the command was typed in."""
    (tmp_path / ".git").mkdir()
    inner = tmp_path / "bets" / "vision"
    inner.mkdir(parents=True)
    assert locate(inner).root == tmp_path
    assert locate(inner).results == tmp_path / "results"


def test_a_plain_folder_is_its_own_project(tmp_path: Path) -> None:
    """Nothing is needed to begin."""
    assert locate(tmp_path).root == tmp_path
    assert locate(tmp_path).results == tmp_path / "results"


def test_results_named_by_hand_are_relative_to_where_it_was_typed(tmp_path: Path) -> None:
    """As pytest takes the option --bets-results."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nbets_results = kept\n")
    inner = tmp_path / "inner"
    inner.mkdir()
    assert locate(inner, "mine").results == inner / "mine"
    assert locate(inner, "../mine").results == tmp_path / "mine"
    assert locate(inner, str(tmp_path / "far")).results == tmp_path / "far"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("pyproject.toml", '[tool.pytest.ini_options\nbets_results = "kept"\n', "at line 1"),
        ("pytest.ini", "[pytest]\nbets_results = a\nbets_results = b\n", "pytest.ini:3: duplicate name 'bets_results'"),
        ("setup.cfg", "nonsense\n", "setup.cfg:1: unexpected line: 'nonsense'"),
    ],
)
def test_settings_that_cannot_be_read_are_an_error_that_names_their_file(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    """No default is guessed where the user has said something else."""
    (tmp_path / name).write_text(text)
    with pytest.raises(ProjectError) as error:
        locate(tmp_path)
    assert str(error.value).startswith(f"the settings cannot be read: {tmp_path / name}:")
    assert message in str(error.value)


def test_settings_in_another_encoding_are_an_error_that_names_their_file(tmp_path: Path) -> None:
    """Settings are UTF-8."""
    (tmp_path / "pyproject.toml").write_bytes("# größe".encode("latin-1"))
    with pytest.raises(ProjectError, match=r"the settings cannot be read: .*pyproject\.toml: 'utf-8' codec"):
        locate(tmp_path)
