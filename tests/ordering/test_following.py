"""Following an order and a customer: what was missed first, then what comes, without a gap or a repeat."""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from uuid_utils import uuid7

from gateway.domain.errors import RequestError
from gateway.domain.identity import own_id
from gateway.domain.ordering.bundles import Bundle, BundleState
from gateway.domain.ordering.cursors import event_cursor, read_event_cursor
from gateway.domain.ordering.events import OrderEvent
from gateway.domain.ordering.orders import Order
from gateway.domain.ordering.states import OrderState
from gateway.domain.parties import Caller, CustomerKind
from gateway.ports import NewAccount, NewEvent
from gateway.storage import MemoryWakeUps, SystemClock, open_storage, tables
from gateway.storage.unit import SqlUnitOfWork
from gateway.usecases import feeds
from gateway.usecases.core import Core
from gateway.usecases.following import follow_customer, follow_order, list_order_events
from tests.cores import a_core
from tests.saga.orders import an_item, an_order


@dataclasses.dataclass
class Shop:
    """A customer with a way to make orders and events."""

    core: Core
    caller: Caller
    customer_id: str

    async def place(self) -> Order:
        order_id, now = own_id("Order", str(uuid7())), self.core.clock.now()
        item = dataclasses.replace(an_item(1), id=own_id("OrderItem", str(uuid7())), order_id=order_id)
        order = dataclasses.replace(
            an_order(item),
            id=order_id,
            customer_id=self.customer_id,
            bundle_id=own_id("Bundle", str(uuid7())),
            placed_at=now,
        )
        bundle = Bundle(order.bundle_id, self.customer_id, 1, BundleState.ORDERED, now, now)
        async with self.core.storage.writing() as uow:
            await uow.bundles.add(bundle)
            await uow.orders.add(order)
        return await self.tell(order, "OrderPlaced")

    async def tell(self, order: Order, *kinds: str) -> Order:
        async with self.core.storage.writing() as uow:
            current = await uow.orders.get(order.id, lock=True)
            assert current is not None
            if "OrderCompleted" in kinds:
                current = dataclasses.replace(current, state=OrderState.COMPLETED)
            new = [NewEvent(kind) for kind in kinds]
            current = await uow.events.append(current, new, self.core.clock.now())
            await uow.orders.save(current)
        return current


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    wakeups, clock = MemoryWakeUps(), SystemClock()
    actor_id, customer_id = own_id("Actor", str(uuid7())), own_id("Customer", str(uuid7()))
    async with open_storage(f"sqlite:///{tmp_path / 'gateway.db'}", wakeups, clock, None) as storage:
        async with storage.writing() as uow:
            account = NewAccount(
                actor_id, customer_id, "ada", "hash", None, "Home", CustomerKind.HOUSEHOLD, clock.now()
            )
            await uow.accounts.add(account)
            actor = await uow.accounts.actor(actor_id)
        yield Shop(a_core(storage, wakeups, clock), Caller(actor), customer_id)


async def take(stream: AsyncGenerator[OrderEvent, None], count: int | None = None) -> list[OrderEvent]:
    """The next events, all to the end without a count."""
    found: list[OrderEvent] = []
    async with asyncio.timeout(10):
        async for event in stream:
            found.append(event)
            if len(found) == count:
                break
    return found


@pytest.mark.requirement("V8")
async def test_a_follower_sees_the_history_then_what_comes_and_the_end(shop: Shop) -> None:
    order = await shop.place()
    stream = await follow_order(shop.core, shop.caller, order.id, None)
    assert [event.sequence for event in await take(stream, 1)] == [1]

    stream = await follow_order(shop.core, shop.caller, order.id, None)
    following = asyncio.create_task(take(stream))
    for _ in range(20):
        await shop.tell(order, "OrderStateChanged")
    await shop.tell(order, "OrderItemActivated", "OrderCompleted")

    events = await following
    assert [event.sequence for event in events] == list(range(1, 24))
    assert type(events[-1]).__name__ == "OrderCompleted"


