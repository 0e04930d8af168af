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
    """What is told, in order: a cancellation asked for, the items by their position, refusals, the order's own last.

    The order's new state stands in its own event alone, so the first event of a final state is the last event.
    """
    return (*_of_cancellations(before, after, is_request=True), *_of_items(before, after), *_rest(before, after))


def _of_items(before: Order, after: Order) -> Iterator[NewEvent]:
    for old, new in zip(before.items, after.items, strict=True):
        if old.state is not new.state:
            kind = _ITEM_KINDS.get(new.state, "OrderItemStateChanged")
            yield NewEvent(kind, new.id, _reason(new), {"offering": new.offering_name}, before.state)


def _reason(item: OrderItem) -> Failure | None:
    return Failure(item.hold.code, item.hold.params) if item.hold else item.failure


def _rest(before: Order, after: Order) -> Iterator[NewEvent]:
    yield from _of_cancellations(before, after, is_request=False)
    if before.state is not after.state:
        kind = _ORDER_KINDS[after.state] if after.state in FINAL_ORDER_STATES else "OrderStateChanged"
        yield NewEvent(kind, reason=after.failure if after.state is OrderState.FAILED else None)


def _of_cancellations(before: Order, after: Order, *, is_request: bool) -> Iterator[NewEvent]:
    known = {each.id: each for each in before.cancellations}
    for cancellation in after.cancellations:
        old = known.get(cancellation.id)
        if is_request and old is None:
            yield NewEvent("OrderCancellationRequested", order_state=before.state)
        if not is_request:
            yield from _of_refusals(before, old, cancellation)


def _of_refusals(order: Order, old: Cancellation | None, new: Cancellation) -> Iterator[NewEvent]:
    for refusal in new.refusals[len(old.refusals) if old else 0 :]:
        item = order.item(refusal.item_id)
        params = {"offering": item.offering_name if item else ""}
        reason = Failure(refusal.code, refusal.params)
        yield NewEvent("OrderCancellationRefused", refusal.item_id, reason, params, order.state)
