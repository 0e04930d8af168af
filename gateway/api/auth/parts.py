"""What accounts and sessions are put together from."""

import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from gateway.api.auth.attempts import MemoryAttempts, SharedAttempts
from gateway.api.auth.keys import KeyRing
from gateway.api.auth.passwords import open_passwords
from gateway.api.auth.tokens import ISSUER, Tokens
from gateway.api.rates.shared import SharedCounts
from gateway.federation.tending import tended
from gateway.ports import Attempts
from gateway.usecases.clients import ClientsKnown
from gateway.usecases.core import Core
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
    issuer: str = f"https://{ISSUER}.invalid"
    origins: frozenset[str] = frozenset()
    trusted_proxies: tuple[Network, ...] = ()
    body_limit: int = 16 * 1024


@dataclass(frozen=True, slots=True)
class AuthParts:
    """All that the routes and the identity of a request are given."""

    core: Core
    rules: SessionRules
    tokens: Tokens
    callers: Callers
    clients: ClientsKnown
    settings: AuthSettings


@asynccontextmanager
async def open_auth(
    core: Core, data_folder: Path, settings: AuthSettings, counts: SharedCounts | None = None
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
    )
    attempts: Attempts = SharedAttempts(counts, alone) if counts else alone
    lifetime, grace = timedelta(seconds=settings.session_s), timedelta(seconds=settings.refresh_grace_s)
    with open_passwords() as passwords:
        rules = SessionRules(passwords, attempts, ring.successor, lifetime, grace)
        tokens = Tokens(ring, settings.access_token_s, settings.issuer)
        async with tended("keys", ring.follow):
            yield AuthParts(core, rules, tokens, Callers(core), ClientsKnown(core), settings)
