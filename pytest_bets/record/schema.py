"""JSON Schemas, made from the types that they describe."""

import inspect
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin

from pytest_bets.bet.declaration import PREMISE
from pytest_bets.record.field import LATER, SPELLED, Limits, Values
from pytest_bets.record.hints import hints, members, parts

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_FINITE: Final = {"type": "number", "minimum": -sys.float_info.max, "maximum": sys.float_info.max}
_NAMED: Final[Mapping[Any, str]] = {str: "string", int: "integer", bool: "boolean", NoneType: "null"}

VERDICT_RULE: Final = {
    "if": {"required": ["verdict"], "properties": {"verdict": {"const": None}}},
    "then": {
        "properties": {
            "void": {"type": "string"},
            "criteria": {"items": {"properties": {"tier": {"const": PREMISE}}}},
            "catastrophic": {"const": False},
            "noise_floor": {"const": None},
        }
    },
    "else": {"properties": {"void": {"const": None}, "criteria": {"minItems": 3}}},
}
"""Without a verdict there is a reason, and premises alone are judged; with one there is a sentence in every tier."""


def document(kind: type, name: str, title: str, /, *rules: Mapping[str, object], **given: object) -> dict[str, object]:
    """Return the schema of a file or a line.

    Args:
        kind: The dataclass.
        name: The schema's id.
        title: The schema's title.
        rules: What the type cannot say, as JSON Schema.
        given: By field, another type for it; None where there is no such field.

    """
    writer = _Writer()
    found = {"$schema": DRAFT, "$id": name, "title": title, **writer.fields_of(kind, given)}
    if rules:
        found["allOf"] = list(rules)
    return writer.united(found)


class _Writer:
    """Writes schemas of types. A dataclass that several fields have stands once, under `$defs`."""

    def __init__(self) -> None:
        self.known: dict[Any, dict[str, Any]] = {}
        self.uses: Counter[Any] = Counter()

    def fields_of(self, kind: Any, given: Mapping[str, Any]) -> dict[str, Any]:
        known = {name: hint for name, hint in {**hints(kind), **given}.items() if hint is not None}
        own = [field for field in fields(kind) if field.name in known]
        required = [
            field.name for field in own if field.default is MISSING and LATER not in parts(known[field.name])[1]
        ]
        return {
            "description": " ".join((inspect.getdoc(kind) or "").split()),
            "type": "object",
            "required": required,
            "additionalProperties": False,
            "properties": {field.name: self.schema(known[field.name]) for field in own},
        }

    def schema(self, hint: Any) -> dict[str, Any]:
        """Return the schema of a type; its own limits and description come after those of the annotated type."""
        kind, notes = parts(hint)
        found = self._plain(kind, notes)
        for note in notes:
            if isinstance(note, Limits):
                found |= {name: list(item) if isinstance(item, tuple) else item for name, item in note.keywords}
            elif isinstance(note, str):
                found["description"] = note
        return found

    def united(self, found: dict[str, Any]) -> dict[str, Any]:
        """Return a schema in which every reference to a dataclass with one use is replaced by its schema."""
        once = {_reference(kind): item for kind, item in self.known.items() if self.uses[kind] == 1}

        def placed(item: Any) -> Any:
            if isinstance(item, list):
                return [placed(each) for each in item]
            if not isinstance(item, dict):
                return item
            if item.get("$ref") in once:
                rest = {key: value for key, value in item.items() if key != "$ref"}
                item = {**once[item["$ref"]], **rest}
            return {key: placed(value) for key, value in item.items()}

        several = {kind.__name__: placed(item) for kind, item in self.known.items() if self.uses[kind] > 1}
        return {**placed(found), **({"$defs": several} if several else {})}

    def _plain(self, kind: Any, notes: tuple[object, ...]) -> dict[str, Any]:
        for note in notes:
            if isinstance(note, Values):
                return {"type": "object", "additionalProperties": self.schema(note.kind)}
        if len(members(kind)) > 1:
            return _union([self.schema(member) for member in members(kind)])
        if get_origin(kind) is Literal:
            values = list(get_args(kind))
            return {"const": values[0]} if len(values) == 1 else {"enum": values}
        if get_origin(kind) is tuple:
            return {"type": "array", "items": self.schema(get_args(kind)[0])}
        if get_origin(kind) is not None:
            values = get_args(kind)[1]
            return {"type": "object", **({} if values is object else {"additionalProperties": self.schema(values)})}
        if is_dataclass(kind):
            self.uses[kind] += 1
            if kind not in self.known:
                self.known[kind] = self.fields_of(kind, {})
            return {"$ref": _reference(kind)}
        if kind is float:
            return {"anyOf": [_FINITE, {"enum": ["nan", "inf", "-inf"]}]} if SPELLED in notes else dict(_FINITE)
        return {"type": _NAMED[kind]}


def _reference(kind: Any) -> str:
    return f"#/$defs/{kind.__name__}"


def _union(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one `type` where that is all, one `enum` for literals or null, else the schemas of all members."""
    if all("enum" in item or item == {"type": "null"} for item in found):
        return {"enum": [value for item in found for value in item.get("enum", [None])]}
    types = [item["type"] for item in found if item.keys() == {"type"}]
    others = [item for item in found if item.keys() != {"type"}]
    if not others:
        return {"type": types}
    if len(others) == 1 and types == ["null"] and "type" in others[0]:
        return {**others[0], "type": [others[0]["type"], "null"]}
    flat = [part for item in others for part in (item["anyOf"] if item.keys() == {"anyOf"} else [item])]
    return {"anyOf": [*flat, *([{"type": types if len(types) > 1 else types[0]}] if types else [])]}