@pytest.mark.requirement("V8")
async def test_from_a_cursor_comes_exactly_what_followed_it_and_from_the_end_nothing(shop: Shop) -> None:
    order = await shop.place()
    await shop.tell(order, "OrderStateChanged", "OrderStateChanged", "OrderCompleted")
    page = await list_order_events(shop.core, order, 2, None)
    assert [edge.node.sequence for edge in page.edges] == [1, 2]
    assert page.page_info.has_next_page

    rest = await take(await follow_order(shop.core, shop.caller, order.id, page.page_info.end_cursor))
    assert [event.sequence for event in rest] == [3, 4]
    assert await take(await follow_order(shop.core, shop.caller, order.id, rest[-1].cursor)) == []


async def test_one_cursor_serves_the_order_and_the_customer(shop: Shop) -> None:
    first, second = await shop.place(), await shop.place()
    await shop.tell(first, "OrderStateChanged")
    await shop.tell(second, "OrderStateChanged")

    events = await take(await follow_customer(shop.core, shop.caller, shop.customer_id, None), 4)
    assert [(event.order_id, event.sequence) for event in events] == [
        (first.id, 1),
        (second.id, 1),
        (first.id, 2),
        (second.id, 2),
    ]
    rest = await take(await follow_customer(shop.core, shop.caller, shop.customer_id, events[1].cursor), 2)
    assert rest == events[2:]
    [last] = await take(await follow_order(shop.core, shop.caller, first.id, events[0].cursor), 1)
    assert last == events[2]


async def test_a_follower_too_slow_for_its_buffer_still_sees_every_event_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "BUFFER", 5)
    order = await shop.place()
    stream = await follow_order(shop.core, shop.caller, order.id, None)
    seen = [await anext(stream)]

    for _ in range(10):
        await shop.tell(order, *["OrderStateChanged"] * 4)
        await asyncio.sleep(0)
    await shop.tell(order, "OrderCompleted")
    seen += await take(stream)

    assert [event.sequence for event in seen] == list(range(1, 43))


async def test_followers_of_one_order_share_one_reader_and_leave_nothing_behind(shop: Shop) -> None:
    order = await shop.place()
    streams = [await follow_order(shop.core, shop.caller, order.id, None) for _ in range(50)]
    following = [asyncio.create_task(take(stream)) for stream in streams]
    await asyncio.sleep(0.1)
    wakeups = shop.core.wakeups
    assert isinstance(wakeups, MemoryWakeUps)
    # The reader; and the caller, who is remembered, and whose rights are watched.
    assert wakeups.listener_count == 3

    await shop.tell(order, "OrderStateChanged", "OrderCompleted")

    assert {tuple(event.sequence for event in each) for each in await asyncio.gather(*following)} == {(1, 2, 3)}
    assert wakeups.listener_count == 1


async def test_the_last_who_leaves_waits_for_the_reader_whose_read_is_not_cut_off(shop: Shop) -> None:
    others, reading, read_to_the_end = asyncio.all_tasks(), asyncio.Event(), list[int]()

    async def read(after: int, _: int) -> list[OrderEvent]:
        if asyncio.current_task() is not following:
            reading.set()
            await asyncio.sleep(0.05)
            read_to_the_end.append(after)
        return []

    async def follow() -> None:
        async for _ in shop.core.feed.follow("order:1", read, lambda event: event.sequence, 7, lambda _: False):
            pass

    following = asyncio.create_task(follow())
    await asyncio.sleep(0.05)
    shop.core.wakeups.notify("order:1")
    await reading.wait()
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following

    assert (read_to_the_end, asyncio.all_tasks()) == ([7], others)


async def test_what_followers_need_of_an_event_is_made_once_before_they_are_handed_it(shop: Shop) -> None:
    order, made, handed = await shop.place(), list[int](), list[tuple[int, list[int]]]()

    async def prepare(event: OrderEvent) -> None:
        await asyncio.sleep(0.01)
        made.append(event.sequence)

    async def follow() -> None:
        async for event in await follow_order(shop.core, shop.caller, order.id, None, prepare):
            handed.append((event.sequence, list(made)))

    following = [asyncio.create_task(follow()) for _ in range(5)]
    await asyncio.sleep(0.1)
    await shop.tell(order, "OrderStateChanged", "OrderCompleted")
    await asyncio.gather(*following)

    assert sorted(handed) == [(1, [])] * 5 + [(2, [2, 3])] * 5 + [(3, [2, 3])] * 5


