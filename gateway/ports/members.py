"""What is kept of a customer's members and invitations, and of its record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from gateway.domain.members import Contact, Invitation, Member, Subscriber
from gateway.domain.parties import Customer, MemberRole

R = TypeVar("R", Contact, Subscriber)


@dataclass(frozen=True, slots=True)
class HeldCustomer:
    """A customer that a transaction holds: `last_event` moves with each event of its orders'."""

    customer: Customer
    last_event: int
    closed_at: datetime | None


class Members(Protocol):
    """Memberships. Who changes one holds its customer first, so that two changes come one after the other."""

    async def hold(self, customer_id: str) -> HeldCustomer | None:
        """The customer, locked until the transaction ends; a closed one too."""

    async def get(self, member_id: str) -> Member | None:
        """The member of that global id; none of a closed customer's."""

    async def of_actor(self, customer_id: str, actor_id: str) -> Member | None:
        """That actor's membership there, a closed customer's too."""

    async def page(
        self, customer_id: str, first: int, after: str | None, managers_and: str | None = None
    ) -> Sequence[Member]:
        """Up to `first` in the order of joining, after that member's id; of `managers_and` managers and that actor."""

    async def all_actor_ids(self, customer_id: str) -> Sequence[str]:
        """The actors of every member."""

    async def manager_count(self, customer_id: str) -> int:
        """How many managers it has."""

    async def count_of_actor(self, actor_id: str) -> int:
        """Of how many open customers the actor is a member."""

    async def add(self, member: Member) -> bool:
        """Keeps a new member; False where the actor is one already (nothing changed)."""

    async def set_role(self, member: Member, role: MemberRole, at: datetime) -> None:
        """Changes the role; the member's authorizations are revoked, and what was enabled for the member is gone."""

    async def remove(self, member: Member, at: datetime) -> None:
        """Takes the membership away; the authorizations are revoked, and what was enabled for the member is gone."""

    async def rename(self, customer_id: str, name: str) -> None:
        """Changes the customer's name."""

    async def close(self, customer_id: str, at: datetime) -> None:
        """Closes the customer: its memberships count no more, and stay as history."""

    async def emails(self, actor_id: str) -> Sequence[str]:
        """The actor's e-mail addresses, folded."""


class Invitations(Protocol):
    """Invitations, by id and by the digest of their token."""

    async def add(self, invitation: Invitation) -> None:
        """Keeps a new one."""

    async def get(self, invitation_id: str, *, lock: bool = False) -> Invitation | None:
        """The one of that global id; `lock` holds it until the transaction ends."""

    async def by_digest(self, digest: str) -> Invitation | None:
        """The one whose token has that digest."""

    async def save(self, invitation: Invitation) -> None:
        """Replaces one that this transaction holds."""

    async def page(self, customer_id: str, first: int, after: str | None) -> Sequence[Invitation]:
        """Up to `first`, newest first, after that one's id."""

    async def pending_count(self, customer_id: str, now: datetime) -> int:
        """How many wait for somebody."""

    async def pending(self, customer_id: str) -> Sequence[Invitation]:
        """All that wait for somebody, and those whose time is over."""


class Records(Protocol):
    """A customer's contacts and subscribers."""

    async def add(self, record: Contact | Subscriber) -> None:
        """Keeps a new one."""

    async def get(self, kind: type[R], record_id: str) -> R | None:
        """The one of that global id."""

    async def save(self, record: Contact | Subscriber) -> bool:
        """Replaces it; False where it is there no more. The last one to write wins."""

    async def remove(self, record: Contact | Subscriber) -> None:
        """Takes it away; again is harmless."""

    async def page(self, kind: type[R], customer_id: str, first: int, after: str | None) -> Sequence[R]:
        """Up to `first` in the order of their making, after that one's id."""

    async def count(self, kind: type[Contact | Subscriber], customer_id: str) -> int:
        """How many the customer keeps."""
