"""The network as an ASGI application: ON-API 2.6 behind basic authentication, and the control API beside it."""

import secrets
from base64 import b64decode
from binascii import Error

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from providers.simulator.onapi import endpoints, order_endpoints
from providers.simulator.onapi.control import NetworkControl
from providers.simulator.onapi.desk import BASE, USERNAME, NetworkDesk
from providers.simulator.web.dropping import DropsQuietly
from providers.simulator.web.errors import TmfError


def application(desk: NetworkDesk) -> ASGIApp:
    """Everything the network serves; all else answers 501, as the API has it."""

    async def refused(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return desk.refusal(TmfError(501 if status in {404, 405} else status, "REFUSED", "Not implemented"))

    routes = [*endpoints.routes(desk), *order_endpoints.routes(desk)]
    if desk.settings.faults_enabled:
        routes.extend(NetworkControl(desk).routes())
    served = Starlette(routes=routes, exception_handlers={HTTPException: refused})
    served.router.redirect_slashes = False
    return DropsQuietly(_Locked(desk, served))


class _Locked:
    """Lets through who has the password. Source: RFC 7617."""

    def __init__(self, desk: NetworkDesk, served: ASGIApp) -> None:
        self._desk, self._served = desk, served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves the request, or answers 401."""
        if not scope["path"].startswith(BASE) or self._is_known(Headers(scope=scope).get("authorization", "")):
            await self._served(scope, receive, send)
            return
        self._desk.calls["refused"] += 1
        response = self._desk.refusal(TmfError(401, "UNAUTHORIZED", "Invalid credentials"))
        response.headers["WWW-Authenticate"] = 'Basic realm="ON-API"'
        await response(scope, receive, send)

    def _is_known(self, given: str) -> bool:
        kind, _, encoded = given.partition(" ")
        try:
            said = b64decode(encoded, validate=True)
        except (Error, ValueError):
            return False
        wanted = f"{USERNAME}:{self._desk.password}".encode()
        return kind.lower() == "basic" and secrets.compare_digest(said, wanted)
