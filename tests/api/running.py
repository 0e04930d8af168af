"""A gateway's API on a port of its own: real storage, providers in this process, and callers by made-up tokens."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import uvicorn
from cryptography.fernet import Fernet
from starlette.requests import HTTPConnection
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from gateway.api.application import create_app
from gateway.api.parts import ApiParts, ApiSettings
from gateway.api.telemetry.watching import Telemetry
from gateway.contract.events import EventProof, Post
from gateway.contract.provider import Provider
from gateway.domain.catalog.offerings import ProductOffering
from gateway.domain.errors import AccessError, Problem
from gateway.domain.parties import Agreement, Caller, ServiceClient
from gateway.federation.posts import Posts, Receipt
from gateway.federation.projection import Projection
from gateway.federation.registry import ProviderSpec, Registry, open_registry
from gateway.ports import NewAccount, Session
from gateway.storage import MemoryWakeUps, SqlStorage, open_storage
from gateway.storage.sealing import FernetSealing
from gateway.usecases.actors import Actors, as_now
from gateway.usecases.core import Core
from gateway.usecases.onboarding import Onboarding
from gateway.usecases.policy import PROVIDERS_WRITE
from tests.clock import SettableClock
from tests.federation.scripted import Adapter, Scripted, profile
from tests.samples import an_account
from tests.serving import listening

SECRET = "a-secret"
SEALED_BY = Fernet.generate_key().decode()
ADAPTER = Adapter().connect


class Tokens:
    """Who a token is of; `GONE` is good no more."""

    def __init__(self, storage: SqlStorage) -> None:
        self.callers: dict[str, Caller] = {}
        self.actors: Actors | None = None
        self._storage = storage

    async def caller_of_request(self, connection: HTTPConnection) -> Caller:
        header = connection.headers.get("authorization")
        token = header.removeprefix("Bearer ") if header else connection.cookies.get("session")
        return await self.caller_of_token(token, "") if token else Caller()

    async def caller_of_token(self, token: str, address: str) -> Caller:
        if token not in self.callers:
            raise AccessError(Problem("UNAUTHENTICATED"))
        found = self.callers[token]
        return await as_now(self.actors, found) if self.actors else found

    async def is_live(self, caller: Caller) -> bool:
        if caller.client is not None:
            return True
        async with self._storage.reading() as unit:
            session = await unit.accounts.session(caller.session_key or "")
        return session is not None and session.ended_at is None

    def address_of(self, connection: HTTPConnection) -> str:
        return "127.0.0.1"


@dataclass
class Running:
    """The running gateway, and what stands behind it."""

    address: str
    http: aiohttp.ClientSession
    tokens: Tokens
    core: Core
    storage: SqlStorage
    wakeups: MemoryWakeUps
    clock: SettableClock
    provider: Scripted
    telemetry: Telemetry
    end_streams: Callable[[], None] = lambda: None
    posted: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    readiness: dict[str, bool] = field(default_factory=lambda: {"database": True})

    async def ask(
        self, query: str, variables: Mapping[str, Any] | None = None, token: str | None = None, **headers: str
    ) -> dict[str, Any]:
        """The answer's JSON, without what it cost."""
        sent = headers | ({"authorization": f"Bearer {token}"} if token else {})
        body = {"query": query, "variables": variables}
        async with self.http.post(f"{self.address}/graphql", json=body, headers=sent) as response:
            answer: dict[str, Any] = await response.json(content_type=None)
            answer.pop("extensions", None)
            return answer

    def socket(self, protocol: str = "graphql-transport-ws", origin: str | None = None) -> connect:
        """A WebSocket, before its connection_init."""
        address = self.address.replace("http", "ws", 1)
        return connect(
            f"{address}/graphql", subprotocols=[Subprotocol(protocol)], origin=Origin(origin) if origin else None
        )

    async def sign_in(self, token: str, *, is_operator: bool = False) -> Caller:
        """Keeps an account and a session of that name; its token is the name. An operator has no customer."""
        account = an_account(token, None)
        if is_operator:
            account = replace(account, customer_id=None, is_operator=True)
        async with self.storage.writing() as unit:
            assert await unit.accounts.add(account)
            await unit.accounts.add_session(_session(token, account, self.clock))
        async with self.storage.reading() as unit:
            actor = await unit.accounts.actor(account.actor_id)
        self.tokens.callers[token] = Caller(actor, token)
        return self.tokens.callers[token]

    def client(self, name: str) -> None:
        """A partner's service client of that name; its token is the name."""
        client = ServiceClient(name, name.title(), frozenset({PROVIDERS_WRITE}))
        self.tokens.callers[name] = Caller(client=client)


