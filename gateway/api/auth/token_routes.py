"""Where service clients get their tokens, and where others find what checks them.

Source: RFC 6749, section 4.4 (client credentials); RFC 8414 (metadata); RFC 7517 (keys).
"""

from collections.abc import Awaitable, Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.api.auth.addresses import address_of, limit_key
from gateway.api.auth.oauth import OAuthError, invalid_client, invalid_request, oauth_json, read_client, read_form
from gateway.api.auth.parts import AuthParts
from gateway.api.telemetry.traces import refused
from gateway.domain.clients import ClientScope
from gateway.domain.errors import RequestError
from gateway.domain.parties import ServiceClient
from gateway.usecases import clients

TOKEN_PATH = "/auth/token"  # noqa: S105
KEYS_PATH = "/.well-known/jwks.json"
METADATA_PATH = "/.well-known/oauth-authorization-server"
GRANT = "client_credentials"
_CACHED = {"cache-control": "public, max-age=300"}

Answer = Callable[[Request], Awaitable[Response]]


def token_routes(parts: AuthParts) -> list[Route]:
    """The routes of OAuth 2.0."""
    desk = _Desk(parts)
    return [
        # Every method is answered in OAuth's own words.
        Route(TOKEN_PATH, _told(desk.token), methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]),
        Route(METADATA_PATH, desk.metadata, methods=["GET"]),
        Route(KEYS_PATH, desk.keys, methods=["GET"]),
    ]


def _told(answer: Answer) -> Answer:
    async def told(request: Request) -> Response:
        try:
            return await answer(request)
        except OAuthError as error:
            refused("accounts", error.error.upper())
            return error.response()

    return told


class _Desk:
    """The handlers."""

    def __init__(self, parts: AuthParts) -> None:
        self._parts = parts

    async def token(self, request: Request) -> Response:
        if request.method != "POST":
            raise OAuthError("invalid_request", "Use POST.", 405, {"allow": "POST"})
        form = await read_form(request, self._parts.settings.body_limit)
        given = read_client(request, form)
        client = await self._authenticated(request, given.client_id, given.secret)
        grant = form.get("grant_type")
        if grant is None:
            raise invalid_request("`grant_type` is missing.")
        if grant != GRANT:
            raise OAuthError("unsupported_grant_type", f"`grant_type` must be {GRANT}.")
        return self._granted(_narrowed(client, form.get("scope", "")))

    async def _authenticated(self, request: Request, client_id: str, secret: str) -> ServiceClient:
        parts = self._parts
        address = limit_key(address_of(request, parts.settings.trusted_proxies))
        try:
            return await clients.authenticate(parts.core, parts.rules.attempts, address, client_id, secret)
        except RequestError as error:
            (problem,) = error.problems
            if problem.code == "RATE_LIMITED":
                raise _too_many(problem.params["seconds"]) from None
            raise invalid_client() from None

    def _granted(self, client: ServiceClient) -> Response:
        tokens = self._parts.tokens
        content = {
            "access_token": tokens.issue_for_client(client, self._parts.core.clock.now()),
            "token_type": "Bearer",
            "expires_in": tokens.lifetime_s,
        }
        return oauth_json({**content, **({"scope": " ".join(sorted(client.scopes))} if client.scopes else {})})

    async def metadata(self, request: Request) -> Response:
        issuer = self._parts.tokens.issuer
        content = {
            "issuer": issuer,
            "token_endpoint": issuer + TOKEN_PATH,
            "jwks_uri": issuer + KEYS_PATH,
            "scopes_supported": sorted(ClientScope),
            "response_types_supported": [],
            "grant_types_supported": [GRANT],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
        return Response(orjson.dumps(content), 200, _CACHED, "application/json")

    async def keys(self, request: Request) -> Response:
        return Response(orjson.dumps(self._parts.tokens.public_keys()), 200, _CACHED, "application/jwk-set+json")


def _narrowed(client: ServiceClient, scope: str) -> ServiceClient:
    try:
        return clients.narrowed(client, scope.split())
    except RequestError:
        raise OAuthError("invalid_scope", "The client may not have one of these scopes.") from None


def _too_many(seconds: str) -> OAuthError:
    return OAuthError(
        "temporarily_unavailable", f"Too many attempts. Try again in {seconds} seconds.", 429, {"retry-after": seconds}
    )
