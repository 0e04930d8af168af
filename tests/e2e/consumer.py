"""A consumer of the gateway, as the contract's documents see it: HTTP, GraphQL, and GraphQL over WebSocket."""

import contextlib
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp

CONTRACT = Path(__file__).parents[1] / "contract"
PLACE = {
    "address": {"street": "Storgatan", "houseNumber": "1", "postcode": "11122", "city": "Stockholm", "country": "SE"}
}
Data = dict[str, Any]


@cache
def document(number: str) -> str:
    """A document of the contract, byte for byte."""
    (path,) = CONTRACT.glob(f"{number}-*.graphql")
    return path.read_bytes().decode()


class Consumer:
    """Talks to one gateway as one caller."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str | None = None) -> None:
        self.session = session
        self.url = url
        self.token = token

    def as_nobody(self) -> "Consumer":
        """The same gateway, without a token."""
        return Consumer(self.session, self.url)

    async def post(self, path: str, body: object) -> tuple[int, Data]:
        """Plain HTTP: status and JSON."""
        async with self.session.post(self.url + path, json=body) as response:
            return response.status, await response.json(content_type=None)

    async def sign_up(self, username: str, password: str) -> str:
        """A new customer and its manager; the customer's id."""
        customer = {"name": f"Household of {username}", "kind": "HOUSEHOLD"}
        status, answer = await self.post(
            "/auth/accounts", {"username": username, "password": password, "customer": customer}
        )
        assert status == 201, answer
        return str(answer["customerId"])

    async def signed_in(self, username: str, password: str) -> "Consumer":
        """The same gateway, as that person."""
        status, answer = await self.post("/auth/session", {"username": username, "password": password})
        assert status == 200, answer
        return Consumer(self.session, self.url, answer["access_token"])

    async def newcomer(self) -> "Consumer":
        """As a person who has just signed up."""
        username, password = f"guest-{secrets.token_hex(5)}", secrets.token_urlsafe(12)
        await self.sign_up(username, password)
        return await self.signed_in(username, password)

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    async def send(self, query: str, variables: Mapping[str, Any] | None = None) -> tuple[int, Data]:
        """A GraphQL request: status and the whole answer."""
        body = {"query": query, "variables": variables}
        async with self.session.post(f"{self.url}/graphql", json=body, headers=self.headers) as response:
            return response.status, await response.json(content_type=None)

    async def run(self, number: str, **variables: Any) -> Data:
        """The data of a document of the contract, which answers without errors."""
        return await self.ask(document(number), variables)

    async def ask(self, query: str, variables: Mapping[str, Any] | None = None) -> Data:
        """The data of any document that answers without top-level errors."""
        status, answer = await self.send(query, variables)
        assert "errors" not in answer, answer
        assert status == 200
        return dict(answer["data"])

    async def events(
        self, number: str, variables: Mapping[str, Any], enough: Callable[[list[Data]], bool] = lambda _: False
    ) -> tuple[list[Data], bool]:
        """A subscription's events until it completes or there are enough; and whether it completed."""
        seen: list[Data] = []
        async with contextlib.aclosing(self.follow(document(number), variables)) as messages:
            async for message in messages:
                if message["type"] == "complete":
                    return seen, True
                assert message["type"] == "next", message
                assert not message["payload"].get("errors"), message
                (event,) = message["payload"]["data"].values()
                seen.append(event)
                if enough(seen):
                    return seen, False
        raise AssertionError(f"the WebSocket was closed after {len(seen)} events")

    async def follow(self, query: str, variables: Mapping[str, Any]) -> AsyncGenerator[Data, None]:
        """The raw messages of one subscription."""
        async with self.session.ws_connect(
            f"{self.url}/graphql", protocols=["graphql-transport-ws"], timeout=aiohttp.ClientWSTimeout(ws_receive=30)
        ) as socket:
            payload = {"authorization": self.headers["authorization"]} if self.token else {}
            await socket.send_json({"type": "connection_init", "payload": payload})
            assert (await socket.receive_json())["type"] == "connection_ack"
            subscribe = {"query": query, "variables": dict(variables)}
            await socket.send_json({"id": "1", "type": "subscribe", "payload": subscribe})
            async for frame in socket:
                message = frame.json()
                if message["type"] == "ping":
                    await socket.send_json({"type": "pong"})
                else:
                    yield message


@contextlib.asynccontextmanager
async def consumer(url: str) -> AsyncIterator[Consumer]:
    """Nobody, at that gateway."""
    limit = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(timeout=limit, connector=aiohttp.TCPConnector(force_close=True)) as session:
        yield Consumer(session, url)


async def all_rows(asker: Consumer, number: str, connection: str, **variables: Any) -> list[Data]:
    """The nodes of every page of a connection at the root; nobody may be unavailable."""
    rows: list[Data] = []
    after = None
    while True:
        page = (await asker.run(number, **variables, after=after))[connection]
        rows += [edge["node"] for edge in page["edges"]]
        assert page.get("unavailableProviders", []) == []
        if not page["pageInfo"]["hasNextPage"]:
            return rows
        after = page["pageInfo"]["endCursor"]
