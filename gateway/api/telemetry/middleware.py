"""Gives every request its trace: what is logged, refused or broken in it is found by that."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api.telemetry.metrics import Metrics
from gateway.api.telemetry.traces import Trace, current, parent_of


class Tracing:
    """An ASGI application around another."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Sets the trace; a WebSocket's is its connection's, and each operation of it has its own."""
        parent = parent_of(_carrier(scope)) if b"traceparent" in dict(scope.get("headers", ())) else None
        # Left as it is at the end: the server runs each request in a task of its own, and logs there what broke.
        current.set(Trace(self._metrics, parent, is_connection=scope["type"] == "websocket"))
        return self._app(scope, receive, send)


def _carrier(scope: Scope) -> dict[str, str]:
    wanted = (b"traceparent", b"tracestate")
    return {name.decode("ascii"): value.decode("latin-1") for name, value in scope["headers"] if name in wanted}
