"""What is kept of the providers' health."""

from collections.abc import Sequence
from typing import Protocol

from gateway.domain.health import HealthChange
from gateway.domain.health_events import HealthEvent

KEPT = 1000
"""How many events of a provider are kept: the newest."""


class HealthEvents(Protocol):
    """The log of changes, by provider."""

    async def append(self, change: HealthChange, gateway: str) -> None:
        """Keeps it with the provider's next number, and no more than the last `KEPT`; wakes `health:<slug>`."""

    async def of_provider(self, provider: str, after: int, limit: int) -> Sequence[HealthEvent]:
        """Up to `limit` events of that slug with a greater sequence, in order."""

    async def last(self, provider: str) -> int:
        """The sequence of the newest event of that slug, 0 for none."""
