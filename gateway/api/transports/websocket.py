"""GraphQL over WebSocket, in the protocol graphql-transport-ws."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
from graphql import GraphQLError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.async_base_view import AsyncWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation

from gateway.api.context import Context
from gateway.api.operations.execution import Answer, Answered, Asked, Execution
from gateway.api.parts import ApiParts
from gateway.api.problems import Code, plain, shown
from gateway.api.schema.built import schema
from gateway.api.texts import tell
from gateway.api.texts.language import chosen_language
from gateway.api.transports.bodies import BodyUnreadable, read_json
from gateway.domain.errors import AccessError
from gateway.domain.parties import Caller

BAD_REQUEST = 4400
FORBIDDEN = 4403
UNSUPPORTED = 4406
MESSAGE_TOO_BIG = 1009
SWEEP_S = 30.0


class Connection:
    """One connection's state: who is at the other end, and in which language to speak."""

    def __init__(self, socket: WebSocket, locale: str) -> None:
        self.socket = socket
        self.locale = locale
        self.connection_params: Mapping[str, Any] = {}
        self.caller = Caller()


class Socket(AsyncWebSocketAdapter):
    """Frames as JSON texts, within their limit."""

    def __init__(self, view: Any, request: WebSocket, response: WebSocket) -> None:
        super().__init__(view)
        self._socket = response
        self._limit = view.parts.settings.frame_limit

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        """The messages, until the connection ends. Raises: what the handler closes the connection for."""
        while self._socket.application_state is WebSocketState.CONNECTED:
            try:
                text = await self._socket.receive_text()
            except KeyError:
                raise NonTextMessageReceived from None
            except WebSocketDisconnect:
                return
            if len(text) > self._limit:
                await self.close(MESSAGE_TOO_BIG, f"A message may have at most {self._limit} characters")
                return
            try:
                yield read_json(text)
            except BodyUnreadable:
                raise NonJsonMessageReceived from None

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Sends a text frame: clients do not read binary ones."""
        try:
            await self._socket.send_text(orjson.dumps(message).decode())
        except (WebSocketDisconnect, RuntimeError) as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        """Closes it; again is harmless."""
        if self._socket.application_state is WebSocketState.CONNECTED:
            await self._socket.close(code, reason[:120])


class Handler(BaseGraphQLTransportWSHandler[Connection, None]):
    """The protocol's state machine, with what Strawberry's leaves open: malformed frames, errors, a session's end."""

    view: "GraphQLSocket"

    async def handle_message(self, message: Any) -> None:
        """As the protocol says; what is no message of it closes the connection with 4400."""
        problem = _malformed(message)
        if problem:
            await self.handle_invalid_message(problem)
            return
        if message["type"] == "subscribe" and self._is_full(message["id"]):
            await self._refuse_another(message["id"])
            return
        was_acknowledged = self.connection_acknowledged
        await super().handle_message(message)
        if self.connection_acknowledged and not was_acknowledged:
            self._watch_session()

    def _is_full(self, operation_id: str) -> bool:
        most = self.view.parts.settings.subscriptions_per_connection
        return self.connection_acknowledged and operation_id not in self.operations and len(self.operations) >= most

    async def _refuse_another(self, operation_id: str) -> None:
        most = self.view.parts.settings.subscriptions_per_connection
        error = plain(Code.RATE_LIMITED, f"A connection may have at most {most} operations at once.")
        message: Any = {"id": operation_id, "type": "error", "payload": [error]}
        await self.send_message(message)

    async def shutdown(self) -> None:
        """Ends what runs."""
        watch = getattr(self, "_watch", None)
        if watch:
            watch.cancel()
        await super().shutdown()

    async def run_operation(self, operation: Operation[Connection, None]) -> None:
        """Runs it to its end, and says what came of it."""
        (outcome,) = await asyncio.gather(self._run(operation), return_exceptions=True)
        if isinstance(outcome, asyncio.CancelledError | WebSocketDisconnected) or outcome is None:
            return
        fault = GraphQLError("fault", original_error=outcome if isinstance(outcome, Exception) else None)
        await self._fail(operation, shown([fault], self.context.locale))

    async def _run(self, operation: Operation[Connection, None]) -> None:
        context = Context(self.view.parts.core, self.context.caller, self.context.locale)
        asked = Asked(operation.query, operation.variables, operation.operation_name)
        found = await self.view.execution.follow(asked, context)
        if isinstance(found, Answered):
            if not found.was_run:
                await self._fail(operation, found.body["errors"])
                return
            await self._next(operation, found.body)
        else:
            async with aclosing(found):
                async for answer in found:
                    await self._next(operation, answer)
        await operation.send_operation_message({"id": operation.id, "type": "complete"})

    async def _next(self, operation: Operation[Connection, None], answer: Answer) -> None:
        message: Any = {"id": operation.id, "type": "next", "payload": answer}
        await operation.send_operation_message(message)

    async def _fail(self, operation: Operation[Connection, None], errors: list[Answer]) -> None:
        message: Any = {"id": operation.id, "type": "error", "payload": errors}
        await operation.send_operation_message(message)

    def _watch_session(self) -> None:
        if self.context.caller.session_key:
            self._watch = asyncio.create_task(self._end_with_session())

    async def _end_with_session(self) -> None:
        """Waits until the session or the token ends, then ends every operation and the connection."""
        caller = self.context.caller
        with self.view.parts.core.wakeups.listen(f"session:{caller.session_key}") as waiter:
            while await self.view.parts.identity.is_live(caller):
                await waiter.wait(self.view.seconds_left(caller))
        error = plain(Code.UNAUTHENTICATED, tell(self.context.locale, "problem", Code.UNAUTHENTICATED, {}))
        for operation in list(self.operations.values()):
            await self._fail(operation, [error])
            if operation.task:
                operation.task.cancel()
        await self.websocket.close(FORBIDDEN, "Forbidden")


