"""What happened to a registration: each event carries the status of its moment and never changes."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.domain.errors import RequestError
from gateway.domain.registrations import CheckOutcome, RegistrationStatus

_VERSION = "p1"
# What a database's integer holds.
_LAST = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationEvent:
    """What all kinds share. `sequence` counts a registration's events from 1 without a gap."""

    id: str
    registration_id: str
    sequence: int
    cursor: str
    occurred_at: datetime
    status: RegistrationStatus
    check: CheckOutcome | None = None


class ProviderRegistered(RegistrationEvent):
    """The registration is ours; its checks begin."""

    __slots__ = ()


class RegistrationUpdated(RegistrationEvent):
    """Its name, its roles or its connection was changed."""

    __slots__ = ()


class RegistrationChecking(RegistrationEvent):
    """A run of its checks has begun."""

    __slots__ = ()


class CheckFinished(RegistrationEvent):
    """One check is over; `check` says what it found."""

    __slots__ = ()


class RegistrationActivated(RegistrationEvent):
    """Its checks passed: its offerings join the catalogue."""

    __slots__ = ()


class RegistrationRefused(RegistrationEvent):
    """A check failed: it stays as it was before the run."""

    __slots__ = ()


class RegistrationSuspended(RegistrationEvent):
    """It takes no new orders from now on."""

    __slots__ = ()


class RegistrationResumed(RegistrationEvent):
    """It takes orders again."""

    __slots__ = ()


class RegistrationRemoved(RegistrationEvent):
    """It is gone, and its slug is free for the same owner: the last event."""

    __slots__ = ()


REGISTRATION_EVENTS: Mapping[str, type[RegistrationEvent]] = {
    kind.__name__: kind for kind in RegistrationEvent.__subclasses__()
}


def registration_cursor(key: str, sequence: int) -> str:
    """The cursor of that event of the registration of that raw key."""
    return urlsafe_b64encode(f"{_VERSION}:{key}:{sequence}".encode()).decode().rstrip("=")


def read_registration_cursor(cursor: str, *path: str) -> tuple[str, int]:
    """The raw key and the sequence in a cursor. Raises: RequestError BAD_CURSOR at `path` for what is none."""
    try:
        text = urlsafe_b64decode(cursor[:200] + "=" * (-len(cursor[:200]) % 4)).decode("ascii")
        version, key, number = text.split(":")
        found = (str(UUID(key)), int(number))
        if version != _VERSION or registration_cursor(*found) != cursor or found[1] > _LAST:
            raise ValueError(cursor)
    except (binascii.Error, ValueError, UnicodeDecodeError):
        raise RequestError.at("BAD_CURSOR", *path) from None
    return found
