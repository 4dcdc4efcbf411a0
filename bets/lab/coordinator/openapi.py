"""What the coordinator's OpenAPI schema says of routes that read their bodies and write their replies by hand."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

# what a status means everywhere, wherever something is asked for, and wherever an operation is signed
ANY: Final = {503: "the database failed, and the coordinator must be restarted"}
READ: Final = ANY | {422: "what was sent is malformed"}
SIGNED: Final = READ | {
    401: "the node is not in the directory, or the signature is not its signature of this operation",
    409: "the node has used this sequence number before, or it is too old",
    413: "the body is too long",
}


class Error(BaseModel):
    """Why a request is refused: what was found, and what is expected."""

    detail: str


def refusals(*meanings: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """What a route may refuse, for its documentation: each status with all that it can mean there."""
    statuses = sorted({status for each in meanings for status in each})
    return {
        status: {"model": Error, "description": "; or ".join(each[status] for each in meanings if status in each)}
        for status in statuses
    }


_BINARY: Final = {"type": "string", "format": "binary"}
OCTETS: Final[dict[str, Any]] = {"content": {"application/octet-stream": {"schema": _BINARY}}}  # a reply of raw bytes


def octets(limit: int) -> dict[str, Any]:
    """A body of raw bytes, for the documentation of a route that reads it by hand."""
    return _body("application/octet-stream", _BINARY | {"maxLength": limit})


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """A body of JSON, for the documentation of a route that reads it by hand."""
    return _body("application/json", model.model_json_schema())


def _body(media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}
