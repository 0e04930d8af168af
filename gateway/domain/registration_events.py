"""What happened to a registration: each event carries the status of its moment and never changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.log_cursors import LogCursors
from gateway.domain.registrations import CheckOutcome, RegistrationStatus

REGISTRATION_CURSORS = LogCursors("p")
"""Of a registration's events; the log is the raw key of the registration."""


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
