"""What is kept of the security events: an append-only log, chained so that tampering shows."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.domain.security import NewSecurityEvent, SecurityEventKind

SECURITY_TOPIC = "security"
"""Woken with each event."""


@dataclass(frozen=True, slots=True)
class SecurityEventFilter:
    """Which events; what is None or empty does not matter. `customer_id` None: those of everybody."""

    customer_id: str | None = None
    kinds: Collection[SecurityEventKind] = ()
    since: datetime | None = None
    until: datetime | None = None
    actor_id: str | None = None


class SecurityEvents(Protocol):
    """The log. An event stands in the transaction of what it tells: both are kept, or neither."""

    async def record(self, event: NewSecurityEvent) -> None:
        """Adds it to the log with this transaction's commit.

        Its place in the chain is taken last of all, so that the one row that all writers share is held for a moment
        only. Wakes `security`, and `security:<customer_id>`.
        """
