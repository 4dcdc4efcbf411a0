"""The catalogue: every bet keeps to eighty lines beside its imports, and imports no plugin.

`test_closure` rehearses enough of them for every file, and all of them weekly.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BETS = sorted((ROOT / "bets").glob("bet_*.py"))


@pytest.mark.parametrize("bet", BETS, ids=lambda bet: bet.stem)
def test_a_bet_is_eighty_lines_at_most_and_imports_no_plugin(bet: Path) -> None:
    source = bet.read_text()
    imports = [node for node in ast.parse(source).body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert len(source.splitlines()) - len(imports) <= 80
    assert "pytest_bets" not in source
    assert "PILOT" in source
