"""The coordinator: a FastAPI app with a directory of nodes, a mailbox whose bytes a ledger books, rounds, an audit log.

Every operation is signed by its node (`operations`), and what is acknowledged is stored (`store`). The state lives in
one process: run one uvicorn worker.
"""

import argparse
from collections.abc import Callable, Sequence
from typing import Annotated, Final

import httpx
from fastapi import APIRouter, FastAPI, HTTPException, Query, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from bets.lab.artifacts.identity import Identity
from bets.lab.audit.audit_log import MAX_SIZE, AuditLog, HeadReply, ProofReply
from bets.lab.coordinator import mailbox, rounds
from bets.lab.coordinator.openapi import ANY, READ, SIGNED, octets, refusals
from bets.lab.coordinator.operations import Durable, Name, Sealed, State, explained
from bets.lab.coordinator.store import MEMORY, Coordinator
from bets.lab.ledger.ledger import Ledger, LedgerError

MAX_ENTRIES: Final = 1_000  # log entries in one reply
MISSING: Final = {404: "the log has no such entry or size"}
ABOUT: Final = """
A directory of nodes, a mailbox whose bytes a ledger books, rounds of updates, and an audit log of all of it.

An operation is signed by its node. `x-node` is the node's name, `x-sequence` a number that it has not used, higher than
most before, and `x-signature` its Ed25519 signature, hexadecimal, of six lines without a last line feed:
`bets-coordinator/1`, the method, path and query as they are sent, the name, the number, and the SHA-256 of the body,
hexadecimal.
"""

Size = Annotated[int, Query(ge=0, le=MAX_SIZE)]

router: Final = APIRouter(route_class=Durable)
PARTS: Final = (router, mailbox.router, rounds.router)


class Registered(BaseModel):
    """A node of the directory."""

    node: str


class Entries(BaseModel):
    """Entries of the audit log, hexadecimal: each is the JSON of a signed operation."""

    entries: list[str]


def create_app(
    owner: Identity | None = None,
    *,
    ledger: Ledger | None = None,
    log: AuditLog | None = None,
    database: str = MEMORY,
) -> FastAPI:
    """A coordinator of its own; its state is `app.state.coordinator`.

    The log's key is the owner's, or that of the database, or a throw-away one. ValueError if the two differ, OSError if
    the database can't be used.
    """
    app = FastAPI(title="Coordinator", version="1", description=ABOUT)
    app.state.coordinator = Coordinator.open(database, owner, Ledger() if ledger is None else ledger, log)
    for part in PARTS:
        app.include_router(part)
    app.exception_handler(405)(_refer)
    app.exception_handler(LedgerError)(_refuse)
    app.exception_handler(RequestValidationError)(_explain)
    return app


async def _refer(request: Request, error: HTTPException) -> Response:
    """All methods of the path (RFC 9110, 15.5.6), of which the framework names those of its first route alone."""
    routes = [route for part in PARTS for route in part.routes if isinstance(route, Durable)]
    methods = {method for route in routes if route.path_regex.match(request.url.path) for method in route.methods or ()}
    if not methods:
        return await http_exception_handler(request, error)
    allowed = ", ".join(sorted(methods))
    return JSONResponse({"detail": f"expected {allowed} here, not {request.method}"}, 405, {"Allow": allowed})


async def _refuse(_: Request, error: LedgerError) -> Response:
    status = next(status for kind, status in mailbox.STATUS.items() if isinstance(error, kind))
    return JSONResponse({"detail": str(error)}, status)


async def _explain(_: Request, error: RequestValidationError) -> Response:
    return JSONResponse({"detail": explained(error.errors())}, 422)


@router.post(
    "/nodes/{name}",
    status_code=201,
    response_model=Registered,
    responses={
        200: {"model": Registered, "description": "The retry of a registration"},
        **refusals(SIGNED, {403: "a node registers itself alone", 409: "the name belongs to another key"}),
    },
    openapi_extra=octets(32),
    tags=["directory"],
)
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


@router.get("/nodes", response_model=dict[str, str], responses=refusals(ANY), tags=["directory"])
async def directory(state: State) -> Response:
    """The public key of every node, hexadecimal."""
    return JSONResponse({name: key.hex() for name, key in state.directory.items()})


@router.get("/log/head", response_model=HeadReply, responses=refusals(ANY), tags=["audit log"])
async def log_head(state: State) -> Response:
    """The signed head of the audit log."""
    head = state.log.head()
    return JSONResponse({"size": head.size, "root": head.root.hex(), "signature": head.signature.hex()})


@router.get("/log/consistency", response_model=ProofReply, responses=refusals(READ, MISSING), tags=["audit log"])
async def log_consistency(state: State, first: Size, second: Size) -> Response:
    """The proof that the log of size `second` begins with that of size `first`."""
    return _proof(state.log.consistency, first, second)


@router.get("/log/inclusion", response_model=ProofReply, responses=refusals(READ, MISSING), tags=["audit log"])
async def log_inclusion(state: State, index: Size, size: Size) -> Response:
    """The proof that entry `index` is in the log of that size."""
    return _proof(state.log.inclusion, index, size)


@router.get("/log/entries", response_model=Entries, responses=refusals(READ), tags=["audit log"])
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve a coordinator."""
    parser = argparse.ArgumentParser(
        "python -m bets.lab.coordinator",
        description="Serve a coordinator over HTTP, in one process. What it acknowledged is in its database: killed "
        "and started again with the same one, it goes on as if nothing had been. The owner's key, which signs the "
        "audit log, is made with the database and lies in it, so keep the file to yourself.",
        epilog="Example: python -m bets.lab.coordinator --database coordinator.db --port 8000, then open "
        "http://127.0.0.1:8000/docs, or enter it as a node: bets.lab.coordinator.client.Node.",
    )
    parser.add_argument("--database", required=True, metavar="FILE", help="SQLite file, made if it is not there")
    parser.add_argument("--port", required=True, type=int, metavar="N", help="TCP port to listen on")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s: this machine alone)")
    options = parser.parse_args(arguments)
    import uvicorn  # what runs in process needs no server

    try:
        app = create_app(database=options.database)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    key = app.state.coordinator.log.owner.public_key.hex()
    print(f"http://{options.host}:{options.port}/docs, with an audit log signed by {key}", flush=True)  # noqa: T201
    uvicorn.run(app, host=options.host, port=options.port, log_level="warning")
