"""Reads a request's body, no further than it may go."""

import asyncio
from contextlib import suppress
from typing import Any

import orjson
from starlette.requests import Request


class BodyTooLarge(Exception):
    """More bytes than the limit."""


class BodyUnreadable(Exception):
    """Not JSON."""


# A client that still sends when the connection closes never reads the answer: so it is heard out, within bounds.
HEARD_OUT = 16 * 1024 * 1024
HEARD_OUT_S = 5.0


async def read_body(request: Request, limit: int) -> bytes:
    """The body. Raises: BodyTooLarge, once what the client still sends was thrown away."""
    chunks: list[bytes] = []
    size = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(None) as time_left:
            async for chunk in request.stream():
                if size <= limit < size + len(chunk):
                    chunks.clear()
                    time_left.reschedule(asyncio.get_running_loop().time() + HEARD_OUT_S)
                size += len(chunk)
                if size > HEARD_OUT:
                    break
                if size <= limit:
                    chunks.append(chunk)
    if size > limit:
        raise BodyTooLarge
    return b"".join(chunks)


def read_json(body: bytes | str) -> Any:
    """The value. Raises: BodyUnreadable for what is no JSON in UTF-8, or nested too deeply."""
    try:
        return orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError):
        raise BodyUnreadable from None
