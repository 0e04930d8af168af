"""Cancel.

Undoes what is placed and not delivered yet. Do: TMF622's cancel. Look: the order, then its cancellation. A refusal
can't be undone.
"""

from gateway.contract.ordering import ProviderCancellation
from gateway.domain.errors import ProviderError, Rejected
from gateway.domain.identity import provider_id
from gateway.domain.inventory import ProductStatus
from gateway.domain.ordering.orders import Order, OrderedProduct, OrderItem
from gateway.domain.ordering.states import CancellationState, ItemPhase, OrderItemState
from gateway.saga import changes
from gateway.saga.plan import Step
from gateway.saga.steps.track import ended_by_provider
from gateway.saga.work import Work


async def cancel(work: Work, order: Order, item: OrderItem) -> float:
    """Asks once; where it was asked already (or may have been) it looks before it asks again."""
    try:
        if item.phase is ItemPhase.CANCELLING:
            looked_s = await _look(work, order, item)
            if looked_s is not None:
                return looked_s
        elif not await _mark_asked(work, order, item):
            return 0.0
        else:
            item = changes.moved(order, item, ItemPhase.CANCELLING, work.clock.now()).item(item.id) or item
        answer = await _ask(work, order, item)
        work.reached(Step.CANCEL, "answered")
        return await _answered(work, order, item, answer)
    except ProviderError as error:
        return await work.stalled(order, item, error)


async def _mark_asked(work: Work, order: Order, item: OrderItem) -> bool:
    """Stored before it is sent: after a crash the look comes first."""
    record = work.begun(item, Step.CANCEL, item.key(Step.CANCEL))
    now = work.clock.now()
    changed = await work.write(
        order, item, lambda o, i: changes.moved(o, i, ItemPhase.CANCELLING, now, sent_at=now), record
    )
    return changed is not None


async def _ask(work: Work, order: Order, item: OrderItem) -> ProviderCancellation:
    cancellation = order.open_cancellation
    reason = cancellation.reason if cancellation else None
    try:
        return await work.ordering(item).cancel(item.order_ref or "", item.key(Step.CANCEL), reason)
    except Rejected as error:
        return ProviderCancellation(None, CancellationState.REFUSED, error.reason, error.detail)


async def _look(work: Work, order: Order, item: OrderItem) -> float | None:
    """What became of the order and of its cancellation; None where it was surely not asked for yet."""
    settled_s = await _look_at_order(work, order, item)
    if settled_s is not None:
        return settled_s
    found = await work.ordering(item).cancellation(item.order_ref or "")
    if found is None:
        return None
    return await _answered(work, order, item, found)


async def _look_at_order(work: Work, order: Order, item: OrderItem) -> float | None:
    now = work.clock.now()
    found = await work.ordering(item).track(item.order_ref or "")
    if found.state is OrderItemState.CANCELLED:
        record = work.done(item, Step.CANCEL, item.key(Step.CANCEL), "CANCELLED")
        await work.write(order, item, lambda o, i: changes.cancel_accepted(o, i, True, now), record)
        return 0.0
    if found.state in {OrderItemState.FAILED, OrderItemState.REJECTED}:
        return await ended_by_provider(work, order, item, found)
    if found.state is OrderItemState.COMPLETED and found.product_ref is not None:
        # Delivered in the meantime: it is past its point of no return, whatever becomes of the question.
        ref = found.product_ref
        made = OrderedProduct(
            provider_id("Product", item.provider, ref), ref, item.offering_name, ProductStatus.CREATED
        )
        await _refused(work, order, item, "", made)
        return 0.0
    return None


async def _answered(work: Work, order: Order, item: OrderItem, answer: ProviderCancellation) -> float:
    now = work.clock.now()
    if answer.state is CancellationState.DONE:
        record = work.done(item, Step.CANCEL, item.key(Step.CANCEL), "CANCELLED")
        await work.write(order, item, lambda o, i: changes.cancel_accepted(o, i, True, now), record)
        return 0.0
    if answer.state is not CancellationState.REFUSED:
        changed = await work.write(order, item, lambda o, i: changes.cancel_accepted(o, i, False, now))
        current = changed.item(item.id) if changed else None
        return await work.waiting(changed or order, current or item)
    # A refusal is believed only when the order was not cancelled by an earlier, unanswered question.
    settled_s = await _look_at_order(work, order, item)
    if settled_s is not None:
        return settled_s
    await _refused(work, order, item, answer.text, None)
    return 0.0


async def _refused(work: Work, order: Order, item: OrderItem, text: str, made: OrderedProduct | None) -> None:
    def change(order: Order, item: OrderItem) -> Order:
        now = work.clock.now()
        order = changes.cancel_refused(order, item, now, {"offering": item.offering_name})
        current = order.item(item.id)
        if made is None or current is None:
            return order
        return changes.moved(order, current, ItemPhase.ACTIVATING, now, product=made)

    record = work.done(item, Step.CANCEL, item.key(Step.CANCEL), "REFUSED", text)
    await work.write(order, item, change, record)
