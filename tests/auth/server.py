"""Accounts and sessions served over real HTTP, on a port of their own."""

import dataclasses
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from aiohttp import ClientSession, DummyCookieJar
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from gateway.api.auth import AuthParts, AuthSettings, Identity, auth_routes, open_auth
from gateway.domain.errors import AccessError
from gateway.storage import MemoryWakeUps, SqlStorage, open_storage
from gateway.storage.sealing import open_sealing
from gateway.usecases.core import Core
from gateway.usecases.onboarding import Onboarding
from tests.clock import SettableClock
from tests.cores import a_core
from tests.serving import listening

MARIA: Mapping[str, Any] = {
    "username": "maria",
    "password": "correct horse battery staple",
    "email": "maria@example.com",
    "customer": {"name": "Maria's household", "kind": "HOUSEHOLD"},
}
SIGN_IN = {"username": MARIA["username"], "password": MARIA["password"]}
ORIGIN = "https://app.example.com"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `body` is its JSON, None where there is none. `cookies` as they were set."""

    status: int
    headers: Mapping[str, str]
    body: Any
    cookies: Mapping[str, str]

    @property
    def problems(self) -> list[tuple[str | None, str]]:
        """The problems' fields and codes; each answer that has some is checked to be problem details."""
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.headers["Cache-Control"] == "no-store"
        assert self.body["status"] == self.status
        assert all(each["message"] and "{" not in each["message"] for each in self.body["errors"])
        return [(each["field"], each["code"]) for each in self.body["errors"]]


class Client:
    """Sends requests as they are told, and keeps no cookies of its own."""

    def __init__(self, http: ClientSession, address: str) -> None:
        self._http = http
        self.address = address

    async def send(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """`body` is sent as JSON; bytes as they are."""
        data = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        kind = {} if data is None else {"content-type": "application/json"}
        sent = {**kind, **(headers or {})}
        async with self._http.request(method, self.address + path, data=data, headers=sent) as answer:
            raw = await answer.read()
            read = orjson.loads(raw) if raw else None
            set_cookies = {morsel.key: morsel.OutputString() for morsel in answer.cookies.values()}
            return Answer(answer.status, answer.headers, read, set_cookies)

    async def post(self, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        return await self.send("POST", path, body, headers)

    async def signed_in(self) -> dict[str, Any]:
        """Maria's tokens; her account is made where it is not yet."""
        assert (await self.post("/auth/accounts", MARIA)).status in (201, 409)
        answer = await self.post("/auth/session", SIGN_IN)
        assert answer.status == 200
        tokens: dict[str, Any] = answer.body
        return tokens

    async def who(self, token: str | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """What the gateway takes the sender for."""
        bearer = {} if token is None else {"authorization": f"Bearer {token}"}
        return await self.send("POST", "/who", {}, {**bearer, **(headers or {})})


@dataclass(frozen=True)
class Running:
    """A server that runs, with its parts."""

    client: Client
    parts: AuthParts
    identity: Identity
    clock: SettableClock


def _who(identity: Identity) -> Route:
    async def who(request: Request) -> JSONResponse:
        try:
            caller = await identity.caller_of_request(request)
        except AccessError as error:
            return JSONResponse({"error": error.problems[0].code}, 401)
        actor = caller.actor
        found: dict[str, Any] = {"username": actor.username if actor else None, "address": caller.address}
        if caller.client:
            found["client"] = {"id": caller.client.id, "scopes": sorted(caller.client.scopes)}
        return JSONResponse(found)

    return Route("/who", who, methods=["GET", "POST"])


def _core(storage: SqlStorage, wakeups: MemoryWakeUps, clock: SettableClock, folder: Path) -> Core:
    onboarding = Onboarding(sealing=open_sealing((), folder))
    return dataclasses.replace(a_core(storage, wakeups, clock), onboarding=onboarding)


@asynccontextmanager
async def serving(folder: Path, clock: SettableClock, settings: AuthSettings) -> AsyncIterator[Running]:
    """Accounts and sessions over the data of that folder."""
    wakeups = MemoryWakeUps()
    async with (
        open_storage(f"sqlite:///{folder / 'gateway.db'}", wakeups, clock, None) as storage,
        open_auth(_core(storage, wakeups, clock, folder), folder, settings) as parts,
    ):
        identity = Identity(parts)
        app = Starlette(routes=[*auth_routes(parts), _who(identity)])
        # It leaves the logging of this process alone, which other tests read.
        config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", ws="none", proxy_headers=False)
        async with listening(config) as port, ClientSession(cookie_jar=DummyCookieJar()) as http:
            yield Running(Client(http, f"http://127.0.0.1:{port}"), parts, identity, clock)
