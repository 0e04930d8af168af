"""Hostile input, many times over: each is refused by its documented rule, and nobody else notices."""

import asyncio
import contextlib
import gzip
import io
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson
import pytest

from tests.e2e.consumer import Consumer
from tests.e2e.processes import Program
from tests.e2e.shopping import basket, place

ROUNDS = 15
JSON = {"content-type": "application/json"}
BOMB = gzip.compress(b"\0" * 50_000_000)
Attack = Callable[[Consumer], Awaitable[object]]


async def _body(asker: Consumer, body: bytes, **headers: str) -> tuple[int, str]:
    """A body as it is: the status and the first error's code."""
    sent = JSON | {name.replace("_", "-"): value for name, value in headers.items()}
    async with asker.session.post(f"{asker.url}/graphql", data=io.BytesIO(body), headers=sent) as response:
        answer = orjson.loads(await response.read())
        return response.status, answer["errors"][0]["extensions"]["code"]


def _posted(body: bytes, **headers: str) -> Attack:
    return lambda asker: _body(asker, body, **headers)


def _query(text: str) -> Attack:
    return _posted(orjson.dumps({"query": text}), accept="application/graphql-response+json")


async def _mutation_by_get(asker: Consumer) -> tuple[int, str]:
    parameters = {"query": "mutation { createBundle(input: {}) { userErrors { code } } }"}
    async with asker.session.get(f"{asker.url}/graphql", params=parameters) as response:
        return response.status, (await response.json())["errors"][0]["extensions"]["code"]


@asynccontextmanager
async def _socket(asker: Consumer, *, is_greeted: bool = True) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    protocols = ["graphql-transport-ws"]
    async with asker.session.ws_connect(f"{asker.url}/graphql", protocols=protocols, max_msg_size=0) as socket:
        if is_greeted:
            await socket.send_json({"type": "connection_init"})
            assert (await socket.receive_json())["type"] == "connection_ack"
        yield socket


