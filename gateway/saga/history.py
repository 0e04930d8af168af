"""Which events lie between two states of an order: pure, so that no change goes without its event."""

from collections.abc import Iterator

from gateway.domain.ordering.orders import Cancellation, Failure, Order, OrderItem
from gateway.domain.ordering.states import FINAL_ORDER_STATES, OrderItemState, OrderState
from gateway.ports import NewEvent

_ITEM_KINDS = {
    OrderItemState.COMPLETED: "OrderItemActivated",
    OrderItemState.FAILED: "OrderItemFailed",
    OrderItemState.REJECTED: "OrderItemFailed",
    OrderItemState.HELD: "OrderItemHeld",
    OrderItemState.CANCELLED: "OrderItemUndone",
}
_ORDER_KINDS = {
    OrderState.COMPLETED: "OrderCompleted",
    OrderState.PARTIAL: "OrderPartiallyCompleted",
    OrderState.FAILED: "OrderFailed",
    OrderState.REJECTED: "OrderFailed",
    OrderState.CANCELLED: "OrderCancelled",
}


def events_between(before: Order, after: Order) -> tuple[NewEvent, ...]:
    """The items' events in their position's order, then the cancellation's, the order's own last.

    A final one ends the log.
    """
    return (*_of_cancellations(before, after, is_request=True), *_of_items(before, after), *_rest(before, after))


def _of_items(before: Order, after: Order) -> Iterator[NewEvent]:
    for old, new in zip(before.items, after.items, strict=True):
        if old.state is not new.state:
            kind = _ITEM_KINDS.get(new.state, "OrderItemStateChanged")
            yield NewEvent(kind, new.id, _reason(new), {"offering": new.offering_name})


def _reason(item: OrderItem) -> Failure | None:
    return Failure(item.hold.code, item.hold.params) if item.hold else item.failure


def _rest(before: Order, after: Order) -> Iterator[NewEvent]:
    yield from _of_cancellations(before, after, is_request=False)
    if before.state is not after.state:
        kind = _ORDER_KINDS[after.state] if after.state in FINAL_ORDER_STATES else "OrderStateChanged"
        yield NewEvent(kind)


def _of_cancellations(before: Order, after: Order, *, is_request: bool) -> Iterator[NewEvent]:
    known = {each.id: each for each in before.cancellations}
    for cancellation in after.cancellations:
        old = known.get(cancellation.id)
        if is_request and old is None:
            yield NewEvent("OrderCancellationRequested")
        if not is_request:
            yield from _of_refusals(after, old, cancellation)


def _of_refusals(order: Order, old: Cancellation | None, new: Cancellation) -> Iterator[NewEvent]:
    for refusal in new.refusals[len(old.refusals) if old else 0 :]:
        item = order.item(refusal.item_id)
        params = {"offering": item.offering_name if item else ""}
        yield NewEvent("OrderCancellationRefused", refusal.item_id, Failure(refusal.code, refusal.params), params)
