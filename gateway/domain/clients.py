"""Service clients as they are kept: what each may do, and digests of its secrets, never the secrets."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.domain.errors import Problem
from gateway.domain.parties import ServiceClient

NAME_LIMIT = 100
ISSUER_CLIENT_LIMIT = 255


class ClientScope(StrEnum):
    """What a client may be allowed, as OAuth 2.0 writes it."""

    PROVIDERS_WRITE = "providers:write"
    OPERATIONS = "operations"


CLIENT_SCOPES: Mapping[ClientScope, str] = {
    ClientScope.PROVIDERS_WRITE: "Registers providers, and changes, suspends and removes its own.",
    ClientScope.OPERATIONS: "Sees how the gateway runs and which orders need a person; helps these on, or ends them.",
}
"""Every scope that there is, with what it allows."""


@dataclass(frozen=True, slots=True)
class ClientRecord:
    """A service client with its secrets: the present one, and for a while after a change the one before it.

    `generation` is the number of the present secret. `last_used_at` is when it last got a token, to the minute.
    `issuer_client` is its id at the operator's own identity provider, `issuer`, where it gets its tokens there: nobody
    knows such a one's secret here.
    """

    id: str
    name: str
    scopes: frozenset[ClientScope]
    created_at: datetime
    secret_digest: str = field(repr=False)
    generation: int = 1
    previous_digest: str | None = field(default=None, repr=False)
    previous_secret_until: datetime | None = None
    last_used_at: datetime | None = None
    ended_at: datetime | None = None
    issuer: str | None = None
    issuer_client: str | None = None

    def accepts(self, generation: int, now: datetime) -> bool:
        """Whether the secret of that number, and all that came by it, is good."""
        if self.ended_at is not None:
            return False
        is_previous = generation == self.generation - 1 and self.previous_secret_until is not None
        return generation == self.generation or (is_previous and self._is_in_grace(now))

    def generation_of(self, digest: str, now: datetime) -> int | None:
        """The number of the secret with that digest; None where it is none of the client's, or good no more.

        Takes the same time whatever the answer.
        """
        is_present = hmac.compare_digest(digest, self.secret_digest)
        is_previous = hmac.compare_digest(digest, self.previous_digest or "") and self._is_in_grace(now)
        found = self.generation if is_present else self.generation - int(is_previous)
        return found if (is_present or is_previous) and self.ended_at is None else None

    def caller(self, scopes: frozenset[str], generation: int) -> ServiceClient:
        """The client as a caller: with those of the scopes that it still has."""
        return ServiceClient(self.id, self.name, scopes & self.scopes, generation)

    def _is_in_grace(self, now: datetime) -> bool:
        return self.previous_secret_until is not None and now < self.previous_secret_until


def issuer_client_problem(issuer_client: str) -> Problem | None:
    """1 to 255 visible ASCII characters, as an issuer's client id. Source: RFC 6749, appendix A.1."""
    is_right = 0 < len(issuer_client) <= ISSUER_CLIENT_LIMIT and issuer_client.isascii() and issuer_client.isprintable()
    return None if is_right else Problem("INVALID_FORMAT", ("issuerClient",))


def client_name_problem(name: str) -> Problem | None:
    """1 to 100 printable characters."""
    if not name.strip() or not name.isprintable():
        return Problem("INVALID_NAME", ("name",))
    return Problem("TOO_LONG", ("name",), {"maximum": str(NAME_LIMIT)}) if len(name) > NAME_LIMIT else None
