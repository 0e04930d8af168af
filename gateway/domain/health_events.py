"""What changed about a provider's health: each event carries the state of its moment and never changes."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from gateway.domain.errors import RequestError
from gateway.domain.health import HealthChange

_VERSION = "h1"
# What a database's integer holds.
_LAST = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthEvent(HealthChange):
    """A change in its place. `sequence` counts a provider's from 1 without a gap; `gateway` is who found it."""

    id: str
    sequence: int
    cursor: str
    gateway: str


def health_cursor(provider: str, sequence: int) -> str:
    """The cursor of that event of the provider of that slug."""
    return urlsafe_b64encode(f"{_VERSION}:{provider}:{sequence}".encode()).decode().rstrip("=")


def read_health_cursor(cursor: str, provider: str, *path: str) -> int:
    """The sequence in a cursor of that provider's. Raises: RequestError BAD_CURSOR at `path` for what is none."""
    try:
        text = urlsafe_b64decode(cursor[:200] + "=" * (-len(cursor[:200]) % 4)).decode("ascii")
        sequence = int(text.rpartition(":")[2])
        if health_cursor(provider, sequence) != cursor or not 0 < sequence <= _LAST:
            raise ValueError(cursor)
    except (binascii.Error, ValueError, UnicodeDecodeError):
        raise RequestError.at("BAD_CURSOR", *path) from None
    return sequence
