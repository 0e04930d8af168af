"""What is kept of one-time passwords, of sign-ins that wait for one, and of passwords that are being reset."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OneTimePassword:
    """An actor's one-time password: pending until a first code has confirmed it.

    `last_step` is the last time step that a code was used of: no code of it, or of an earlier one, is good again.
    """

    actor_id: str
    sealed_secret: str = field(repr=False)
    created_at: datetime
    confirmed_at: datetime | None = None
    last_step: int | None = None


@dataclass(frozen=True, slots=True)
class Challenge:
    """A sign-in whose password was right, and that waits for a code. Of its token only the digest is kept."""

    digest: str
    actor_id: str
    address: str
    created_at: datetime
    expires_at: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class PasswordReset:
    """Whoever shows the token of that digest in time may set the actor's password, once."""

    digest: str
    actor_id: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ResetRequest:
    """Somebody asked to reset a password: of that username, or of the account with that address of mail."""

    key: str
    username: str | None
    email: str | None
    locale: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Profile:
    """What an account is known by. No e-mail where none is kept, and an empty hash where it has no password."""

    actor_id: str
    username: str
    password_hash: str = field(repr=False)
    email: str | None = None


class OneTimePasswords(Protocol):
    """One-time passwords, their recovery codes, and challenges."""

    async def get(self, actor_id: str) -> OneTimePassword | None:
        """The actor's, pending or confirmed."""

    async def put_pending(self, one_time: OneTimePassword) -> bool:
        """Keeps a pending one in place of an earlier pending one; False where the actor has a confirmed one."""

    async def confirm(self, actor_id: str, sealed_secret: str, step: int, at: datetime) -> bool:
        """Makes the pending one of that secret count, with that step used; False where another call was first."""

    async def use_step(self, actor_id: str, step: int) -> bool:
        """Uses a time step of a confirmed one; False where it, or a later one, was used already."""

    async def remove(self, actor_id: str) -> bool:
        """Ends it with its recovery codes; False where there is none."""

    async def sealed_secrets(self) -> Sequence[tuple[str, str]]:
        """Each actor's id and sealed secret."""

    async def reseal(self, actor_id: str, before: str, after: str) -> None:
        """Replaces a sealed secret where it is still that one."""

    async def set_recovery_codes(self, actor_id: str, digests: Sequence[str]) -> None:
        """Replaces all that were there."""

    async def use_recovery_code(self, actor_id: str, digest: str) -> bool:
        """Takes it away; False where there is none (any more)."""

    async def recovery_codes_left(self, actor_id: str) -> int:
        """How many are unused."""

    async def add_challenge(self, challenge: Challenge) -> None:
        """Keeps it, and forgets all that have expired."""

    async def challenge(self, digest: str, *, lock: bool = False) -> Challenge | None:
        """The challenge, an expired one too; `lock` holds it until the transaction ends."""

    async def count_attempt(self, digest: str) -> None:
        """One more."""

    async def end_challenge(self, digest: str) -> bool:
        """Ends it; False where another call was first."""

    async def end_challenges(self, actor_id: str) -> None:
        """Ends all of the actor's."""


class PasswordResets(Protocol):
    """Requests to reset, and the tokens that came of them."""

    async def ask(self, request: ResetRequest) -> None:
        """Keeps a request to be worked on."""

    async def asked(self, limit: int) -> Sequence[ResetRequest]:
        """Up to `limit`, oldest first."""

    async def done(self, key: str) -> bool:
        """Forgets a request; False where another process was first."""

    async def put(self, reset: PasswordReset) -> None:
        """Keeps it in place of the actor's earlier one, and forgets all that have expired."""

    async def get(self, digest: str) -> PasswordReset | None:
        """The reset of that token, an expired one too."""

    async def use(self, digest: str) -> bool:
        """Takes it away; False where another call was first."""

    async def end(self, actor_id: str) -> None:
        """Ends the actor's."""
