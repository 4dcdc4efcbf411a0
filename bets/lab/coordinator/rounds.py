"""Rounds of updates: each worker of a round submits its update, and anyone may read what a rule makes of them.

An update is kept until the aggregate is made, which the first that asks for it waits for; of an update there is then
its hash, so that a retry is still recognised. The aggregates of the newest 4 rounds are kept. A round that misses
updates keeps those that it has.
"""

import asyncio
from collections import Counter
from functools import partial
from typing import Annotated, Final, Literal, Self

import numpy as np
from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from bets.lab.coordinator.openapi import OCTETS, READ, SIGNED, json_body, octets, refusals
from bets.lab.coordinator.operations import MAX_UPDATE, Durable, Name, Sealed, SealedUpdate, State
from bets.lab.coordinator.store import Coordinator

BYTES: Final = 4  # of a value, which is a little-endian float32
MAX_WORKERS: Final = 256
KEPT: Final = 4  # aggregates
EXAMPLE: Final[JsonDict] = {"workers": ["ada", "bob"], "values": 30_000_000, "rule": "mean", "faulty": 0}
UNKNOWN: Final = {404: "there is no such round"}

router: Final = APIRouter(route_class=Durable, tags=["rounds"])


class Opening(BaseModel):
    """The body that opens a round: who is to send how many values, and by which rule they are aggregated."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [EXAMPLE]})
    workers: Annotated[list[Name], Field(min_length=1, max_length=MAX_WORKERS, json_schema_extra={"uniqueItems": True})]
    values: Annotated[int, Field(ge=1, le=MAX_UPDATE // BYTES)]
    rule: Literal["mean", "median", "trimmed_mean", "geometric_median", "krum", "multi_krum"] = "mean"
    faulty: Annotated[int, Field(ge=0, lt=MAX_WORKERS)] = (
        0  # updates that are trimmed at each end, or that Krum expects
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        workers, repeated = len(self.workers), [name for name, count in Counter(self.workers).items() if count > 1]
        if repeated:
            raise ValueError(f"a worker has one update in a round, {', '.join(repeated)} is named more than once")
        least = {"trimmed_mean": 2 * self.faulty + 1, "krum": 2 * self.faulty + 3, "multi_krum": 2 * self.faulty + 3}
        if workers < least.get(self.rule, 1):
            raise ValueError(
                f"{self.rule} with {self.faulty} faulty needs at least {least[self.rule]} workers, there are {workers}"
            )
        return self


class Opened(BaseModel):
    """A round that is open."""

    round: str


class Submitted(BaseModel):
    """An update that was taken, and its size in bytes."""

    round: str
    bytes: int


class Shown(Opening):
    """A round, and the workers whose updates it misses."""

    missing: list[str]


@router.post(
    "/rounds/{name}",
    status_code=201,
    response_model=Opened,
    responses={
        200: {"model": Opened, "description": "The retry of an opening"},
        **refusals(SIGNED, {404: "a worker is not in the directory", 409: "the name stands for another round"}),
    },
    openapi_extra=json_body(Opening),
)
async def open_round(name: Name, operation: Sealed) -> Response:
    """Open a round, of which each worker is named once and the rule can do with as many."""
    state, opening = operation.state, operation.parse(Opening)
    unknown = [worker for worker in opening.workers if worker not in state.directory]
    if unknown:
        raise HTTPException(404, f"there is no node {', '.join(unknown)} in the directory")
    known = state.read("SELECT opening FROM rounds WHERE name = ?", name)
    if known and Opening.model_validate_json(known[0][0]) != opening:
        raise HTTPException(409, f"round {name} was opened before with other workers, values, rule or faulty")
    if not known:
        state.write("INSERT INTO rounds VALUES (?, ?)", name, opening.model_dump_json())
        operation.record()
    return JSONResponse({"round": name}, 200 if known else 201)


@router.post(
    "/rounds/{name}/update",
    status_code=201,
    response_model=Submitted,
    responses={
        200: {"model": Submitted, "description": "The retry of an update that was taken"},
        **refusals(
            SIGNED, UNKNOWN, {403: "the node is not a worker of the round", 409: "the node has sent another update"}
        ),
    },
    openapi_extra=octets(MAX_UPDATE),
)
async def submit(name: Name, operation: SealedUpdate) -> Response:
    """Take the body as the worker's update: as many finite little-endian float32 as the round has values."""
    state, worker, update, sha256 = operation.state, operation.seal.node, operation.body, operation.seal.sha256
    opening = _find(state, name)
    if worker not in opening.workers:
        raise HTTPException(403, f"node {worker} is not a worker of round {name}")
    if len(update) != BYTES * opening.values:
        raise HTTPException(
            422,
            f"an update of round {name} has {opening.values} values in {BYTES * opening.values} bytes, "
            f"this one has {len(update)} bytes",
        )
    wrong = np.flatnonzero(~np.isfinite(np.frombuffer(update, "<f4")))
    if len(wrong):
        raise HTTPException(
            422, f"an update is finite, {len(wrong)} values of this one are not, the first at {wrong[0]}"
        )
    submitted = _submitted(state, name)
    if submitted.get(worker, sha256) != sha256:
        raise HTTPException(409, f"node {worker} has sent another update to round {name}")
    if worker not in submitted:
        state.write("INSERT INTO updates VALUES (?, ?, ?, ?)", name, worker, sha256, update)
        operation.record()
    return JSONResponse({"round": name, "bytes": len(update)}, 200 if worker in submitted else 201)


