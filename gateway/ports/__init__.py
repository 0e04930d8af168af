"""What the core needs kept: Protocols that storage implements, so that the core imports no database."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from gateway.domain.clients import ClientRecord
from gateway.domain.engagement import Notification
from gateway.domain.ordering.bundles import Bundle
from gateway.domain.ordering.events import OrderEvent
from gateway.domain.ordering.orders import Failure, Order
from gateway.domain.ordering.states import OrderState
from gateway.domain.parties import Actor, CustomerKind, ProviderAccount, Site
from gateway.ports.agreements import Agreements
from gateway.ports.authorizations import Authorizations
from gateway.ports.health import HealthEvents
from gateway.ports.issuer import IssuerAccounts
from gateway.ports.mails import Mails
from gateway.ports.members import Invitations, Members, Records
from gateway.ports.operations import OperationsReading
from gateway.ports.personal import PersonalData
from gateway.ports.reconciliation import Reconciliation
from gateway.ports.registrations import Registrations
from gateway.ports.retention import Retention
from gateway.ports.security import SecurityEvents
from gateway.ports.sign_in import OneTimePasswords, PasswordResets, Profile
from gateway.ports.steps import StepRecord


class Clock(Protocol):
    """The one source of time."""

    def now(self) -> datetime:
        """The present moment, in UTC with its zone. May jump, and differ between machines."""

    def steady_s(self) -> float:
        """Seconds that only ever go on, also while the process stands still; for what lasts within one process."""


class Waiter(Protocol):
    """One listener's place at the bus."""

    async def wait(self, timeout_s: float) -> bool:
        """Returns True at a wake-up since the last call (also one that came in between), False at the time limit."""


class WakeUps(Protocol):
    """Tells listeners of a topic to read their table again. A hint only: it may be lost or repeated.

    Topics: `session:<key>`, `actor:<id>`, `client:<id>`, `order:<id>`, `customer:<id>`, `provider-order:<slug>:<ref>`,
    `provider-product:<slug>:<ref>`, `provider-key:<slug>:<key>`, `going-order:<slug>:<ref>` and
    `going-key:<slug>:<key>` (the provider tells that it goes on, there is nothing to look for yet), `catalog:<slug>`,
    `providers` (one came or went), `health:<slug>`, `registration:<id>`, `mails`, `security` and
    `security:<customer id>`.
    """

    def notify(self, *topics: str) -> None:
        """Wakes every listener of these topics; never blocks."""

    def listen(self, *topics: str) -> AbstractContextManager[Waiter]:
        """Listens from entry to exit."""


class ProviderCall(Protocol):
    """One call to a provider, with all its tries, from entry to exit; the error that leaves it is how it ended."""

    def retried(self, outcome: str) -> None:
        """A try ended with that error's code, and another follows."""

    def spared(self) -> None:
        """The open breaker kept it from being sent."""


class ProviderCalls(Protocol):
    """Is told of the calls to providers, for operators to see. Nothing of the customer's is told."""

    def call(self, provider: str, capability: str, *, is_change: bool) -> AbstractContextManager[ProviderCall]:
        """A call that is about to begin."""

    def breaker(self, provider: str, capability: str, *, is_open: bool) -> None:
        """The provider is spared calls from now on, or no more; told at first, then when it changes."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What sign-up keeps: ids are global, the password is a hash already.

    Without a customer (an operator) `customer_id` is None.
    """

    actor_id: str
    customer_id: str | None
    username: str
    password_hash: str
    email: str | None
    customer_name: str
    customer_kind: CustomerKind
    created_at: datetime
    is_operator: bool = False


