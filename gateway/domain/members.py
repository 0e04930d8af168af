"""Who acts for a customer, who was invited to, and whom the customer keeps a record of."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.domain.parties import Actor, MemberRole


@dataclass(frozen=True, slots=True)
class Member:
    """An actor's membership of one customer, as other members see it.

    `actor` has no memberships: those are told to that person alone.
    """

    id: str
    customer_id: str
    actor: Actor
    role: MemberRole
    since: datetime


class InvitationState(StrEnum):
    """PENDING until somebody accepts it, the manager withdraws it, its time is over, or the customer is closed."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation to become a member; the secret in its link is kept as a digest alone.

    With an `email` only an account of that address may accept it. `accepted_by` is an actor's id.
    """

    id: str
    customer_id: str
    role: MemberRole
    created_at: datetime
    expires_at: datetime
    invited_by: str
    token_digest: str = field(repr=False)
    email: str | None = None
    state: InvitationState = InvitationState.PENDING
    ended_at: datetime | None = None
    accepted_by: str | None = None

    def state_at(self, now: datetime) -> InvitationState:
        """Where it stands then: nothing is written when its time is over."""
        is_over = self.state is InvitationState.PENDING and self.expires_at <= now
        return InvitationState.EXPIRED if is_over else self.state


class ContactRole(StrEnum):
    """What a contact is asked about."""

    GENERAL = "GENERAL"
    BILLING = "BILLING"
    TECHNICAL = "TECHNICAL"
    EMERGENCY = "EMERGENCY"


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to turn to at a customer; need not be a member. The telephone number is in E.164."""

    id: str
    customer_id: str
    name: str
    role: ContactRole
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A named end user of the customer's, with the products (global ids) and the numbers (E.164) that they use."""

    id: str
    customer_id: str
    name: str
    product_ids: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


Record = Contact | Subscriber
