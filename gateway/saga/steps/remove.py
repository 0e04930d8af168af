"""Remove.

Undoes what is delivered, by an order with the action `delete`. Do: terminate by key. Look: find by key, then the
product.
"""

from gateway.contract.ordering import ProviderOrder
from gateway.domain.errors import ProviderError, Rejected
from gateway.domain.inventory import GONE_STATUSES
from gateway.domain.ordering.orders import Order, OrderItem
from gateway.domain.ordering.reasons import HoldCode
from gateway.domain.ordering.states import ItemPhase, OrderItemState
from gateway.saga import changes
from gateway.saga.plan import Step
from gateway.saga.work import Work


async def remove(work: Work, order: Order, item: OrderItem) -> float:
    """Orders the end of the product once: a send that is stored already is looked for first, as by `place`."""
    key = item.key(Step.REMOVE)
    try:
        ordering = work.ordering(item)
        found, left_s = await work.found(item, key, is_again=item.phase is ItemPhase.REMOVING)
        if found is not None:
            return await _accepted(work, order, item, found)
        if left_s > 0:
            return await work.unsettled(order, item, left_s)
        record, now = work.begun(item, Step.REMOVE, key), work.clock.now()
        sent = await work.write(order, item, lambda o, i: changes.sending(o, i, ItemPhase.REMOVING, now), record)
        sent_item = sent.item(item.id) if sent else None
        if sent is None or sent_item is None or sent_item.product is None:
            return 0.0
        order, former, item = sent, item, sent_item
        accepted = await work.sent(former, item, ordering.terminate(sent_item.product.ref, key, item.party))
        work.reached(Step.REMOVE, "answered")
        return await _accepted(work, order, item, accepted)
    except Rejected as error:
        return await _rejected(work, order, item, error.detail)
    except ProviderError as error:
        return await work.stalled(order, item, error)


async def _accepted(work: Work, order: Order, item: OrderItem, found: ProviderOrder) -> float:
    now = work.clock.now()
    record = work.done(item, Step.REMOVE, item.key(Step.REMOVE), "PLACED", found.ref)
    await work.write(
        order, item, lambda o, i: changes.moved(o, i, ItemPhase.REMOVAL_TRACKING, now, removal_ref=found.ref), record
    )
    return 0.0


async def track_removal(work: Work, order: Order, item: OrderItem) -> float:
    """One look at the order that deletes the product."""
    try:
        found = await work.ordering(item).track(item.removal_ref or "")
        if found.state is OrderItemState.COMPLETED:
            await work.write(order, item, lambda o, i: changes.ended(o, i, work.clock.now()))
            return 0.0
        if found.state in {OrderItemState.FAILED, OrderItemState.REJECTED, OrderItemState.CANCELLED}:
            return await _rejected(work, order, item, found.text)
    except ProviderError as error:
        return await work.stalled(order, item, error)
    return await work.waiting(order, item)


async def _rejected(work: Work, order: Order, item: OrderItem, text: str) -> float:
    """A refusal counts only while there is something to remove; then a person must help."""
    now = work.clock.now()
    if await _is_gone(work, item):
        gone = work.done(item, Step.REMOVE, item.key(Step.REMOVE), "GONE", text)
        await work.write(order, item, lambda o, i: changes.ended(o, i, now), gone)
        return 0.0
    record = work.done(item, Step.REMOVE, item.key(Step.REMOVE), "REJECTED", text)
    params = {"offering": item.offering_name}
    await work.write(order, item, lambda o, i: changes.held(o, i, HoldCode.UNDO_REFUSED, now, params), record)
    return work.limits.held_poll_s


async def _is_gone(work: Work, item: OrderItem) -> bool:
    inventory = work.provider(item).inventory
    if inventory is None or item.product is None:
        return False
    try:
        product = await inventory.product(item.product.ref)
    except ProviderError:
        return False
    return product is None or product.status in GONE_STATUSES
