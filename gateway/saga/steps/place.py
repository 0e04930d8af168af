"""Place.

The order at the provider. Do: place by key. Look: find by key. Undo: abandon what never got there, cancel what did
(`cancel.py`).
"""

from datetime import datetime

from gateway.contract.ordering import OrderRequest, ProviderOrder
from gateway.domain.errors import ProviderError, Rejected
from gateway.domain.ordering.aggregation import needs_undo
from gateway.domain.ordering.orders import Failure, Order, OrderItem
from gateway.domain.ordering.reasons import FailureCode
from gateway.domain.ordering.states import FINAL_ITEM_STATES, ItemPhase
from gateway.saga import changes
from gateway.saga.ledger import Change, with_expected_completion
from gateway.saga.plan import Step
from gateway.saga.work import Work


async def place(work: Work, order: Order, item: OrderItem) -> float:
    """Places the item once: a send that is stored already is looked for first, by its key.

    It is sent again only where the provider honours keys, or nothing of the former one can come any more. Who does not
    honour keys is asked before the first time, too.
    """
    key = item.key(Step.PLACE)
    try:
        ordering = work.ordering(item)
        found, left_s = await work.found(item, key, is_again=item.phase is ItemPhase.PLACING)
        if found is not None:
            return await _placed(work, order, item, found)
        if left_s > 0:
            return await work.unsettled(order, item, left_s)
        sent = await work.write(order, item, _send(work.clock.now()), work.begun(item, Step.PLACE, key))
        sent_item = sent.item(item.id) if sent else None
        if sent is None or sent_item is None:
            return 0.0
        order, former, item = sent, item, sent_item
        placed = await work.sent(former, item, ordering.place(_request(order, item, key)))
        work.reached(Step.PLACE, "answered")
        return await _placed(work, order, item, placed)
    except Rejected as error:
        return await _rejected(work, order, item, error)
    except ProviderError as error:
        return await work.stalled(order, item, error)


def _send(now: datetime) -> Change:
    def change(order: Order, item: OrderItem) -> Order | None:
        # A cancellation may have come in since the plan was drawn: then nothing new is sent.
        if order.open_cancellation is not None or needs_undo(order):
            return None
        return changes.sending(order, item, ItemPhase.PLACING, now)

    return change


def _request(order: Order, item: OrderItem, key: str) -> OrderRequest:
    return OrderRequest(
        key=key,
        party=item.party,
        offering_ref=item.offering_ref,
        bundle_ref=item.bundle_ref,
        quantity=item.quantity,
        values=item.values,
        place=order.place,
        requested_start_at=order.requested_start_at,
    )


async def _placed(work: Work, order: Order, item: OrderItem, found: ProviderOrder) -> float:
    def change(order: Order, item: OrderItem) -> Order:
        order = changes.moved(order, item, ItemPhase.TRACKING, work.clock.now(), order_ref=found.ref)
        return with_expected_completion(order, found.expected_completion_at)

    record = work.done(item, Step.PLACE, item.key(Step.PLACE), "PLACED", found.ref)
    after = await work.write(order, item, change, record)
    placed = after.item(item.id) if after else None
    # The answer has told its state: only an end is looked into at once.
    return 0.0 if placed is None or found.state in FINAL_ITEM_STATES else work.poll_s(placed)


async def _rejected(work: Work, order: Order, item: OrderItem, error: Rejected) -> float:
    failure = Failure(FailureCode.PROVIDER_REJECTED, {"reason": error.reason or ""}, error.detail)
    record = work.done(item, Step.PLACE, item.key(Step.PLACE), "REJECTED", error.detail)
    await work.write(order, item, lambda o, i: changes.failed(o, i, failure, work.clock.now()), record)
    return 0.0


async def abandon(work: Work, order: Order, item: OrderItem) -> float:
    """Undoes a send whose outcome is unknown.

    What a look finds is cancelled next; what it does not find when nothing can come any more never was.
    """
    try:
        left_s = work.unsettled_s(item)
        found = await work.ordering(item).find(item.key(Step.PLACE))
    except ProviderError as error:
        return await work.stalled(order, item, error)
    if found is not None:
        return await _placed(work, order, item, found)
    if left_s > 0:
        return await work.unsettled(order, item, left_s)
    record = work.done(item, Step.PLACE, item.key(Step.PLACE), "ABANDONED")
    await work.write(order, item, lambda o, i: changes.ended(o, i, work.clock.now()), record)
    return 0.0
