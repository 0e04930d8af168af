"""What a person does to an order that can't go on by itself: pure, from an order and a look to the next order.

A retry is a new attempt, with keys of its own, only where the look showed that the last one did nothing; else what was
found is taken as it is. What is given up ends FAILED with the reason GIVEN_UP, so that the rest goes on by the order's
policy: ALL_OR_NOTHING undoes it, BEST_EFFORT keeps it.
"""

import dataclasses
from datetime import datetime
from typing import Any

from gateway.domain.ordering.aggregation import needs_undo
from gateway.domain.ordering.orders import Failure, Order, OrderItem
from gateway.domain.ordering.reasons import FailureCode
from gateway.domain.ordering.states import ItemPhase
from gateway.saga.changes import ended, failed, moved
from gateway.saga.looks import Left, Look

_AGAIN = {
    ItemPhase.PLACING: ItemPhase.WAITING,
    ItemPhase.TRACKING: ItemPhase.WAITING,
    ItemPhase.CANCELLING: ItemPhase.CANCELLING,
    ItemPhase.REMOVING: ItemPhase.REMOVING,
    ItemPhase.REMOVAL_TRACKING: ItemPhase.REMOVING,
}
"""From where an item that did nothing begins anew."""
_PLACED = frozenset({ItemPhase.PLACING, ItemPhase.TRACKING})
_REMOVED = frozenset({ItemPhase.REMOVING, ItemPhase.REMOVAL_TRACKING})


def is_being_undone(order: Order) -> bool:
    """Whether nothing new may be placed for it: it is undone, or its cancellation is assessed."""
    return order.open_cancellation is not None or needs_undo(order)


def retried(order: Order, item: OrderItem, seen: Look, now: datetime) -> Order:
    """The held item goes on, with a new time limit: by what the look found, or by a new attempt where it found nothing.

    In an order that is being undone nothing is placed anew: there the undoing goes on.
    """
    if item.phase in _REMOVED and seen.left is Left.NOTHING:
        return ended(order, item, now)
    if seen.has_acted:
        return _adopted(order, item, seen, now)
    if item.phase not in _AGAIN or (item.phase in _PLACED and is_being_undone(order)):
        return moved(order, item, item.phase, now)
    return _begun_anew(order, item, now)


def _adopted(order: Order, item: OrderItem, seen: Look, now: datetime) -> Order:
    if item.phase is ItemPhase.PLACING:
        return moved(order, item, ItemPhase.TRACKING, now, order_ref=seen.ref)
    if item.phase is ItemPhase.REMOVING:
        return moved(order, item, ItemPhase.REMOVAL_TRACKING, now, removal_ref=seen.ref)
    return moved(order, item, item.phase, now)


def _begun_anew(order: Order, item: OrderItem, now: datetime) -> Order:
    changes: dict[str, Any] = {"attempt": item.attempt + 1, "tries": 0, "sent_at": None}
    if item.phase in _PLACED:
        changes["order_ref"] = None
    if item.phase in _REMOVED:
        changes["removal_ref"] = None
    return moved(order, item, _AGAIN[item.phase], now, **changes)


def skipped(order: Order, item: OrderItem, seen: Look, now: datetime) -> Order | None:
    """The held item is given up: at once where nothing of it is at the provider, else by a cancellation there.

    None where that can't be: it is delivered, or its cancellation is asked for already.
    """
    if seen.left is Left.NOTHING:
        if needs_undo(order):
            return ended(order, item, now)
        return failed(order, item, _given_up(item), now)
    if seen.left is Left.DELIVERED or item.phase not in _PLACED or is_being_undone(order):
        return None
    ref = seen.ref or item.order_ref
    return moved(order, item, ItemPhase.CANCELLING, now, order_ref=ref, sent_at=None, failure=_given_up(item))


def _given_up(item: OrderItem) -> Failure:
    return Failure(FailureCode.GIVEN_UP, {"offering": item.offering_name})


def given_up(order: Order, now: datetime) -> Order:
    """The order as a whole is given up: what was done is undone in reverse, and it ends FAILED.

    What was held goes on, with a new time limit: backwards.
    """
    order = dataclasses.replace(order, failure=Failure(FailureCode.GIVEN_UP))
    for item in order.items:
        if item.hold is not None:
            order = moved(order, item, item.phase, now)
    return order