async def _frame_of_3_mb(asker: Consumer) -> int:
    """No more of it than its header and its beginning, so the answer is there before the connection is cut."""
    where = urlsplit(asker.url)
    request = (
        f"GET /graphql HTTP/1.1\r\nHost: {where.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    )
    # A text frame, masked, its length in 8 bytes. Source: RFC 6455, 5.2.
    frame = b"\x81\xff" + (3_000_000).to_bytes(8) + b"mask" + b"x" * 1000
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    with contextlib.closing(writer):
        async with asyncio.timeout(10):
            writer.write(request.encode())
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
            writer.write(frame)
            closing, _, *code = await reader.readexactly(4)
    assert closing == 0x88
    return int.from_bytes(code)


async def _whole_frame_of_3_mb(asker: Consumer) -> bool:
    """Whether it was refused: by that code, or where the sender was not done, by the connection's end alone."""
    async with _socket(asker) as socket:
        with contextlib.suppress(ConnectionError):
            await socket.send_str('"' + "x" * 3_000_000 + '"')
            async for _ in socket:
                pass
        return socket.close_code in (1009, 1006, None)


def _sent(*messages: Any, is_greeted: bool = True) -> Attack:
    """Messages over a WebSocket: the code that it is closed with."""

    async def attack(asker: Consumer) -> int | None:
        async with _socket(asker, is_greeted=is_greeted) as socket:
            for message in messages:
                if isinstance(message, bytes):
                    await socket.send_bytes(message)
                else:
                    await socket.send_str(message if isinstance(message, str) else orjson.dumps(message).decode())
            async for _ in socket:
                pass
            return socket.close_code

    return attack


async def _silence(asker: Consumer) -> tuple[int | None, float]:
    """A connection that never greets: the code that it is closed with, and after how many seconds."""
    async with _socket(asker, is_greeted=False) as socket:
        begun = time.monotonic()
        async for _ in socket:
            pass
        return socket.close_code, time.monotonic() - begun


SUBSCRIBE = {"id": "1", "type": "subscribe", "payload": {"query": "subscription { customerEvents { id } }"}}
SLOW = {"id": "1", "type": "subscribe", "payload": {"query": "{ providers { edges { node { id } } } }"}}
ALIASES = "{" + " ".join(f"a{n}: __typename" for n in range(10_000)) + "}"
CIRCLE = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"
ATTACKS: dict[str, tuple[Attack, object]] = {
    "broken UTF-8": (_posted(b'{"query": "\xff\xfe"}'), (400, "BAD_USER_INPUT")),
    "deep JSON": (_posted(b'{"variables": ' + b"[" * 100_000), (400, "BAD_USER_INPUT")),
    "a body of 10 MB": (_posted(b'{"query": "' + b"x" * 10_000_000 + b'"}'), (413, "BAD_USER_INPUT")),
    "a zip bomb": (_posted(BOMB, content_encoding="gzip"), (415, "BAD_USER_INPUT")),
    "a batch": (_posted(b'[{"query": "{ __typename }"}]'), (400, "BAD_USER_INPUT")),
    "10,000 aliases": (_query(ALIASES), (400, "QUERY_TOO_COMPLEX")),
    "circular fragments": (_query(CIRCLE), (400, "GRAPHQL_VALIDATION_FAILED")),
    "5,000 levels": (_query("{a" * 5000 + "}" * 5000), (400, "QUERY_TOO_COMPLEX")),
    "a mutation by GET": (_mutation_by_get, (405, "BAD_USER_INPUT")),
    "a binary message": (_sent(b"\0\1"), 4400),
    "a message of 900 kB": (_sent('"' + "x" * 900_000 + '"'), 1009),
    "a frame beyond 1 MB": (_frame_of_3_mb, 1009),
    "a frame beyond 1 MB, to its end": (_whole_frame_of_3_mb, True),
    "a second greeting": (_sent({"type": "connection_init"}), 4429),
    "an operation before the greeting": (_sent(SUBSCRIBE, is_greeted=False), 4401),
    "a flood of pings": (_sent(*[{"type": "ping"}] * 1500), 4429),
    "no message at all": (_sent("{"), 4400),
}


def _resident_kb(pid: int) -> int:
    """The memory that the process has. Source: proc(5), statm."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


@pytest.mark.parametrize("name", ATTACKS)
async def test_it_is_refused_by_its_documented_rule(nobody: Consumer, name: str) -> None:
    attack, outcome = ATTACKS[name]

    assert await attack(nobody) == outcome


async def test_one_id_for_two_operations_closes_the_connection(guest: Consumer) -> None:
    async with guest.session.ws_connect(f"{guest.url}/graphql", protocols=["graphql-transport-ws"]) as socket:
        await socket.send_json({"type": "connection_init", "payload": guest.headers})
        assert (await socket.receive_json())["type"] == "connection_ack"
        await socket.send_json(SUBSCRIBE)
        await socket.send_json(SUBSCRIBE)
        async for _ in socket:
            pass

    assert socket.close_code == 4409


@pytest.mark.timeout(180)
async def test_neither_the_servers_memory_nor_the_other_clients_are_harmed(
    nobody: Consumer, guest: Consumer, running: Program
) -> None:
    attacks = [attack for attack, _ in ATTACKS.values()]
    await asyncio.gather(*(attack(nobody) for attack in attacks))
    before = _resident_kb(running.pid)
    silent = asyncio.create_task(_silence(nobody))
    waits: list[float] = []
    is_over = asyncio.Event()

    async def ask() -> None:
        while not is_over.is_set():
            begun = time.monotonic()
            assert (await guest.ask("{ viewer { username } }"))["viewer"]["username"].startswith("guest-")
            waits.append(time.monotonic() - begun)
            await asyncio.sleep(0.02)

    async def order() -> list[Any]:
        ordered = await place(guest, (await basket(guest)).given())
        seen, is_complete = await guest.events("12", {"orderId": ordered})
        assert is_complete
        return seen

    asking, ordering = asyncio.create_task(ask()), asyncio.create_task(order())
    for _ in range(ROUNDS):
        await asyncio.gather(*(attack(nobody) for attack in attacks))
    events = await ordering
    is_over.set()
    await asking

    # Others get their answers, and miss and repeat no event.
    assert [each["sequence"] for each in events] == list(range(1, len(events) + 1))
    assert events[-1]["orderState"] == "COMPLETED"
    assert max(waits) < 3
    assert _resident_kb(running.pid) - before < 60_000
    # Who never greets holds a connection no longer than allowed, whatever else goes on.
    close_code, took_s = await silent
    assert close_code == 4408
    assert 9 < took_s < 15
