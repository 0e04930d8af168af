"""Who sends a request: by a bearer token, by the session's cookie, or nobody."""

import dataclasses

from starlette.requests import HTTPConnection

from gateway.api.auth.addresses import address_of, limit_key
from gateway.api.auth.parts import AuthParts
from gateway.api.auth.tokens import Access, ClientAccess
from gateway.domain.errors import AccessError, Problem
from gateway.domain.parties import Actor, Caller
from gateway.domain.security import NewSecurityEvent, SecurityEventKind
from gateway.usecases import policy

ACCESS_COOKIE = "__Host-access"
REFRESH_COOKIE = "__Host-refresh"
# Methods for which a browser asks the gateway first, whatever the content type.
_NEVER_SIMPLE = frozenset({"PUT", "DELETE"})


class Identity:
    """Finds callers. A token that is good no more is an error, never nobody: the client must learn of it."""

    def __init__(self, parts: AuthParts) -> None:
        self._parts = parts

    async def caller_of_request(self, connection: HTTPConnection) -> Caller:
        """By the Authorization header, else by the cookie, else nobody. On a WebSocket's upgrade too.

        A cookie counts only with a known Origin, and on HTTP with a JSON content type (PUT, DELETE and an event stream
        by GET have none): another site's page can't send these. Raises: AccessError UNAUTHENTICATED for a bad, ended or
        expired token, FORBIDDEN for a cookie without.
        """
        address = self.address_of(connection)
        authorization = connection.headers.get("authorization")
        if authorization is not None:
            return await self.caller_of_token(bearer_token(authorization), address)
        token = connection.cookies.get(ACCESS_COOKIE, "")
        if not token:
            return Caller(address=address)
        try:
            self.check_cookie_use(connection)
        except AccessError:
            self._note(SecurityEventKind.ACCESS_REFUSED, "ORIGIN", None, address)
            raise
        access = self._read(token, address)
        if isinstance(access, ClientAccess):
            # A browser's cookie is a session's: no other token counts there.
            raise self._refused("KIND", access.client_id, address)
        return await self._of_session(access, address)

    async def caller_of_token(self, token: str, address: str) -> Caller:
        """By an access token, of a session or of a service client, whose may be the identity provider's.

        Raises: AccessError UNAUTHENTICATED.
        """
        issuer = self._parts.issuer
        if issuer is not None and issuer.may_be_of_client(token):
            issued = await issuer.client_of(token, limit_key(address))
            return Caller(expires_at=issued.expires_at, address=address, client=issued.client)
        access = self._read(token, address)
        if isinstance(access, ClientAccess):
            return await self._of_client(access, address)
        return await self._of_session(access, address)

    def _read(self, token: str, address: str) -> Access | ClientAccess:
        tokens, now = self._parts.tokens, self._parts.core.clock.now()
        access = tokens.read(token, now)
        if access is None:
            raise self._refused(tokens.refusal(token, now), None, address)
        return access

    def _refused(self, reason: str, who: str | None, address: str) -> AccessError:
        """The refusal, noted with its reason, which nobody who sent the token learns."""
        self._note(SecurityEventKind.TOKEN_REFUSED, reason, who, address)
        return AccessError(Problem("UNAUTHENTICATED"))

    def _note(self, kind: SecurityEventKind, reason: str, who: str | None, address: str) -> None:
        core, known = self._parts.core, limit_key(address) or None
        core.refusals.note(NewSecurityEvent(kind, core.clock.now(), who, params={"reason": reason}, address=known))

    async def _of_session(self, access: Access, address: str) -> Caller:
        actor = await self._parts.callers.find(access.session_key)
        if actor is None or actor.id != access.actor_id:
            raise self._refused("SESSION_ENDED", access.actor_id, address)
        self._parts.uses.note(access.session_key)
        if not self._must_enrol(actor):
            return Caller(actor, access.session_key, access.expires_at, address)
        # Whatever a check might overlook: there is nothing that such a caller could reach.
        bare = dataclasses.replace(actor, memberships=(), is_operator=False)
        return Caller(bare, access.session_key, access.expires_at, address, must_enrol=True)

    def _must_enrol(self, actor: Actor) -> bool:
        return not actor.has_one_time_password and self._parts.rules.requirement.concerns(actor)

    async def _of_client(self, access: ClientAccess, address: str) -> Caller:
        record = await self._parts.clients.find(access.client_id)
        if record is None or not record.accepts(access.generation, self._parts.core.clock.now()):
            raise self._refused("CLIENT_ENDED" if record is None else "SECRET_CHANGED", access.client_id, address)
        client = record.caller(access.scopes, access.generation)
        return Caller(expires_at=access.expires_at, address=address, client=client)

    async def is_live(self, caller: Caller) -> bool:
        """Whether what the caller came by is still good, read anew; ask after a wake-up of its session's or client's
        topic, and now and then: another process may have ended it. An operator's is good for as long as that holds.
        """
        now = self._parts.core.clock.now()
        if caller.expires_at is not None and caller.expires_at <= now:
            return False
        if caller.client is not None:
            record = await self._parts.clients.find(caller.client.id, anew=True)
            return record is not None and record.accepts(caller.client.generation, now)
        if caller.session_key is None:
            return caller.actor is None
        actor = await self._parts.callers.find(caller.session_key, anew=True)
        if actor is None or (policy.is_operator(caller) and not actor.is_operator):
            return False
        return caller.must_enrol or not self._must_enrol(actor)

    def address_of(self, connection: HTTPConnection) -> str:
        """The network address, past trusted proxies."""
        return address_of(connection, self._parts.settings.trusted_proxies)

    def check_cookie_use(self, connection: HTTPConnection) -> None:
        """Raises: AccessError FORBIDDEN where a cookie must not count."""
        origin, is_http = connection.headers.get("origin"), connection.scope["type"] == "http"
        is_known = origin in self._parts.settings.origins
        if is_http and _is_event_stream(connection):
            # A browser names no origin when a page reads from its own.
            is_known |= origin is None and connection.headers.get("sec-fetch-site") == "same-origin"
        elif is_http and connection.scope["method"] not in _NEVER_SIMPLE:
            is_known &= is_json(connection)
        if not is_known:
            raise AccessError(Problem("FORBIDDEN"))


def bearer_token(authorization: str) -> str:
    """The token in such a header's value; empty where it is of another scheme."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _is_event_stream(connection: HTTPConnection) -> bool:
    return connection.scope["method"] == "GET" and "text/event-stream" in connection.headers.get("accept", "")


def is_json(connection: HTTPConnection) -> bool:
    """Whether the body is said to be JSON in UTF-8."""
    kind, _, parameters = connection.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    return kind.strip().lower() == "application/json" and charset in ("", "charset=utf-8")
