"""An order's and a customer's events: the history on request, and the same live."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from gateway.domain.errors import RequestError
from gateway.domain.identity import own_id, own_key
from gateway.domain.ordering.cursors import EventPosition, read_event_cursor
from gateway.domain.ordering.events import (
    OrderCancelled,
    OrderCompleted,
    OrderEvent,
    OrderFailed,
    OrderPartiallyCompleted,
)
from gateway.domain.ordering.orders import Order
from gateway.domain.ordering.states import FINAL_ORDER_STATES
from gateway.domain.paging import Edge, Page, checked_first, page_of
from gateway.domain.parties import Caller, SelfServiceFunction
from gateway.usecases import policy
from gateway.usecases.core import Core
from gateway.usecases.feeds import Prepare
from gateway.usecases.ordering import find_order

LAST_KINDS = (OrderCompleted, OrderPartiallyCompleted, OrderFailed, OrderCancelled)


async def list_order_events(core: Core, order: Order, first: int | None, after: str | None) -> Page[OrderEvent]:
    """The order's events from the first one. Raises: RequestError PAGE_SIZE, BAD_CURSOR at `after`."""
    count = checked_first(first)
    position, wanted = await _order_position(core, order, after), count + 1
    events: list[OrderEvent] = []
    items = frozenset(each.id for each in order.items)
    async with core.storage.reading() as uow:
        while len(events) < wanted:
            more = await uow.events.of_order(order.id, position, wanted)
            events += [each for each in more if is_seen(items, each)]
            if len(more) < wanted:
                break
            position = more[-1].sequence
    edges = [Edge(event.cursor, event) for event in events[:count]]
    return page_of(edges, len(events) > count)


def is_seen(items: frozenset[str] | None, event: OrderEvent) -> bool:
    """Whether it is about the whole order, or about one of the items that the caller was found to see; None for all."""
    return items is None or event.item_id is None or event.item_id in items


async def follow_order(
    core: Core, caller: Caller, order_id: str, after: str | None, prepare: Prepare[OrderEvent] | None = None
) -> AsyncGenerator[OrderEvent, None]:
    """What was missed, then what comes, to the event of a final state; from a cursor at the end nothing.

    It ends with an AccessError FORBIDDEN once the caller is allowed less than at its beginning.
    Raises, before the first event: RequestError NOT_FOUND at `orderId`, BAD_CURSOR at `after`.
    """
    order = await find_order(core, caller, order_id)
    if order is None:
        raise RequestError.at("NOT_FOUND", "orderId")
    position = await _order_position(core, order, after)

    async def read(after: int, limit: int) -> Sequence[OrderEvent]:
        async with core.storage.reading() as uow:
            return await uow.events.of_order(order_id, after, limit)

    # An end that comes from now on has an event of its own.
    is_final, last = order.state in FINAL_ORDER_STATES, order.last_sequence

    def is_over(position: int) -> bool:
        return is_final and position >= last

    held = core.standings.held(caller, order.customer_id)
    feed = core.feed.follow(f"order:{order_id}", read, lambda event: event.sequence, position, is_over, prepare, held)
    # Not the order itself: each follower would keep one of its own.
    sees_all = policy.can(caller, order.customer_id, SelfServiceFunction.SEE_ORDERS)
    return _to_the_last(feed, None if sees_all else frozenset(each.id for each in order.items))


async def _to_the_last(
    feed: AsyncGenerator[OrderEvent, None], items: frozenset[str] | None
) -> AsyncGenerator[OrderEvent, None]:
    """Those about the whole order or one of these items; with None all."""
    async with aclosing(feed):
        async for event in feed:
            if is_seen(items, event):
                yield event
            if isinstance(event, LAST_KINDS):
                return


async def follow_customer(
    core: Core, caller: Caller, customer_id: str, after: str | None, prepare: Prepare[OrderEvent] | None = None
) -> AsyncGenerator[OrderEvent, None]:
    """What happened to the customer and happens from now on; never ends by itself.

    For who may see every order. It ends with an AccessError FORBIDDEN once the caller is allowed less.
    Raises, before the first event: RequestError NOT_FOUND at `customerId`, BAD_CURSOR at `after`.
    """
    policy.require(caller, customer_id, SelfServiceFunction.SEE_ORDERS)
    position = await _customer_position(core, customer_id, after)

    async def read(after: int, limit: int) -> Sequence[OrderEvent]:
        async with core.storage.reading() as uow:
            return await uow.events.of_customer(customer_id, after, limit)

    topic = f"customer:{customer_id}"
    held = core.standings.held(caller, customer_id)
    return core.feed.follow(topic, read, lambda event: event.customer_sequence, position, _never, prepare, held)


def _never(_: int) -> bool:
    return False


async def _order_position(core: Core, order: Order, after: str | None) -> int:
    if after is None:
        return 0
    position = read_event_cursor(after, "after")
    if position.order_key != own_key("Order", order.id):
        raise RequestError.at("BAD_CURSOR", "after")
    await _check_known(core, after, position)
    return position.sequence


async def _customer_position(core: Core, customer_id: str, after: str | None) -> int:
    if after is None:
        return 0
    position = read_event_cursor(after, "after")
    if position.customer_key != own_key("Customer", customer_id):
        raise RequestError.at("BAD_CURSOR", "after")
    await _check_known(core, after, position)
    return position.customer_sequence


async def _check_known(core: Core, cursor: str, position: EventPosition) -> None:
    """A well-formed cursor that no event has is somebody's invention."""
    async with core.storage.reading() as uow:
        found = await uow.events.of_order(own_id("Order", position.order_key), position.sequence - 1, 1)
    if not found or found[0].cursor != cursor:
        raise RequestError.at("BAD_CURSOR", "after")
