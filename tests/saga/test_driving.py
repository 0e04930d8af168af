"""What a driver reads: its order when it begins and when another has changed it; else it goes on from its own steps."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.domain.ordering.orders import Failure, Order, OrderItem
from gateway.domain.ordering.states import CompletionPolicy, ItemPhase, OrderState
from gateway.saga import changes
from gateway.saga.driver import drive
from gateway.saga.written import Written
from gateway.storage.orders import SqlOrders
from tests.clock import NOON
from tests.saga.world import ACCESS, CONTENT, LIMITS, REFS, SERVICE, World, item_of, new_order, open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        yield opened


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The orders that were read without being locked, one entry each time."""
    seen: list[str] = []
    original = SqlOrders.get

    async def get(self: SqlOrders, order_id: str, *, lock: bool = False) -> Order | None:
        if not lock:
            seen.append(order_id)
        return await original(self, order_id, lock=lock)

    monkeypatch.setattr(SqlOrders, "get", get)
    return seen


async def test_an_order_that_nobody_else_changes_is_read_once(world: World, reads: list[str]) -> None:
    order = await world.place()

    await asyncio.wait_for(drive(world.work, order.id), 20)

    assert reads == [order.id]
    assert (await world.read(order)).state is OrderState.COMPLETED


async def test_an_order_whose_providers_post_is_looked_at_only_when_it_has_ended(tmp_path: Path) -> None:
    slugs = (ACCESS, SERVICE, CONTENT)
    seldom = dataclasses.replace(LIMITS, delivery_s=60.0, poll_first_s=10.0, poll_most_s=10.0, poll_heard_s=10.0)
    async with open_world(tmp_path, seldom) as world:
        while {await calls(world, slug, "hub.create") for slug in slugs} != {4}:  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.02)
        order = await world.run_to_final(await world.place(), 9.0)
        looks = [await calls(world, slug, "productOrder.get") for slug in slugs]

    assert order.state is OrderState.COMPLETED
    assert looks == [1, 1, 1]


async def test_posts_that_an_item_goes_on_put_off_no_look_again_and_again(tmp_path: Path) -> None:
    often = dataclasses.replace(LIMITS, delivery_s=60.0, poll_first_s=0.1, poll_most_s=0.1, poll_heard_s=0.5)
    async with open_world(tmp_path, often, delivery_min_s=1.0, delivery_max_s=1.0) as world:
        for slug in (ACCESS, CONTENT):
            await world.fault(slug, "hub.event", "lose")
        await world.fault(CONTENT, "productOrder.create", "never_finish")
        order = await world.place(refs={ACCESS: REFS[ACCESS], CONTENT: REFS[CONTENT]})
        driving = asyncio.create_task(drive(world.work, order.id))
        order = await world.until(order, lambda now: all(item.order_ref for item in now.items))

        async with asyncio.timeout(5):
            while item_of(order, ACCESS).phase is not ItemPhase.DONE:
                world.work.wakeups.notify(f"going-order:{ACCESS}:{item_of(order, ACCESS).order_ref}")
                await asyncio.sleep(0.02)
                order = await world.read(order)

        driving.cancel()
        await asyncio.gather(driving, return_exceptions=True)


@pytest.fixture
def saves(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    """The orders as they were saved."""
    seen: list[Order] = []
    original = SqlOrders.save

    async def save(self: SqlOrders, order: Order) -> Order:
        seen.append(order)
        return await original(self, order)

    monkeypatch.setattr(SqlOrders, "save", save)
    return seen


def waits(order: Order, item: OrderItem) -> Order:
    return changes.moved(order, item, ItemPhase.WAITING, NOON)


async def test_what_steps_of_an_order_learn_at_once_is_written_at_once(world: World, saves: list[Order]) -> None:
    order = await world.place()
    saves.clear()

    written = await asyncio.gather(*(world.work.write_together(order, item, waits) for item in order.items))

    assert saves == [written[0]] == [await world.read(order)]
    assert written[0] is written[1] is written[2]
    assert written[0] is not None
    assert [item.phase for item in written[0].items] == [ItemPhase.WAITING] * 3
    assert [event.item_id for event in await world.events(order)] == [None, *(item.id for item in order.items)]


async def test_what_counts_no_more_by_what_was_learnt_with_it_is_left_out(world: World, saves: list[Order]) -> None:
    order = await world.place()
    saves.clear()
    failure = Failure("NOT_DELIVERABLE")

    _, written = await asyncio.gather(
        world.work.write_together(order, order.items[0], lambda o, i: changes.failed(o, i, failure, NOON)),
        world.work.write_together(order, order.items[1], waits),
    )

    assert saves == [written] == [await world.read(order)]
    assert written is not None
    assert written.state is OrderState.FAILED
    assert [item.phase for item in written.items] == [ItemPhase.ENDED] * 3


async def test_a_write_that_was_ended_before_it_began_is_in_nobodys_way(world: World) -> None:
    order = await world.place()
    ended = asyncio.create_task(world.work.write_together(order, order.items[0], waits))
    await asyncio.sleep(0)
    ended.cancel()
    await asyncio.gather(ended, return_exceptions=True)

    written = await world.work.write_together(order, order.items[0], waits)

    assert written is not None
    assert written.items[0].phase is ItemPhase.WAITING


async def calls(world: World, slug: str, operation: str) -> int:
    """How often that was asked of the operator."""
    return int((await world.counts(slug))["calls"].get(operation, 0))


async def test_an_order_that_another_changes_is_read_again(world: World, reads: list[str]) -> None:
    await world.fault(ACCESS, "productOrder.create", "slow", seconds=1.0)
    order = await world.place()

    driving = asyncio.create_task(drive(world.work, order.id))
    await world.until(order, lambda now: item_of(now, ACCESS).phase is ItemPhase.PLACING)
    reads.clear()
    await world.cancel(order)
    await asyncio.wait_for(driving, 20)

    assert reads.count(order.id) >= 1


def _order(sequence: int) -> Order:
    return dataclasses.replace(
        new_order("customer", CompletionPolicy.ALL_OR_NOTHING, {}, NOON), id="one", last_sequence=sequence
    )


def test_of_two_steps_side_by_side_the_later_counts_whichever_is_told_first() -> None:
    written = Written()

    written.note("one", _order(3), 2)
    written.note("one", _order(2), 1)

    taken = written.take(_order(1))
    assert taken is not None
    assert taken.last_sequence == 3
    again = written.take(_order(1))
    assert again is not None
    assert again.last_sequence == 1


def test_a_step_that_came_too_late_makes_its_order_unknown_until_another_writes_it() -> None:
    written = Written()

    written.note("one", _order(2), 1)
    written.note("one", None, 0)

    assert written.take(_order(1)) is None
    again = written.take(_order(1))
    assert again is not None
    assert again.last_sequence == 1


def test_of_two_writes_without_an_event_the_later_counts_too() -> None:
    written = Written()
    earlier, later = _order(2), _order(2)

    written.note("one", later, 2)
    written.note("one", earlier, 1)

    assert written.take(_order(1)) is later


def test_what_was_read_is_not_gone_back_from_when_an_earlier_write_is_told_late() -> None:
    written = Written()
    read = _order(3)

    written.note("one", _order(2), 1)

    assert written.take(read) is read
