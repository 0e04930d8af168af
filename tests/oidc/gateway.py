"""Accounts and sessions over real HTTP beside an identity provider that runs, and a browser that goes between them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import uvicorn
from aiohttp import ClientSession, DummyCookieJar
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from gateway.api.auth import AuthParts, AuthSettings, Identity, auth_routes, open_auth
from gateway.api.oidc import OidcSettings, oidc_routes, open_issuer
from gateway.api.oidc.access import IssuerAccess
from gateway.domain.errors import AccessError
from gateway.domain.security import NewSecurityEvent
from gateway.storage import MemoryWakeUps, open_storage
from gateway.storage.sealing import open_sealing
from gateway.usecases.onboarding import Onboarding
from tests.clock import SettableClock
from tests.cores import a_core
from tests.oidc.issuer import TestIssuer
from tests.oidc.server import AUDIENCE, CLIENT_ID, CLIENT_SECRET
from tests.serving import listening

ORIGIN = "https://app.example.com"
APP = "com.example.app:/back"


@dataclass(frozen=True)
class Got:
    """An answer; `body` is its JSON, None where there is none."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def location(self) -> str:
        assert self.status in (302, 303), self.body
        return self.headers["Location"]

    @property
    def query(self) -> dict[str, str]:
        """What a redirect carries."""
        return dict(parse_qsl(urlsplit(self.location).query))

    @property
    def problems(self) -> list[tuple[str | None, str]]:
        assert self.headers["Content-Type"] == "application/problem+json"
        assert all(each["message"] and "{" not in each["message"] for each in self.body["errors"])
        return [(each["field"], each["code"]) for each in self.body["errors"]]


@dataclass
class Browser:
    """Keeps cookies by name, and goes where it is sent only when it is told to.

    `gateway` stands for `address`: what has a path alone is asked there.
    """

    http: ClientSession
    address: str
    cookies: dict[str, str] = field(default_factory=dict)

    async def send(self, method: str, url: str, body: object = None, headers: Mapping[str, str] | None = None) -> Got:
        """Cookies go to the gateway alone; a body of bytes as it is, any other as JSON."""
        address = self.address + url if url.startswith("/") else url
        is_ours = address.startswith(self.address)
        sent = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if is_ours else {}
        data = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        kind = {} if data is None or isinstance(body, bytes) else {"content-type": "application/json"}
        async with self.http.request(
            method, address, data=data, headers={**sent, **kind, **(headers or {})}, allow_redirects=False
        ) as answer:
            raw = await answer.read()
            for line in answer.headers.getall("Set-Cookie", []):
                self._keep(line)
            return Got(answer.status, answer.headers, orjson.loads(raw) if raw else None)

    def _keep(self, line: str) -> None:
        for name, morsel in SimpleCookie(line).items():
            if morsel["max-age"] == "0" or not morsel.value:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value

    async def get(self, url: str, **headers: str) -> Got:
        return await self.send("GET", url, headers={name.replace("_", "-"): each for name, each in headers.items()})

    async def signs_in(self, query: str = "return=/graphql") -> Got:
        """Through the issuer and back: the answer to its coming back."""
        return await self.get((await self.at_the_issuer(query)).location)

    async def at_the_issuer(self, query: str = "return=/graphql") -> Got:
        """As far as the issuer's own answer."""
        return await self.get((await self.get(f"/auth/oidc/login?{query}")).location)

    async def who(self, token: str | None = None) -> Any:
        """What the gateway takes the browser for; or who has that token."""
        if token is not None:
            return (await self.send("POST", "/who", {}, {"authorization": f"Bearer {token}", "cookie": ""})).body
        return (await self.send("POST", "/who", {}, {"origin": ORIGIN})).body


@dataclass(frozen=True)
class Running:
    """A gateway that runs, and its issuer."""

    address: str
    http: ClientSession
    parts: AuthParts
    identity: Identity
    clock: SettableClock
    issuer: TestIssuer

    def browser(self) -> Browser:
        """One without cookies."""
        return Browser(self.http, self.address)

    def refusals(self) -> list[dict[str, str]]:
        """What was noted of refused tokens since the last time."""
        taken: list[NewSecurityEvent] = list(self.parts.core.refusals.take())
        params = [event.params for event in taken if "token" in event.params]
        return [{"token": each["token"], "code": each["reason"]} for each in params]


def _who(identity: Identity) -> Route:
    async def who(request: Request) -> JSONResponse:
        try:
            caller = await identity.caller_of_request(request)
        except AccessError as error:
            return JSONResponse(error.problems[0].code, 401)
        if caller.client:
            return JSONResponse({"client": caller.client.name, "scopes": sorted(caller.client.scopes)})
        if caller.actor is None:
            return JSONResponse(None)
        customers = [each.customer.name for each in caller.actor.memberships]
        return JSONResponse([caller.actor.username, customers, caller.actor.is_operator])

    return Route("/who", who, methods=["POST"])


def settings_for(issuer: TestIssuer, gateway: str = "http://127.0.0.1:1", **changes: Any) -> OidcSettings:
    """Those of the gateway at that address."""
    found = OidcSettings(
        issuer.address,
        CLIENT_ID,
        f"{gateway}/auth/oidc/callback",
        f"{gateway}/",
        CLIENT_SECRET,
        audience=AUDIENCE,
        origins=frozenset({ORIGIN}),
        return_addresses=frozenset({APP}),
    )
    return replace(found, **changes)


@asynccontextmanager
async def serving(folder: Path, issuer: TestIssuer, **changes: Any) -> AsyncIterator[Running]:
    """Over the data of that folder; the clock begins at the issuer's, which is the machine's."""
    wakeups, clock = MemoryWakeUps(), SettableClock(datetime.now(UTC))
    settings = settings_for(issuer, **changes)
    async with (
        open_storage(f"sqlite:///{folder / 'gateway.db'}", wakeups, clock, None) as storage,
        open_issuer(settings, clock) as found,
    ):
        core = replace(a_core(storage, wakeups, clock), onboarding=Onboarding(open_sealing((), folder)))
        auth = AuthSettings(origins=frozenset({ORIGIN}))
        async with open_auth(core, folder, auth, IssuerAccess(core, found)) as parts:
            identity = Identity(parts)
            app = Starlette(routes=[*auth_routes(parts), *oidc_routes(parts, found), _who(identity)])
            config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", ws="none", proxy_headers=False)
            async with listening(config) as port, ClientSession(cookie_jar=DummyCookieJar()) as http:
                address = f"http://127.0.0.1:{port}"
                # The port is known only now.
                found.settings = replace(settings, callback=f"{address}/auth/oidc/callback")
                issuer.callback = f"{address}/auth/oidc/callback"
                yield Running(address, http, parts, identity, clock, issuer)
