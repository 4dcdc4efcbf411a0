"""What the coordinator answers to a fuzzer that reads its OpenAPI schema: to a stranger, and behind the signature."""

import asyncio
import copy
import hashlib
import re
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import schemathesis
from fastapi import FastAPI
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema

from bets.lab.artifacts.identity import Seal, identity
from bets.lab.coordinator import coordinator
from bets.lab.coordinator.worker import Worker

NAME: Final = re.compile("[a-z0-9-]{1,64}")
POOLS: Final = {  # what the names of a kind become; the simplest name, which is tried most, the last
    "nodes": ("ada", "bob", "eve"),
    "transfers": ("waits", "delivered", "waits", "new", "waits", "empty"),
    "rounds": ("s", "t", "r"),
    "recipient": ("bob", "ada", "eve"),
}
# how what is wrong by the schema is answered
REJECTED: Final = ["401", "403", "404", "405", "409", "410", "413", "422"]
CONFIG: Final[dict[str, Any]] = {
    "seed": 1,
    "continue-on-failure": True,
    "checks": {"negative_data_rejection": {"expected-statuses": REJECTED}},
}
# what is right by the schema may be wrong by what none can say: the size of an update is its round's, a claim is made
# once, no node sends to itself, Krum needs so many workers
ANSWERED: Final = ["2xx", "403", "404", "409", "410", "422"]
BEYOND: Final = {"checks": {"positive_data_acceptance": {"expected-statuses": ANSWERED}}}
BOOKED: Final = [{"include-method": "POST"} | BEYOND, {"include-path": "/rounds/{name}/aggregate"} | BEYOND]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass
class Signing:
    """An app behind which a node of the directory signs whatever comes, and any good name becomes one that is known."""

    app: FastAPI
    node: Worker

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        path = re.sub("(?<=^/)(nodes|transfers|rounds)/([^/]*)", lambda m: f"{m[1]}/{known(m[1], m[2])}", scope["path"])
        query = re.sub("(recipient)=([^&]*)", lambda m: f"{m[1]}={known(m[1], m[2])}", scope["query_string"].decode())
        target, number, node = path + (f"?{query}" if query else ""), next(self.node.sequence), self.node.identity
        seal = Seal(scope["method"], target, node.name, number, hashlib.sha256(body).hexdigest())
        signature = node.sign(seal.message()).hex()
        added = {"x-node": node.name, "x-sequence": str(number), "x-signature": signature}
        headers = [*scope["headers"], *((key.encode(), value.encode()) for key, value in added.items())]
        changed = {"path": path, "raw_path": path.encode(), "query_string": query.encode(), "headers": headers}

        async def once() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app({**scope, **changed}, once, send)
        return None


def known(kind: str, name: str) -> str:
    """One of few names in the place of any good one, so that operations meet."""
    pool = POOLS[kind]
    return pool[zlib.crc32(name.encode()) % len(pool)] if NAME.fullmatch(name) else name


async def furnished(app: FastAPI) -> Worker:
    """Two nodes, transfers that wait and that are delivered, both ways, and a round; the node that will sign."""
    async with coordinator.in_process(app) as client:
        ada, bob = (Worker(identity(name, 1), client) for name in ("ada", "bob"))
        for node in (ada, bob):
            (await node.register()).raise_for_status()
        await bob.send("waits", "ada", b"for ada")
        for transfer, payload in (("delivered", b"x"), ("empty", b"")):
            await ada.send(transfer, "bob", payload)
            await bob.collect(transfer)
        await ada.open_round("r", ["ada"], 1)
    return ada


