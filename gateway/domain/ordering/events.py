"""What happened to an order: each event carries the state of its moment and never changes.

An event is read tolerantly for ever: a kind that this version does not know is shown as a plain `OrderStateChanged`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain.ordering.orders import Failure
from gateway.domain.ordering.states import OrderItemState, OrderState

# 2: its cursor holds a mark of the event.
EVENT_FORMAT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent:
    """What all kinds share. `sequence` counts an order's events from 1 without a gap; `customer_sequence` a customer's.

    `cursor` is the same string wherever the event appears. `params` are the parameters of the kind's text.
    """

    id: str
    order_id: str
    customer_id: str
    sequence: int
    customer_sequence: int
    cursor: str
    occurred_at: datetime
    order_state: OrderState
    completion_percent: int
    item_id: str | None = None
    item_state: OrderItemState | None = None
    reason: Failure | None = None
    params: Mapping[str, str] = field(default_factory=dict)


class OrderPlaced(OrderEvent):
    """The order is ours; its work begins."""

    __slots__ = ()


class OrderStateChanged(OrderEvent):
    """The order as a whole moved on."""

    __slots__ = ()


class OrderItemStateChanged(OrderEvent):
    """One item moved on."""

    __slots__ = ()


class OrderItemActivated(OrderEvent):
    """An item's product can be read as ACTIVE."""

    __slots__ = ()


class OrderItemFailed(OrderEvent):
    """An item failed for good; `reason` says why."""

    __slots__ = ()


class OrderItemHeld(OrderEvent):
    """An item waits for a person; `reason` says why."""

    __slots__ = ()


class OrderItemUndone(OrderEvent):
    """Nothing of the item is left at its provider."""

    __slots__ = ()


class OrderCancellationRequested(OrderEvent):
    """Cancellation was asked for."""

    __slots__ = ()


class OrderCancellationRefused(OrderEvent):
    """A provider would not cancel its part; `reason` says why."""

    __slots__ = ()


class OrderCompleted(OrderEvent):
    """Every item is delivered."""

    __slots__ = ()


class OrderPartiallyCompleted(OrderEvent):
    """Some items are delivered, the others failed and stay out (BEST_EFFORT)."""

    __slots__ = ()


class OrderFailed(OrderEvent):
    """Nothing is delivered, and what was has been undone."""

    __slots__ = ()


class OrderCancelled(OrderEvent):
    """Cancelled as asked for."""

    __slots__ = ()


EVENT_KINDS: Mapping[str, type[OrderEvent]] = {kind.__name__: kind for kind in OrderEvent.__subclasses__()}
