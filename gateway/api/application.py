"""Puts the API together: one ASGI application over its parts."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from gateway.api.auth.routes import END_SESSION_HEADER
from gateway.api.ide.assets import ide_routes
from gateway.api.operations.documents import Documents
from gateway.api.operations.library import Library
from gateway.api.operations.watched import WatchedExecution
from gateway.api.parts import ApiParts, ApiSettings
from gateway.api.probes import Probes
from gateway.api.problems import Code, fault, unavailable
from gateway.api.schema.built import schema
from gateway.api.telemetry.middleware import Tracing
from gateway.api.texts import tell
from gateway.api.texts.language import chosen_language
from gateway.api.transports.endpoint import GraphQLEndpoint
from gateway.api.transports.liveness import Liveness
from gateway.api.transports.websocket import GraphQLSocket
from gateway.domain.errors import StorageUnavailable

PATH = "/graphql"
ALLOWED_HEADERS = [
    "accept", "accept-language", "apollo-require-preflight", "apollographql-client-name",
    "apollographql-client-version", "authorization", "baggage", "content-type", "graphql-preflight", "last-event-id",
    "traceparent", "tracestate", "x-graphql-event-stream-token",
]  # fmt: skip


def create_app(parts: ApiParts, library: Library | None = None) -> Starlette:
    """The application, over a library of its settings where there is one already.

    It starts nothing by itself; `state.end_streams()` ends what stays open, for a shutdown. Raises: as `open_library`.
    """
    library = library or open_library(parts.settings)
    execution = WatchedExecution(schema, library, parts.settings.operation, parts.telemetry, parts.windows)
    liveness, probes = Liveness(parts.core, parts.identity), Probes(parts)
    application = Starlette(
        routes=[
            Route(PATH, GraphQLEndpoint(parts, execution, liveness)),
            WebSocketRoute(PATH, GraphQLSocket(parts, execution, liveness)),
            Route("/healthz", probes.live),
            Route("/readyz", probes.ready),
            Route("/metrics", probes.metrics),
            Route("/providers/{slug}/events/{secret}", probes.hub, methods=["POST"]),
            *parts.auth_routes,
            *(ide_routes() if parts.settings.ide else []),
        ],
        exception_handlers={StorageUnavailable: _unavailable, Exception: _masked},
        middleware=[Middleware(Tracing, parts.telemetry.metrics), *_cross_origin(parts.settings.cors_origins)],
    )
    # No answer sends anybody to an address that a request made up.
    application.router.redirect_slashes = False
    # For whoever runs the server: it waits for nothing that stays open.
    application.state.end_streams = liveness.shut_down
    return application


def _cross_origin(origins: Sequence[str]) -> list[Middleware]:
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=ALLOWED_HEADERS,
            expose_headers=["retry-after", END_SESSION_HEADER],
            allow_credentials=True,
            max_age=3600,
        )
    ]


def open_library(settings: ApiSettings) -> Library:
    """The documents of these settings. Raises: ManifestUnreadable for a trusted one that can't be run."""
    return Library(schema._schema, Documents(schema._schema, settings.documents), settings.manifest)


async def _unavailable(request: Request, error: Exception) -> Response:
    assert isinstance(error, StorageUnavailable)  # noqa: S101 for the type checker
    told = unavailable(error, chosen_language(request.headers.get("accept-language")))
    return JSONResponse({"errors": [told]}, 503, {"retry-after": str(error.retry_after_s)})


async def _masked(request: Request, error: Exception) -> Response:
    locale = chosen_language(request.headers.get("accept-language"))
    extensions = fault(error, request.url.path)
    message = tell(locale, "problem", Code.INTERNAL, {})
    return JSONResponse({"errors": [{"message": message, "extensions": extensions}]}, 500)