@dataclass(frozen=True, slots=True)
class Credentials:
    """What sign-in compares with."""

    actor_id: str
    password_hash: str


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in session.

    Digests of the refresh tokens, never the tokens; the previous one has a few seconds' grace.
    """

    key: str
    actor_id: str
    refresh_digest: str
    previous_digest: str | None
    rotated_at: datetime | None
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    device: str | None = None
    address: str | None = None
    last_used_at: datetime | None = None


class Accounts(Protocol):
    """Actors, their customers, memberships, authorizations and sessions."""

    async def add(self, account: NewAccount) -> bool:
        """Keeps the actor, its customer and its manager's membership; False when the name is taken.

        Names are compared without case. A taken e-mail is no obstacle (nobody may learn of it): the new account is
        kept without it.
        """

    async def credentials(self, username: str) -> Credentials | None:
        """The credentials of that name, None for nobody."""

    async def profile(self, actor_id: str, *, lock: bool = False) -> Profile | None:
        """What the account is known by; `lock` holds it until the transaction ends."""

    async def id_by_email(self, email: str) -> str | None:
        """The id of the actor whose e-mail address that is, in whatever case."""

    async def actor(self, actor_id: str) -> Actor | None:
        """The actor with its memberships, and what each allows at this moment."""

    async def add_session(self, session: Session) -> None:
        """Keeps a new session."""

    async def session(self, key: str) -> Session | None:
        """The session of that key, an ended one too."""

    async def session_by_refresh(self, digest: str) -> Session | None:
        """The session whose present or any earlier refresh token has that digest."""

    async def rotate(self, session: Session, new_digest: str, at: datetime, expires_at: datetime) -> bool:
        """Replaces the refresh token and moves the session's end; False when another call did so first."""

    async def end_session(self, key: str, at: datetime) -> None:
        """Ends it; again is harmless."""

    async def live_sessions(self, actor_id: str, now: datetime) -> Sequence[Session]:
        """All of the actor's that have neither ended nor expired, newest first."""

    async def session_page(
        self, actor_id: str, now: datetime, first: int, after: tuple[datetime, str] | None
    ) -> Sequence[Session]:
        """Up to `first` of these, after that place in the order (created_at, key)."""

    async def devices_before(self, session: Session) -> frozenset[str]:
        """The names of the devices of the actor's sessions that began before it, as far as these are kept."""

    async def note_use(self, key: str, at: datetime) -> None:
        """Keeps when it was last used; an earlier moment than the one kept changes nothing."""

    async def set_password(self, actor_id: str, password_hash: str) -> None:
        """Replaces the hash (a stronger one for the same password, too)."""

    async def provider_account(self, customer_id: str, provider: str) -> ProviderAccount:
        """The account to order with: the linked one, or the pseudonymous one, made on first use (the same for ever)."""

    async def provider_accounts(self, customer_id: str) -> Sequence[ProviderAccount]:
        """All accounts of the customer by provider, the one to order with first."""

    async def add_site(self, site: Site) -> None:
        """Keeps a place of the customer's."""

    async def site(self, site_id: str) -> Site | None:
        """The place of that global id."""

    async def save_site(self, site: Site) -> bool:
        """Replaces it; False where it is there no more. The last one to write wins."""

    async def remove_site(self, site_id: str) -> None:
        """Takes it away; again is harmless. Bundles and orders have the address of their own."""

    async def sites(self, customer_id: str) -> Sequence[Site]:
        """The customer's places by name."""


class Clients(Protocol):
    """Service clients."""

    async def add(self, record: ClientRecord) -> None:
        """Keeps a new client."""

    async def get(self, client_id: str, *, lock: bool = False) -> ClientRecord | None:
        """The client of that global id, an ended one too; `lock` holds it until the transaction ends."""

    async def of_issuer(self, issuer: str, issuer_client: str) -> ClientRecord | None:
        """The client that the issuer knows by that id and that has not ended; there is one at most."""

    async def page(self, first: int, after: tuple[datetime, str] | None) -> Sequence[ClientRecord]:
        """Up to `first`, newest first, after that place in the order (created_at, global id)."""

    async def save(self, record: ClientRecord) -> None:
        """Keeps its secrets and its end; this transaction holds it locked."""

    async def mark_used(self, client_id: str, at: datetime) -> None:
        """Notes when it last got a token."""