@router.get("/rounds/{name}", response_model=Shown, responses=refusals(READ, UNKNOWN))
async def show(name: Name, state: State) -> Response:
    """What a round is about, and whose updates it misses."""
    opening = _find(state, name)
    return JSONResponse(opening.model_dump() | {"missing": _missing(state, name, opening)})


@router.get(
    "/rounds/{name}/aggregate",
    response_class=Response,
    responses={
        200: OCTETS,
        **refusals(READ, UNKNOWN, {409: "an update is missing", 410: f"{KEPT} newer aggregates were made since"}),
    },
)
async def aggregate(name: Name, state: State) -> Response:
    """What the rule makes of the updates, little-endian float32; 409 while one is missing."""
    opening = _find(state, name)
    missing = _missing(state, name, opening)
    if missing:
        raise HTTPException(409, f"round {name} misses the updates of {', '.join(missing)}")
    async with state.aggregating:
        made = state.read("SELECT body FROM aggregates WHERE round = ?", name)
        body = made[0][0] if made else await _make(state, name, opening)
    return Response(body, media_type="application/octet-stream")


async def _make(state: Coordinator, name: str, opening: Opening) -> bytes:
    stack = np.empty((len(opening.workers), opening.values), np.float32)
    for row, worker in zip(stack, opening.workers, strict=True):
        [(body,)] = state.read("SELECT body FROM updates WHERE round = ? AND worker = ?", name, worker)
        if body is None:
            raise HTTPException(410, f"the aggregate of round {name} is gone, those of the newest {KEPT} are kept")
        row[:] = np.frombuffer(body, "<f4")
    result = await asyncio.to_thread(combine, stack, opening)
    state.write("INSERT INTO aggregates VALUES (?, ?)", name, result)
    state.write("UPDATE updates SET body = NULL WHERE round = ?", name)
    state.write(
        "DELETE FROM aggregates WHERE rowid <= (SELECT max(rowid) FROM aggregates) - ?",  # rowids count up
        KEPT,
    )
    return result


def combine(updates: np.ndarray[tuple[int, int], np.dtype[np.float32]], opening: Opening) -> bytes:
    """The aggregate of updates [workers, values] by the rule of the round."""
    import torch  # takes seconds, for which a coordinator without rounds does not wait

    from bets.lab.robust import aggregation

    stack, faulty = torch.from_numpy(updates), opening.faulty
    rules = {
        "mean": aggregation.mean,
        "median": aggregation.median,
        "trimmed_mean": partial(aggregation.trimmed_mean, trim=faulty),
        "geometric_median": aggregation.geometric_median,
        "krum": partial(aggregation.krum, faulty=faulty),
        "multi_krum": partial(aggregation.multi_krum, faulty=faulty, chosen=len(updates) - faulty),
    }
    result = rules[opening.rule](stack)  # type: ignore[operator]
    return result.numpy().astype("<f4", copy=False).tobytes()  # type: ignore[no-any-return]


def _find(state: Coordinator, name: str) -> Opening:
    known = state.read("SELECT opening FROM rounds WHERE name = ?", name)
    if not known:
        raise HTTPException(404, f"there is no round {name}")
    return Opening.model_validate_json(known[0][0])


def _submitted(state: Coordinator, name: str) -> dict[str, str]:
    return dict(state.read("SELECT worker, sha256 FROM updates WHERE round = ?", name))


def _missing(state: Coordinator, name: str, opening: Opening) -> list[str]:
    submitted = _submitted(state, name)
    return [worker for worker in opening.workers if worker not in submitted]
