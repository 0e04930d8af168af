"""Who acts, for which customer, and by which right."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.domain.authorizations import (
    ALL_RIGHTS,
    Authorization,
    AuthorizationScope,
    Conditions,
    EnabledFunction,
    EverythingScope,
    OfferingScope,
    ProductScope,
    Rights,
    SelfServiceFunction,
    enabled_rights,
    rights_of,
)

__all__ = [
    "OPERATOR",
    "Actor",
    "Address",
    "Agreement",
    "Authorization",
    "AuthorizationScope",
    "Caller",
    "Conditions",
    "Customer",
    "CustomerKind",
    "EnabledFunction",
    "EverythingScope",
    "MemberRole",
    "Membership",
    "OfferingScope",
    "Place",
    "ProductScope",
    "ProviderAccount",
    "ProviderAccountState",
    "SelfServiceFunction",
    "ServiceClient",
    "Site",
]


class CustomerKind(StrEnum):
    """A household or a business."""

    HOUSEHOLD = "HOUSEHOLD"
    BUSINESS = "BUSINESS"


class MemberRole(StrEnum):
    """What an actor is to a customer (ITU-T M.3345, 3.2 and 6)."""

    SELF_SERVICE_MANAGER = "SELF_SERVICE_MANAGER"
    AUTHORIZED_USER = "AUTHORIZED_USER"
    SERVICE_USER = "SERVICE_USER"


@dataclass(frozen=True, slots=True)
class Customer:
    """A person or an organisation that holds products and gets the bills."""

    id: str
    name: str
    kind: CustomerKind


@dataclass(frozen=True, slots=True)
class Membership:
    """An actor's role at one customer, and what it may do there.

    `rights` are worked out when it is read: a manager's from the role alone, an authorized user's from the
    authorizations, a service user's from `enabled_functions` (those whose enabler still has the right). `at` is the
    moment that they are of; with None, that of every authorization.
    """

    role: MemberRole
    customer: Customer
    authorizations: tuple[Authorization, ...] = ()
    enabled_functions: tuple[EnabledFunction, ...] = ()
    at: datetime | None = field(default=None, compare=False)
    enabled_change_at: datetime | None = field(default=None, compare=False, repr=False)
    rights: Rights = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Each decision is then a look-up."""
        object.__setattr__(self, "rights", self._rights())

    def _rights(self) -> Rights:
        if self.role is MemberRole.SELF_SERVICE_MANAGER:
            return ALL_RIGHTS
        if self.role is MemberRole.AUTHORIZED_USER:
            return rights_of(self.authorizations, self.at)
        return enabled_rights(self.enabled_functions, self.enabled_change_at)


@dataclass(frozen=True, slots=True)
class Actor:
    """A person who signs in, mapped to a profile before any function works (R1)."""

    id: str
    username: str
    memberships: tuple[Membership, ...] = ()
    is_operator: bool = False
    has_one_time_password: bool = False
    came_by_issuer: bool = False


@dataclass(frozen=True, slots=True)
class ServiceClient:
    """A program that acts for itself (OAuth 2.0 client credentials): a partner's system, or an operator's tool.

    `scopes` are those of its token; `generation` is the number of the secret that the token came by.
    """

    id: str
    name: str
    scopes: frozenset[str]
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request: an actor by a session, a service client by its own token, or nobody.

    `address` is the network address, for limits. Who `must_enrol` has to switch on a one-time password first, and is
    nobody's member and no operator until then.
    """

    actor: Actor | None = None
    session_key: str | None = None
    expires_at: datetime | None = None
    address: str = ""
    locale: str = "en"
    client: ServiceClient | None = None
    must_enrol: bool = False

    @property
    def subject(self) -> str | None:
        """The id of the actor or of the service client: whose budget, streams and connections these are."""
        if self.actor is not None:
            return self.actor.id
        return self.client.id if self.client else None

    def membership(self, customer_id: str) -> Membership | None:
        """The caller's membership of that customer, None where there is none."""
        memberships = self.actor.memberships if self.actor else ()
        return next((each for each in memberships if each.customer.id == customer_id), None)


class ProviderAccountState(StrEnum):
    """PSEUDONYMOUS: made by us. LINKED: the customer's own, proven by the provider."""

    PSEUDONYMOUS = "PSEUDONYMOUS"
    LINKED = "LINKED"


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """What a customer is called at a provider: the `relatedParty.id` sent with each order."""

    customer_id: str
    provider: str
    ref: str
    state: ProviderAccountState
    verified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address."""

    street: str
    postcode: str
    city: str
    country: str
    house_number: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """A place that the customer keeps under a name."""

    id: str
    customer_id: str
    name: str
    address: Address


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is to be delivered."""

    address: Address
    site_id: str | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """A dated agreement between parties: provider slugs, and `operator` for the gateway's own operator (R6)."""

    id: str
    name: str
    parties: frozenset[str]
    categories: frozenset[str] | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    confirmed: bool = field(default=True)

    def covers(self, one: str, other: str, categories: frozenset[str], at: datetime) -> bool:
        """Whether it lets `one` be combined with `other` at that time, for an offering of these categories."""
        in_force = (self.valid_from is None or self.valid_from <= at) and (
            self.valid_until is None or at < self.valid_until
        )
        in_scope = self.categories is None or bool(self.categories & categories)
        return self.confirmed and in_force and in_scope and one in self.parties and other in self.parties


OPERATOR = "operator"
