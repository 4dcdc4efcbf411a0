"""The coordinator: a FastAPI app with a directory of nodes, a mailbox whose bytes a ledger books, rounds, an audit log.

Every operation is signed by its node (`operations`), and what is acknowledged is stored (`store`). The state lives in
one process: run one uvicorn worker.
"""

from collections.abc import Callable
from typing import Annotated, Final

import httpx
from fastapi import APIRouter, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from bets.lab import rounds
from bets.lab.audit_log import MAX_SIZE, AuditLog
from bets.lab.identity import Identity
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
from bets.lab.operations import Durable, Name, Sealed, State
from bets.lab.store import MEMORY, Coordinator

MAX_ENTRIES: Final = 1_000  # log entries in one reply
STATUS: Final[dict[type[LedgerError], int]] = {
    UnknownTransferError: 404,
    ForeignTransferError: 403,
    ContradictionError: 409,
    SettledError: 410,
}

Size = Annotated[int, Query(ge=0, le=MAX_SIZE)]

router: Final = APIRouter(route_class=Durable)


class Claim(BaseModel):
    """The body of a claim; an amount is in bytes."""

    model_config = ConfigDict(extra="forbid", strict=True)
    amount: Annotated[int, Field(ge=0, le=MAX_PAYLOAD)]


def create_app(
    owner: Identity | None = None,
    *,
    ledger: Ledger | None = None,
    log: AuditLog | None = None,
    database: str = MEMORY,
) -> FastAPI:
    """A coordinator of its own; its state is `app.state.coordinator`.

    The log's key is the owner's, or that of the database, or a throw-away one.
    """
    app = FastAPI(title="Coordinator", openapi_url=None)
    app.state.coordinator = Coordinator.open(database, owner, Ledger() if ledger is None else ledger, log)
    app.include_router(router)
    app.include_router(rounds.router)
    for error in STATUS:
        app.add_exception_handler(error, _refuse)
    return app


async def _refuse(_: Request, error: Exception) -> Response:
    return JSONResponse({"detail": str(error)}, next(STATUS[kind] for kind in STATUS if isinstance(error, kind)))


@router.post("/nodes/{name}")
async def register(name: Name, operation: Sealed) -> Response:
    """Enter the directory under a name that is free; the body is the 32-byte public key that the seal verifies with."""
    state, key = operation.state, bytes(operation.body)
    if operation.seal.node != name:
        raise HTTPException(403, f"node {operation.seal.node} can't register as {name}")
    if name in state.directory:
        if state.directory[name] != key:
            raise HTTPException(409, f"node {name} is registered with another key")
        return JSONResponse({"node": name}, 200)
    state.directory[name] = key
    state.write("INSERT INTO nodes VALUES (?, ?)", name, key)
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
    offered = Transfer(sender, recipient, len(payload), operation.seal.sha256)
    new = state.ledger.offer(transfer, offered)
    if new:
        row = (transfer, sender, recipient, offered.size, offered.sha256)
        state.write("INSERT INTO transfers (name, sender, recipient, size, sha256) VALUES (?, ?, ?, ?, ?)", *row)
        state.write("INSERT INTO payloads VALUES (?, ?)", transfer, payload)
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
    payload = next((body for (body,) in state.read("SELECT body FROM payloads WHERE transfer = ?", transfer)), b"")
    if state.ledger.deliver(transfer, operation.seal.node, len(payload)):
        state.write("UPDATE transfers SET delivered = ? WHERE name = ?", len(payload), transfer)
        operation.record()
    return Response(payload, media_type="application/octet-stream")


@router.post("/transfers/{transfer}/claim")
async def claim(transfer: Name, operation: Sealed) -> Response:
    """Credit the sender for a delivered transfer; the body is a `Claim`."""
    state = operation.state
    amount = operation.parse(Claim).amount
    state.ledger.claim(transfer, operation.seal.node, amount)
    state.write("UPDATE transfers SET claimed = 1 WHERE name = ?", transfer)
    state.write("DELETE FROM payloads WHERE transfer = ?", transfer)
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
