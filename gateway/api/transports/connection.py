"""One WebSocket's state machine: graphql-transport-ws from connection_init to the close.

Source: graphql-ws PROTOCOL.md. A token is renewed on the open connection by a ping whose payload is
`{"authorization": "Bearer …"}`; the pong's payload says until when the new one is good.
"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import ExitStack, aclosing, suppress
from contextvars import copy_context
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import orjson
from starlette.requests import HTTPConnection
from starlette.types import Message, Receive, Send

from gateway.api.context import Context
from gateway.api.operations.answers import Answered, refused_as
from gateway.api.operations.asked import Asked
from gateway.api.operations.execution import Execution
from gateway.api.parts import ApiParts
from gateway.api.problems import Code, masked
from gateway.api.telemetry.traces import join, refused
from gateway.api.transports.cancelling import cancel
from gateway.api.transports.frames import ended_session
from gateway.api.transports.liveness import End, Ended, Liveness
from gateway.api.transports.messages import PING, BadMessage, asked_in, bearer_of, read_message, said, said_next
from gateway.domain.errors import AccessError, StorageUnavailable
from gateway.domain.parties import Caller
from gateway.usecases import policy
from gateway.usecases.actors import as_now

# A second is too short: a client that reconnects asks for all that it follows at once.
FLOOD_WINDOW_S = 10.0
FAREWELL_S = 1.0


class CloseCode(IntEnum):
    """Why the gateway closes a connection; those from 4400 to 4429 are the protocol's."""

    MESSAGE_TOO_BIG = 1009
    RESTART = 1012
    TRY_AGAIN = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    UNSUPPORTED = 4406
    INIT_TIMEOUT = 4408
    DUPLICATE = 4409
    TOO_MANY = 4429
    TOKEN_EXPIRED = 4498


