"""What operations does to an order that can't go on by itself: a part goes on, is given up, or the whole order is.

Before a part goes on or is given up, its provider is asked what the last attempt did; where it can't tell, nothing
changes. The change, its events, what was seen, who did it and why are written in one transaction.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.errors import ProviderError, RequestError
from gateway.domain.identity import own_key
from gateway.domain.ordering.orders import Order, OrderItem
from gateway.domain.ordering.states import FINAL_ORDER_STATES, ItemPhase
from gateway.domain.parties import Caller
from gateway.domain.security import SecurityEventKind
from gateway.ports import UnitOfWork
from gateway.ports.steps import StepRecord
from gateway.saga import interventions, records
from gateway.saga.driver import drive_topic
from gateway.saga.ledger import write_change
from gateway.saga.looks import Left, Look, look
from gateway.saga.plan import Step
from gateway.usecases import policy
from gateway.usecases.core import Core
from gateway.usecases.idempotency import checked_key, digest, find_object, keep_object
from gateway.usecases.policy import Access
from gateway.usecases.security_telling import told_by

REASON_LIMIT = 500
_SENT = frozenset({ItemPhase.PLACING, ItemPhase.REMOVING})


@dataclass(frozen=True, slots=True)
class ItemIntervention:
    """What is to be done to a held item, and why."""

    order_id: str
    item_id: str
    reason: str
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class OrderIntervention:
    """What is to be done to an order, and why."""

    order_id: str
    reason: str
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class _Verb:
    """One kind of intervention: its name as a step, how a key's use is told, and what the audit calls it."""

    step: str
    mutation: str
    kind: SecurityEventKind


_RETRY = _Verb("retry", "operations.retryOrderItem", SecurityEventKind.ORDER_ITEM_RETRIED)
_SKIP = _Verb("skip", "operations.skipOrderItem", SecurityEventKind.ORDER_ITEM_SKIPPED)
_FAIL = _Verb("fail", "operations.failOrder", SecurityEventKind.ORDER_GIVEN_UP)


@dataclass(frozen=True, slots=True)
class _Act:
    """Who does what, why, and under which key."""

    caller: Caller
    verb: _Verb
    reason: str
    key: str
    input_digest: str

    async def is_done(self, uow: UnitOfWork, order: Order) -> bool:
        """Whether the key was used for this very input. Raises: RequestError IDEMPOTENCY_KEY_REUSED."""
        found = await find_object(uow, order.customer_id, self.verb.mutation, self.key, self.input_digest)
        return found is not None

    async def keep(self, uow: UnitOfWork, order: Order, object_id: str, now: datetime) -> None:
        """Keeps the key. Raises: RequestError IDEMPOTENCY_KEY_REUSED."""
        await keep_object(uow, order.customer_id, self.verb.mutation, self.key, self.input_digest, object_id, now)


def _act(caller: Caller, verb: _Verb, given: ItemIntervention | OrderIntervention) -> _Act:
    policy.check(caller, Access.OPERATIONS)
    key = checked_key(given.idempotency_key)
    _check_reason(given.reason)
    return _Act(caller, verb, given.reason, key, digest(given))


_Change = Callable[[Order, OrderItem, Look, datetime], tuple[Order, str]]
"""The order with the item changed, and the outcome in a word. Raises: RequestError where that can't be."""


async def retry_item(core: Core, caller: Caller, given: ItemIntervention) -> tuple[OrderItem, Order]:
    """Lets a held item go on: by what a look at the provider finds of the last attempt, or by a new attempt with keys
    of its own where it finds nothing. The same key and input again change nothing more.

    Raises: AccessError; RequestError REASON_REQUIRED, REASON_TOO_LONG, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED,
    NOT_FOUND, NOT_HELD, LOOK_FAILED, LOOK_TOO_EARLY, CHANGED_MEANWHILE; nothing has changed then.
    """
    return await _on_item(core, caller, given, _RETRY, _retried)


def _retried(order: Order, item: OrderItem, seen: Look, now: datetime) -> tuple[Order, str]:
    after = interventions.retried(order, item, seen, now)
    current = after.item(item.id) or item
    if current.attempt != item.attempt:
        return after, "NEW_ATTEMPT"
    return after, "ADOPTED" if seen.has_acted else "CONTINUED"


async def skip_item(core: Core, caller: Caller, given: ItemIntervention) -> tuple[OrderItem, Order]:
    """Gives a held item up; the rest goes on by the order's policy. What the provider has under way is cancelled there
    first. The same key and input again change nothing more.

    Raises: AccessError; RequestError REASON_REQUIRED, REASON_TOO_LONG, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED,
    NOT_FOUND, NOT_HELD, LOOK_FAILED, LOOK_TOO_EARLY, CHANGED_MEANWHILE, ALREADY_DELIVERED, BEING_UNDONE; nothing has
    changed then.
    """
    return await _on_item(core, caller, given, _SKIP, _skipped)


def _skipped(order: Order, item: OrderItem, seen: Look, now: datetime) -> tuple[Order, str]:
    after = interventions.skipped(order, item, seen, now)
    if after is None:
        raise RequestError.at("ALREADY_DELIVERED" if seen.left is Left.DELIVERED else "BEING_UNDONE", "itemId")
    return after, "GIVEN_UP" if seen.left is Left.NOTHING else "CANCELLING"


