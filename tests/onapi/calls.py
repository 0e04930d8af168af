"""A network that speaks ON-API, asked as a service provider's own system would."""

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from providers.simulator.serving import run_operators
from tests.simulator.calls import until

SLUG = "tornfors"
USERNAME, PASSWORD = "gateway", "open sesame"
Json = Any


@dataclass(frozen=True)
class Answered:
    """The status, the body as JSON (None where there is none), and when it was modified last."""

    status: int
    body: Json
    last_modified: str = ""


@dataclass(frozen=True)
class Network:
    """Its HTTP; `url` is the base path of the API."""

    session: aiohttp.ClientSession
    url: str

    async def call(
        self, method: str, path: str, body: Json = None, since: str = "", password: str = PASSWORD
    ) -> Answered:
        """One request."""
        proof = b64encode(f"{USERNAME}:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {proof}", **({"If-Modified-Since": since} if since else {})}
        root = self.url.removesuffix("/onapi/2.6") if path.startswith("/_control") else self.url
        async with self.session.request(method, root + path, json=body, headers=headers) as response:
            raw = await response.read()
            known = response.headers.get("Last-Modified", "")
            return Answered(response.status, await response.json() if raw else None, known)

    async def get(self, path: str) -> Json:
        """The body of a 200."""
        found = await self.call("GET", path)
        assert found.status == 200, found
        return found.body

    async def order(self, status: int = 201, **order: Json) -> Json:
        """Sends an order."""
        found = await self.call("POST", "/orders/", order)
        assert found.status == status, found
        return found.body

    async def done(self, order: Json) -> Json:
        """The order when it has ended."""
        return await until(lambda: self.get(f"/orders/{order['orderId']}"), lambda now: now["state"].startswith("DONE"))

    async def active(self, access_id: str, service: str = "BB-100-100") -> Json:
        """The order that made a subscription there."""
        return await self.done(await self.order(operation="ACTIVATE", accessId=access_id, service=service))

    async def access(self, street: str, number: str, apartment: str | None = None) -> str:
        """The key of the first access at the address."""
        wanted = {"streetName": street, "streetNumber": number}
        if apartment is not None:
            wanted["mduApartmentNumber"] = apartment
        rows = await self.get("/accesses/")
        return str(next(row["accessId"] for row in rows if wanted.items() <= row.items()))

    async def fault(self, **rule: Json) -> None:
        """Tells the network to fail."""
        assert (await self.call("POST", "/_control/faults", rule)).status == 201

    async def counts(self) -> Json:
        """What there is at the network."""
        return await self.get("/_control/counts")


@asynccontextmanager
async def a_network(folder: Path, **settings: Any) -> AsyncIterator[Network]:
    """One that runs; fast, unless told."""
    async with run_operators(folder, (SLUG,), **settings) as urls, aiohttp.ClientSession() as session:
        yield Network(session, urls[SLUG])
