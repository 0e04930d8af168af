"""What happens to a customer and to an order: events that never change."""

from datetime import datetime
from typing import Any

import strawberry

from gateway.api.context import Info
from gateway.api.schema.declaring import doc, enum_type, field, field_of, interface_type, object_type
from gateway.api.schema.paging import connection
from gateway.api.schema.weights import Weight
from gateway.api.texts import tell
from gateway.api.texts.english import ENGLISH
from gateway.domain.ordering import events, orders, states

_STATES = {
    "ACKNOWLEDGED": "It is ours; work has not begun.",
    "PENDING": "It waits for something else, such as a start date.",
    "HELD": "It waits for a person.",
    "IN_PROGRESS": "The providers are at it.",
    "ASSESSING_CANCELLATION": "The providers are asked whether it can be cancelled.",
    "PENDING_CANCELLATION": "It is being cancelled.",
    "CANCELLED": "Nothing of it is left.",
    "COMPLETED": "It is delivered.",
    "FAILED": "It failed for good.",
    "REJECTED": "It was refused.",
}
enum_type(
    states.OrderState,
    "TM Forum's order states.",
    **_STATES,
    PARTIAL="A part is delivered, the rest failed and stays out.",
)
enum_type(states.OrderItemState, "TM Forum's order item states.", **_STATES)


@object_type(orders.Failure)
class OrderItemFailure:
    """Why something failed, is held or was refused."""

    code: str = doc("A machine-readable reason. Clients must expect new values.")

    @field
    def message(self: orders.Failure, info: Info) -> str:
        """Why, as a sentence in the caller's language."""
        return tell(info.context.locale, "failure", self.code, self.params)


@strawberry.interface(
    description="Something that happened to a customer. It carries the state of its moment and never changes."
)
class CustomerEvent:
    """What the events of every area share."""

    id: strawberry.ID = doc("The event's id.")
    cursor: str = doc("Where to go on after it: the same string in every stream and history.")
    occurred_at: datetime = doc("When it happened.")
    message: str = doc("What happened, as a sentence in the caller's language.")


def _message(self: events.OrderEvent, info: Info) -> str:
    """What happened, as a sentence in the caller's language."""
    kind = type(self).__name__
    state = self.item_state or self.order_state
    code = f"{kind}.{state}" if f"{kind}.{state}" in ENGLISH["event"] else kind
    return tell(info.context.locale, "event", code, self.params)


async def _order(self: events.OrderEvent, info: Info) -> orders.Order | None:
    """The order as it is now."""
    return await info.context.loaders.order(self.order_id)


async def _item(self: events.OrderEvent, info: Info) -> orders.OrderItem | None:
    """The item it is about, as it is now; null for one about the whole order."""
    order = await info.context.loaders.order(self.order_id)
    return order.item(self.item_id) if order and self.item_id else None


@interface_type(events.OrderEvent)
class OrderEvent(CustomerEvent):
    """Something that happened to an order. All but the objects that it names is of the event's moment."""

    sequence: int = doc("Counts the order's events from 1, without a gap.")
    order_state: states.OrderState = doc("The order's state at that moment.")
    item_state: states.OrderItemState | None = doc("The item's state at that moment.")
    completion_percent: int = doc("How far the order was at that moment, from 0 to 100.")
    message: str = field(_message)
    order: orders.Order | None = field_of(weight=Weight.STORE, batched=True)(_order)
    item: orders.OrderItem | None = field_of(weight=Weight.STORE, batched=True)(_item)


_REASONED = frozenset(
    {
        "OrderFailed",
        "OrderItemFailed",
        "OrderItemHeld",
        "OrderItemUndone",
        "OrderCancellationRefused",
        "OrderPartiallyCompleted",
    }
)


def _declare(kind: type[events.OrderEvent]) -> type[events.OrderEvent]:
    namespace: dict[str, Any] = {"__doc__": kind.__doc__, "__annotations__": {}, "__module__": __name__}
    if kind.__name__ in _REASONED:
        namespace["__annotations__"]["reason"] = orders.Failure | None
        namespace["reason"] = doc("Why, where there is a reason to tell.")
    object_type(kind)(type(kind.__name__, (OrderEvent,), namespace))
    return kind


EVENT_TYPES = [_declare(kind) for kind in events.EVENT_KINDS.values()]
OrderEventConnection = connection(events.OrderEvent, "OrderEvent")
