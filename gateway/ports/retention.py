"""What is kept for a time only."""

from datetime import datetime
from typing import Protocol


class Retention(Protocol):
    """Deletes what is older than it need be; each call a limited number, the oldest first. Again is harmless."""

    async def drop_orders(self, before: datetime, limit: int) -> int:
        """Orders that ended before then, with all that belongs to them: events, steps, keys of idempotency, notices.
        Returns how many orders."""

    async def drop_notifications(self, before: datetime, limit: int) -> int:
        """Notices of before then, read or not."""

    async def drop_sessions(self, before: datetime, limit: int) -> int:
        """Sessions that had ended or expired before then, with the digests of their tokens."""
