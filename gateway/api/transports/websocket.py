"""GraphQL over WebSocket: whose page may connect, in which protocol, and as whom."""

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from gateway.api.operations.execution import Execution
from gateway.api.parts import ApiParts
from gateway.api.texts.language import chosen_language
from gateway.api.transports.connection import CloseCode, Connection, Line
from gateway.api.transports.liveness import Liveness

PROTOCOL = "graphql-transport-ws"


class GraphQLSocket:
    """The endpoint's WebSockets, as an ASGI application."""

    def __init__(self, parts: ApiParts, execution: Execution, liveness: Liveness) -> None:
        self._parts = parts
        self._execution = execution
        self._liveness = liveness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection to its end. A stranger's page gets a 403 in place of the upgrade."""
        await receive()
        headers = Headers(scope=scope)
        if not self._is_known(headers):
            await send({"type": "websocket.close", "code": CloseCode.FORBIDDEN, "reason": "Unknown origin"})
            return
        if PROTOCOL not in scope.get("subprotocols", ()):
            await send({"type": "websocket.accept"})
            reason = f"Speak {PROTOCOL}"
            await send({"type": "websocket.close", "code": CloseCode.UNSUPPORTED, "reason": reason})
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        locale = chosen_language(headers.get("accept-language"))
        upgrade = HTTPConnection(scope)
        await Connection(self._parts, self._execution, self._liveness, Line(receive, send), upgrade, locale).serve()

    def _is_known(self, headers: Headers) -> bool:
        """Whether it is no page that asks, one of the gateway's own, or one that the settings name."""
        origin = headers.get("origin")
        if origin is None or origin in self._parts.settings.allowed_origins:
            return True
        return origin.partition("://")[2] == headers.get("host")
