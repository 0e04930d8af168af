"""What is kept of the security events: an append-only log, chained so that tampering shows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.domain.security import NewSecurityEvent, SecurityEvent, SecurityEventKind
from gateway.domain.security_chain import Anchor, Head, Link

SECURITY_TOPIC = "security"
"""Woken with each event; `security:<customer_id>` with each of that customer's."""


@dataclass(frozen=True, slots=True)
class SecurityEventFilter:
    """Which events; what is None or empty does not matter. `since` is included, `until` is not.

    Without a customer those of everybody are meant.
    """

    customer_id: str | None = None
    kinds: Collection[SecurityEventKind] = ()
    since: datetime | None = None
    until: datetime | None = None
    actor_id: str | None = None
    address: str | None = None


class SecurityEvents(Protocol):
    """The log. An event stands in the transaction of what it tells: both are kept, or neither."""

    async def record(self, event: NewSecurityEvent) -> None:
        """Adds it to the log with this transaction's commit.

        Its place in the chain is taken last of all, so that the one row that all writers share is held for a moment
        only. Wakes `security`, and `security:<customer_id>`.
        """

    async def sequence_of(self, key: str, customer_id: str | None) -> int | None:
        """The sequence of the event of that key, of that customer's (None: of anybody's); None where there is none."""

    async def before(self, wanted: SecurityEventFilter, sequence: int | None, limit: int) -> Sequence[SecurityEvent]:
        """Up to `limit` with a smaller sequence (None: the newest), newest first."""

    async def after(self, wanted: SecurityEventFilter, sequence: int, limit: int) -> Sequence[SecurityEvent]:
        """Up to `limit` with a greater sequence, in order."""

    async def count(self, wanted: SecurityEventFilter, last: int) -> int:
        """How many there are up to that sequence, each as often as it tells of."""

    async def networks(self, actor_id: str, before: int) -> frozenset[str]:
        """The networks that the actor signed in from before that sequence, as far as they are not erased."""

    async def has_customer(self, customer_id: str) -> bool:
        """Whether the customer is still kept: the log outlives it."""

    async def take_judged(self) -> int:
        """The last event that the rules of alarm were applied to; held until the transaction ends."""

    async def judged(self) -> int:
        """The same, not held."""

    async def set_judged(self, sequence: int) -> None:
        """Moves it on."""

    async def head(self) -> Head:
        """The newest event's place."""

    async def anchor(self) -> Anchor | None:
        """Where the chain begins; None where nothing was removed."""

    async def links(self, after: int, limit: int) -> Sequence[Link]:
        """Up to `limit` with a greater sequence, in order, as the chain knows them."""

    async def remove_before(self, moment: datetime, at: datetime, limit: int | None = None) -> int:
        """Removes the oldest events, up to the first that is not older than the moment, and no more than the limit;
        returns how many.

        The chain then begins at an anchor, and an event tells of it. What the rules of alarm have not seen stays.
        """

    async def erase_addresses(self, at: datetime, actor_id: str | None = None, before: datetime | None = None) -> int:
        """Erases the network addresses of that actor's events, of those before that moment (both: of both); how many.

        The chain stays whole, and an event tells of it. Raises: ValueError where neither is given.
        """
