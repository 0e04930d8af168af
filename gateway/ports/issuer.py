"""What is kept of the operator's identity provider: links, the sessions that came by it, one-time codes, logouts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.domain.issuer import IssuerSubject


@dataclass(frozen=True, slots=True)
class IssuerSession:
    """How a session of ours came by the issuer; `id_token` is sealed, `operator_until` where its claim said so."""

    session_key: str
    who: IssuerSubject
    sid: str | None
    id_token: str | None = field(default=None, repr=False)
    operator_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignInCode:
    """A code that an app redeems once: its digest, the challenge to its verifier, and the sealed sign-in."""

    digest: str
    challenge: str
    who: IssuerSubject
    sid: str | None
    sign_in: str = field(repr=False)
    expires_at: datetime


class IssuerAccounts(Protocol):
    """Who an account is at an issuer, and which sessions came by it."""

    async def actor_of(self, who: IssuerSubject) -> str | None:
        """The global id of the account that is linked to it."""

    async def linked(self, actor_id: str, issuer: str) -> IssuerSubject | None:
        """Who the account is at that issuer."""

    async def link(self, who: IssuerSubject, actor_id: str, at: datetime) -> bool:
        """Links them; False (nothing kept) where either is linked at that issuer already."""

    async def unlink(self, who: IssuerSubject) -> bool:
        """Ends the link; False where there was none."""

    async def keep_session(self, session: IssuerSession) -> None:
        """Keeps it beside the session of its key, and as long."""

    async def session(self, session_key: str) -> IssuerSession | None:
        """How that session came; None where it came by a password."""

    async def open_sessions(self, issuer: str, subject: str | None, sid: str | None) -> Sequence[str]:
        """The keys of the sessions that have not ended and came by that subject, that `sid`, or both where both are."""

    async def keep_code(self, code: SignInCode, at: datetime) -> None:
        """Keeps it, and forgets those that have run out."""

    async def take_code(self, digest: str) -> SignInCode | None:
        """The code of that digest, which is gone afterwards: of two who take it, one gets it."""

    async def drop_codes(self, issuer: str, subject: str | None, sid: str | None) -> None:
        """Forgets the codes of that subject, that `sid`, or both where both are."""

    async def note_logout(self, issuer: str, jti: str, expires_at: datetime, at: datetime) -> bool:
        """Remembers a logout token until it runs out; False where it came before."""