class Passwords(Protocol):
    """Hashes passwords: slow by intent, away from the event loop."""

    async def hash(self, password: str) -> str:
        """A salted hash. Raises: RequestError BUSY when too many wait already."""

    async def is_right(self, password: str, password_hash: str | None) -> bool:
        """Whether it is the password of that hash. None stands for nobody: the same work, and False.

        Raises: RequestError BUSY when too many wait already.
        """

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash is weaker than those made now."""


class Attempt(StrEnum):
    """What may be tried only so often, by a key: an account's name, a network address, a service client."""

    SIGN_IN_ACCOUNT = "sign-in-account"
    SIGN_IN_ADDRESS = "sign-in-address"
    SIGN_UP_ADDRESS = "sign-up-address"
    CLIENT_SECRET = "client-secret"  # noqa: S105
    CLIENT_TOKEN = "client-token"  # noqa: S105
    ONE_TIME_CODE = "one-time-code"
    PASSWORD_CHECK = "password-check"  # noqa: S105
    RESET_ADDRESS = "reset-address"
    RESET_ACCOUNT = "reset-account"
    INVITATION = "invitation"
    INVITATION_ADDRESS = "invitation-address"
    ACCOUNT_CHANGE = "account-change"
    EXPORT = "export"


class OneTimeCodes(Protocol):
    """Codes by the time (RFC 6238)."""

    def new_secret(self) -> str:
        """A secret, in base32."""

    def uri(self, secret: str, username: str) -> str:
        """What an authenticator takes, as `otpauth://totp/…`."""

    def step_of(self, secret: str, code: str, at: datetime) -> int | None:
        """The time step whose code that is: the present one, or one beside it; None for a wrong code."""


class Attempts(Protocol):
    """Counts attempts."""

    async def count(self, attempt: Attempt, key: str) -> bool:
        """Counts one more; False where that is one too many."""

    async def wait_s(self, attempt: Attempt, key: str) -> int:
        """How many seconds until the next is allowed, 0 for now; counts nothing."""

    async def forget(self, attempt: Attempt, key: str) -> None:
        """Starts anew for that key."""


class Bundles(Protocol):
    """Bundles with their items."""

    async def add(self, bundle: Bundle) -> None:
        """Keeps a new bundle."""

    async def get(self, bundle_id: str, *, lock: bool = False) -> Bundle | None:
        """The bundle of that global id; `lock` holds it until the transaction ends."""

    async def save(self, bundle: Bundle) -> None:
        """Replaces a bundle that this transaction holds locked."""

    async def open_of(self, customer_id: str) -> Sequence[Bundle]:
        """All of the customer's that are OPEN, each locked until the transaction ends."""


class Orders(Protocol):
    """Orders with their items, cancellations and steps."""

    async def add(self, order: Order) -> None:
        """Keeps a new order."""

    async def get(self, order_id: str, *, lock: bool = False) -> Order | None:
        """The order of that global id; `lock` holds it until the transaction ends."""

    async def save(self, order: Order) -> Order:
        """Replaces an order that this transaction holds locked; returns it with its mark.

        Its row, and the items and cancellations that changed.
        """

    async def save_over(self, before: Order, after: Order) -> Order | None:
        """The same for an order that is not held yet, where it still is as `before` was read or written: it is held
        from then on. None, and nothing changed, where another has written it since, or the store sets no mark.
        """

    async def page(self, customer_id: str, first: int, after: tuple[datetime, str] | None) -> Sequence[Order]:
        """Up to `first` orders, newest first, after that place in the order (placed_at, global id)."""

    async def open_ids(self) -> Sequence[str]:
        """The ids of every order that is in no final state, oldest first."""

    async def open_of(self, customer_id: str, limit: int) -> Sequence[str]:
        """The ids of up to `limit` of the customer's orders that are in no final state, oldest first."""

    async def open_by_state(self) -> Mapping[OrderState, int]:
        """How many orders are in each state that is not final; those with none are left out."""

    async def by_products(self, customer_id: str, products: Sequence[str]) -> Mapping[str, str]:
        """The order ids by product global id, for those products that the customer's orders made."""

    async def record_step(self, order_id: str, record: StepRecord) -> None:
        """Keeps a step; one of the same key and step is replaced."""

    async def steps(self, order_id: str) -> Sequence[StepRecord]:
        """The steps of an order in the order of their start."""

    async def start(self, order_id: str) -> None:
        """Starts the order's workflow with this transaction's commit; again for the same order makes no second one."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event before it has its place: `kind` is a class name of `domain.ordering.events`.

    `order_state` where the event is told before the order as a whole has moved on; else the order's own state counts.
    """

    kind: str
    item_id: str | None = None
    reason: Failure | None = None
    params: Mapping[str, str] | None = None
    order_state: OrderState | None = None


