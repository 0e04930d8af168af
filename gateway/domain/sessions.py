"""A person's sessions, as that person sees them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Device:
    """Where somebody signs in: the device's short name and its network address, each where it is known."""

    name: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A session that goes on. `last_used_at` is to the minute."""

    id: str
    device: str | None
    address: str | None
    created_at: datetime
    last_used_at: datetime
    is_current: bool