def _session(token: str, account: NewAccount, clock: SettableClock) -> Session:
    now = clock.now()
    return Session(token, account.actor_id, f"digest-{token}", None, None, now, now.replace(year=now.year + 1))


@asynccontextmanager
async def running(
    folder: Path,
    offerings: Sequence[ProductOffering] = (),
    telemetry: Telemetry | None = None,
    event_proof: EventProof | None = None,
    agreements: Sequence[Agreement] = (),
    database: str | None = None,
    **bounds: Any,
) -> AsyncIterator[Running]:
    """Runs it from entry to exit, with one provider `nord` of these offerings; on a file of its own, unless a database
    is named.
    """
    clock, wakeups, telemetry = SettableClock(), MemoryWakeUps(), telemetry or Telemetry()
    database = database or f"sqlite:///{folder / 'gateway.db'}"
    scripted = Scripted("nord", tuple(offerings), event_proof=event_proof)
    async with (
        open_storage(database, wakeups, clock, lambda _connection, _order: None) as storage,
        _registry(scripted, clock, telemetry, agreements) as registry,
        aiohttp.ClientSession() as http,
    ):
        projection = Projection(registry, wakeups, clock, None, timedelta(hours=1))
        await projection.refresh("nord")
        onboarding = Onboarding(FernetSealing([SEALED_BY]), {"scripted": ADAPTER})
        core = Core(storage, registry, projection, wakeups, clock, onboarding=onboarding)
        tokens = Tokens(storage)
        tokens.actors = core.actors
        gateway = Running("", http, tokens, core, storage, wakeups, clock, scripted, telemetry)
        async with _served(gateway, ApiSettings(**bounds)):
            yield gateway


@asynccontextmanager
async def _registry(
    scripted: Scripted, clock: SettableClock, telemetry: Telemetry, agreements: Sequence[Agreement]
) -> AsyncIterator[Registry]:
    @asynccontextmanager
    async def connect_scripted(_settings: Any) -> AsyncIterator[Provider]:
        yield scripted.provider()

    spec = ProviderSpec("nord", profile("nord").name, profile("nord").roles, "scripted")
    adapters, calls = {"scripted": connect_scripted}, telemetry.provider_calls
    async with open_registry([spec], list(agreements), clock, adapters=adapters, calls=calls) as registry:
        yield registry


@asynccontextmanager
async def _served(gateway: Running, settings: ApiSettings) -> AsyncIterator[None]:
    posts = Posts(gateway.core.directory, gateway.wakeups, gateway.clock)

    async def receive(slug: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        receipt = await posts.receive(slug, Post(f"https://gateway.test/{slug}/{SECRET}", headers, body))
        gateway.posted += [(slug, orjson.loads(body))] if receipt is Receipt.TAKEN else []
        return receipt

    async def readiness() -> Mapping[str, bool]:
        return gateway.readiness

    parts = ApiParts(
        core=gateway.core,
        identity=gateway.tokens,
        auth_routes=(),
        readiness=readiness,
        is_hub_secret=lambda slug, secret: (slug, secret) == ("nord", SECRET),
        receive=receive,
        settings=settings,
        telemetry=gateway.telemetry,
    )
    application = create_app(parts)
    gateway.end_streams = application.state.end_streams
    config = uvicorn.Config(application, port=0, log_config=None, lifespan="off", ws="websockets-sansio")
    async with listening(config) as port:
        gateway.address = f"http://127.0.0.1:{port}"
        try:
            yield
        finally:
            application.state.end_streams()
            await asyncio.sleep(0.05)


async def begun(socket: ClientConnection, payload: Mapping[str, Any] | None = None) -> None:
    """Sends connection_init and takes the acknowledgement."""
    await send(socket, {"type": "connection_init", **({"payload": payload} if payload is not None else {})})
    assert (await received(socket))["type"] == "connection_ack"


async def send(socket: ClientConnection, message: Any) -> None:
    await socket.send(orjson.dumps(message).decode())


async def said(socket: ClientConnection) -> dict[str, Any]:
    """The next message that is no sign of life."""
    while (message := await received(socket)) == {"type": "ping"}:
        pass
    return message


async def received(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(5):
        frame = await socket.recv()
    assert isinstance(frame, str), "frames are texts"
    message: dict[str, Any] = orjson.loads(frame)
    return message
