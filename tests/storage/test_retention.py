"""What is kept for a time only: dropped whole, the oldest first, and nothing else."""

import dataclasses
from datetime import datetime, timedelta

import pytest

from gateway.domain.engagement import Notification
from gateway.domain.ordering.orders import Order
from gateway.domain.ordering.states import ItemPhase, OrderState
from gateway.ports import IdempotencyRecord, NewEvent, Session
from gateway.ports.steps import StepRecord
from gateway.storage import MemoryWakeUps, SqlStorage
from gateway.usecases.retention import RetentionRules, drop_old
from tests.clock import NOON, SettableClock
from tests.cores import a_core
from tests.samples import a_customer, an_account, an_order, new_id

DAY = timedelta(days=1)


def _that_took_until(order: Order, end: datetime) -> Order:
    return dataclasses.replace(
        order, items=tuple(dataclasses.replace(item, phase=ItemPhase.DONE, phase_since=end) for item in order.items)
    )


async def _kept(storage: SqlStorage, order: Order, state: OrderState = OrderState.COMPLETED) -> Order:
    """That order with an event, a step, a key and a notice, in that state."""
    order = dataclasses.replace(order, state=state)
    async with storage.writing() as unit:
        await unit.orders.add(order)
        await unit.orders.save(await unit.events.append(order, [NewEvent("OrderStateChanged")], order.placed_at))
        await unit.orders.record_step(order.id, StepRecord(order.items[0].id, "place", 1, "key", order.placed_at))
        record = IdempotencyRecord(order.customer_id, "placeOrder", order.id[-20:], "digest", order.id)
        await unit.idempotency.add(record, order.placed_at)
        notice = Notification(
            new_id("Notification"), order.customer_id, order.placed_at, "ORDER_COMPLETED", {}, order.id
        )
        await unit.notifications.add(notice)
    return order


@pytest.mark.requirement("S5")
async def test_old_orders_that_have_ended_go_with_all_that_belongs_to_them(storage: SqlStorage) -> None:
    customer = await a_customer(storage)
    old = await _kept(storage, an_order(customer, NOON - 40 * DAY), OrderState.COMPLETED)
    still_open = await _kept(storage, an_order(customer, NOON - 40 * DAY), OrderState.HELD)
    young = await _kept(storage, _that_took_until(an_order(customer, NOON - 40 * DAY), NOON - 20 * DAY))
    core = a_core(storage, MemoryWakeUps(), SettableClock(NOON))

    dropped = await drop_old(core, RetentionRules(orders=30 * DAY, sessions=None))
    again = await drop_old(core, RetentionRules(orders=30 * DAY, sessions=None))

    assert (dropped, again) == ({"orders": 1}, {"orders": 0})
    async with storage.reading() as unit:
        assert await unit.orders.get(old.id) is None
        assert await unit.events.of_order(old.id, 0, 10) == []
        assert await unit.orders.steps(old.id) == []
        assert await unit.idempotency.find(customer, "placeOrder", old.id[-20:]) is None
        for order in (still_open, young):
            assert await unit.orders.get(order.id) is not None
            assert len(await unit.events.of_order(order.id, 0, 10)) == 1
            assert len(await unit.orders.steps(order.id)) == 1
            assert await unit.idempotency.find(customer, "placeOrder", order.id[-20:]) is not None
        assert {each.order_id for each in await unit.notifications.page(customer, 10, None)} == {
            still_open.id,
            young.id,
        }
        # The numbers of the customer's events go on where they were.
        assert [each.customer_sequence for each in await unit.events.of_customer(customer, 0, 10)] == [2, 3]


async def test_notices_and_sessions_go_when_their_time_is_over(storage: SqlStorage) -> None:
    customer = await a_customer(storage)
    account = an_account("astrid", None)
    async with storage.writing() as unit:
        assert await unit.accounts.add(account)
        for days in (1, 60):
            notice = Notification(new_id("Notification"), customer, NOON - days * DAY, f"CODE_{days}", {})
            await unit.notifications.add(notice)
        for key, ended in (("gone", NOON - 60 * DAY), ("ended", NOON - DAY), ("alive", None)):
            began = NOON - 61 * DAY
            session = Session(key, account.actor_id, key, None, None, began, NOON + DAY)
            await unit.accounts.add_session(session)
            if ended:
                await unit.accounts.end_session(key, ended)
    core = a_core(storage, MemoryWakeUps(), SettableClock(NOON))

    dropped = await drop_old(core, RetentionRules(notifications=30 * DAY, sessions=30 * DAY))

    assert dropped == {"notifications": 1, "sessions": 1}
    async with storage.reading() as unit:
        assert [each.code for each in await unit.notifications.page(customer, 10, None)] == ["CODE_1"]
        assert await unit.accounts.session("gone") is None
        assert await unit.accounts.session_by_refresh("gone") is None
        assert await unit.accounts.session("ended") is not None
        assert await unit.accounts.session("alive") is not None


async def test_nothing_goes_where_no_time_is_set(storage: SqlStorage) -> None:
    customer = await a_customer(storage)
    order = await _kept(storage, an_order(customer, NOON - 4000 * DAY), OrderState.COMPLETED)

    dropped = await drop_old(a_core(storage, MemoryWakeUps(), SettableClock(NOON)), RetentionRules(sessions=None))

    assert dropped == {}
    async with storage.reading() as unit:
        assert await unit.orders.get(order.id) is not None
