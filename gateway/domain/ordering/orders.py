"""An order: what was placed, where each item stands, and what became of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from gateway.domain.catalog.providers import ProviderRole
from gateway.domain.inventory import ProductStatus
from gateway.domain.money import Money
from gateway.domain.ordering.states import (
    CancellationState,
    CompletionPolicy,
    ItemAction,
    ItemIntent,
    ItemPhase,
    OrderItemState,
    OrderState,
)
from gateway.domain.parties import Place


class OrderAction(StrEnum):
    """What the customer may ask for in the order's present state."""

    CANCEL = "CANCEL"
    RETRY = "RETRY"


@dataclass(frozen=True, slots=True)
class Hold:
    """Why an item waits for a person, and since when."""

    code: str
    since: datetime
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an item failed. `provider_text` is the provider's own, for operators only."""

    code: str
    params: Mapping[str, str] = field(default_factory=dict)
    provider_text: str = ""


@dataclass(frozen=True, slots=True)
class OrderedProduct:
    """The product an item made: a snapshot, so that a dead provider never empties a history."""

    id: str
    ref: str
    name: str
    status: ProductStatus


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One item, with its journal: `phase`, `attempt` and the provider's references say what was done.

    The idempotency key of a call is `order / item / step / attempt`. `depends_on` and `id` are global ids.
    `phase_since` is when the phase
    began, for its deadline. `tries` counts the sends of the present attempt, each stored before it is sent: one that
    is stored may have
    reached the provider, so a look comes before the next. `party` is the customer's account at the provider.
    `cost` is the item's part of the order's, None where it has none or is in mixed currencies.
    """

    id: str
    order_id: str
    position: int
    action: ItemAction
    intent: ItemIntent
    state: OrderItemState
    phase: ItemPhase
    phase_since: datetime
    provider: str
    role: ProviderRole
    offering_id: str
    offering_name: str
    offering_ref: str
    party: str
    bundle_ref: str | None = None
    quantity: int = 1
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    attempt: int = 1
    tries: int = 0
    sent_at: datetime | None = None
    order_ref: str | None = None
    removal_ref: str | None = None
    product: OrderedProduct | None = None
    hold: Hold | None = None
    failure: Failure | None = None
    is_cancel_refused: bool = False
    cost: Money | None = None

    def key(self, step: str) -> str:
        """The idempotency key of a step of the present attempt."""
        return f"{self.order_id}/{self.position}/{step}/{self.attempt}"


@dataclass(frozen=True, slots=True)
class CancellationRefusal:
    """A provider's refusal to cancel its part."""

    item_id: str
    code: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A request to cancel an order, and how it went."""

    id: str
    order_id: str
    state: CancellationState
    requested_at: datetime
    reason: str | None = None
    refusals: tuple[CancellationRefusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """An order. `last_sequence` is that of its newest event; the state is computed from the items' by one function.

    `placed_by` is an actor's id. Who ordered under an `authorization_id` has spent `cost` of its limits, but for what
    the items that came to nothing cost: what is charged once and for the first period, tax included as far as it is
    known; None in mixed currencies.
    `mark` is the store's own, of what it read or wrote as this order; None where it sets none.
    `failure` is why the order as a whole was given up, by a person: all that was done is then undone.
    """

    id: str
    customer_id: str
    bundle_id: str
    state: OrderState
    completion_policy: CompletionPolicy
    placed_at: datetime
    items: tuple[OrderItem, ...]
    place: Place | None = None
    requested_start_at: datetime | None = None
    expected_completion_at: datetime | None = None
    completed_at: datetime | None = None
    cancellations: tuple[Cancellation, ...] = ()
    accepted_term_ids: tuple[str, ...] = ()
    placed_by: str | None = None
    authorization_id: str | None = None
    cost: Money | None = None
    last_sequence: int = 0
    failure: Failure | None = None
    mark: str | None = field(default=None, compare=False, repr=False)

    def item(self, item_id: str) -> OrderItem | None:
        """The item of that global id, None where it has none."""
        return next((item for item in self.items if item.id == item_id), None)

    @property
    def open_cancellation(self) -> Cancellation | None:
        """The cancellation that is under way, None where none is."""
        open_states = {CancellationState.ACKNOWLEDGED, CancellationState.IN_PROGRESS}
        return next((each for each in self.cancellations if each.state in open_states), None)


def without(cost: Money, undone: Iterable[OrderItem]) -> Money:
    """What is left of an order's cost once that of the items that came to nothing is taken off; never below zero.

    An item that kept none (of an older version's order) takes nothing off.
    """
    off = [each.cost.amount for each in undone if each.cost is not None and each.cost.currency == cost.currency]
    return Money(max(cost.amount - sum(off, Decimal(0)), Decimal(0)), cost.currency)
