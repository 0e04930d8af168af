"""What operations sees of all customers' orders, of the steps that were taken for them, and of who drives them."""

from datetime import datetime

from gateway.domain.errors import RequestError
from gateway.domain.identity import own_key
from gateway.domain.ordering.operations import Backlog, OperationsFilter, OperationsOrder, operations_order
from gateway.domain.ordering.orders import Order
from gateway.domain.paging import (
    Edge,
    Page,
    checked_first,
    key_cursor,
    moment_cursor,
    page_of,
    read_key_cursor,
    read_moment_cursor,
)
from gateway.domain.parties import Caller
from gateway.ports.executors import ExecutorRecord
from gateway.ports.steps import StepRecord
from gateway.usecases import policy
from gateway.usecases.core import Core
from gateway.usecases.cursors import listing_of
from gateway.usecases.policy import Access

FILTER_VALUES = 100
_EXECUTORS = "executors"


async def list_operations_orders(
    core: Core, caller: Caller, wanted: OperationsFilter, first: int | None, after: str | None
) -> Page[OperationsOrder]:
    """The open orders that are wanted, oldest first.

    Raises: AccessError; RequestError TOO_MANY_VALUES, PAGE_SIZE, BAD_CURSOR (also for a cursor of another filter).
    """
    policy.check(caller, Access.OPERATIONS)
    if len(wanted.providers or ()) > FILTER_VALUES:
        raise RequestError.at("TOO_MANY_VALUES", "filter", "providerIds", maximum=str(FILTER_VALUES))
    count, kind, now = checked_first(first), f"operations:{listing_of(wanted)}", core.clock.now()
    place = read_moment_cursor(kind, after)
    async with core.storage.reading() as uow:
        found = await uow.operations.orders(wanted, now, count + 1, place)
    edges = [Edge(moment_cursor(kind, each.placed_at, each.id), operations_order(each, now)) for each in found[:count]]
    return page_of(edges, len(found) > count)


async def find_operations_order(core: Core, caller: Caller, order_id: str) -> OperationsOrder | None:
    """Any customer's order, an ended one too; None for an unknown one. Raises: AccessError."""
    policy.check(caller, Access.OPERATIONS)
    if own_key("Order", order_id) is None:
        return None
    async with core.storage.reading() as uow:
        order = await uow.orders.get(order_id)
    return shown(core, order) if order else None


def shown(core: Core, order: Order) -> OperationsOrder:
    """The order as operations sees it now."""
    return operations_order(order, core.clock.now())


async def list_steps(
    core: Core, caller: Caller, order_id: str, first: int | None, after: str | None
) -> Page[StepRecord]:
    """The steps of an order by their start. Raises: AccessError; RequestError PAGE_SIZE, BAD_CURSOR."""
    policy.check(caller, Access.OPERATIONS)
    count, kind = checked_first(first), f"steps:{order_id}"
    place = _read_step_cursor(kind, after)
    async with core.storage.reading() as uow:
        found = await uow.operations.steps(order_id, count + 1, place)
    edges = [Edge(key_cursor(kind, each.started_at.isoformat(), each.key, each.step), each) for each in found[:count]]
    return page_of(edges, len(found) > count)


def _read_step_cursor(kind: str, cursor: str | None) -> tuple[datetime, str, str] | None:
    key = read_key_cursor(kind, cursor, 3)
    if key is None:
        return None
    try:
        at = datetime.fromisoformat(key[0])
    except ValueError:
        raise RequestError.at("BAD_CURSOR", "after") from None
    if at.tzinfo is None or "\0" in key[1] + key[2]:
        raise RequestError.at("BAD_CURSOR", "after")
    return at, key[1], key[2]


async def list_executors(core: Core, caller: Caller, first: int | None, after: str | None) -> Page[ExecutorRecord]:
    """Who drives orders, by id, dead ones too. Raises: AccessError; RequestError PAGE_SIZE, BAD_CURSOR."""
    policy.check(caller, Access.OPERATIONS)
    count, place = checked_first(first), read_key_cursor(_EXECUTORS, after, 1)
    known = await core.executors.all() if core.executors else ()
    left = [each for each in sorted(known, key=lambda each: each.name) if place is None or each.name > place[0]]
    return page_of([Edge(key_cursor(_EXECUTORS, each.name), each) for each in left[:count]], len(left) > count)


async def read_backlog(core: Core, caller: Caller) -> Backlog:
    """The open orders as a whole, now. Raises: AccessError."""
    policy.check(caller, Access.OPERATIONS)
    async with core.storage.reading() as uow:
        return await uow.operations.backlog(core.clock.now())
