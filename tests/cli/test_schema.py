"""`pytest-bets schema`."""

import json

import pytest

from pytest_bets.cli.main import main
from pytest_bets.cli.schemas import schemas


def test_a_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """By its name, with or without `.json`; that of records by default."""
    for arguments, name in (([], "record"), (["journal"], "journal"), (["summary.json"], "summary")):
        assert main(["schema", *arguments]) == 0
        assert json.loads(capsys.readouterr().out) == schemas()[name]


def test_the_list_has_every_schema(capsys: pytest.CaptureFixture[str]) -> None:
    """With its id and its title."""
    assert main(["schema", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(schemas())
    assert "record    pytest-bets/record/2       The record of a bet" in lines


def test_an_unknown_schema_is_named_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    """And with all that there are."""
    assert main(["schema", "records"]) == 2
    assert "there is no schema 'records'; did you mean record?; expected one of audit" in capsys.readouterr().err
