"""How an order changes when something was learnt: pure, from an order to the next one.

Each function names what was learnt of one item; `settled` then draws what follows for the others and for the order as
a whole.
"""

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.domain.inventory import ProductStatus
from gateway.domain.ordering.aggregation import needs_undo, order_state
from gateway.domain.ordering.orders import (
    Cancellation,
    CancellationRefusal,
    Failure,
    Hold,
    Order,
    OrderedProduct,
    OrderItem,
)
from gateway.domain.ordering.reasons import CancellationRefusalCode, FailureCode, HoldCode
from gateway.domain.ordering.states import (
    FINAL_ORDER_STATES,
    CancellationState,
    CompletionPolicy,
    ItemPhase,
    OrderItemState,
)

IN_FLIGHT = frozenset({ItemPhase.PLACING, ItemPhase.TRACKING, ItemPhase.CANCELLING})
_STATE_OF_PHASE = {
    ItemPhase.QUALIFYING: OrderItemState.ACKNOWLEDGED,
    ItemPhase.WAITING: OrderItemState.PENDING,
    ItemPhase.PLACING: OrderItemState.IN_PROGRESS,
    ItemPhase.TRACKING: OrderItemState.IN_PROGRESS,
    ItemPhase.ACTIVATING: OrderItemState.IN_PROGRESS,
    ItemPhase.DONE: OrderItemState.COMPLETED,
    ItemPhase.CANCELLING: OrderItemState.PENDING_CANCELLATION,
    ItemPhase.REMOVING: OrderItemState.PENDING_CANCELLATION,
    ItemPhase.REMOVAL_TRACKING: OrderItemState.PENDING_CANCELLATION,
    ItemPhase.ENDED: OrderItemState.CANCELLED,
}


def with_item(order: Order, item: OrderItem) -> Order:
    """The order with that item in place of the one of its id."""
    return dataclasses.replace(order, items=tuple(item if each.id == item.id else each for each in order.items))


def _state(item: OrderItem) -> OrderItemState:
    if item.hold is not None:
        return OrderItemState.HELD
    if item.phase is ItemPhase.ENDED and item.failure is not None:
        is_rejected = item.failure.code == FailureCode.PROVIDER_REJECTED
        return OrderItemState.REJECTED if is_rejected else OrderItemState.FAILED
    return _STATE_OF_PHASE[item.phase]


def moved(order: Order, item: OrderItem, phase: ItemPhase, now: datetime, **changes: Any) -> Order:
    """The item in that phase from now on, no longer held."""
    since = item.phase_since if item.phase is phase and item.hold is None else now
    item = dataclasses.replace(item, phase=phase, phase_since=since, hold=None, **changes)
    return with_item(order, dataclasses.replace(item, state=_state(item)))


def sending(order: Order, item: OrderItem, phase: ItemPhase, now: datetime) -> Order:
    """A send is about to happen: stored before it is sent, so that a crash is followed by a look."""
    tries = item.tries + 1 if item.phase is phase else 1
    return moved(order, item, phase, now, tries=tries, sent_at=now)


def failed(order: Order, item: OrderItem, failure: Failure, now: datetime) -> Order:
    """The item failed for good, and nothing of it is left at the provider."""
    return moved(order, item, ItemPhase.ENDED, now, failure=failure)


def activated(order: Order, item: OrderItem, product: OrderedProduct, now: datetime) -> Order:
    """The item's product can be read as ACTIVE."""
    return moved(order, item, ItemPhase.DONE, now, product=product)


def ended(order: Order, item: OrderItem, now: datetime) -> Order:
    """Nothing of the item is left at the provider."""
    product = item.product and dataclasses.replace(item.product, status=ProductStatus.TERMINATED)
    return moved(order, item, ItemPhase.ENDED, now, product=product)


def held(
    order: Order, item: OrderItem, code: HoldCode, now: datetime, params: Mapping[str, str] | None = None
) -> Order:
    """The item waits for a person; held again for the same reason changes nothing."""
    if item.hold is not None and item.hold.code == code:
        return order
    item = dataclasses.replace(item, hold=Hold(code, now, params or {}))
    return with_item(order, dataclasses.replace(item, state=_state(item)))


def retried(order: Order, item: OrderItem, now: datetime) -> Order:
    """A person lets a held item go on, with a new time limit.

    Where a provider has refused, the next question is a new attempt with a key of its own; else the attempt stays, and
    so does its key: what it may have done is looked for first.
    """
    was_refused = item.hold is not None and item.hold.code == HoldCode.UNDO_REFUSED
    phase = ItemPhase.REMOVING if was_refused else item.phase
    attempt = item.attempt + 1 if was_refused else item.attempt
    item = dataclasses.replace(item, hold=None, phase=phase, phase_since=now, attempt=attempt)
    return with_item(order, dataclasses.replace(item, state=_state(item)))


