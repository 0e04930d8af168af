"""A gateway that ends, and one that starts in its place: who follows an order goes on where the connection was lost."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from tests.e2e.consumer import Consumer, consumer, document
from tests.e2e.processes import Program, demo, free_port
from tests.e2e.shopping import basket, place

SLOW = {"GATEWAY_DEMO_DELIVERY": "1-1.2"}


async def _by_websocket(asker: Consumer, order: str) -> AsyncIterator[Any]:
    """The events; then the code that the connection was closed with."""
    async with asker.session.ws_connect(f"{asker.url}/graphql", protocols=["graphql-transport-ws"]) as socket:
        await socket.send_json({"type": "connection_init", "payload": asker.headers})
        asked = {"query": document("12"), "variables": {"orderId": order}}
        await socket.send_json({"id": "1", "type": "subscribe", "payload": asked})
        async for frame in socket:
            message = frame.json()
            if message["type"] == "next":
                yield message["payload"]["data"]["orderEvents"]
        yield socket.close_code


async def _by_event_stream(asker: Consumer, order: str, last_event_id: str | None = None) -> AsyncIterator[Any]:
    """The events, with their ids; then the last event's name."""
    headers = asker.headers | {"accept": "text/event-stream"}
    headers |= {"last-event-id": last_event_id} if last_event_id else {}
    body = {"query": document("12"), "variables": {"orderId": order}}
    async with asker.session.post(f"{asker.url}/graphql", json=body, headers=headers) as response:
        last = ""
        async for frame in _frames(response):
            last = frame.get("event", last)
            if frame.get("event") == "next":
                yield orjson.loads(frame["data"])["data"]["orderEvents"]
        yield last


async def _frames(response: aiohttp.ClientResponse) -> AsyncIterator[dict[str, str]]:
    text = ""
    async for chunk in response.content.iter_any():
        text += chunk.decode()
        while "\n\n" in text:
            frame, _, text = text.partition("\n\n")
            yield dict(line.split(": ", 1) for line in frame.split("\n") if ": " in line) | (
                {"event": "complete"} if frame.startswith("event: complete") else {}
            )


async def _taken(events: AsyncIterator[Any], into: list[Any]) -> Any:
    """Collects the events; what came last."""
    async for event in events:
        if not isinstance(event, dict):
            return event
        into.append(event)
    return None


@pytest.mark.timeout(180)
@pytest.mark.requirement("V8", "V9", "N3")
async def test_a_restart_costs_a_follower_no_event_over_whatever_transport(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    by_socket: list[Any] = []
    by_stream: list[Any] = []
    with demo(data, port=port, **SLOW) as first:
        await first.ready()
        async with consumer(first.url) as nobody:
            guest = await nobody.newcomer()
            order = await place(guest, (await basket(guest)).given())
            following = asyncio.gather(
                _taken(_by_websocket(guest, order), by_socket), _taken(_by_event_stream(guest, order), by_stream)
            )
            while not (by_socket and by_stream):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            close_code, last = await _ended(first, following)

    # Both are told to come again: the one by the code, the other by the want of a "complete".
    assert (close_code, last) == (1012, "next")

    with demo(data, port=port, **SLOW) as second:
        await second.ready()
        async with consumer(second.url) as nobody:
            again = Consumer(nobody.session, second.url, guest.token)
            rest, is_complete = await again.events("12", {"orderId": order, "after": by_socket[-1]["cursor"]})
            assert is_complete
            last = await _taken(_by_event_stream(again, order, by_stream[-1]["cursor"]), by_stream)

    assert last == "complete"
    numbers = [each["sequence"] for each in (*by_socket, *rest)]
    assert numbers == [each["sequence"] for each in by_stream] == list(range(1, len(numbers) + 1))
    assert rest[-1]["orderState"] == "COMPLETED"


async def _ended(program: Program, following: "asyncio.Future[tuple[Any, Any]]") -> tuple[Any, Any]:
    program.send(signal.SIGTERM)
    async with asyncio.timeout(10):
        found = await following
    assert await asyncio.to_thread(program.wait) == 0
    return found
