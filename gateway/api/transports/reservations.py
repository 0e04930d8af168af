"""GraphQL over SSE, single connection mode: one event stream for all of a client's operations.

Source: graphql-sse PROTOCOL.md, "Single connection mode". A stream is of this process: behind a proxy with several
gateways, the proxy must send a client to the same one (or clients use distinct connections).
"""

import asyncio
import secrets
from contextlib import aclosing
from dataclasses import dataclass, field

import orjson

from gateway.api.context import Context
from gateway.api.operations.answers import Answered
from gateway.api.operations.asked import Asked
from gateway.api.operations.execution import Event, Execution
from gateway.api.operations.limits import TOO_MUCH
from gateway.api.parts import ApiParts
from gateway.api.problems import Code, masked
from gateway.api.transports.cancelling import cancel
from gateway.api.transports.frames import EventStream, SharedEventStream
from gateway.api.transports.held import Line, hold
from gateway.api.transports.liveness import Liveness
from gateway.api.transports.media import EVENT_STREAM, JSON
from gateway.api.transports.replies import Refusal, Reply
from gateway.api.transports.requests import Heard, asked_by_post, context_of
from gateway.domain.parties import Caller

TOKEN_HEADER = b"x-graphql-event-stream-token"
UNCLAIMED_S = 30.0
QUEUED = 256
# As much as the start of a subscription: nobody takes all places for nothing.
RESERVATION_COST = 300


@dataclass(slots=True, eq=False)
class _Reservation:
    """One client's stream: whose it is, what waits to be written, and the operations that write to it."""

    token: str
    owner: str | None
    written: "asyncio.Queue[bytes]" = field(default_factory=lambda: asyncio.Queue(QUEUED))
    operations: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    unclaimed: "asyncio.Task[None] | None" = None

    async def end(self) -> None:
        await cancel(self.operations.values())


class Reservations:
    """The streams of single connections, from their reservation to their end."""

    def __init__(self, parts: ApiParts, execution: Execution, liveness: Liveness) -> None:
        self._parts = parts
        self._execution = execution
        self._liveness = liveness
        self._kept: dict[str, _Reservation] = {}

    async def reserve(self, heard: Heard, line: Line) -> Reply:
        """Reserves a stream: 201 with its token. It is lost where it is not claimed in time. Raises: Refusal."""
        context = await context_of(heard, self._parts)
        wait_s = self._execution.charge(context.caller, RESERVATION_COST)
        if wait_s:
            raise Refusal(429, TOO_MUCH.format(seconds=wait_s), Code.RATE_LIMITED, {"retry-after": str(wait_s)})
        if len(self._kept) >= self._parts.settings.reservations:
            raise Refusal(503, "Too many event streams are open.", Code.RATE_LIMITED, {"retry-after": "30"})
        reservation = _Reservation(secrets.token_urlsafe(24), context.caller.subject)
        self._kept[reservation.token] = reservation
        reservation.unclaimed = asyncio.create_task(self._forget_unclaimed(reservation))
        return Reply(reservation.token.encode(), 201, "text/plain")

    def is_claimed(self, heard: Heard) -> bool:
        """Whether a GET asks for a reserved stream."""
        if EVENT_STREAM not in heard.accepted.kinds:
            return False
        return TOKEN_HEADER in heard.headers or "token" in heard.parameters

    async def claim(self, heard: Heard, line: Line) -> None:
        """The stream of a reservation, until the client goes; its operations end with it. Raises: Refusal."""
        reservation, context = await self._found(heard)
        if reservation.unclaimed is None:
            raise Refusal(409, "The stream of this token is open already.")
        reservation.unclaimed.cancel()
        reservation.unclaimed = None
        pump, caller = _pump(reservation.written, line), context.caller
        try:
            await hold(pump, EventStream(), line, self._liveness, caller, self._parts.settings.beat_s)
        finally:
            self._kept.pop(reservation.token, None)
            await reservation.end()

    async def run(self, heard: Heard, line: Line) -> Reply:
        """Runs an operation whose answers go to the stream: 202. Raises: Refusal."""
        # The body first: it takes as long as the client likes, and the stream may end meanwhile. Once the stream is
        # found, nothing is waited for until the operation is its own.
        asked = await asked_by_post(heard, line.receive, self._parts.settings.body_limit)
        reservation, context = await self._found(heard, asked)
        name, most = asked.operation_id, self._parts.settings.subscriptions_per_connection
        if name is None:
            raise Refusal(400, "`extensions.operationId` must name the operation.")
        if name in reservation.operations:
            raise Refusal(409, "An operation of that id runs already.")
        if len(reservation.operations) >= most:
            raise Refusal(429, f"A stream may have at most {most} operations at once.", Code.RATE_LIMITED)
        task = asyncio.create_task(self._answered(asked, context, SharedEventStream(name), reservation.written))
        reservation.operations[name] = task
        task.add_done_callback(lambda _: reservation.operations.pop(name, None))
        return Reply(b"", 202, JSON)

    async def end_operation(self, heard: Heard, line: Line) -> Reply:
        """Ends an operation; again is harmless. Raises: Refusal."""
        reservation, _ = await self._found(heard)
        task = reservation.operations.get(heard.parameters.get("operationId", ""))
        if task:
            task.cancel()
        return Reply(b"", 200, JSON)

    async def _answered(
        self, asked: Asked, context: Context, frames: SharedEventStream, written: "asyncio.Queue[bytes]"
    ) -> None:
        told = asyncio.ensure_future(self._told(asked, context, frames, written))
        try:
            await asyncio.wait({told})
        finally:
            told.cancel()
        if not told.cancelled() and (fault := told.exception()):
            await written.put(frames.event(Event(orjson.dumps({"errors": masked(fault, context.locale)}))))
        await written.put(frames.complete())

    async def _told(
        self, asked: Asked, context: Context, frames: SharedEventStream, written: "asyncio.Queue[bytes]"
    ) -> None:
        found = self._execution.find(asked, context.caller)
        stream = await self._execution.follow(found, asked, context)
        if isinstance(stream, Answered):
            await written.put(frames.event(Event(orjson.dumps(stream.body))))
            return
        async with aclosing(stream):
            with self._parts.telemetry.following(EVENT_STREAM, found.field):
                async for event in stream:
                    await written.put(frames.event(event))

    async def _found(self, heard: Heard, asked: Asked | None = None) -> tuple[_Reservation, Context]:
        """The caller's own reservation. Another's is none. Raises: Refusal."""
        context = await context_of(heard, self._parts, asked)
        token = heard.header(TOKEN_HEADER) or heard.parameters.get("token", "")
        reservation = self._kept.get(token)
        if reservation is None or reservation.owner != context.caller.subject:
            raise Refusal(404, "There is no event stream with this token: reserve one by PUT.", Code.NOT_FOUND)
        return reservation, context

    async def _forget_unclaimed(self, reservation: _Reservation) -> None:
        with self._liveness.watched(Caller()) as ended:
            await asyncio.wait({ended}, timeout=UNCLAIMED_S)
        self._kept.pop(reservation.token, None)
        await reservation.end()


async def _pump(written: "asyncio.Queue[bytes]", line: Line) -> None:
    while True:
        await line.write(await written.get())
