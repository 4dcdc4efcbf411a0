"""The page on hooks does what it shows."""

import re
from pathlib import Path

import pytest

from tests.helpers.fixtures import Run, WriteBet

PAGE = Path(__file__).parents[1] / "docs/hooks.md"


@pytest.mark.skipif(not PAGE.exists(), reason="the docs are not here")
def test_the_example_of_the_page_writes_what_the_page_shows(bet: WriteBet, pytester: pytest.Pytester, run: Run) -> None:
    """The conftest.py is complete; a cell that crashes is noted as well."""
    source, shown = re.findall(r"```(?:python|text)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    pytester.makeconftest(source)
    bet()
    run("bet_1_first.py")
    written = pytester.path / "verdicts.txt"
    assert written.read_text() == shown
    bet(body='return {"gain": 1 / (part - 2)}')
    run("bet_1_first.py", expect=pytest.ExitCode.TESTS_FAILED)
    assert "bet_1_first.py::experiment[2]: ZeroDivisionError: division by zero\n" in written.read_text()


@pytest.mark.skipif(not PAGE.exists(), reason="the docs are not here")
def test_the_page_names_every_hook_with_its_arguments() -> None:
    """As the specification has them."""
    import inspect

    from pytest_bets.hooks import specs

    rows = dict(re.findall(r"^\| `(pytest_bets_\w+)` \|.*\| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    hooks = {name: hook for name, hook in vars(specs).items() if name.startswith("pytest_bets_")}
    assert rows.keys() == hooks.keys()
    for name, hook in hooks.items():
        assert re.findall(r"`(\w+)`", rows[name]) == list(inspect.signature(hook).parameters)
