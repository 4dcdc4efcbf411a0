"""What the coordinator lets in: operations that a node of its directory signed (`identity.Seal`), each of them once.

Only bodies are waited for, and aggregates: a handler, from its first check to its last booking, is one step of the
event loop, which is what makes it atomic; its transaction is committed before its reply leaves. What is refused leaves
no trace but the used sequence number.
"""

import hashlib
import json
import reprlib
import sqlite3
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Header, HTTPException, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field, ValidationError

from bets.lab.artifacts.identity import Seal, verify
from bets.lab.audit.audit_log import MAX_SIZE
from bets.lab.coordinator.store import Coordinator
from bets.lab.ledger.ledger import MAX_PAYLOAD

MAX_UPDATE: Final = 2**28  # bytes of one update

# The y of points of small order, with the two that are not reduced: under such a key some signature fits any message
# with a chance of 1/8 or more, so it proves nothing (the list of libsodium's ge25519_has_small_order).
WEAK: Final = frozenset(
    bytes.fromhex(y)
    for y in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)

Name = Annotated[str, Field(pattern="^[a-z0-9-]{1,64}$")]
Model = TypeVar("Model", bound=BaseModel)


def weak(key: bytes) -> bool:
    """Whether an Ed25519 key is of small order, so that who has no private key can sign with it."""
    return len(key) == 32 and key[:31] + bytes([key[31] & 0x7F]) in WEAK


def explained(errors: Sequence[Mapping[str, Any]]) -> str:
    """What pydantic found wrong, as a sentence: where, what was expected, what was found."""
    return "; ".join(
        f"{' '.join(map(str, error['loc'])) or 'body'}: {error['msg']}"
        + (f", found {reprlib.repr(error['input'])}" if error["type"] != "missing" else "")
        for error in errors
    )


@dataclass(frozen=True)
class Operation:
    """A request whose signature is verified and whose sequence number is fresh."""

    state: Coordinator
    seal: Seal
    signature: str
    body: bytes | bytearray

    def record(self) -> None:
        """Put the operation into the audit log, with all that it takes to verify its signature again."""
        self.state.record(json.dumps(asdict(self.seal) | {"signature": self.signature}, sort_keys=True).encode())

    def parse(self, model: type[Model]) -> Model:
        """The body as JSON of a model; 422 if it isn't."""
        try:
            return model.model_validate_json(self.body)
        except ValidationError as error:
            raise HTTPException(422, explained(error.errors())) from None


class Durable(APIRoute):
    """A route whose reply leaves when what it booked is on disk; if that fails, nothing leaves any more but a 503."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, and a commit after it, whether it answers or refuses."""
        handle = super().get_route_handler()

        async def committed(request: Request) -> Response:
            database = request.app.state.coordinator.database
            try:
                try:
                    return await handle(request)
                finally:
                    database.commit()
            except sqlite3.Error as error:
                database.close()  # memory may be ahead of it, so nothing more is said until a restart
                raise HTTPException(503, f"the coordinator's database failed, it must be restarted: {error}") from error

        return committed


async def state_of(request: Request) -> Coordinator:
    """The state of the app that serves the request."""
    state: Coordinator = request.app.state.coordinator
    return state


def sealed(limit: int) -> Callable[..., Coroutine[Any, Any, Operation]]:
    """A dependency: the operation, with a body of at most `limit` bytes."""

    async def operation(
        request: Request,
        x_node: Annotated[Name, Header()],
        x_sequence: Annotated[int, Header(ge=0, le=MAX_SIZE)],
        x_signature: Annotated[str, Header(pattern="^[0-9a-f]{128}$")],
    ) -> Operation:
        """Read the body, then let through only what a node of the directory signed and has not sent before."""
        state = await state_of(request)
        query = request.url.query
        target = request.url.path + (f"?{query}" if query else "")
        if x_node not in state.directory and target != f"/nodes/{x_node}":
            raise HTTPException(401, f"there is no node {x_node} in the directory")
        body = await _read(request, limit)
        seal = Seal(request.method, target, x_node, x_sequence, hashlib.sha256(body).hexdigest())
        # who is not in the directory yet can only enter it, with the key in the body
        key = state.directory.get(x_node) or bytes(body)
        if weak(key):
            raise HTTPException(401, f"key {key.hex()} is of small order: a signature by it proves nothing")
        if not verify(key, bytes.fromhex(x_signature), seal.message()):
            raise HTTPException(401, f"the signature is not node {x_node}'s signature of this operation")
        if not state.use(x_node, x_sequence):
            raise HTTPException(409, f"node {x_node} has used sequence number {x_sequence} before, or it is too old")
        return Operation(state, seal, x_signature, body)

    return operation


async def _read(request: Request, limit: int) -> bytearray:
    """The body, unless it is too long; then not even its rest is read."""
    declared = request.headers.get("content-length", "")
    body, length = bytearray(), int(declared[:19]) if declared.isdecimal() else 0  # more digits than any limit has
    if length <= limit:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                break
    if max(length, len(body)) > limit:
        raise HTTPException(
            413, f"a body has at most {limit} bytes here, this one has at least {max(length, len(body))}"
        )
    return body


Sealed = Annotated[Operation, Depends(sealed(MAX_PAYLOAD))]
SealedUpdate = Annotated[Operation, Depends(sealed(MAX_UPDATE))]
State = Annotated[Coordinator, Depends(state_of)]
