"""What the issuer is to every request: whose token it has made, and where a session of its ends."""

import logging

from gateway.api.auth.parts import IssuedClient
from gateway.api.oidc.http import IssuerUnavailable
from gateway.api.oidc.issuer import Issuer
from gateway.api.oidc.refusal import TokenRefused
from gateway.domain.errors import AccessError, Problem
from gateway.domain.security import NewSecurityEvent, SecurityEventKind
from gateway.usecases.clients import ClientsKnown, IssuerClients
from gateway.usecases.core import Core
from gateway.usecases.single_sign_on import id_token_of

_log = logging.getLogger("gateway.oidc")


class IssuerAccess:
    """Implements what `gateway.api.auth` asks of an issuer."""

    def __init__(self, core: Core, issuer: Issuer) -> None:
        self._core = core
        self._issuer = issuer
        self._clients = IssuerClients(core, ClientsKnown(core), issuer.settings.issuer)

    def may_be_of_client(self, token: str) -> bool:
        return self._issuer.may_be_of_client(token)

    async def client_of(self, token: str, address: str) -> IssuedClient:
        try:
            read = await self._issuer.read_client(token)
        except IssuerUnavailable as error:
            _log.warning("issuer-unavailable issuer=%s reason=%s", self._issuer.settings.issuer, error.reason)
            raise AccessError(Problem("UNAUTHENTICATED")) from None
        except TokenRefused as refusal:
            note_refusal(self._core, "access", refusal.code, address)
            raise AccessError(Problem("UNAUTHENTICATED")) from None
        record = await self._clients.find(read.issuer_client)
        if record is None:
            note_refusal(self._core, "access", "UNKNOWN_CLIENT", address)
            raise AccessError(Problem("UNAUTHENTICATED"))
        return IssuedClient(record.caller(read.scopes, record.generation), read.expires_at)

    async def end_session_address(self, session_key: str) -> str | None:
        id_token = await id_token_of(self._core, session_key)
        return None if id_token is None else await self._issuer.end_session_address(id_token)


def note_refusal(core: Core, token: str, code: str, address: str) -> None:
    """Has it kept that a token of the issuer's was refused, and why."""
    params = {"token": token, "by": "issuer", "reason": code}
    event = NewSecurityEvent(SecurityEventKind.TOKEN_REFUSED, core.clock.now(), params=params, address=address or None)
    core.refusals.note(event)