def cancellation_requested(order: Order, cancellation: Cancellation) -> Order:
    """The customer asks to cancel; the providers of what is under way are asked next."""
    items = tuple(dataclasses.replace(item, is_cancel_refused=False) for item in order.items)
    return dataclasses.replace(order, cancellations=(*order.cancellations, cancellation), items=items)


def cancel_accepted(order: Order, item: OrderItem, is_done: bool, now: datetime) -> Order:
    """The provider cancels the item, or did; the cancellation of the order can't go back from here."""
    order = _with_cancellation(order, state=CancellationState.IN_PROGRESS)
    return ended(order, item, now) if is_done else moved(order, item, ItemPhase.CANCELLING, now)


def cancel_refused(order: Order, item: OrderItem, now: datetime, params: Mapping[str, str]) -> Order:
    """The provider will deliver all the same.

    While the order's cancellation is still assessed it ends REFUSED and the order goes back to work. Afterwards the
    item is delivered first
    and then removed.
    """
    cancellation = order.open_cancellation
    is_assessing = cancellation is not None and cancellation.state is CancellationState.ACKNOWLEDGED
    # What was given up and is delivered all the same has not failed.
    order = moved(order, item, ItemPhase.TRACKING, now, is_cancel_refused=not is_assessing, failure=None)
    if cancellation is None:
        return order
    refusal = CancellationRefusal(item.id, CancellationRefusalCode.PAST_POINT_OF_NO_RETURN, params)
    state = CancellationState.REFUSED if is_assessing else cancellation.state
    return _with_cancellation(order, state=state, refusals=(*cancellation.refusals, refusal))


def _with_cancellation(order: Order, **changes: Any) -> Order:
    current = order.open_cancellation
    if current is None:
        return order
    changed = dataclasses.replace(current, **changes)
    return dataclasses.replace(
        order, cancellations=tuple(changed if each.id == current.id else each for each in order.cancellations)
    )


def settled(order: Order, now: datetime) -> Order:
    """What follows from the items' states, for those not begun, for the cancellation, and for the order."""
    order = _with_assessment_ended(order)
    order = _without_unbegun(order, now) if needs_undo(order) else _without_orphans(order, now)
    if all(item.phase is ItemPhase.ENDED for item in order.items):
        order = _with_cancellation(order, state=CancellationState.DONE)
    order = _with_assessed_items(order)
    state = order_state(order, now)
    completed_at = order.completed_at or (now if state in FINAL_ORDER_STATES else None)
    return dataclasses.replace(order, state=state, completed_at=completed_at)


def _with_assessment_ended(order: Order) -> Order:
    """With nothing under way, nobody can refuse."""
    cancellation = order.open_cancellation
    if cancellation is None or any(item.phase in IN_FLIGHT for item in order.items):
        return order
    return _with_cancellation(order, state=CancellationState.IN_PROGRESS)


def _with_assessed_items(order: Order) -> Order:
    """An item whose provider was asked is ASSESSING_CANCELLATION until some provider has accepted, then
    PENDING_CANCELLATION.
    """
    current = order.open_cancellation
    is_assessing = current is not None and current.state is CancellationState.ACKNOWLEDGED
    state = OrderItemState.ASSESSING_CANCELLATION if is_assessing else OrderItemState.PENDING_CANCELLATION
    for item in order.items:
        if item.phase is ItemPhase.CANCELLING and item.hold is None and item.state is not state:
            order = with_item(order, dataclasses.replace(item, state=state))
    return order


def _without_unbegun(order: Order, now: datetime) -> Order:
    for item in order.items:
        if item.phase in {ItemPhase.QUALIFYING, ItemPhase.WAITING}:
            order = ended(order, item, now)
    return order


def _without_orphans(order: Order, now: datetime) -> Order:
    """BEST_EFFORT: an item whose dependency will never be delivered fails too; so on down the graph."""
    if order.completion_policy is not CompletionPolicy.BEST_EFFORT:
        return order
    while True:
        lost = {item.id for item in order.items if item.phase is ItemPhase.ENDED}
        orphan = next(
            (i for i in order.items if i.phase is ItemPhase.WAITING and lost.intersection(i.depends_on)), None
        )
        if orphan is None:
            return order
        cause = next(i for i in order.items if i.id in lost and i.id in orphan.depends_on)
        order = failed(order, orphan, Failure(FailureCode.DEPENDENCY_FAILED, {"offering": cause.offering_name}), now)
