"""What accounts and sessions are put together from."""

import ipaddress
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from gateway.api.auth.attempts import MemoryAttempts, SharedAttempts
from gateway.api.auth.keys import KeyRing
from gateway.api.auth.one_time_codes import TimedCodes
from gateway.api.auth.passwords import open_passwords
from gateway.api.auth.tokens import ISSUER, Tokens
from gateway.api.rates.shared import SharedCounts
from gateway.domain.one_time_passwords import OneTimePasswordRequirement
from gateway.domain.parties import ServiceClient
from gateway.federation.tending import tended
from gateway.ports import Attempts
from gateway.usecases.clients import ClientsKnown
from gateway.usecases.core import Core
from gateway.usecases.session_uses import SessionUses
from gateway.usecases.sessions import Callers, SessionRules

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """Times in seconds; rates as `10/15 minutes`; `origins` as browsers send them, `https://example.com`.

    `issuer` is the gateway's own address, without a slash at its end.
    """

    access_token_s: int = 900
    session_s: float = 30 * 86400.0
    refresh_grace_s: float = 10
    failures_per_account: str = "10/15 minutes"
    failures_per_address: str = "50/15 minutes"
    accounts_per_address: str = "60/hour"
    tokens_per_client: str = "600/minute"
    resets_per_address: str = "20/hour"
    resets_per_account: str = "5/hour"
    one_time_password_required: OneTimePasswordRequirement = OneTimePasswordRequirement.NONE
    service_name: str = "Telecom gateway"
    issuer: str = f"https://{ISSUER}.invalid"
    origins: frozenset[str] = frozenset()
    trusted_proxies: tuple[Network, ...] = ()
    body_limit: int = 16 * 1024


@dataclass(frozen=True, slots=True)
class IssuedClient:
    """A service client by a token of the issuer's, with that token's scopes as far as it may have them."""

    client: ServiceClient
    expires_at: datetime


class IssuerAccess(Protocol):
    """The operator's own identity provider, where there is one: what `gateway.api.oidc` implements."""

    def may_be_of_client(self, token: str) -> bool:
        """Whether the token says that it is of the issuer. Nothing is sure yet."""

    async def client_of(self, token: str, address: str) -> IssuedClient:
        """The service client that it stands for. Raises: AccessError UNAUTHENTICATED."""

    async def end_session_address(self, session_key: str) -> str | None:
        """Where a browser ends the issuer's session too; None for a session that did not come by it."""


@dataclass(frozen=True, slots=True)
class AuthParts:
    """All that the routes and the identity of a request are given.

    `derived` makes a key for one purpose out of the gateway's own secret.
    """

    core: Core
    rules: SessionRules
    tokens: Tokens
    callers: Callers
    clients: ClientsKnown
    uses: SessionUses
    settings: AuthSettings
    derived: Callable[[str], bytes]
    issuer: IssuerAccess | None = None


@asynccontextmanager
async def open_auth(
    core: Core,
    data_folder: Path,
    settings: AuthSettings,
    issuer: IssuerAccess | None = None,
    counts: SharedCounts | None = None,
) -> AsyncIterator[AuthParts]:
    """The parts, with the keys of that folder (made on first use). Attempts are counted in `counts` where there are.

    Raises: KeysUnreadable.
    """
    ring = KeyRing(data_folder)
    alone = MemoryAttempts(
        settings.failures_per_account,
        settings.failures_per_address,
        settings.accounts_per_address,
        settings.tokens_per_client,
        settings.resets_per_address,
        settings.resets_per_account,
    )
    attempts: Attempts = SharedAttempts(counts, alone) if counts else alone
    lifetime, grace = timedelta(seconds=settings.session_s), timedelta(seconds=settings.refresh_grace_s)
    codes, requirement, uses = TimedCodes(settings.service_name), settings.one_time_password_required, SessionUses(core)
    tokens = Tokens(ring, settings.access_token_s, settings.issuer)
    with open_passwords() as passwords:
        rules = SessionRules(passwords, attempts, ring.successor, codes, lifetime, grace, requirement)
        async with tended("keys", ring.follow), tended("sessions' uses", uses.keep_on):
            known = Callers(core), ClientsKnown(core)
            yield AuthParts(core, rules, tokens, *known, uses, settings, ring.derived, issuer)
        await uses.keep_last()
