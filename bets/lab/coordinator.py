"""The coordinator: a FastAPI app with a directory of nodes, a mailbox whose bytes a ledger books, and an audit log.

Every operation is signed by its node (`identity.Seal`). What is refused leaves no trace but the used sequence number.
Only bodies are waited for: a handler, from its first check to its last booking, is one step of the event loop, which
is what makes it atomic. The state lives in one process: run one uvicorn worker.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Annotated, Final

import httpx
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bets.lab.audit_log import MAX_SIZE, AuditLog
from bets.lab.identity import Identity, Seal, verify
from bets.lab.ledger import (
    MAX_PAYLOAD,
    ContradictionError,
    ForeignTransferError,
    Ledger,
    LedgerError,
    SettledError,
    Transfer,
    UnknownTransferError,
)

MAX_ENTRIES: Final = 1_000  # log entries in one reply
WINDOW: Final = 1_024  # sequence numbers below a node's highest that are still told apart (RFC 4303, 3.4.3)
STATUS: Final[dict[type[LedgerError], int]] = {
    UnknownTransferError: 404,
    ForeignTransferError: 403,
    ContradictionError: 409,
    SettledError: 410,
}

Name = Annotated[str, Field(pattern="^[a-z0-9-]{1,64}$")]
Size = Annotated[int, Query(ge=0, le=MAX_SIZE)]


class Window:
    """The sequence numbers that one node has used: each is good once, in any order, and not when it is too old."""

    def __init__(self) -> None:
        self.highest = -1
        self.seen: set[int] = set()

    def use(self, sequence: int) -> bool:
        """Whether the number is fresh; from now on it is not."""
        if sequence <= self.highest - WINDOW or sequence in self.seen:
            return False
        self.seen.add(sequence)
        self.highest = max(self.highest, sequence)
        if len(self.seen) > 2 * WINDOW:
            self.seen = {number for number in self.seen if number > self.highest - WINDOW}
        return True


@dataclass
class Coordinator:
    """All that a coordinator knows."""

    log: AuditLog
    ledger: Ledger
    directory: dict[str, bytes] = field(default_factory=dict)  # name to public key
    windows: dict[str, Window] = field(default_factory=dict)
    mailbox: dict[str, bytes] = field(default_factory=dict)  # transfer to payload, until it is claimed


class Claim(BaseModel):
    """The body of a claim; an amount is in bytes."""

    model_config = ConfigDict(extra="forbid", strict=True)
    amount: Annotated[int, Field(ge=0, le=MAX_PAYLOAD)]


@dataclass(frozen=True)
class Operation:
    """A request whose signature is verified and whose sequence number is fresh."""

    state: Coordinator
    seal: Seal
    signature: str
    body: bytes

    def record(self) -> None:
        """Put the operation into the audit log, with all that it takes to verify its signature again."""
        self.state.log.append(json.dumps(asdict(self.seal) | {"signature": self.signature}, sort_keys=True).encode())


router: Final = APIRouter()


def create_app(owner: Identity | None = None, *, ledger: Ledger | None = None, log: AuditLog | None = None) -> FastAPI:
    """A coordinator of its own; its state is `app.state.coordinator`. Without an owner its log has a throw-away key."""
    ledger = Ledger() if ledger is None else ledger
    log = AuditLog(owner or Identity.generate("coordinator")) if log is None else log
    app = FastAPI(title="Coordinator", openapi_url=None)
    app.state.coordinator = Coordinator(log, ledger)
    app.include_router(router)
    for error in STATUS:
        app.add_exception_handler(error, _refuse)
    return app


async def _refuse(_: Request, error: Exception) -> Response:
    return JSONResponse({"detail": str(error)}, next(STATUS[kind] for kind in STATUS if isinstance(error, kind)))


async def state_of(request: Request) -> Coordinator:
    """The state of the app that serves the request."""
    state: Coordinator = request.app.state.coordinator
    return state


async def sealed(
    request: Request,
    x_node: Annotated[Name, Header()],
    x_sequence: Annotated[int, Header(ge=0, le=MAX_SIZE)],
    x_signature: Annotated[str, Header(pattern="^[0-9a-f]{128}$")],
) -> Operation:
    """Read the body, then let through only what a node of the directory signed and has not sent before."""
    state = await state_of(request)
    query = request.url.query
    target = request.url.path + (f"?{query}" if query else "")
    body = await _read(request)
    seal = Seal(request.method, target, x_node, x_sequence, hashlib.sha256(body).hexdigest())
    # who is not in the directory yet can only enter it, with the key in the body
    entering = target == f"/nodes/{x_node}" and x_node not in state.directory
    key = body if entering else state.directory.get(x_node)
    if key is None:
        raise HTTPException(401, f"there is no node {x_node} in the directory")
    if not verify(key, bytes.fromhex(x_signature), seal.message()):
        raise HTTPException(401, f"the signature is not node {x_node}'s signature of this operation")
    if not state.windows.setdefault(x_node, Window()).use(x_sequence):
        raise HTTPException(409, f"node {x_node} has used sequence number {x_sequence} before, or it is too old")
    return Operation(state, seal, x_signature, body)


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_PAYLOAD:
            raise HTTPException(413, f"a body has at most {MAX_PAYLOAD} bytes")
    return bytes(body)


Sealed = Annotated[Operation, Depends(sealed)]
State = Annotated[Coordinator, Depends(state_of)]


@router.post("/nodes/{name}")
async def register(name: Name, operation: Sealed) -> Response:
    """Enter the directory under a name that is free; the body is the 32-byte public key that the seal verifies with."""
    state, key = operation.state, operation.body
    if operation.seal.node != name:
        raise HTTPException(403, f"node {operation.seal.node} can't register as {name}")
    if name in state.directory:
        if state.directory[name] != key:
            raise HTTPException(409, f"node {name} is registered with another key")
        return JSONResponse({"node": name}, 200)
    state.directory[name] = key
    operation.record()
    return JSONResponse({"node": name}, 201)


@router.get("/nodes")
async def directory(state: State) -> Response:
    """The public key of every node."""
    return JSONResponse({name: key.hex() for name, key in state.directory.items()})


@router.post("/transfers/{transfer}")
async def offer(transfer: Name, recipient: Annotated[Name, Query()], operation: Sealed) -> Response:
    """Take the body as a payload for the recipient: 201, or 200 when it is the retry of one that was taken."""
    state, sender, payload = operation.state, operation.seal.node, operation.body
    if recipient not in state.directory:
        raise HTTPException(404, f"there is no node {recipient} in the directory")
    if recipient == sender:
        raise HTTPException(422, f"node {sender} can't send to itself")
    new = state.ledger.offer(transfer, Transfer(sender, recipient, len(payload), operation.seal.sha256))
    if new:
        state.mailbox[transfer] = payload
        operation.record()
    return JSONResponse({"transfer": transfer, "bytes": len(payload)}, 201 if new else 200)


@router.post("/inbox")
async def inbox(operation: Sealed) -> Response:
    """The transfers that wait for the node, oldest first."""
    state, node = operation.state, operation.seal.node
    return JSONResponse({"transfers": state.ledger.waiting(node)})


@router.post("/transfers/{transfer}/delivery")
async def deliver(transfer: Name, operation: Sealed) -> Response:
    """The payload, to its recipient alone; it can be fetched again until it is claimed, and is debited once."""
    state = operation.state
    payload = state.mailbox.get(transfer, b"")
    if state.ledger.deliver(transfer, operation.seal.node, len(payload)):
        operation.record()
    return Response(payload, media_type="application/octet-stream")


@router.post("/transfers/{transfer}/claim")
async def claim(transfer: Name, operation: Sealed) -> Response:
    """Credit the sender for a delivered transfer; the body is a `Claim`."""
    state = operation.state
    try:
        amount = Claim.model_validate_json(operation.body).amount
    except ValidationError as error:
        raise HTTPException(422, error.errors(include_url=False, include_context=False, include_input=False)) from None
    state.ledger.claim(transfer, operation.seal.node, amount)
    state.mailbox.pop(transfer, None)
    operation.record()
    return JSONResponse({"transfer": transfer, "credited": amount}, 201)


@router.get("/ledger")
async def accounts(state: State) -> Response:
    """Credit and debit of every node, in bytes."""
    return JSONResponse(state.ledger.accounts())


@router.get("/log/head")
async def log_head(state: State) -> Response:
    """The signed head of the audit log."""
    head = state.log.head()
    return JSONResponse({"size": head.size, "root": head.root.hex(), "signature": head.signature.hex()})


@router.get("/log/consistency")
async def log_consistency(state: State, first: Size, second: Size) -> Response:
    """The proof that the log of size `second` begins with that of size `first`."""
    return _proof(state.log.consistency, first, second)


@router.get("/log/inclusion")
async def log_inclusion(state: State, index: Size, size: Size) -> Response:
    """The proof that entry `index` is in the log of that size."""
    return _proof(state.log.inclusion, index, size)


@router.get("/log/entries")
async def log_entries(state: State, start: Size, end: Size) -> Response:
    """The entries from `start` up to, not including, `end`, hexadecimal; not more than there are, nor than 1,000."""
    return JSONResponse({"entries": [e.hex() for e in state.log.entries[start : min(end, start + MAX_ENTRIES)]]})


def _proof(prove: Callable[[int, int], list[bytes]], first: int, second: int) -> Response:
    try:
        return JSONResponse({"proof": [node.hex() for node in prove(first, second)]})
    except IndexError as error:
        raise HTTPException(404, str(error)) from None


def in_process(app: FastAPI) -> httpx.AsyncClient:
    """A client that speaks HTTP with the app without a network between them."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://coordinator")
