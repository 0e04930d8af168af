"""Reads a request's body, no further than it may go."""

import asyncio
from contextlib import suppress
from typing import Any

import orjson
from starlette.types import Receive


class BodyTooLarge(Exception):
    """More bytes than the limit."""


class BodyUnreadable(Exception):
    """Not JSON."""


# A client that still sends when the connection closes never reads the answer: so it is heard out, within bounds.
HEARD_OUT = 16 * 1024 * 1024
HEARD_OUT_S = 5.0
# A client that takes longer keeps a place that others need.
SENT_S = 30.0


async def read_body(receive: Receive, limit: int) -> bytes:
    """The body. Raises: BodyTooLarge, once what the client still sends was thrown away; BodyUnreadable for a part."""
    try:
        async with asyncio.timeout(SENT_S):
            message = await receive()
    except TimeoutError:
        raise BodyUnreadable from None
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        return await _read_rest(receive, body, limit)
    if len(body) > limit:
        raise BodyTooLarge
    return body


async def _read_rest(receive: Receive, body: bytes, limit: int) -> bytes:
    chunks, size, is_all = [body], len(body), False
    try:
        async with asyncio.timeout(SENT_S):
            while size <= limit and not is_all:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise BodyUnreadable
                chunks.append(message.get("body", b""))
                size, is_all = size + len(chunks[-1]), not message.get("more_body")
    except TimeoutError:
        raise BodyUnreadable from None
    if size > limit:
        if not is_all:
            await _hear_out(receive, size)
        raise BodyTooLarge
    return b"".join(chunks)


async def _hear_out(receive: Receive, size: int) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(HEARD_OUT_S):
            while size <= HEARD_OUT:
                message = await receive()
                size += len(message.get("body", b""))
                if not message.get("more_body"):
                    return


def read_json(body: bytes | str) -> Any:
    """The value. Raises: BodyUnreadable for what is no JSON in UTF-8, or nested too deeply."""
    try:
        return orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError):
        raise BodyUnreadable from None
