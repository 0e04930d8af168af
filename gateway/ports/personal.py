"""What is kept of a person or of a customer: handed out, and erased."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from gateway.domain.members import Member

Rows = Sequence[Mapping[str, Any]]
"""Of one kind, by the names of the API: `[{"id": …}, …]`."""


class PersonalData(Protocol):
    """All that is kept of a person or a customer. Digests, hashes and secrets are none of it."""

    async def memberships(self, actor_id: str) -> Sequence[Member]:
        """All of the actor's, those of closed customers too, in an order that is the same for everybody."""

    @property
    def actor_kinds(self) -> Sequence[str]:
        """The kinds of rows that are kept of a person."""

    @property
    def customer_kinds(self) -> Sequence[str]:
        """The kinds of rows that are kept of a customer."""

    async def of_actor(self, actor_id: str, emails: Sequence[str], kind: str, skip: int, limit: int) -> Rows:
        """Up to `limit` after the first `skip`; `emails` are the actor's addresses, folded."""

    async def of_customer(self, customer_id: str, kind: str, skip: int, limit: int) -> Rows:
        """Up to `limit` after the first `skip`."""

    async def keeps_customer(self, customer_id: str) -> bool:
        """Whether there is that customer, and it was not erased."""

    async def is_erased(self, actor_id: str) -> bool:
        """Whether the account was erased."""

    async def erase_actor(self, actor_id: str, customer_ids: Sequence[str], at: datetime) -> None:
        """Takes the person out of all that is kept, and of the records of these customers; the id stays. Noted outside
        the database with this transaction's commit.
        """

    async def erase_customer(self, customer_id: str, at: datetime) -> bool:
        """Takes the persons out of a closed customer, whose orders stay; False where it is not closed, or was erased.
        Noted outside the database with this transaction's commit.
        """


class Erasures(Protocol):
    """Who was erased, noted outside the database: one that is restored from an older copy knows nothing of it."""

    def noted(self) -> Sequence[str]:
        """The global ids of the accounts and customers, oldest first. Raises: OSError."""
