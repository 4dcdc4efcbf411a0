"""The mailbox: payloads on their way from one node to another, whose bytes the ledger books.

A payload can be fetched again, after a reply was lost, until it is claimed: a sender claims once the recipient has said
that it has the payload.
"""

from dataclasses import asdict
from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from bets.lab.coordinator.openapi import ANY, OCTETS, READ, SIGNED, json_body, octets, refusals
from bets.lab.coordinator.operations import Durable, Name, Sealed, State
from bets.lab.ledger.ledger import (
    MAX_PAYLOAD,
    ContradictionError,
    ForeignTransferError,
    LedgerError,
    SettledError,
    Transfer,
    UnknownTransferError,
)

STATUS: Final[dict[type[LedgerError], int]] = {
    UnknownTransferError: 404,
    ForeignTransferError: 403,
    ContradictionError: 409,
    SettledError: 410,
}
UNKNOWN: Final = {404: "there is no such transfer"}

router: Final = APIRouter(route_class=Durable, tags=["mailbox"])


class Claim(BaseModel):
    """The body of a claim; an amount is in bytes."""

    model_config = ConfigDict(extra="forbid", strict=True)
    amount: Annotated[int, Field(ge=0, le=MAX_PAYLOAD)]


class Offered(BaseModel):
    """A payload that was taken, and its size in bytes."""

    transfer: str
    bytes: int


class Waiting(BaseModel):
    """Transfers that wait for a node, oldest first."""

    transfers: list[str]


class Claimed(BaseModel):
    """A transfer that was credited, and the bytes of it."""

    transfer: str
    credited: int


class Account(BaseModel):
    """What a node has sent and received, in bytes."""

    credit: int
    debit: int


@router.post(
    "/transfers/{transfer}",
    status_code=201,
    response_model=Offered,
    responses={
        200: {"model": Offered, "description": "The retry of a payload that was taken"},
        **refusals(SIGNED, {404: "the recipient is not in the directory", 409: "the name stands for another payload"}),
    },
    openapi_extra=octets(MAX_PAYLOAD),
)
async def offer(transfer: Name, recipient: Annotated[Name, Query()], operation: Sealed) -> Response:
    """Take the body as a payload for the recipient, who is another node than the sender."""
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


@router.get("/transfers/{transfer}", response_model=Transfer, responses=refusals(READ, UNKNOWN))
async def booked(transfer: Name, state: State) -> Response:
    """What is booked of a transfer: a node that lost a reply reads here whether the operation was done."""
    if transfer not in state.ledger.transfers:
        raise HTTPException(404, f"there is no transfer {transfer}")
    return JSONResponse(asdict(state.ledger.transfers[transfer]))


@router.post("/inbox", response_model=Waiting, responses=refusals(SIGNED))
async def inbox(operation: Sealed) -> Response:
    """The transfers that wait for the node, oldest first."""
    state, node = operation.state, operation.seal.node
    return JSONResponse({"transfers": state.ledger.waiting(node)})


@router.post(
    "/transfers/{transfer}/delivery",
    response_class=Response,
    responses={
        200: OCTETS,
        **refusals(SIGNED, UNKNOWN, {403: "the transfer is for another node", 410: "the transfer is claimed"}),
    },
)
async def deliver(transfer: Name, operation: Sealed) -> Response:
    """The payload, to its recipient alone; it can be fetched again until it is claimed, and is debited once."""
    state = operation.state
    payload = next((body for (body,) in state.read("SELECT body FROM payloads WHERE transfer = ?", transfer)), b"")
    if state.ledger.deliver(transfer, operation.seal.node, len(payload)):
        state.write("UPDATE transfers SET delivered = ? WHERE name = ?", len(payload), transfer)
        operation.record()
    return Response(payload, media_type="application/octet-stream")


@router.post(
    "/transfers/{transfer}/claim",
    status_code=201,
    response_model=Claimed,
    responses=refusals(
        SIGNED,
        UNKNOWN,
        {
            403: "the transfer was sent by another node",
            409: "the transfer is not delivered yet, or claimed already, or of another size",
        },
    ),
    openapi_extra=json_body(Claim),
)
async def claim(transfer: Name, operation: Sealed) -> Response:
    """Credit the sender for a delivered transfer, once."""
    state = operation.state
    amount = operation.parse(Claim).amount
    state.ledger.claim(transfer, operation.seal.node, amount)
    state.write("UPDATE transfers SET claimed = 1 WHERE name = ?", transfer)
    state.write("DELETE FROM payloads WHERE transfer = ?", transfer)
    operation.record()
    return JSONResponse({"transfer": transfer, "credited": amount}, 201)


@router.get("/ledger", response_model=dict[str, Account], responses=refusals(ANY))
async def accounts(state: State) -> Response:
    """Credit and debit of every node, in bytes."""
    return JSONResponse(state.ledger.accounts())
