"""Reads a request's body, no further than it may go."""

from typing import Any

import orjson
from starlette.requests import Request


class BodyTooLarge(Exception):
    """More bytes than the limit."""


class BodyUnreadable(Exception):
    """Not JSON."""


async def read_body(request: Request, limit: int) -> bytes:
    """The body. Raises: BodyTooLarge as soon as it is known."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise BodyTooLarge
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge
        chunks.append(chunk)
    return b"".join(chunks)


def read_json(body: bytes | str) -> Any:
    """The value. Raises: BodyUnreadable for what is no JSON in UTF-8, or nested too deeply."""
    try:
        return orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError):
        raise BodyUnreadable from None