class Events(Protocol):
    """The append-only log of orders."""

    async def append(self, order: Order, new: Sequence[NewEvent], at: datetime) -> Order:
        """Appends in that order with the states of `order`; returns it with `last_sequence` raised (not yet saved).

        Takes the next numbers of the order, which the transaction has added or holds locked and must save, and of its
        customer: no gap, also after a rollback. Wakes the order's and the customer's topics after the commit.
        """

    async def of_order(self, order_id: str, after: int, limit: int) -> Sequence[OrderEvent]:
        """Up to `limit` events with a greater sequence, in order."""

    async def of_customer(self, customer_id: str, after: int, limit: int) -> Sequence[OrderEvent]:
        """Up to `limit` events with a greater customer sequence, in order."""


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """What a key was used for: a digest of the input, and the global id of the object it made."""

    customer_id: str
    mutation: str
    key: str
    input_digest: str
    object_id: str


class Idempotency(Protocol):
    """Keys belong to a customer and a mutation, and are kept as long as the object."""

    async def find(self, customer_id: str, mutation: str, key: str) -> IdempotencyRecord | None:
        """What that key was used for."""

    async def add(self, record: IdempotencyRecord, at: datetime) -> bool:
        """Keeps it; False when the key is taken (nothing kept)."""


class Notifications(Protocol):
    """The customers' inbox."""

    async def add(self, notification: Notification) -> bool:
        """Keeps it; False when the customer has one of that code for that order already."""

    async def page(self, customer_id: str, first: int, after: tuple[datetime, str] | None) -> Sequence[Notification]:
        """Up to `first`, newest first, after that place in the order (occurred_at, global id)."""

    async def get(self, notification_id: str) -> Notification | None:
        """The one of that global id."""

    async def mark_read(self, notification_id: str, at: datetime) -> None:
        """Marks it read; the first time counts."""


class UnitOfWork(Protocol):
    """One transaction over all that is kept."""

    @property
    def accounts(self) -> Accounts: ...
    @property
    def bundles(self) -> Bundles: ...
    @property
    def clients(self) -> Clients: ...
    @property
    def orders(self) -> Orders: ...
    @property
    def events(self) -> Events: ...
    @property
    def idempotency(self) -> Idempotency: ...
    @property
    def notifications(self) -> Notifications: ...
    @property
    def registrations(self) -> Registrations: ...
    @property
    def agreements(self) -> Agreements: ...
    @property
    def health(self) -> HealthEvents: ...
    @property
    def members(self) -> Members: ...
    @property
    def invitations(self) -> Invitations: ...
    @property
    def records(self) -> Records: ...
    @property
    def operations(self) -> OperationsReading: ...
    @property
    def retention(self) -> Retention: ...
    @property
    def reconciliation(self) -> Reconciliation: ...
    @property
    def issuer_accounts(self) -> IssuerAccounts: ...
    @property
    def one_time_passwords(self) -> OneTimePasswords: ...
    @property
    def password_resets(self) -> PasswordResets: ...
    @property
    def mails(self) -> Mails: ...
    @property
    def security_events(self) -> SecurityEvents: ...
    @property
    def authorizations(self) -> Authorizations: ...
    @property
    def personal_data(self) -> PersonalData: ...

    def wake(self, *topics: str) -> None:
        """Wakes these topics after the commit; not at all when it is rolled back."""


class Storage(Protocol):
    """Opens transactions."""

    def writing(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A transaction that commits on a clean exit and rolls back on an error. On SQLite it holds the one writer's
        lock:
        make no provider call inside."""

    def reading(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A consistent read; changes nothing."""

    async def is_ready(self) -> bool:
        """Whether the database answers."""
