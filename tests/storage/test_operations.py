"""What operations reads: the open orders that need a person, by the page, and what waits the longest."""

import dataclasses
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from gateway.domain.ordering.operations import Backlog, OperationsFilter
from gateway.domain.ordering.orders import Hold, Order
from gateway.domain.ordering.states import ItemPhase, OrderItemState, OrderState
from gateway.ports.steps import StepRecord
from gateway.storage import MemoryWakeUps, SqlStorage, open_storage
from tests.clock import NOON, SettableClock
from tests.samples import a_customer, an_order

HOUR = timedelta(hours=1)
ALL = OperationsFilter(needs_attention=False)


def placed(customer: str, hour: int, *, held_at: datetime | None = None, expected: datetime | None = None) -> Order:
    """An order of that hour whose first item is held, or which is expected at a moment; else it is under way."""
    at = NOON + hour * HOUR
    order = an_order(customer, at)
    hold = Hold("PROVIDER_TOO_SLOW", held_at) if held_at else None
    state = OrderItemState.HELD if held_at else OrderItemState.IN_PROGRESS
    first = dataclasses.replace(order.items[0], state=state, phase=ItemPhase.TRACKING, phase_since=at, hold=hold)
    rest = tuple(
        dataclasses.replace(item, state=OrderItemState.IN_PROGRESS, phase=ItemPhase.TRACKING, phase_since=at)
        for item in order.items[1:]
    )
    return dataclasses.replace(
        order,
        items=(first, *rest),
        state=OrderState.HELD if held_at else OrderState.IN_PROGRESS,
        expected_completion_at=expected,
        completed_at=None,
    )


async def kept(storage: SqlStorage, *orders: Order) -> list[Order]:
    async with storage.writing() as unit:
        for order in orders:
            await unit.orders.add(order)
    return list(orders)


async def found(storage: SqlStorage, wanted: OperationsFilter, now: datetime, *place: object) -> list[str]:
    async with storage.reading() as unit:
        after = place or None
        return [order.id for order in await unit.operations.orders(wanted, now, 10, after)]  # type: ignore[arg-type]


async def test_the_held_and_the_late_orders_of_all_customers_are_found_oldest_first(storage: SqlStorage) -> None:
    maria, lars = await a_customer(storage), await a_customer(storage, "lars")
    fine, held, late, due = await kept(
        storage,
        placed(maria, 0, expected=NOON + 9 * HOUR),
        placed(lars, 2, held_at=NOON + 4 * HOUR),
        placed(maria, 1, expected=NOON + 3 * HOUR),
        placed(maria, 3, held_at=NOON + 5 * HOUR, expected=NOON + 4 * HOUR),
    )
    done = dataclasses.replace(placed(maria, 0, expected=NOON), state=OrderState.COMPLETED)
    await kept(storage, done)
    now = NOON + 6 * HOUR

    assert await found(storage, OperationsFilter(), now) == [late.id, held.id, due.id]
    assert await found(storage, ALL, now) == [fine.id, late.id, held.id, due.id]
    assert await found(storage, OperationsFilter(states=(OrderState.HELD,)), now) == [held.id, due.id]
    assert await found(storage, OperationsFilter(is_late=True), now) == [late.id, due.id]
    assert await found(storage, OperationsFilter(is_late=False), now) == [held.id]
    assert await found(storage, OperationsFilter(held_since=NOON + 4 * HOUR), now) == [held.id]
    assert await found(storage, OperationsFilter(providers=("nordnet",)), now) == [late.id, held.id, due.id]
    assert await found(storage, OperationsFilter(providers=("nobody", "")), now) == []
    assert await found(storage, OperationsFilter(), now, late.placed_at, late.id) == [held.id, due.id]


async def test_steps_are_read_by_the_page(storage: SqlStorage) -> None:
    (order,) = await kept(storage, placed(await a_customer(storage), 0))
    item = order.items[0]
    steps = [
        StepRecord(item.id, step, 1, f"{step}/1", NOON + second * timedelta(seconds=1), inputs={"offering": "x"})
        for second, step in ((0, "place"), (1, "cancel"), (1, "remove"))
    ]
    async with storage.writing() as unit:
        for each in reversed(steps):
            await unit.orders.record_step(order.id, each)

    async with storage.reading() as unit:
        assert await unit.operations.steps(order.id, 2, None) == steps[:2]
        assert await unit.operations.steps(order.id, 2, (steps[1].started_at, "cancel/1", "cancel")) == steps[2:]
        assert await unit.operations.steps("garbage", 2, None) == []


