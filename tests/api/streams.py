"""Responses that stay open, read frame by frame; and orders that tell events."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from gateway.domain.ordering.orders import Order
from gateway.domain.parties import Caller
from gateway.ports import NewEvent
from tests.api.running import Running
from tests.clock import NOON
from tests.samples import an_order

FOLLOW = """
subscription($id: ID!, $after: String) {
  orderEvents(orderId: $id, after: $after) { __typename sequence cursor }
}
"""
EVENT_STREAM = "text/event-stream"
LIMIT_S = 5.0


@dataclass
class Open:
    """A response of which the body is still coming."""

    response: aiohttp.ClientResponse

    @property
    def status(self) -> int:
        return self.response.status

    async def until(self, separator: bytes) -> bytes:
        """The body up to and with the next separator. Raises: IncompleteReadError where it ends before."""
        async with asyncio.timeout(LIMIT_S):
            return await self.response.content.readuntil(separator)

    async def event(self) -> dict[str, Any]:
        """The next server-sent event that is no comment and no setting of the stream: its fields, with JSON data."""
        while True:
            lines = (await self.until(b"\n\n")).decode().strip("\n").split("\n")
            fields = dict(line.split(":", 1) for line in lines)
            if "event" in fields:
                data = fields.get("data", "").strip()
                return {
                    key: value.strip() for key, value in fields.items() if key != "data"
                } | {"data": orjson.loads(data) if data else None}  # fmt: skip

    async def part(self) -> Any:
        """The JSON of the next part of a multipart body."""
        part = await self.until(b"\r\n--graphql")
        return orjson.loads(part.removesuffix(b"\r\n--graphql").partition(b"\r\n\r\n")[2])

    async def rest(self) -> bytes:
        """What still comes, to the end."""
        async with asyncio.timeout(LIMIT_S):
            return await self.response.content.read()


@asynccontextmanager
async def opened(
    gateway: Running, query: str, variables: Any = None, token: str | None = None, **headers: str
) -> AsyncIterator[Open]:
    """The response to an operation, while it is read."""
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    sent |= {"authorization": f"Bearer {token}"} if token else {}
    body = {"query": query, "variables": variables}
    async with gateway.http.post(f"{gateway.address}/graphql", json=body, headers=sent) as response:
        yield Open(response)


async def an_order_of(gateway: Running, caller: Caller, *kinds: str) -> Order:
    """An order of the caller's customer, with these events."""
    assert caller.actor is not None
    order = an_order(caller.actor.memberships[0].customer.id)
    async with gateway.storage.writing() as unit:
        await unit.orders.add(order)
    return await told(gateway, order, *kinds)


async def told(gateway: Running, order: Order, *kinds: str) -> Order:
    """The order, after these events of its."""
    async with gateway.storage.writing() as unit:
        held = await unit.orders.get(order.id, lock=True)
        assert held is not None
        after = await unit.events.append(held, [NewEvent(kind) for kind in kinds], NOON)
        await unit.orders.save(after)
    return after


def numbers(events: Sequence[Mapping[str, Any]]) -> list[int]:
    return [each["data"]["data"]["orderEvents"]["sequence"] for each in events]
