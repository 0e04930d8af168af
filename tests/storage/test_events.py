"""The log of orders: no gap, no repeat, and readable for ever."""

import asyncio
import dataclasses

import pytest
from sqlalchemy import NullPool, create_engine, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from gateway.domain.ordering.events import OrderItemFailed, OrderPlaced, OrderStateChanged
from gateway.domain.ordering.orders import Failure, Order
from gateway.domain.ordering.states import OrderItemState, OrderState
from gateway.ports import NewEvent
from gateway.storage import MemoryWakeUps, SqlStorage, open_storage, tables
from tests.clock import NOON, SettableClock
from tests.samples import a_customer, an_order, new_id


class Stop(Exception):
    """Raised by a test in the middle of a transaction."""


async def placed(storage: SqlStorage, customer_id: str) -> Order:
    order = an_order(customer_id)
    async with storage.writing() as unit:
        await unit.orders.add(order)
        after = await unit.events.append(order, [NewEvent("OrderPlaced")], NOON)
        await unit.orders.save(after)
        return after


async def append(storage: SqlStorage, order: Order, *, fails: bool = False) -> None:
    async with storage.writing() as unit:
        held = await unit.orders.get(order.id, lock=True)
        assert held is not None
        after = await unit.events.append(held, [NewEvent("OrderStateChanged"), NewEvent("OrderStateChanged")], NOON)
        await unit.orders.save(after)
        if fails:
            raise Stop


@pytest.mark.requirement("V8")
async def test_numbers_have_no_gap_after_concurrent_writers_and_rollbacks(storage: SqlStorage) -> None:
    customer = await a_customer(storage)
    orders = [await placed(storage, customer) for _ in range(3)]

    work = [append(storage, order, fails=turn % 3 == 0) for turn in range(12) for order in orders]
    results = await asyncio.gather(*work, return_exceptions=True)

    async with storage.reading() as unit:
        of_customer = await unit.events.of_customer(customer, 0, 1000)
        of_orders = [await unit.events.of_order(order.id, 0, 1000) for order in orders]
    assert sum(isinstance(each, Stop) for each in results) == 12
    assert [each for each in results if each is not None and not isinstance(each, Stop)] == []
    assert [event.customer_sequence for event in of_customer] == list(range(1, 3 + 24 * 2 + 1))
    assert [[event.sequence for event in events] for events in of_orders] == [list(range(1, 18))] * 3


async def test_an_event_keeps_the_state_of_its_moment_and_its_cursor_everywhere(storage: SqlStorage) -> None:
    customer = await a_customer(storage)
    order = await placed(storage, customer)
    item = dataclasses.replace(order.items[0], state=OrderItemState.FAILED)
    order = dataclasses.replace(order, state=OrderState.IN_PROGRESS, items=(item, *order.items[1:]))

    reason = Failure("PROVIDER_REJECTED", {"provider": "Nordnet"}, "no line left")
    async with storage.writing() as unit:
        await unit.orders.get(order.id, lock=True)
        after = await unit.events.append(order, [NewEvent("OrderItemFailed", item.id, reason, {"a": "b"})], NOON)
        await unit.orders.save(after)

    async with storage.reading() as unit:
        first, second = await unit.events.of_order(order.id, 0, 10)
        later = await unit.events.of_customer(customer, 1, 10)
        kept = await unit.orders.get(order.id)
    assert after.last_sequence == 2
    assert kept is not None
    assert kept.last_sequence == 2
    assert type(first) is OrderPlaced
    assert first.order_state is OrderState.ACKNOWLEDGED
    assert type(second) is OrderItemFailed
    assert (second.item_id, second.item_state, second.reason) == (item.id, OrderItemState.FAILED, reason)
    assert (second.order_state, second.params, second.occurred_at) == (OrderState.IN_PROGRESS, {"a": "b"}, NOON)
    assert later == [second]


async def test_an_event_of_a_newer_version_is_read_as_what_comes_closest(storage: SqlStorage) -> None:
    customer = await a_customer(storage)
    order = await placed(storage, customer)

    strange = {
        "kind": "OrderTeleported",
        "format": 9,
        "order_state": "COMPLETED_EARLY",
        "item_state": "DREAMING",
        "reason": '{"code":"X","params":{},"news":[1]}',
    }
    async with storage.engine.begin() as connection:
        await connection.execute(update(tables.order_event).values(**strange))

    async with storage.reading() as unit:
        (event,) = await unit.events.of_order(order.id, 0, 10)
    assert type(event) is OrderStateChanged
    assert event.order_state is OrderState.COMPLETED
    assert event.item_state is OrderItemState.IN_PROGRESS
    assert event.reason == Failure("X")


async def test_the_table_refuses_a_number_that_is_taken(storage: SqlStorage) -> None:
    customer = await a_customer(storage)
    await placed(storage, customer)

    async with storage.engine.connect() as connection:
        row = (await connection.execute(select(tables.order_event))).mappings().one()
        twin = {**row, "key": "another"}
        with pytest.raises(Exception, match=r"(?i)unique"):
            await connection.execute(insert(tables.order_event), twin)


async def test_wake_ups_come_after_the_commit_and_never_after_a_rollback(
    storage: SqlStorage, wakeups: MemoryWakeUps
) -> None:
    customer = await a_customer(storage)
    order = await placed(storage, customer)

    with wakeups.listen(f"order:{order.id}") as one, wakeups.listen(f"customer:{customer}") as other:
        with pytest.raises(Stop):
            await append(storage, order, fails=True)
        woken_by_rollback = await one.wait(0.05), await other.wait(0)
        async with storage.writing() as unit:
            await unit.orders.get(order.id, lock=True)
            await unit.orders.save(await unit.events.append(order, [NewEvent("OrderStateChanged")], NOON))
            woken_before_commit = await one.wait(0.05)
        woken_after_commit = await one.wait(1), await other.wait(1)

    assert woken_by_rollback == (False, False)
    assert not woken_before_commit
    assert woken_after_commit == (True, True)


class Looking(MemoryWakeUps):
    """Looks, at each wake-up, what another connection can read by then."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []
        self.database_url = ""

    def notify(self, *topics: str) -> None:
        if topics:
            engine = create_engine(self.database_url, poolclass=NullPool)
            with engine.connect() as connection:
                self.seen.append(connection.execute(text("SELECT count(*) FROM order_event")).scalar_one())


async def test_who_is_woken_can_read_what_was_written(emptied_url: str, clock: SettableClock) -> None:
    wakeups = Looking()

    async with open_storage(emptied_url, wakeups, clock, None) as storage:
        wakeups.database_url = storage.sync_url
        order = await placed(storage, await a_customer(storage))
        await append(storage, order)

    assert wakeups.seen == [1, 3]


async def test_an_order_that_was_never_added_gets_no_events(storage: SqlStorage) -> None:
    order = an_order(await a_customer(storage))

    with pytest.raises(IntegrityError):
        async with storage.writing() as unit:
            await unit.events.append(order, [NewEvent("OrderPlaced")], NOON)

    async with storage.reading() as unit:
        assert await unit.events.of_customer(order.customer_id, 0, 10) == []
        assert await unit.events.of_order(new_id("Order"), 0, 10) == []
