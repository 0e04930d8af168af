"""Connections that an operator can drop in the middle of a request, as a broken network would."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

KEY = "simulator.transport"


class DroppableProtocol(HttpToolsProtocol):
    """Lets the application see the connection's transport, in the scope."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Puts the transport where `drop` finds it."""
        super().connection_made(transport)
        served: ASGIApp = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            await served({**scope, KEY: transport}, receive, send)

        self.app = with_transport


class Dropped(Exception):
    """The connection is gone; there is nobody to answer."""


def drop(scope: Scope) -> None:
    """Cuts the connection, without a word."""
    scope[KEY].abort()


class DropsQuietly:
    """The outermost layer: after a drop it waits until the server has noticed, and answers nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves the request."""
        try:
            await self._app(scope, receive, send)
        except Dropped:
            message: Message = {}
            while message.get("type") != "http.disconnect":
                message = await receive()
