"""The engine: each open order has one driver, across transactions, failures and starts."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from dbos import DBOS

from gateway.domain.ordering.states import OrderState
from gateway.saga.driver import drive
from gateway.saga.workflow import Engine, Parts
from tests.saga.world import ACCESS, CONTENT, LIMITS, SERVICE, World, item_of, open_world


@asynccontextmanager
async def running(
    engine: Engine, world: World, driving: Callable[[str], Awaitable[None]] | None = None
) -> AsyncIterator[None]:
    async def drive_it(order_id: str) -> None:
        await drive(world.work, order_id)

    async def open_ids() -> Sequence[str]:
        async with world.storage.reading() as uow:
            return await uow.orders.open_ids()

    parts = Parts(world.storage.sync_url, driving or drive_it, open_ids)
    async with engine.kept(), engine.running(parts):
        yield


@pytest.mark.requirement("R7", "F6")
async def test_an_order_that_is_committed_runs_to_its_end_with_no_human_at_a_provider(tmp_path: Path) -> None:
    engine = Engine(poll_s=0.1)
    async with open_world(tmp_path, starter=engine.start_in) as world, running(engine, world):
        order = await world.place(starts=True)

        order = await world.until(order, lambda now: now.state is OrderState.COMPLETED)

        await world.check_nothing_is_twice()
        await world.check_history(order)


async def test_an_order_goes_on_at_the_next_start_of_the_engine(tmp_path: Path) -> None:
    engine, patient = Engine(poll_s=0.1), replace(LIMITS, delivery_s=60.0)
    # No operator delivers before it is told to, so the engine ends in the middle of the order however long that takes.
    unasked: dict[str, Any] = {"delivery_min_s": 3600.0, "delivery_max_s": 3600.0}
    async with open_world(tmp_path, patient, starter=engine.start_in, **unasked) as world:
        async with running(engine, world):
            order = await world.place(starts=True)
            await world.until(order, lambda now: item_of(now, ACCESS).order_ref is not None)
        assert (await world.read(order)).state is OrderState.IN_PROGRESS

        async with running(Engine(poll_s=0.1), world):
            for slug in (ACCESS, SERVICE, CONTENT):
                await world.until(order, lambda now, at=slug: item_of(now, at).order_ref is not None)
                await world.deliver(slug)
            order = await world.until(order, lambda now: now.state is OrderState.COMPLETED)

        await world.check_nothing_is_twice()
        await world.check_history(order)


async def test_what_the_gateway_does_in_threads_goes_on_while_the_engine_stops(tmp_path: Path) -> None:
    async def beside() -> None:
        while True:
            await asyncio.to_thread(time.sleep, 0.001)

    async with open_world(tmp_path) as world:
        async with running(Engine(poll_s=0.1), world):
            working = asyncio.create_task(beside())
            await asyncio.sleep(0.01)
        assert not working.done(), working.exception()
        working.cancel()


async def test_an_order_that_is_taken_up_while_the_engine_stops_goes_on_at_the_next_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, destroy = Engine(poll_s=0.01), DBOS.destroy

    def takes_a_while(*given: Any, **named: Any) -> None:
        time.sleep(0.3)
        destroy(*given, **named)

    monkeypatch.setattr(DBOS, "destroy", takes_a_while)
    async with open_world(tmp_path, starter=engine.start_in) as world:
        for _ in range(4):
            async with running(engine, world):
                order = await world.place(starts=True)
        async with running(engine, world):
            await world.until(order, lambda now: now.state is OrderState.COMPLETED)

    assert [each.getMessage() for each in caplog.records if each.levelname == "ERROR"] == []


async def test_an_open_order_without_a_workflow_is_found_and_started(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Engine(poll_s=0.1)
    async with open_world(tmp_path, starter=engine.start_in) as world:
        order = await world.place(starts=False)

        async with running(engine, world):
            await world.until(order, lambda now: now.state is OrderState.COMPLETED)

    assert f"order without a workflow order={order.id}" in caplog.text


async def test_an_order_that_ends_while_the_sweep_reads_raises_no_alarm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine, asked = Engine(poll_s=0.1), 0
    async with open_world(tmp_path, starter=engine.start_in) as world, running(engine, world):
        order = await world.place(starts=True)
        await world.until(order, lambda now: now.state is OrderState.COMPLETED)
    stale = [order.id]

    async def drive_it(order_id: str) -> None:
        await drive(world.work, order_id)

    async def open_ids() -> Sequence[str]:
        nonlocal asked
        asked += 1
        return stale if asked % 2 else []

    parts = Parts(world.storage.sync_url, drive_it, open_ids)
    async with Engine(poll_s=0.1).kept() as again, again.running(parts):
        pass

    assert asked == 2
    assert "order without a workflow" not in caplog.text


async def test_a_driver_that_fails_is_tried_again(tmp_path: Path) -> None:
    engine, failures = Engine(poll_s=0.1), [OSError("the disk is full")]
    async with open_world(tmp_path, starter=engine.start_in) as world:

        async def failing(order_id: str) -> None:
            if failures:
                raise failures.pop()
            await drive(world.work, order_id)

        async with running(engine, world, failing):
            order = await world.place(starts=True)
            await world.until(order, lambda now: now.state is OrderState.COMPLETED)

        assert failures == []


def test_any_sqlite_tells_the_time_in_the_way_that_the_engine_asks_for() -> None:
    with sa.create_engine("sqlite://").connect() as connection:
        now = connection.execute(sa.text("SELECT unixepoch('subsec')")).scalar_one()

    assert abs(now - time.time()) < 60