def _malformed(message: Any) -> str | None:
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "A message must be an object with a type"
    if message["type"] in {"subscribe", "complete"} and not (isinstance(message.get("id"), str) and message["id"]):
        return "The id must be a string"
    if message["type"] == "subscribe":
        return _malformed_subscribe(message.get("payload"))
    if message["type"] in {"connection_init", "ping", "pong"}:
        payload = message.get("payload")
        if payload is not None and not isinstance(payload, dict):
            return "The payload must be an object"
        if payload is None:
            message.pop("payload", None)
    return None


def _malformed_subscribe(payload: Any) -> str | None:
    if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
        return "The payload must be an object with a query"
    if not isinstance(payload.get("variables"), dict | None):
        return "The variables must be an object"
    if not isinstance(payload.get("operationName"), str | None):
        return "The operationName must be a string"
    return None


class GraphQLSocket(GraphQL[Connection, None]):
    """Strawberry's ASGI view, for its WebSocket side alone."""

    graphql_transport_ws_handler_class = Handler
    websocket_adapter_class = Socket  # type: ignore[assignment]

    def __init__(self, parts: ApiParts, execution: Execution) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=timedelta(seconds=parts.settings.init_timeout_s),
            max_subscriptions_per_connection=parts.settings.subscriptions_per_connection,
            allowed_origins=parts.settings.allowed_origins,
        )
        self.parts = parts
        self.execution = execution

    async def get_context(self, request: Any, response: Any) -> Connection:
        """A connection of nobody yet."""
        return Connection(request, chosen_language(request.headers.get("accept-language")))

    async def on_ws_connect(self, context: Connection) -> None:
        """Finds out who it is: by the payload, else by the upgrade. Refuses a token that is good no more."""
        token = _bearer(context.connection_params)
        identity = self.parts.identity
        try:
            if token is None:
                caller = await identity.caller_of_request(context.socket)
            else:
                caller = await identity.caller_of_token(token, identity.address_of(context.socket))
        except AccessError:
            raise ConnectionRejectionError from None
        context.caller = replace(caller, locale=context.locale)

    def seconds_left(self, caller: Caller) -> float:
        """Until the caller's token ends; a slow sweep covers a lost wake-up."""
        left = (caller.expires_at - self.parts.core.clock.now()).total_seconds() if caller.expires_at else SWEEP_S
        return max(0.01, min(left, SWEEP_S))


def _bearer(params: Mapping[str, Any]) -> str | None:
    value = params.get("authorization", params.get("Authorization"))
    if not isinstance(value, str):
        return None
    scheme, _, token = value.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
