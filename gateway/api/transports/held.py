"""A response that stays open: what it sends comes from a stream, and it ends with the client, the session or us."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.types import Receive, Send

from gateway.api.operations.answers import Answer
from gateway.api.operations.execution import Event
from gateway.api.problems import masked
from gateway.api.transports.cancelling import cancel
from gateway.api.transports.frames import ended_session
from gateway.api.transports.liveness import End, Ended, Liveness
from gateway.api.transports.replies import KEPT_BY_NOBODY
from gateway.domain.parties import Caller


class Frames(Protocol):
    """How a stream is written: see `frames`."""

    media_type: str
    opening: bytes
    beat: bytes
    closing: bytes

    def event(self, event: Event) -> bytes:
        """One event."""

    def complete(self) -> bytes:
        """The end of the stream."""

    def fatal(self, answer: Answer) -> bytes:
        """An end that has a reason."""


@dataclass(frozen=True, slots=True)
class Line:
    """The two ends of an HTTP exchange."""

    receive: Receive
    send: Send

    async def begin(self, media_type: str) -> None:
        """Sends the head. No proxy on the way may hold the body back."""
        headers = [(b"content-type", media_type.encode()), *KEPT_BY_NOBODY, (b"x-accel-buffering", b"no")]
        await self.send({"type": "http.response.start", "status": 200, "headers": headers})

    async def write(self, body: bytes, *, more: bool = True) -> None:
        """Sends some of the body."""
        if body or not more:
            await self.send({"type": "http.response.body", "body": body, "more_body": more})

    async def gone(self) -> None:
        """Waits until the client is."""
        while (await self.receive())["type"] != "http.disconnect":
            pass


async def written(events: AsyncGenerator[Event, None], frames: Frames, line: Line) -> None:
    """Writes every event, then that they are complete."""
    async with aclosing(events):
        async for event in events:
            await line.write(frames.event(event))
    await line.write(frames.complete())


async def hold(
    pump: Coroutine[Any, Any, None], frames: Frames, line: Line, liveness: Liveness, caller: Caller, beat_s: float
) -> None:
    """Keeps the response open until the pump is done, the client gone, or what it lives by at an end.

    At the end of the token and of the gateway it just stops: the client connects again, and goes on after the last
    event that it saw. At the end of the session it is told so.
    """
    await line.begin(frames.media_type)
    await line.write(frames.opening)
    with liveness.watched(caller) as ended:
        tasks: list[asyncio.Future[None]] = [
            asyncio.ensure_future(each) for each in (pump, _beat(frames, line, beat_s), line.gone())
        ]
        try:
            waited: set[asyncio.Future[Any]] = {*tasks, ended}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancel(tasks)
    pumped, _, client = tasks
    if client.cancelled() and not _is_cut(ended):
        await line.write(_last_words(pumped, ended, frames, caller.locale) + frames.closing)
    await line.write(b"", more=False)


def _is_cut(ended: Ended) -> bool:
    return ended.done() and ended.result() is not End.SESSION


def _last_words(pumped: "asyncio.Future[None]", ended: Ended, frames: Frames, locale: str) -> bytes:
    if ended.done():
        return frames.fatal(ended_session(locale))
    fault = None if pumped.cancelled() else pumped.exception()
    return frames.fatal({"errors": masked(fault, locale)}) if fault else b""


async def _beat(frames: Frames, line: Line, beat_s: float) -> None:
    """Lets the client and each proxy on the way know that the line is alive."""
    while True:
        await asyncio.sleep(beat_s)
        await line.write(frames.beat)
