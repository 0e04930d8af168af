"""Mails: kept with what they tell of in one transaction, sent afterwards at least once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class MailKind(StrEnum):
    """What a mail tells."""

    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105
    ONE_TIME_PASSWORD_ON = "ONE_TIME_PASSWORD_ON"  # noqa: S105
    ONE_TIME_PASSWORD_OFF = "ONE_TIME_PASSWORD_OFF"  # noqa: S105
    IDENTITY_LINKED = "IDENTITY_LINKED"


@dataclass(frozen=True, slots=True)
class QueuedMail:
    """A mail to be sent. `sealed` holds recipient and parameters: one of them may be a secret.

    It is due at `due_at`, and given up at `expires_at`.
    """

    key: str
    kind: str
    locale: str
    sealed: str = field(repr=False)
    created_at: datetime
    due_at: datetime
    expires_at: datetime
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it goes out. Sent twice it is the same one: the key tells."""

    key: str
    recipient: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    created_at: datetime


class NotSent(OSError):
    """A later try may do. `reason` goes into the log: kinds of errors and numbers, no words of a server's."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Undeliverable(Exception):
    """No later try will do either: the recipient's address is refused, or none."""


class Mails(Protocol):
    """The mails that wait."""

    async def add(self, mail: QueuedMail) -> None:
        """Keeps it; wakes `mails` after the commit."""

    async def due(self, at: datetime, limit: int) -> Sequence[QueuedMail]:
        """Up to `limit` that are due, oldest first."""

    async def claim(self, mail: QueuedMail, until: datetime) -> bool:
        """Counts a try, and makes it due again at `until`; False where another process was first."""

    async def remove(self, key: str) -> None:
        """It was sent, or is given up."""

    async def next_due(self) -> datetime | None:
        """When the next is due; None where none waits."""


class Mailer(Protocol):
    """What hands mails on."""

    async def send(self, mail: Mail) -> None:
        """Hands it on, or raises. Raises: Undeliverable; OSError for what may go better later."""
