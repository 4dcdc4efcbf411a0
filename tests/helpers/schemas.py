"""The JSON Schemas of the package, and the errors that they find."""

import json
from functools import cache
from importlib.resources import files

from jsonschema import Draft202012Validator

from tests.helpers.results import Json


def schema(name: str) -> Json:
    """Return one schema by its name."""
    found: Json = json.loads(files("pytest_bets").joinpath("schema", f"{name}.json").read_text(encoding="utf-8"))
    return found


@cache
def validator(name: str) -> Draft202012Validator:
    """Return the validator of one schema."""
    return Draft202012Validator(schema(name))


def faults(name: str, item: object) -> list[str]:
    """Return every error of an object against a schema, with its path."""
    return [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(item)]
