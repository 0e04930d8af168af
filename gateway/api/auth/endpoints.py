"""What answers at an address: one handler a method, and problem details for what is refused."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api.auth.problems import problem_response, unavailable_response
from gateway.api.telemetry.traces import refused
from gateway.domain.errors import RequestError, StorageUnavailable

Handler = Callable[[Request], Awaitable[Response]]


def endpoint(handlers: Mapping[str, Handler]) -> ASGIApp:
    """Answers these methods; any other is told so."""

    async def answer(request: Request) -> Response:
        handler = handlers.get(request.method)
        if handler is None:
            return _refused(RequestError.at("METHOD_NOT_ALLOWED"), {"allow": ", ".join(handlers)})
        try:
            return await handler(request)
        except RequestError as error:
            return _refused(error)
        except StorageUnavailable as error:
            return unavailable_response(error)

    class Endpoint:
        """An ASGI app, so that Starlette passes it every method."""

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope, receive)
            await (await answer(request))(scope, receive, send)

    return Endpoint()


def _refused(error: RequestError, headers: Mapping[str, str] | None = None) -> Response:
    refused("accounts", error.problems[0].code)
    return problem_response(error, headers)