class Closed(Exception):
    """The connection is to be closed, with this code and reason."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Gone(Exception):
    """The client is at the other end no more."""


@dataclass(frozen=True, slots=True)
class Line:
    """The two ends of a WebSocket."""

    receive: Receive
    send: Send


_ENDS = {
    End.SESSION: Closed(CloseCode.FORBIDDEN, "Forbidden"),
    End.TOKEN: Closed(CloseCode.TOKEN_EXPIRED, "Token expired"),
    End.SHUTDOWN: Closed(CloseCode.RESTART, "Service restart"),
}


class Connection:
    """One connection: who is at the other end, and the operations that run for them."""

    def __init__(
        self,
        parts: ApiParts,
        execution: Execution,
        liveness: Liveness,
        line: Line,
        upgrade: HTTPConnection,
        locale: str,
    ) -> None:
        self._parts = parts
        self._execution = execution
        self._liveness = liveness
        self._line = line
        self._upgrade = upgrade
        self._locale = locale
        self._caller = Caller()
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._receiving: asyncio.Task[Message] | None = None
        self._ended: Ended | None = None
        self._watch = ExitStack()
        self._messages, self._counted_from = 0, time.monotonic()

    async def serve(self) -> None:
        """From connection_init to the close."""
        try:
            await self._greeted()
            while True:
                await self._take(await self._next_message())
        except BadMessage as bad:
            await self._close(Closed(CloseCode.BAD_REQUEST, str(bad)))
        except Closed as closed:
            await self._close(closed)
        except StorageUnavailable:
            await self._close(Closed(CloseCode.TRY_AGAIN, "Try again later"))
        except Gone:
            pass
        finally:
            self._watch.close()
            await self._end_all()

    async def _greeted(self) -> None:
        """Waits for connection_init; who it is stands in its payload, else in the upgrade's header or cookie."""
        try:
            async with asyncio.timeout(self._parts.settings.init_timeout_s):
                message = await self._message()
                while message["type"] != "connection_init":
                    if message["type"] == "subscribe":
                        raise Closed(CloseCode.UNAUTHORIZED, "Unauthorized")
                    if message["type"] == "ping":
                        await self._say(said("pong"))
                    message = await self._message()
        except TimeoutError:
            raise Closed(CloseCode.INIT_TIMEOUT, "Connection initialisation timeout") from None
        join(message.get("payload") or {})
        await self._identify(bearer_of(message.get("payload")))
        await self._say(said("connection_ack"))

    async def _identify(self, token: str | None) -> None:
        identity = self._parts.identity
        try:
            if token is None:
                caller = await identity.caller_of_request(self._upgrade)
            else:
                caller = await identity.caller_of_token(token, identity.address_of(self._upgrade))
        except AccessError:
            raise Closed(CloseCode.FORBIDDEN, "Forbidden") from None
        self._become(caller)

    def _become(self, caller: Caller) -> None:
        self._caller = replace(caller, locale=self._locale)
        self._watch.close()
        self._ended = self._watch.enter_context(self._liveness.watched(self._caller))

    async def _next_message(self) -> Mapping[str, Any]:
        """The next message; pings while none comes. Raises: Closed at the end of what the connection lives by."""
        while True:
            receiving = self._receive()
            assert self._ended is not None  # noqa: S101 (from the greeting on)
            beat_s = self._parts.settings.beat_s
            waited: set[asyncio.Future[Any]] = {receiving, self._ended}
            await asyncio.wait(waited, timeout=beat_s, return_when=asyncio.FIRST_COMPLETED)
            if self._ended.done():
                await self._farewell(self._ended.result())
            if receiving.done():
                return await self._message()
            await self._ping()

    async def _ping(self) -> None:
        """Raises: Gone where the client reads nothing."""
        try:
            async with asyncio.timeout(self._parts.settings.beat_s):
                await self._say(PING)
        except TimeoutError:
            raise Gone from None

    def _receive(self) -> "asyncio.Task[Message]":
        if self._receiving is None:
            self._receiving = asyncio.ensure_future(self._line.receive())
        return self._receiving

    async def _message(self) -> Mapping[str, Any]:
        """Raises: BadMessage, Closed for one too many or too long, Gone."""
        received = await self._receive()
        self._receiving = None
        if received["type"] == "websocket.disconnect":
            raise Gone
        text, limit = received.get("text"), self._parts.settings.frame_limit
        if text is None:
            raise BadMessage("A message must be text")
        if len(text) > limit:
            raise Closed(CloseCode.MESSAGE_TOO_BIG, f"A message may have at most {limit} characters")
        self._count()
        return read_message(text)

    def _count(self) -> None:
        now = time.monotonic()
        if now - self._counted_from > FLOOD_WINDOW_S:
            self._messages, self._counted_from = 0, now
        self._messages += 1
        if self._messages > self._parts.settings.messages_per_window:
            raise Closed(CloseCode.TOO_MANY, "Too many messages")

    async def _take(self, message: Mapping[str, Any]) -> None:
        kind = message["type"]
        if kind == "subscribe":
            await self._subscribe(message["id"], asked_in(message))
        elif kind == "complete":
            task = self._operations.pop(message["id"], None)
            if task:
                task.cancel()
        elif kind == "ping":
            await self._answer_ping(message.get("payload"))
        elif kind == "connection_init":
            raise Closed(CloseCode.TOO_MANY, "Too many initialisation requests")

    async def _answer_ping(self, payload: Mapping[str, Any] | None) -> None:
        token = bearer_of(payload)
        if token is None:
            await self._say(said("pong"))
            return
        before = self._caller
        await self._identify(token)
        # What was begun as an operator must not go on by a session that makes none.
        is_less = policy.is_operator(before) and not policy.is_operator(self._caller)
        if self._caller.subject != before.subject or is_less:
            raise Closed(CloseCode.FORBIDDEN, "Forbidden")
        until = self._caller.expires_at
        await self._say(said("pong", payload={"expiresAt": until.isoformat() if until else None}))

    async def _subscribe(self, key: str, asked: Asked) -> None:
        if key in self._operations:
            raise Closed(CloseCode.DUPLICATE, f"Subscriber for {key} already exists")
        most = self._parts.settings.subscriptions_per_connection
        if len(self._operations) >= most:
            refused("graphql", Code.RATE_LIMITED)
            message = f"A connection may have at most {most} operations at once."
            too_many = refused_as(Code.RATE_LIMITED, message, limit={"name": "operations", "maximum": most})
            await self._say(said("error", key, too_many.body["errors"]))
            return
        # A fault is told as the operation's own: it is in the same context.
        own = copy_context()
        task = asyncio.create_task(self._run(key, asked), context=own)
        self._operations[key] = task
        task.add_done_callback(lambda done: self._done(key, done), context=own)

    async def _run(self, key: str, asked: Asked) -> None:
        """Runs it to its end; its id is free again before the last message says so."""
        # Since the greeting the caller's rights may have changed.
        caller = await as_now(self._parts.core.actors, self._caller)
        context = Context(self._parts.core, caller, self._locale, self._parts.attempts)
        found = self._execution.find(asked, context.caller)
        stream = await self._execution.follow(found, asked, context)
        key_json = orjson.dumps(key).decode()
        if isinstance(stream, Answered):
            if not stream.was_run:
                self._operations.pop(key, None)
                await self._say(said("error", key, stream.body["errors"]))
                return
            await self._say(said_next(key_json, orjson.dumps(stream.body)))
        else:
            async with aclosing(stream):
                with self._parts.telemetry.following("websocket", found.field):
                    async for event in stream:
                        await self._say(said_next(key_json, event.payload))
        self._operations.pop(key, None)
        await self._say(said("complete", key))

    def _done(self, key: str, task: "asyncio.Task[None]") -> None:
        if self._operations.get(key) is task:
            del self._operations[key]
        fault = None if task.cancelled() else task.exception()
        if fault and not isinstance(fault, Gone):
            errors = masked(fault, self._locale)
            self._operations[key] = asyncio.create_task(self._say_last(key, said("error", key, errors)))

    async def _say_last(self, key: str, text: str) -> None:
        self._operations.pop(key, None)
        await self._say(text)

    async def _say(self, text: str) -> None:
        """Sends a text frame: clients do not read binary ones. Raises: Gone."""
        try:
            await self._line.send({"type": "websocket.send", "text": text})
        except (OSError, RuntimeError):
            raise Gone from None

    async def _farewell(self, end: End) -> None:
        """Raises: Closed. After the end of a session each operation is told why; else the client goes on elsewhere."""
        keys = list(self._operations)
        # First of all nothing more is done for whoever it was; a client that does not read is not waited for.
        await self._end_all()
        if end is End.SESSION:
            errors = ended_session(self._locale)["errors"]
            with suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL_S):
                    for key in keys:
                        await self._say(said("error", key, errors))
        raise _ENDS[end]

    async def _end_all(self) -> None:
        """Ends what runs, and waits until it has given back what it held."""
        await cancel([*self._operations.values(), *([self._receiving] if self._receiving else [])])

    async def _close(self, closed: Closed) -> None:
        await self._end_all()
        refused("websocket", closed.code.name)
        message = {"type": "websocket.close", "code": int(closed.code), "reason": closed.reason[:120]}
        with suppress(OSError, RuntimeError, TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await self._line.send(message)