async def test_the_backlog_counts_what_is_open_and_knows_what_waits_the_longest(storage: SqlStorage) -> None:
    customer = await a_customer(storage)
    oldest, held = await kept(storage, placed(customer, 0), placed(customer, 1, held_at=NOON + 2 * HOUR, expected=NOON))
    ahead = dataclasses.replace(placed(customer, 0), requested_start_at=NOON + 99 * HOUR)
    done = dataclasses.replace(placed(customer, 0), state=OrderState.FAILED)
    await kept(storage, ahead, done)
    now = NOON + 3 * HOUR
    async with storage.writing() as unit:
        for order, hour in ((held, 2), (oldest, 1), (done, 0)):
            await unit.orders.record_step(order.id, StepRecord(order.items[0].id, "place", 1, "k", NOON + hour * HOUR))
        answered = StepRecord(oldest.items[1].id, "place", 1, "other", NOON, NOON + HOUR, "PLACED")
        await unit.orders.record_step(oldest.id, answered)

    async with storage.reading() as unit:
        backlog = await unit.operations.backlog(now)

    assert backlog == Backlog(now, 3, 1, 1, 2, NOON + HOUR, NOON, oldest.id)
    assert (backlog.oldest_pending_step_age, backlog.stalled_age) == (2 * HOUR, 3 * HOUR)


async def test_nothing_open_is_an_empty_backlog(storage: SqlStorage) -> None:
    async with storage.reading() as unit:
        assert await unit.operations.backlog(NOON) == Backlog(NOON, 0, 0, 0, 0)


async def test_what_is_held_and_late_is_kept_with_each_change(storage: SqlStorage) -> None:
    (order,) = await kept(storage, placed(await a_customer(storage), 0, held_at=NOON))

    async with storage.writing() as unit:
        before = await unit.orders.get(order.id, lock=True)
        assert before is not None
        going_on = tuple(dataclasses.replace(item, hold=None) for item in before.items)
        await unit.orders.save(dataclasses.replace(before, items=going_on, state=OrderState.IN_PROGRESS))

    assert await found(storage, OperationsFilter(), NOON + HOUR) == []


INDEXES = ("ix_customer_order_is_open_progressed_at", "ix_order_step_pending")
LATER_INDEXES = (
    "ix_idempotency_object_id",
    "ix_notification_order_id",
    "ix_notification_occurred_at",
    "ix_customer_order_open",
)


def _plan(connection: Connection, statement: str) -> str:
    return " ".join(str(row) for row in connection.execute(text(f"EXPLAIN QUERY PLAN {statement}")))


async def test_the_page_and_the_backlog_are_read_from_the_indexes_of_what_is_open(
    tmp_path: Path, wakeups: MemoryWakeUps, clock: SettableClock
) -> None:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    statements = (
        "SELECT key FROM customer_order WHERE is_open IS 1 ORDER BY placed_at, key LIMIT 21",
        "SELECT key FROM customer_order WHERE is_open IS 1 AND progressed_at <= 'x' ORDER BY progressed_at LIMIT 1",
        "SELECT min(started_at) FROM order_step WHERE ended_at IS NULL",
    )
    async with open_storage(url, wakeups, clock, None) as storage, storage.engine.connect() as connection:
        plans = [await connection.run_sync(_plan, each) for each in statements]

    used = ("ix_customer_order_is_open_placed_at", *INDEXES)
    assert [name in plan for name, plan in zip(used, plans, strict=True)] == [True, True, True]


@pytest.mark.parametrize("expected", [None, NOON])
async def test_the_open_orders_of_an_older_database_are_found_after_its_upgrade(
    database_url: str, wakeups: MemoryWakeUps, clock: SettableClock, expected: datetime | None
) -> None:
    async with open_storage(database_url, wakeups, clock, None) as storage:
        (order,) = await kept(storage, placed(await a_customer(storage), 0, held_at=NOON, expected=expected))
        async with storage.engine.begin() as connection:
            # These, and those of the revisions after it.
            for name in (*INDEXES, *LATER_INDEXES):
                await connection.execute(text(f"DROP INDEX {name}"))
            for table, column in (
                ("customer_order", "held_since"),
                ("customer_order", "expected_at"),
                ("customer_order", "progressed_at"),
                ("order_step", "inputs"),
                # Of the revisions after it.
                ("actor", "erased_at"),
                ("customer", "erased_at"),
            ):
                await connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
            await connection.execute(text("UPDATE gateway_revision SET version_num = '0011'"))

    async with open_storage(database_url, wakeups, clock, None) as storage:
        assert await found(storage, OperationsFilter(), NOON + HOUR) == [order.id]
        assert await found(storage, OperationsFilter(is_late=True), NOON + HOUR) == ([order.id] if expected else [])
        async with storage.reading() as unit:
            assert (await unit.operations.backlog(NOON + HOUR)).stalled_since == NOON
            assert await unit.orders.get(order.id) == order
