"""What is asked beside many rows goes by an index, also where SQLite decides, which knows least of its tables."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from gateway.domain.ordering.operations import OperationsFilter
from gateway.domain.ordering.states import OrderState
from gateway.storage import MemoryWakeUps, SqlStorage, open_storage
from gateway.storage.tables import metadata
from tests.clock import NOON, SettableClock
from tests.samples import a_customer, an_order, new_id

Asked = list[tuple[str, Any]]


@contextmanager
def _listening() -> Iterator[Asked]:
    """Keeps each statement that is run, with its parameters."""
    asked: Asked = []

    def keep(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", keep)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", keep)


async def _plans(storage: SqlStorage, asked: Asked) -> list[str]:
    """How SQLite finds the rows of each statement, one line for each table."""
    lines = []
    async with storage.engine.connect() as connection:
        for statement, parameters in asked:
            if statement.lstrip().upper().startswith(("SELECT", "DELETE", "UPDATE")):
                found = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                lines += [row[-1] for row in found]
    return [line for line in lines if line.startswith(("SCAN", "SEARCH"))]


def _scans(plans: list[str]) -> list[str]:
    """Those that go through a whole table."""
    return [line for line in plans if line.startswith(tuple(f"SCAN {table}" for table in metadata.tables))]


async def test_what_is_asked_beside_very_many_orders_goes_by_an_index(tmp_path: Path) -> None:
    async with open_storage(f"sqlite:///{tmp_path / 'g.db'}", MemoryWakeUps(), SettableClock(NOON), None) as storage:
        order = dataclasses.replace(an_order(await a_customer(storage)), state=OrderState.COMPLETED)
        async with storage.writing() as unit:
            await unit.orders.add(order)

        with _listening() as asked:
            async with storage.reading() as unit:
                await unit.orders.get(order.id)
                await unit.orders.page(order.customer_id, 20, (NOON, order.id))
                await unit.orders.by_products(order.customer_id, ["p-1", "p-2"])
                await unit.orders.open_ids()
                await unit.orders.open_of(order.customer_id, 10)
                await unit.orders.open_by_state()
                await unit.events.of_order(order.id, 0, 20)
                await unit.events.of_customer(order.customer_id, 0, 20)
                await unit.notifications.page(order.customer_id, 20, (NOON, new_id("Notification")))
                await unit.operations.orders(OperationsFilter(), NOON, 20, (NOON, order.id))
                await unit.operations.backlog(NOON)
                await unit.operations.steps(order.id, 20, None)
            async with storage.writing() as unit:
                await unit.retention.drop_orders(NOON.replace(year=NOON.year + 1), 100)
                await unit.retention.drop_notifications(NOON, 100)

        plans = await _plans(storage, asked)
        assert len(plans) > 20
        assert _scans(plans) == []
        # The products' own index, not a way through all orders of the customer.
        assert any("order_item USING INDEX ix_order_item_product_id" in line for line in plans)
        assert any("ix_customer_order_open" in line for line in plans)


@pytest.mark.parametrize("is_lost", ["ix_idempotency_object_id", "ix_notification_occurred_at"])
async def test_a_way_through_a_whole_table_shows(tmp_path: Path, is_lost: str) -> None:
    async with open_storage(f"sqlite:///{tmp_path / 'g.db'}", MemoryWakeUps(), SettableClock(NOON), None) as storage:
        order = dataclasses.replace(an_order(await a_customer(storage)), state=OrderState.COMPLETED)
        async with storage.engine.begin() as connection:
            await connection.execute(text(f"DROP INDEX {is_lost}"))

        with _listening() as asked:
            async with storage.writing() as unit:
                await unit.orders.add(order)
                await unit.retention.drop_orders(NOON.replace(year=NOON.year + 1), 100)
                await unit.retention.drop_notifications(NOON, 100)

        assert len(_scans(await _plans(storage, asked))) == 1
