"""GraphQL over HTTP: POST for everything, GET for what only reads; answers at once, in parts, or as they come."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

import orjson
from graphql import OperationType
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from gateway.api.context import Context
from gateway.api.ide.page import visit
from gateway.api.operations.answers import Answered
from gateway.api.operations.asked import Asked
from gateway.api.operations.execution import Event, Execution, Parts, Stream
from gateway.api.operations.incremental import PathFormat
from gateway.api.operations.operation import Found
from gateway.api.parts import ApiParts
from gateway.api.problems import Code
from gateway.api.telemetry.traces import refused
from gateway.api.transports.frames import EventStream, Multipart, MultipartSubscription
from gateway.api.transports.held import Frames, Line, hold, written
from gateway.api.transports.liveness import Liveness
from gateway.api.transports.media import EVENT_STREAM, GRAPHQL, JSON, MULTIPART, Accepted
from gateway.api.transports.replies import Refusal, Reply, answer_reply, refusal_reply
from gateway.api.transports.requests import Heard, asked_by_get, asked_by_post, context_of
from gateway.api.transports.reservations import TOKEN_HEADER, Reservations

METHODS = "GET, POST, PUT, DELETE"


@dataclass(frozen=True, slots=True)
class _Exchange:
    """One request on its way to its answer."""

    heard: Heard
    line: Line
    context: Context
    asked: Asked
    found: Found


class GraphQLEndpoint:
    """The endpoint, as an ASGI application: never a redirect, never a traceback."""

    def __init__(self, parts: ApiParts, execution: Execution, liveness: Liveness) -> None:
        self._parts = parts
        self._execution = execution
        self._liveness = liveness
        self._reservations = Reservations(parts, execution, liveness)
        self._methods: dict[str, Callable[[Heard, Line], Awaitable[Reply | None]]] = {
            "POST": self._post,
            "GET": self._get,
            "PUT": self._reservations.reserve,
            "DELETE": self._reservations.end_operation,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        heard, line = Heard.of(scope), Line(receive, send)
        try:
            answer = self._methods.get(heard.method)
            if answer is None:
                raise Refusal(405, "Use POST, or GET for queries.", headers={"allow": METHODS})
            reply = await answer(heard, line)
        except Refusal as refusal:
            refused("graphql", refusal.code)
            reply = refusal_reply(refusal, heard.accepted.once or JSON)
        if reply is not None:
            await reply.send(send, compressed=heard.reads_gzip)

    async def _post(self, heard: Heard, line: Line) -> Reply | None:
        if TOKEN_HEADER in heard.headers:
            return await self._reservations.run(heard, line)
        _check_accepted(heard)
        asked = await asked_by_post(heard, line.receive, self._parts.settings.body_limit)
        context = await context_of(heard, self._parts, asked)
        return await self._answer(_Exchange(heard, line, context, asked, self._execution.find(asked, context.caller)))

    async def _get(self, heard: Heard, line: Line) -> Reply | None:
        if self._reservations.is_claimed(heard):
            await self._reservations.claim(heard, line)
            return None
        if self._parts.settings.ide and _is_visit(heard):
            await visit(Request(heard.scope), self._parts.settings.sign_on)(heard.scope, line.receive, line.send)
            return None
        _check_accepted(heard)
        asked = asked_by_get(heard)
        context = await context_of(heard, self._parts, asked)
        found = self._execution.find(asked, context.caller)
        if found.kind is OperationType.MUTATION:
            raise Refusal(405, "A mutation needs POST.", headers={"allow": "POST"})
        if found.kind is OperationType.SUBSCRIPTION and not _is_by_cookie(heard, context):
            raise Refusal(405, "A subscription by GET needs the session's cookie: use POST.", headers={"allow": "POST"})
        return await self._answer(_Exchange(heard, line, context, asked, found))

    async def _answer(self, exchange: _Exchange) -> Reply | None:
        accepted, found = exchange.heard.accepted, exchange.found
        if found.kind is OperationType.SUBSCRIPTION and accepted.live:
            return await self._followed(exchange)
        if accepted.is_stream_first:
            return await self._streamed(exchange, await self._run(exchange), EventStream())
        if accepted.in_parts:
            return await self._in_parts(exchange)
        return await self._whole(exchange, await self._run(exchange))

    async def _run(self, exchange: _Exchange) -> Answered:
        return await self._execution.run(exchange.found, exchange.asked, exchange.context)

    async def _followed(self, exchange: _Exchange) -> Reply | None:
        stream = await self._execution.follow(exchange.found, exchange.asked, exchange.context)
        if isinstance(stream, Answered):
            return await self._whole(exchange, stream)
        accepted = exchange.heard.accepted
        with self._parts.telemetry.following(accepted.live or EVENT_STREAM, exchange.found.field):
            await self._hold(exchange, stream, _frames(accepted))
        return None

    async def _whole(self, exchange: _Exchange, answered: Answered) -> Reply | None:
        """An answer that comes at once, as JSON where the client reads that."""
        accepted = exchange.heard.accepted
        if accepted.once or not accepted.live:
            return _reply(exchange, answered)
        return await self._streamed(exchange, answered, _frames(accepted))

    async def _streamed(self, exchange: _Exchange, answered: Answered, frames: Frames) -> Reply | None:
        """A whole answer as a stream: it, then that it is complete."""
        if answered.code is Code.RATE_LIMITED:
            return _reply(exchange, answered)

        async def one() -> Stream:
            yield Event(orjson.dumps(answered.body))

        await self._hold(exchange, one(), frames)
        return None

    async def _in_parts(self, exchange: _Exchange) -> Reply | None:
        parts = await self._execution.run_in_parts(exchange.found, exchange.asked, exchange.context)
        if isinstance(parts, Answered):
            return await self._whole(exchange, parts)
        has_ids = "incrementalspec" in exchange.heard.accepted.parameters
        await self._hold(exchange, _encoded(parts, None if has_ids else PathFormat()), Multipart())
        return None

    async def _hold(self, exchange: _Exchange, stream: Stream, frames: Frames) -> None:
        line, caller = exchange.line, exchange.context.caller
        beat_s = self._parts.settings.beat_s
        await hold(written(stream, frames, line), frames, line, self._liveness, caller, beat_s)


def _frames(accepted: Accepted) -> Frames:
    if accepted.live != MULTIPART:
        return EventStream()
    return MultipartSubscription() if "subscriptionspec" in accepted.parameters else Multipart()


async def _encoded(parts: Parts, path_format: PathFormat | None) -> Stream:
    async with aclosing(parts):
        async for part in parts:
            yield Event(orjson.dumps(path_format.said(part) if path_format else part))


def _is_visit(heard: Heard) -> bool:
    return "text/html" in heard.header(b"accept") and b"query=" not in heard.scope["query_string"]


def _is_by_cookie(heard: Heard, context: Context) -> bool:
    return context.caller.actor is not None and b"authorization" not in heard.headers


def _check_accepted(heard: Heard) -> None:
    if not heard.accepted.kinds:
        raise Refusal(406, f"Answers are {GRAPHQL}, {JSON}, {EVENT_STREAM} or {MULTIPART}.")


def _reply(exchange: _Exchange, answered: Answered) -> Reply:
    return answer_reply(answered, exchange.heard.accepted.once or JSON)