def signed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that `Signing` signs for: without the headers, and of the round that is open."""
    changed = copy.deepcopy(schema)
    for path in changed["paths"].values():
        for operation in path.values():
            operation["parameters"] = [p for p in operation.get("parameters", []) if p["in"] != "header"]
    opening, update = (
        changed["paths"][path]["post"]["requestBody"]["content"] for path in ("/rounds/{name}", "/rounds/{name}/update")
    )
    opening["application/json"]["schema"]["examples"] = [{"workers": ["ada"], "values": 1}]
    update["application/octet-stream"]["schema"] |= {"minLength": 4, "maxLength": 4}
    return changed


@dataclass
class Report:
    """What a run of the fuzzer has found."""

    findings: list[str] = field(default_factory=list)
    checks: Counter[str] = field(default_factory=Counter)
    statuses: dict[str, set[int]] = field(default_factory=dict)  # of each operation


def fuzz(schema: dict[str, Any], app: object, examples: int, operations: Sequence[dict[str, Any]] = ()) -> Report:
    """Run all phases and all checks of schemathesis over the schema, with so many random examples an operation."""
    generation = {"max-examples": examples, "deterministic": True, "database": "none"}
    config = SchemathesisConfig.from_dict(CONFIG | {"operations": list(operations), "generation": generation})
    loaded = schemathesis.openapi.from_dict(schema, config=config)
    loaded.app = app
    report = Report()
    for event in from_schema(loaded).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            report.findings.append(str(event))
        if not isinstance(event, events.ScenarioFinished):
            continue
        for checks in event.recorder.checks.values():
            for check in checks:
                report.checks[check.name] += 1
                if check.status is Status.FAILURE:
                    assert check.failure_info is not None
                    failure = check.failure_info.failure
                    report.findings.append(f"{event.label}: {check.name}: {failure.title}: {failure.message}")
        for case, interaction in event.recorder.interactions.items():
            if interaction.response is not None:
                label = event.recorder.cases[case].value.operation.label
                report.statuses.setdefault(label, set()).add(interaction.response.status_code)
    return report


def test_the_schema_and_its_documentation_are_served() -> None:
    """What the fuzzer reads is what is shown, and each operation says what it takes, answers and refuses."""

    async def scenario() -> None:
        app = coordinator.create_app()
        async with coordinator.in_process(app) as client:
            assert (await client.get("/openapi.json")).json() == app.openapi()
            assert "/openapi.json" in (await client.get("/docs")).text
        paths = app.openapi()["paths"]
        claim = paths["/transfers/{transfer}/claim"]["post"]
        assert {p["name"] for p in claim["parameters"]} == {"transfer", "x-node", "x-sequence", "x-signature"}
        assert claim["responses"].keys() == {"201", "401", "403", "404", "409", "413", "422", "503"}
        assert claim["requestBody"]["content"]["application/json"]["schema"]["required"] == ["amount"]
        update = paths["/rounds/{name}/update"]["post"]["requestBody"]["content"]["application/octet-stream"]["schema"]
        assert update == {"type": "string", "format": "binary", "maxLength": 2**28}
        refused = {"$ref": "#/components/schemas/Error"}
        for operation in (operation for path in paths.values() for operation in path.values()):
            for status, reply in operation["responses"].items():
                if status >= "400":
                    assert reply["content"]["application/json"]["schema"] == refused
                    assert reply["description"]

    asyncio.run(scenario())


CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "unsupported_method",
    "allow_header_conformance",
)


def test_a_stranger_finds_nothing() -> None:
    """Whatever is sent unsigned, or signed by guess, is answered as the schema says, and leaves nothing."""
    app = coordinator.create_app(identity("coordinator", 1))
    report = fuzz(app.openapi(), app, 5)
    assert not report.findings, "\n\n".join(report.findings)
    assert min(report.checks[check] for check in (*CHECKS, "missing_required_header")) > 100
    signed = {label for label in report.statuses if label.startswith("POST")}
    assert len(signed) == 7
    assert all(report.statuses[label] >= {401, 422} for label in signed)
    assert app.state.coordinator.directory == {}
    assert app.state.coordinator.log.entries == []


def test_a_node_of_the_directory_finds_nothing() -> None:
    """With each request signed, the fuzzer comes to every answer: taken, refused by the books, malformed."""
    app = coordinator.create_app(identity("coordinator", 1))
    node = asyncio.run(furnished(app))
    report = fuzz(signed(app.openapi()), Signing(app, node), 120, BOOKED)
    assert not report.findings, "\n\n".join(report.findings)
    assert min(report.checks[check] for check in CHECKS) > 100
    taken = {label for label, statuses in report.statuses.items() if min(statuses) < 300}
    assert report.statuses.keys() - taken == {"POST /nodes/{name}"}  # a node is entered by its own key alone
    booked = [label for label in report.statuses if label.startswith("POST /") and "{" in label]
    assert all(report.statuses[label] >= {409, 422} for label in booked if not label.endswith("/delivery"))