@pytest.mark.parametrize("seconds", [0.0, 60.0])
async def test_what_is_slow_to_make_or_fails_keeps_an_event_from_nobody(shop: Shop, seconds: float) -> None:
    order = await shop.place()

    async def prepare(_: OrderEvent) -> None:
        await asyncio.sleep(seconds)
        raise RuntimeError

    streams = [await follow_order(shop.core, shop.caller, order.id, None, each) for each in (prepare, None)]
    following = [asyncio.create_task(take(stream)) for stream in streams]
    await asyncio.sleep(0.1)
    await shop.tell(order, "OrderCompleted")

    assert [[event.sequence for event in each] for each in await asyncio.gather(*following)] == [[1, 2], [1, 2]]


@pytest.mark.requirement("S3")
@pytest.mark.parametrize("cursor", ["", "nonsense", "ZTE6MTox", "ü"])
async def test_a_cursor_that_is_none_is_refused(shop: Shop, cursor: str) -> None:
    order = await shop.place()

    with pytest.raises(RequestError, match="BAD_CURSOR"):
        await follow_order(shop.core, shop.caller, order.id, cursor)


async def test_a_cursor_beyond_what_a_database_counts_is_refused(shop: Shop) -> None:
    order = await shop.place()
    cursor = (await list_order_events(shop.core, order, 1, None)).edges[0].cursor
    forged = event_cursor(dataclasses.replace(read_event_cursor(cursor), sequence=10**20))

    with pytest.raises(RequestError, match="BAD_CURSOR"):
        await list_order_events(shop.core, order, 1, forged)


@pytest.mark.requirement("S3")
async def test_another_orders_cursor_and_another_customers_order_are_refused(shop: Shop) -> None:
    first, second = await shop.place(), await shop.place()
    cursor = (await list_order_events(shop.core, first, 1, None)).edges[0].cursor

    with pytest.raises(RequestError, match="BAD_CURSOR"):
        await follow_order(shop.core, shop.caller, second.id, cursor)
    with pytest.raises(RequestError, match="NOT_FOUND"):
        await follow_order(shop.core, Caller(), first.id, None)


@pytest.mark.requirement("S3", "S5")
async def test_the_cursor_of_an_event_that_a_restored_copy_lacks_is_refused_also_once_another_has_its_numbers(
    shop: Shop,
) -> None:
    order = await shop.place()
    await shop.tell(order, "OrderStateChanged", "OrderCompleted")
    told = await take(await follow_order(shop.core, shop.caller, order.id, None))

    await set_back(shop, order)
    await shop.tell(order, "OrderStateChanged", "OrderStateChanged", "OrderCompleted")

    for follow, of in ((follow_order, order.id), (follow_customer, shop.customer_id)):
        with pytest.raises(RequestError, match="BAD_CURSOR"):
            await follow(shop.core, shop.caller, of, told[-1].cursor)
    known = await take(await follow_order(shop.core, shop.caller, order.id, told[0].cursor))
    assert [event.sequence for event in known] == [2, 3, 4]
    assert not {event.id for event in known} & {event.id for event in told}


async def set_back(shop: Shop, order: Order) -> None:
    """To the copy that was made when the order had just been placed."""
    async with shop.core.storage.writing() as uow:
        assert isinstance(uow, SqlUnitOfWork)
        connection = uow._rows.connection
        await connection.execute(delete(tables.order_event).where(tables.order_event.c.seq > 1))
        await connection.execute(update(tables.customer).values(last_event=1))
        await uow.orders.get(order.id, lock=True)
        await uow.orders.save(dataclasses.replace(order, last_sequence=1))


async def test_the_cursors_of_events_that_were_told_without_a_mark_stay_as_they_are(shop: Shop) -> None:
    order = await shop.place()
    async with shop.core.storage.writing() as uow:
        assert isinstance(uow, SqlUnitOfWork)
        await uow._rows.connection.execute(update(tables.order_event).values(format=1))
    await shop.tell(order, "OrderCompleted")

    first, last = (await list_order_events(shop.core, order, 2, None)).edges

    assert read_event_cursor(first.cursor, "after").mark == ""
    assert [event.id for event in await take(await follow_order(shop.core, shop.caller, order.id, first.cursor))] == [
        last.node.id
    ]
