"""Writes an order's change down: the state, its events, the notice and the security events of it, all in the caller's
transaction.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from uuid_utils import uuid7

from gateway.domain.engagement import Notification
from gateway.domain.identity import own_id
from gateway.domain.ordering.orders import Order, OrderItem
from gateway.domain.ordering.states import ItemPhase, OrderState
from gateway.domain.security import NewSecurityEvent, SecurityEventKind
from gateway.ports import NewEvent, Storage, UnitOfWork
from gateway.ports.steps import StepRecord
from gateway.saga.changes import settled
from gateway.saga.history import events_between

Change = Callable[[Order, OrderItem], Order | None]
"""What was learnt of an item; None where the stored order no longer lets it count."""

_NOTICES = {
    OrderState.COMPLETED: "ORDER_COMPLETED",
    OrderState.PARTIAL: "ORDER_PARTIALLY_COMPLETED",
    OrderState.FAILED: "ORDER_FAILED",
    OrderState.REJECTED: "ORDER_FAILED",
    OrderState.CANCELLED: "ORDER_CANCELLED",
    OrderState.HELD: "ORDER_HELD",
}


_REMOVAL = frozenset({ItemPhase.REMOVING, ItemPhase.REMOVAL_TRACKING})


async def write_change(uow: UnitOfWork, before: Order, after: Order, now: datetime) -> Order:
    """Stores `after` with what follows from it, the events in between, and the notice of a state that the customer
    must know.
    """
    after = settled(after, now)
    if after == before:
        return before
    new = events_between(before, after)
    after = await uow.orders.save(_numbered(after, new))
    await _tell(uow, before, after, new, now)
    return after


def _numbered(after: Order, new: Sequence[NewEvent]) -> Order:
    """With the number that the last of these events will have."""
    return replace(after, last_sequence=after.last_sequence + len(new))


async def _tell(uow: UnitOfWork, before: Order, after: Order, new: Sequence[NewEvent], now: datetime) -> None:
    """The events in between, and what else follows; `after` is stored already, with their numbers."""
    await uow.events.append(replace(after, last_sequence=before.last_sequence), new, now)
    for told in _security_events(before, after, now):
        await uow.security_events.record(told)
    if after.state is not before.state and after.state in _NOTICES:
        await uow.notifications.add(_notice(after, now))


def _security_events(before: Order, after: Order, now: datetime) -> Iterator[NewSecurityEvent]:
    """What was activated, and what is active no more. Nobody does it: who ordered it is told with the order."""
    for old, new in zip(before.items, after.items, strict=True):
        kind = _security_kind(old, new)
        if kind is not None and new.product is not None:
            params = {"order": after.id, "item": new.id}
            yield NewSecurityEvent(kind, now, None, after.customer_id, new.product.id, params)


def _security_kind(old: OrderItem, new: OrderItem) -> SecurityEventKind | None:
    if old.phase is new.phase:
        return None
    if new.phase is ItemPhase.DONE:
        return SecurityEventKind.PRODUCT_ACTIVATED
    # Only what was activated is removed.
    is_taken_back = new.phase is ItemPhase.ENDED and old.phase in _REMOVAL
    return SecurityEventKind.PRODUCT_TAKEN_BACK if is_taken_back else None


def _notice(order: Order, now: datetime) -> Notification:
    return Notification(
        id=own_id("Notification", str(uuid7())),
        customer_id=order.customer_id,
        occurred_at=now,
        code=_NOTICES[order.state],
        params={"items": ", ".join(item.offering_name for item in order.items)},
        order_id=order.id,
    )


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a step has learnt of an item as it was seen, when, and the step's record where there is one."""

    item: OrderItem
    change: Change
    now: datetime
    record: StepRecord | None = None

    def applied(self, order: Order) -> Order | None:
        """With what follows; None where it no longer counts: the item is not in the phase it was seen in, or at another
        attempt (another run of the order was quicker, or a person), or the change itself says so.
        """
        current = order.item(self.item.id)
        after = None if current is None or _has_moved(self.item, current) else self.change(order, current)
        return settled(after, self.now) if after else None


async def write_learnt(
    storage: Storage, known: Order, learnt: Sequence[Learnt], held: Callable[[], None] = lambda: None
) -> Order | None:
    """One transaction: the items' changes in that order, each with its step's record; None, and nothing stored, where
    none of them counts any more.

    `known` is the order as it is likely stored: where it is, nothing is read. `held` is called while the order is held.
    """
    async with storage.writing() as uow:
        after = await _written_over(uow, known, learnt)
        if after is not None:
            held()
            return after
        before = await uow.orders.get(known.id, lock=True)
        held()
        if before is None:
            return None
        after, counted = _applied(before, learnt)
        if not counted:
            return None
        await _record(uow, before, counted)
        return await write_change(uow, before, after, learnt[-1].now)


async def _written_over(uow: UnitOfWork, known: Order, learnt: Sequence[Learnt]) -> Order | None:
    """The changes of what is known, stored where that still stands; None where the order must be read."""
    if known.mark is None:
        return None
    after, counted = _applied(known, learnt)
    # That something counts no more, or changes nothing, is believed only of what is held.
    if len(counted) < len(learnt) or after == known:
        return None
    new = events_between(known, after)
    stored = await uow.orders.save_over(known, _numbered(after, new))
    if stored is None:
        return None
    await _record(uow, stored, counted)
    await _tell(uow, known, stored, new, learnt[-1].now)
    return stored


def _applied(order: Order, learnt: Sequence[Learnt]) -> tuple[Order, Sequence[Learnt]]:
    """The order with all that counts, one after the other: what follows from one may leave no room for the next."""
    counted = []
    for each in learnt:
        after = each.applied(order)
        if after is not None:
            order = after
            counted.append(each)
    return order, counted


async def _record(uow: UnitOfWork, order: Order, learnt: Sequence[Learnt]) -> None:
    for each in learnt:
        if each.record is not None:
            await uow.orders.record_step(order.id, each.record)


def _has_moved(seen: OrderItem, current: OrderItem) -> bool:
    return current.phase is not seen.phase or current.attempt != seen.attempt


def with_expected_completion(order: Order, expected: datetime | None) -> Order:
    """The order is expected when its last item is."""
    if expected is None or (order.expected_completion_at and order.expected_completion_at >= expected):
        return order
    return replace(order, expected_completion_at=expected)
