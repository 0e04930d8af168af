"""One follower of a subscription on a raw socket: as little work as a client can do, so that a thousand fit a core."""

import asyncio
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast

import orjson

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
NEXT = b'{"id":"1","type":"next","payload":'
_COMPRESSED = 0x40
_TAIL = b"\x00\x00\xff\xff"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is followed, where, and as whom."""

    host: str
    port: int
    token: str
    query: str
    variables: dict[str, Any]

    @property
    def asked(self) -> dict[str, Any]:
        """The operation as a client sends it."""
        return {"query": self.query, "variables": self.variables}


Heard = Callable[[bytes], None]
"""Is given each event, as the bytes that all followers are sent alike."""


class Follower(Protocol):
    """Is made with what it follows, and whom it tells."""

    def __call__(self, wanted: Wanted, heard: Heard) -> asyncio.Protocol: ...


class OverWebSocket(asyncio.Protocol):
    """In graphql-transport-ws; offers compression as browsers do."""

    def __init__(self, wanted: Wanted, heard: Heard) -> None:
        self._wanted = wanted
        self._heard = heard
        self._left = b""
        self._take = self._upgraded
        self._transport: asyncio.Transport | None = None
        self._inflater: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the upgrade."""
        self._transport = cast(asyncio.Transport, transport)
        lines = (
            "GET /graphql HTTP/1.1", f"Host: {self._wanted.host}:{self._wanted.port}", "Upgrade: websocket",
            "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==",
            "Sec-WebSocket-Protocol: graphql-transport-ws",
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits", "", "",
        )  # fmt: skip
        self._transport.write("\r\n".join(lines).encode())

    def data_received(self, data: bytes) -> None:
        """Takes each frame that is whole."""
        data = self._left + data if self._left else data
        while data:
            size = self._take(data)
            if not size:
                break
            data = data[size:]
        self._left = data

    def _upgraded(self, data: bytes) -> int:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return 0
        assert data.startswith(b"HTTP/1.1 101"), data
        if b"permessage-deflate" in data[:end]:
            self._inflater = zlib.decompressobj(-15)
        authorization = {"authorization": f"Bearer {self._wanted.token}"}
        self._say(TEXT, orjson.dumps({"type": "connection_init", "payload": authorization}))
        self._take = self._framed
        return end + 4

    def _framed(self, data: bytes) -> int:
        """Takes the first frame, and says how long it is; 0 where it is not whole."""
        if len(data) < 4:
            return 0
        start, size = 2, data[1]
        assert size < 127, "masked, or a frame of 64 KB"
        if size == 126:
            start, size = 4, int.from_bytes(data[2:4])
        if len(data) < start + size:
            return 0
        payload = data[start : start + size]
        if data[0] & _COMPRESSED:
            payload = self._inflater.decompress(payload + _TAIL)
        self._taken(data[0] & 15, payload)
        return start + size

    def _taken(self, kind: int, payload: bytes) -> None:
        if kind == TEXT and payload.startswith(NEXT):
            self._heard(payload[len(NEXT) : -1])
        elif kind == PING:
            self._say(PONG, payload)
        elif kind == TEXT and payload == b'{"type":"ping"}':
            self._say(TEXT, b'{"type":"pong"}')
        elif kind == TEXT and payload.startswith(b'{"type":"connection_ack"'):
            self._say(TEXT, orjson.dumps({"id": "1", "type": "subscribe", "payload": self._wanted.asked}))
        else:
            assert kind == TEXT, payload
            assert orjson.loads(payload)["type"] == "complete", payload

    def _say(self, kind: int, payload: bytes) -> None:
        assert self._transport is not None
        long = len(payload) > 125
        size = bytes((0x80 | 126,)) + len(payload).to_bytes(2) if long else bytes((0x80 | len(payload),))
        # Masked by zeros, which change nothing.
        self._transport.write(bytes((0x80 | kind,)) + size + b"\x00\x00\x00\x00" + payload)


class OverEventStream(asyncio.Protocol):
    """By server-sent events, on a connection of its own."""

    def __init__(self, wanted: Wanted, heard: Heard) -> None:
        self._wanted = wanted
        self._heard = heard
        self._left = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Posts the operation."""
        body = orjson.dumps(self._wanted.asked)
        lines = (
            "POST /graphql HTTP/1.1", f"Host: {self._wanted.host}:{self._wanted.port}", "Accept: text/event-stream",
            f"Authorization: Bearer {self._wanted.token}", "Content-Type: application/json",
            f"Content-Length: {len(body)}", "", "",
        )  # fmt: skip
        cast(asyncio.Transport, transport).write("\r\n".join(lines).encode() + body)

    def data_received(self, data: bytes) -> None:
        """Takes each event that is whole; the marks between the chunks stand before its first line."""
        *blocks, self._left = (self._left + data).split(b"\n\n")
        for block in blocks:
            assert b"HTTP/1.1 " not in block or b"HTTP/1.1 200" in block, block
            if b"event: next\n" in block:
                self._heard(block.partition(b"\ndata: ")[2])


TRANSPORTS: dict[str, Follower] = {"websocket": OverWebSocket, "event-stream": OverEventStream}
