"""Puts the API together: one ASGI application over its parts."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from gateway.api.operations.execution import Execution
from gateway.api.parts import ApiParts
from gateway.api.probes import Probes
from gateway.api.problems import Code, fault
from gateway.api.schema.built import schema
from gateway.api.texts import tell
from gateway.api.texts.language import chosen_language
from gateway.api.transports.http import GraphQLEndpoint
from gateway.api.transports.websocket import GraphQLSocket

PATH = "/graphql"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_app(parts: ApiParts) -> Starlette:
    """The application. It starts and ends nothing by itself."""
    execution = Execution(schema, parts.settings.documents)
    probes = Probes(parts)
    return Starlette(
        routes=[
            # Every method: the endpoint says in its own words which ones it takes.
            Route(PATH, GraphQLEndpoint(parts, execution).handle, methods=METHODS),
            WebSocketRoute(PATH, GraphQLSocket(parts, execution)),
            Route("/healthz", probes.live),
            Route("/readyz", probes.ready),
            Route("/providers/{slug}/events/{secret}", probes.hub, methods=["POST"]),
            *parts.auth_routes,
        ],
        exception_handlers={Exception: _masked},
    )


async def _masked(request: Request, error: Exception) -> Response:
    locale = chosen_language(request.headers.get("accept-language"))
    extensions = fault(error, request.url.path)
    message = tell(locale, "problem", Code.INTERNAL, {})
    return JSONResponse({"errors": [{"message": message, "extensions": extensions}]}, 500)