async def fail_order(core: Core, caller: Caller, given: OrderIntervention) -> Order:
    """Gives an open order up: what was done is undone in reverse, and it ends FAILED. The same key and input again
    change nothing more.

    Raises: AccessError; RequestError REASON_REQUIRED, REASON_TOO_LONG, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED,
    NOT_FOUND, ORDER_ENDED, BEING_UNDONE; nothing has changed then.
    """
    act = _act(caller, _FAIL, given)
    order = await _order(core, given.order_id)
    async with core.storage.writing() as uow:
        before = await uow.orders.get(order.id, lock=True) or order
        if await act.is_done(uow, before):
            return before
        _check_can_fail(before)
        now = core.clock.now()
        await act.keep(uow, before, before.id, now)
        after = await write_change(uow, before, interventions.given_up(before, now), now)
        await _tell(uow, act, before, None, "GIVEN_UP", now)
        return after


def _check_can_fail(order: Order) -> None:
    if order.state in FINAL_ORDER_STATES:
        raise RequestError.at("ORDER_ENDED", "orderId")
    if interventions.is_being_undone(order):
        raise RequestError.at("BEING_UNDONE", "orderId")


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise RequestError.at("REASON_REQUIRED", "reason")
    if len(reason) > REASON_LIMIT:
        raise RequestError.at("REASON_TOO_LONG", "reason", maximum=str(REASON_LIMIT))


async def _order(core: Core, order_id: str) -> Order:
    async with core.storage.reading() as uow:
        order = await uow.orders.get(order_id) if own_key("Order", order_id) else None
    if order is None:
        raise RequestError.at("NOT_FOUND", "orderId")
    return order


async def _on_item(
    core: Core, caller: Caller, given: ItemIntervention, verb: _Verb, change: _Change
) -> tuple[OrderItem, Order]:
    act = _act(caller, verb, given)
    order = await _order(core, given.order_id)
    item = _item(order, given.item_id)
    async with core.storage.reading() as uow:
        if await act.is_done(uow, order):
            return item, order
    seen = await _look(core, item)
    async with core.storage.writing() as uow:
        before = await uow.orders.get(order.id, lock=True) or order
        current = _item(before, item.id)
        if await act.is_done(uow, before):
            return current, before
        _check_unchanged(item, current)
        now = core.clock.now()
        after, outcome = change(before, current, seen, now)
        await act.keep(uow, before, item.id, now)
        await _record_look(uow, before, current, seen, after, now)
        after = await write_change(uow, before, after, now)
        await _tell(uow, act, before, item, outcome, now)
        return _item(after, item.id), after


def _item(order: Order, item_id: str) -> OrderItem:
    item = order.item(item_id)
    if item is None:
        raise RequestError.at("NOT_FOUND", "itemId")
    return item


async def _look(core: Core, item: OrderItem) -> Look:
    """What the provider has of a held item. Raises: RequestError NOT_HELD, LOOK_FAILED, LOOK_TOO_EARLY."""
    _check_held(item)
    left_s = _unsettled_s(core, item)
    try:
        seen = await look(core.directory, item)
    except ProviderError as error:
        raise RequestError.at("LOOK_FAILED", "itemId", provider=item.provider, problem=error.code) from error
    if left_s > 0 and not seen.has_acted:
        raise RequestError.at("LOOK_TOO_EARLY", "itemId", seconds=str(math.ceil(left_s)))
    return seen


def _unsettled_s(core: Core, item: OrderItem) -> float:
    """For how long what was sent last may still be done. By the time of the day: another process may have sent it."""
    provider = core.directory.provider(item.provider)
    if provider is None or item.phase not in _SENT or item.sent_at is None:
        return 0.0
    return provider.settles_after_s - (core.clock.now() - item.sent_at).total_seconds()


def _check_held(item: OrderItem) -> None:
    if item.hold is None:
        raise RequestError.at("NOT_HELD", "itemId", state=item.state)


def _check_unchanged(seen: OrderItem, current: OrderItem) -> None:
    """What was looked at is what is changed: the driver, another person or the customer may have been quicker."""
    _check_held(current)
    if current != seen:
        raise RequestError.at("CHANGED_MEANWHILE", "itemId")


async def _record_look(uow: UnitOfWork, order: Order, item: OrderItem, seen: Look, after: Order, now: datetime) -> None:
    """The outcome of the last attempt, which nobody knew before."""
    step = records.STEP_OF_PHASE.get(item.phase)
    changed = after.item(item.id) or item
    if step is None or (changed.phase is item.phase and changed.attempt == item.attempt):
        return
    outcome = "PLACED" if seen.has_acted and step in {Step.PLACE, Step.REMOVE} else "NOTHING"
    await uow.orders.record_step(order.id, records.done(item, step, item.key(step), now, outcome, seen.ref or ""))


async def _tell(uow: UnitOfWork, act: _Act, order: Order, item: OrderItem | None, outcome: str, now: datetime) -> None:
    """Keeps who did it and why beside the order's steps and in the audit, and wakes the order's driver.

    The reason is free text, so it stays with the order; the audit can't be changed, and holds codes and ids alone.
    """
    position, attempt, item_id = (item.position, item.attempt, item.id) if item else (0, 1, "")
    record = StepRecord(
        item_id=item_id,
        step=act.verb.step,
        attempt=attempt,
        key=f"{order.id}/{position}/{act.verb.step}/{act.key}",
        started_at=now,
        ended_at=now,
        outcome=outcome,
        detail=act.reason,
        inputs={"by": act.caller.subject or ""},
    )
    await uow.orders.record_step(order.id, record)
    told = {"outcome": outcome} | ({"item": item_id} if item_id else {})
    await uow.security_events.record(told_by(act.caller, act.verb.kind, now, subject=order.id, **told))
    uow.wake(drive_topic(order.id))
