"""Stands before the gateway on the way of the operators' events, and notes when each comes by."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import orjson
from aiohttp import web

from tests.web import serving


@dataclass
class Relay:
    """Passes each post on to `target`."""

    url: str = ""
    target: str = ""
    completed: dict[str, float] = field(default_factory=dict)
    """By the key that an order was placed with: when the event came by that tells of its completion (monotonic)."""

    def note(self, body: bytes) -> None:
        """Keeps the moment, the first where an event is repeated."""
        now = time.monotonic()
        event = orjson.loads(body)
        order = event["event"].get("productOrder", {})
        if event["eventType"] == "ProductOrderStateChangeEvent" and order.get("state") == "completed":
            key = order["externalId"]
            # A list of identifiers in v5.
            self.completed.setdefault(key if isinstance(key, str) else key[0]["id"], now)


@asynccontextmanager
async def relay() -> AsyncIterator[Relay]:
    """Runs from entry to exit."""
    made = Relay()
    async with aiohttp.ClientSession() as session:

        async def handle(request: web.Request) -> web.Response:
            body = await request.read()
            made.note(body)
            headers = {"content-type": request.headers["content-type"]}
            async with session.post(made.target + request.path, data=body, headers=headers) as response:
                return web.Response(status=response.status, body=await response.read())

        async with serving(handle) as made.url:
            yield made
