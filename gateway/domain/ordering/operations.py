"""Orders as the gateway's operator sees them: which need a person, and how the work as a whole goes on.

Nothing personal is among it but ids.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain.catalog.providers import ProviderRole
from gateway.domain.ordering.aggregation import needs_undo
from gateway.domain.ordering.orders import Failure, Hold, Order, OrderItem
from gateway.domain.ordering.states import (
    FINAL_ORDER_STATES,
    CompletionPolicy,
    ItemPhase,
    OrderItemState,
    OrderState,
)


@dataclass(frozen=True, slots=True)
class OperationsFilter:
    """Which of the open orders; what is None or empty does not matter.

    `needs_attention`: with a HELD item, or late. `providers` are slugs: with an unfinished item at one of them.
    `held_since`: with an item that has been HELD since that moment, or longer.
    """

    needs_attention: bool = True
    states: tuple[OrderState, ...] = ()
    providers: tuple[str, ...] | None = None
    is_late: bool | None = None
    held_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class OperationsItem:
    """An item; `order_ref`, `removal_ref` and `product_ref` are the provider's own references."""

    id: str
    position: int
    state: OrderItemState
    phase: ItemPhase
    phase_since: datetime
    provider: str
    role: ProviderRole
    offering_id: str
    offering_name: str
    attempt: int
    order_ref: str | None
    removal_ref: str | None
    product_ref: str | None
    hold: Hold | None
    failure: Failure | None
    failure_text: str


@dataclass(frozen=True, slots=True)
class OperationsOrder:
    """An order. `held_since` is when the first of its HELD items was; `progressed_at` when it last came on."""

    id: str
    customer_id: str
    state: OrderState
    completion_policy: CompletionPolicy
    placed_at: datetime
    requested_start_at: datetime | None
    expected_completion_at: datetime | None
    completed_at: datetime | None
    is_late: bool
    is_undoing: bool
    held_since: datetime | None
    progressed_at: datetime
    items: tuple[OperationsItem, ...]


@dataclass(frozen=True, slots=True)
class Backlog:
    """The open orders as a whole at one moment: how many, and how old the oldest of what waits is.

    `stalled_since` is the longest ago that an open order last came on, `stalled_order_id` that order; one whose start
    lies ahead does not count. A step is pending from before it is sent until its outcome is known.
    """

    measured_at: datetime
    open_orders: int
    held_orders: int
    late_orders: int
    pending_steps: int
    oldest_pending_step_at: datetime | None = None
    stalled_since: datetime | None = None
    stalled_order_id: str | None = None

    @property
    def oldest_pending_step_age(self) -> timedelta | None:
        """How long the oldest pending step has been."""
        return None if self.oldest_pending_step_at is None else self.measured_at - self.oldest_pending_step_at

    @property
    def stalled_age(self) -> timedelta | None:
        """How long the order that came on the longest ago has stood."""
        return None if self.stalled_since is None else self.measured_at - self.stalled_since


def held_since(order: Order) -> datetime | None:
    """When the first of its HELD items was; None where none is."""
    return min((item.hold.since for item in order.items if item.hold is not None), default=None)


def progressed_at(order: Order) -> datetime:
    """When one of its items last came into its phase; before it is to begin, that moment."""
    moments = [order.placed_at, *(item.phase_since for item in order.items)]
    return max(moments + ([order.requested_start_at] if order.requested_start_at else []))


def is_late(order: Order, now: datetime) -> bool:
    """Whether it is open though its providers expected it to be complete by now."""
    expected = order.expected_completion_at
    return order.state not in FINAL_ORDER_STATES and expected is not None and expected < now


def operations_order(order: Order, now: datetime) -> OperationsOrder:
    """The order as the operator sees it at that moment."""
    return OperationsOrder(
        id=order.id,
        customer_id=order.customer_id,
        state=order.state,
        completion_policy=order.completion_policy,
        placed_at=order.placed_at,
        requested_start_at=order.requested_start_at,
        expected_completion_at=order.expected_completion_at,
        completed_at=order.completed_at,
        is_late=is_late(order, now),
        is_undoing=order.state not in FINAL_ORDER_STATES and needs_undo(order),
        held_since=held_since(order),
        progressed_at=progressed_at(order),
        items=tuple(operations_item(item) for item in order.items),
    )


def operations_item(item: OrderItem) -> OperationsItem:
    """The item as the operator sees it."""
    return OperationsItem(
        id=item.id,
        position=item.position,
        state=item.state,
        phase=item.phase,
        phase_since=item.phase_since,
        provider=item.provider,
        role=item.role,
        offering_id=item.offering_id,
        offering_name=item.offering_name,
        attempt=item.attempt,
        order_ref=item.order_ref,
        removal_ref=item.removal_ref,
        product_ref=item.product.ref if item.product else None,
        hold=item.hold,
        failure=item.failure,
        failure_text=item.failure.provider_text if item.failure else "",
    )
